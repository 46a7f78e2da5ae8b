"""The real API over a real engine, on Unix sockets, one for each caller."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import openai
import uvicorn
from fastapi import FastAPI

from hearth.ops.serving import Caller

# The last bits of a logit depend on the processor and on what else is in the cache, so greedy
# answers are only the same twice where the model is sure. Here the likeliest token leads the next
# by more than 3 at every step with smollm2-135m-instruct.
_ASKED = ("user", "What is the capital of France?")
_TOLD = ("assistant", "The capital of France is Paris.")
SURE = [("system", "Answer as before."), _ASKED, _TOLD, _ASKED, _TOLD, _ASKED]


@contextmanager
def served(app: FastAPI, sockets: dict[str, Path]) -> Iterator[None]:
    """Serve `app` for each caller on its socket, in a thread of its own."""
    servers = [
        uvicorn.Server(
            uvicorn.Config(Caller(app, caller), uds=str(path), lifespan="off", log_level="warning")
        )
        for caller, path in sockets.items()
    ]

    async def run() -> None:
        await asyncio.gather(*(server._serve() for server in servers))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    wait_until(lambda: all(server.started for server in servers))
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()


@contextmanager
def openai_client(socket: Path) -> Iterator[openai.OpenAI]:
    """OpenAI's own client on a Unix socket."""
    transport = httpx2.HTTPTransport(uds=str(socket))
    with (
        httpx2.Client(transport=transport, timeout=120) as http,
        openai.OpenAI(
            base_url="http://inference/v1", api_key="none", max_retries=0, http_client=http
        ) as client,
    ):
        yield client


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition to become true; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
