"""The hub as the program that it is: started from a configuration, stopped by a signal."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hearth.config import load
from hearth.pod import grants
from hearth.store.migrate import migrate

CONFIGURATION = """
runtime_dir = "run"
[pods.family]
kind = "family"
[members.anna]
name = "Anna"
role = "owner"
[members.mia]
name = "Mia"
role = "teen"
grants = { family = ["ask", "read"] }
"""


@pytest.fixture
def configuration() -> Iterator[Path]:
    """A house's configuration with its keys and its database, and nobody in it yet."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-"))  # short: sockets lie in it
    path = folder / "hearth.toml"
    path.write_text(CONFIGURATION)
    settings = load(path)
    migrate(settings.hub_dir / "hub.sqlite3", "hub")
    settings.keys_dir.mkdir(parents=True)
    for pod in settings.pods:
        (settings.keys_dir / grants.key_name(pod)).write_bytes(grants.new_key())
    yield path
    shutil.rmtree(folder)


def _command(configuration: Path) -> list[str]:
    return [sys.executable, "-m", "hearth.services.hub", "--config", str(configuration)]


@contextmanager
def _started(configuration: Path) -> Iterator[subprocess.Popen[str]]:
    notices = configuration.parent / "notify"
    notices.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notices))
        manager.settimeout(60)
        process = subprocess.Popen(
            _command(configuration),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "NOTIFY_SOCKET": str(notices)},
        )
        try:
            assert manager.recv(100) == b"READY=1"
            yield process
        finally:
            process.kill()
            process.communicate()


def _door(configuration: Path, caller: str, **headers: str) -> httpx.Client:
    path = load(configuration).socket("hub", caller)
    transport = httpx.HTTPTransport(uds=str(path))
    return httpx.Client(transport=transport, base_url="http://hub", headers=headers)


def test_it_serves_each_caller_on_a_socket_and_stops_when_told(configuration: Path) -> None:
    with _started(configuration) as process:
        settings = load(configuration)
        assert settings.socket("hub", "console").stat().st_mode & 0o777 == 0o600
        with _door(configuration, "console") as console:
            assert console.get("/api/v1/me").json()["login"] == "anna"
        with _door(configuration, "console", **{"X-Hearth-Member": "mia"}) as console:
            assert console.get("/api/v1/me").json()["pods"] == {"family": ["ask", "read"]}
            assert console.get("/api/v1/pods/family/status").status_code == 503
        with _door(configuration, "web", **{"X-Hearth-Member": "mia"}) as web:
            assert web.get("/api/v1/me").status_code == 401
        with _door(configuration, "ops") as ops:
            assert ops.get("/healthz").json()["status"] == "ok"
            assert 'route="/api/v1/pods/{pod}/status",status="503"' in ops.get("/metrics").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_browser_without_a_session_is_led_to_the_sign_in(configuration: Path) -> None:
    with _started(configuration), _door(configuration, "web", Accept="text/html") as web:
        answer = web.get("/")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        page = web.get("/", follow_redirects=True)
        assert page.status_code == 200
        assert "default-src" in page.headers["content-security-policy"]


def test_behind_caddy_the_address_in_the_log_is_the_visitors(configuration: Path) -> None:
    with _started(configuration) as process:
        headers = {"X-Forwarded-For": "203.0.113.1, 198.51.100.7"}
        with _door(configuration, "web", **headers) as web:
            wrong = {"login": "anna", "password": "not this one"}
            assert web.post("/api/v1/sign-in", json=wrong).status_code == 401
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    assert "sign-in failed login=anna address=198.51.100.7" in said


@pytest.mark.parametrize("fault", ["key", "setting", "file"])
def test_what_is_missing_is_named_and_stops_the_start(configuration: Path, fault: str) -> None:
    words = {"key": "grant-key-family", "setting": "hub.colour", "file": "no such file"}
    if fault == "key":
        (load(configuration).keys_dir / grants.key_name("family")).unlink()
    if fault == "setting":
        configuration.write_text(CONFIGURATION + '[hub]\ncolour = "blue"\n')
    if fault == "file":
        configuration.unlink()
    ended = _run(configuration)
    assert ended.returncode == 1
    assert words[fault] in ended.stderr
    assert "Traceback" not in ended.stderr


def _run(configuration: Path) -> Any:
    return subprocess.run(
        _command(configuration),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "CREDENTIALS_DIRECTORY": ""},
    )
