"""The models: getting them, serving them, and the client that pods use."""

import os

# libgomp reads this when llama.cpp or torch loads it, which importing any other module here may
# do. A thread that spins at a barrier keeps the processor from the very thread it waits for: on a
# machine with other work, 1 token a second instead of 12.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
