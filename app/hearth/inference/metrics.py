"""What the model server counts, for Prometheus. `caller` is the pod whose socket was used."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "hearth_inference_requests_total", "Finished requests.", ["kind", "caller", "outcome"]
)
PROMPT_TOKENS = Counter("hearth_inference_prompt_tokens_total", "Prompt tokens.", ["caller"])
CACHED_TOKENS = Counter(
    "hearth_inference_cached_tokens_total", "Prompt tokens not computed again.", ["caller"]
)
COMPLETION_TOKENS = Counter(
    "hearth_inference_completion_tokens_total", "Generated tokens.", ["caller"]
)
WAITING = Gauge("hearth_inference_queue_length", "Requests that wait for a place.")
RUNNING = Gauge("hearth_inference_running", "Requests in the running batch.")
FIRST_TOKEN = Histogram(
    "hearth_inference_first_token_seconds",
    "Time from a request's arrival to its first token.",
    ["caller"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
