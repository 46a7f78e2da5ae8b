"""A model server that does on each request what a test says, byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(
    socket: Path, *handlers: Handler, probe: Handler | None = None
) -> AsyncIterator[list[bytes]]:
    """A server that treats each request as the next handler says, and each GET as `probe` does.

    Yields the requests' bodies.
    """
    left = list(handlers)
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET "):
            await (probe or models)(writer)
            await writer.drain()
            writer.close()
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        requests.append(await reader.readexactly(length))
        await left.pop(0)(writer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, str(socket))
    async with server:
        yield requests


def events(*lines: str, cut: bool = False) -> Handler:
    async def handle(writer: asyncio.StreamWriter) -> None:
        body = "".join(f"data: {line}\n\n" for line in lines).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body) + (99 if cut else 0), body)
        )

    return handle


def delta(text: str | None = None, reason: str | None = None) -> str:
    change = {} if text is None else {"content": text}
    return json.dumps({"choices": [{"delta": change, "finish_reason": reason}]})


def error(status: int, code: str, retry_after: str = "") -> Handler:
    async def handle(writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"error": {"message": "m", "detail": "no good", "code": code}}).encode()
        retry = f"retry-after: {retry_after}\r\n".encode() if retry_after else b""
        writer.write(
            b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\nconnection: close\r\n%s"
            b"content-length: %d\r\n\r\n%s" % (status, retry, len(body), body)
        )

    return handle


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def models(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")


GOOD = events(delta("red"), delta(", blue"), delta(None, "stop"), "[DONE]")
