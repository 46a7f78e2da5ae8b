"""A web server of its own process: files with ETags, and all that a server can do to its visitor.

`python feed_server.py FOLDER LOG [CERTIFICATE]` prints its port and serves until it is ended. Each
request is a line of JSON in LOG.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FeedServer:
    """A running server, from the test's side."""

    folder: Path
    log: Path
    port: int
    scheme: str

    def url(self, path: str = "/files/family.ics") -> str:
        """The address of something on it."""
        return f"{self.scheme}://localhost:{self.port}{path}"

    def put(self, text: str, name: str = "family.ics") -> None:
        """Have it serve this file."""
        fresh = self.folder / f".{name}"
        fresh.write_bytes(text.encode())
        fresh.replace(self.folder / name)

    def requests(self) -> list[dict[str, Any]]:
        """What it was asked, oldest first."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]


@contextlib.contextmanager
def feed_server(folder: Path, certificate: Path | None = None) -> Iterator[FeedServer]:
    """A server in `folder`, over TLS when there is a certificate (with its key in one file)."""
    files, log = folder / "served", folder / "requests"
    files.mkdir(parents=True)
    command = [sys.executable, __file__, str(files), str(log)]
    command += [str(certificate)] if certificate else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            yield FeedServer(files, log, port, "https" if certificate else "http")
        finally:
            server.kill()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    log: Path

    def do_GET(self) -> None:
        with self.log.open("a") as log:
            headers = {key.lower(): value for key, value in self.headers.items()}
            print(json.dumps({"path": self.path, **headers}), file=log)
        _, kind, rest = self.path.partition("?")[0].split("/", 2)
        getattr(self, f"_{kind}")(rest)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _files(self, name: str) -> None:
        path = self.folder / name
        if not path.is_file():
            return self._status("404")
        data, modified = path.read_bytes(), formatdate(path.stat().st_mtime, usegmt=True)
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Last-Modified": modified, "Content-Type": "text/calendar"}
        if self.headers.get("If-None-Match") == etag:
            return self._answer(304, b"", headers)
        return self._answer(200, data, headers)

    def _secure(self, name: str) -> None:
        if self.headers.get("Authorization") != "Basic YW5uYTpzZWNyZXQ=":  # anna:secret
            return self._status("401")
        return self._files(name)

    def _status(self, code: str) -> None:
        self._answer(int(code), b"<html>sorry</html>", {})

    def _never(self, _: str) -> None:
        self._answer(304, b"", {})

    def _hop(self, rest: str) -> None:
        left = int(rest)
        onward = f"/hop/{left - 1}" if left else "/files/family.ics"
        self._answer(302, b"", {"Location": onward})

    def _to(self, url: str) -> None:
        self._answer(302, b"", {"Location": url})

    def _packed(self, name: str) -> None:
        data = gzip.compress((self.folder / name).read_bytes())
        self._answer(200, data, {"Content-Encoding": "gzip"})

    def _cut(self, name: str) -> None:
        data = (self.folder / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:-40])
        self.close_connection = True

    def _endless(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"BEGIN:VCALENDAR\r\n" * 4_000)

    def _drip(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"X-More: words\r\n")
                self.wfile.flush()
                time.sleep(0.05)

    def _slow(self, name: str) -> None:
        """A file in small pieces, so that there is time to be killed at every one of them."""
        data = (self.folder / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            for start in range(0, len(data), len(data) // 10):
                self.wfile.write(data[start : start + len(data) // 10])
                self.wfile.flush()
                time.sleep(0.2)

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main(folder: str, log: str, certificate: str | None = None) -> None:
    """The process."""
    _Handler.folder, _Handler.log = Path(folder), Path(log)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
