"""What a model's process and the model server count, for Prometheus.

`caller` is the pod whose socket was used. They lie in a registry of their own: the server adds
together those of all processes (workers/collector.py).
"""

from __future__ import annotations

from functools import partial

import prometheus_client as prometheus

REGISTRY = prometheus.CollectorRegistry()

_Counter = partial(prometheus.Counter, registry=REGISTRY)
_Gauge = partial(prometheus.Gauge, registry=REGISTRY)
_Histogram = partial(prometheus.Histogram, registry=REGISTRY)

REQUESTS = _Counter(
    "hearth_inference_requests_total", "Finished requests.", ["kind", "caller", "outcome"]
)
PROMPT_TOKENS = _Counter("hearth_inference_prompt_tokens_total", "Prompt tokens.", ["caller"])
CACHED_TOKENS = _Counter(
    "hearth_inference_cached_tokens_total", "Prompt tokens not computed again.", ["caller"]
)
COMPLETION_TOKENS = _Counter(
    "hearth_inference_completion_tokens_total", "Generated tokens.", ["caller"]
)
WAITING = _Gauge("hearth_inference_queue_length", "Requests that wait for a place.", ["caller"])
RUNNING = _Gauge("hearth_inference_running", "Requests in the running batch.", ["caller"])
FIRST_TOKEN = _Histogram(
    "hearth_inference_first_token_seconds",
    "Time from a request's arrival to its first token.",
    ["caller"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
ROWS = _Histogram(
    "hearth_inference_batch_rows",
    "Tokens that one step computes.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
COMPUTING = _Counter(
    "hearth_inference_computing_seconds_total", "Time that the steps spent inside llama_decode."
)
AROUND = _Counter(
    "hearth_inference_around_seconds_total", "Time that the steps spent outside llama_decode."
)
GUESSED = _Counter(
    "hearth_inference_guessed_tokens_total",
    "Further rows of the steps: guesses, and what fills them to a fast width.",
)
RIGHT = _Counter(
    "hearth_inference_guessed_right_tokens_total", "Further rows that turned out right."
)
CELLS = _Gauge("hearth_inference_cache_cells", "Cells of the KV cache that hold a token.")
PARKED = _Gauge(
    "hearth_inference_parked_tokens", "Tokens kept outside the KV cache, for later requests."
)
