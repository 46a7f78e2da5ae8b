"""The engine: what runs in a process of its own, over the C library."""
