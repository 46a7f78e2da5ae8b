"""hearth-watch: what it takes from Prometheus' API, and what it sees of a front door's certificate.

The scenario `monitoring` has it ask a real Prometheus and a real Caddy.
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hearth.config import MonitoringSettings
from hearth.ops import certificates
from hearth.ops.box import REPORT, Certificate, Report
from hearth.ops.watch import Watch

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ALERTS = [
    {
        "labels": {
            "alertname": "ProgramDown",
            "job": "hearth",
            "pod": "study",
            "program": "pod-study",
            "severity": "critical",
        },
        "annotations": {"summary": "The pod study does not answer.", "what_to_do": "Look at why."},
        "state": "firing",
        "activeAt": "2026-11-24T17:48:00.123456789Z",
        "value": "0e+00",
    },
    {
        "labels": {"alertname": "UnitFailed", "name": "hearth-snapshot-pod-family.service"},
        "annotations": {"summary": "It has failed.", "what_to_do": "See `systemctl status`."},
        "state": "firing",
        "activeAt": "2026-11-24T17:40:00Z",
        "value": "1e+00",
    },
    {
        "labels": {"alertname": "DiskNearlyFull", "severity": "critical"},
        "annotations": {},
        "state": "pending",
        "activeAt": "2026-11-24T17:59:00Z",
        "value": "1e-02",
    },
]
TARGETS = [
    {"labels": {"job": "node", "instance": "127.0.0.1:9100"}, "health": "up", "lastError": ""},
    {
        "labels": {"job": "hearth", "program": "pod-study", "pod": "study"},
        "health": "down",
        "lastError": "server returned HTTP status 502 Bad Gateway",
    },
]


class Prometheus:
    """Answers as Prometheus 2.53 and 3.5 do."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "/api/v1/alerts": {"alerts": ALERTS},
            "/api/v1/targets?state=active": {"activeTargets": TARGETS, "droppedTargets": []},
        }
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path in answers
                body = json.dumps({"status": "success", "data": answers.get(self.path)}).encode()
                self.send_response(200 if found else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    """One that has two alerts firing."""
    made = Prometheus()
    with made.server:
        threading.Thread(target=made.server.serve_forever, daemon=True).start()
        yield made
        made.server.shutdown()


def watch(prometheus: Prometheus, folder: Path) -> Watch:
    """A watcher that writes into `folder`."""
    return Watch(MonitoringSettings(prometheus=prometheus.address), folder)


def written(folder: Path) -> Report:
    """What was written down."""
    return Report.model_validate_json((folder / REPORT).read_bytes())


def test_what_fires_is_written_down_with_its_words(prometheus: Prometheus, tmp_path: Path) -> None:
    watch(prometheus, tmp_path).once(NOW)
    found = written(tmp_path)
    assert found.at == NOW
    assert [each.name for each in found.troubles] == ["UnitFailed", "ProgramDown"]
    unit, program = found.troubles
    assert (unit.severity, unit.pod) == ("warning", "family")
    assert (program.severity, program.pod) == ("critical", "study")
    assert program.what == "The pod study does not answer."
    assert program.remedy == "Look at why."
    assert program.since == datetime(2026, 11, 24, 17, 48, 0, 123456, tzinfo=UTC)
    node, study = found.watched
    assert (node.name, node.up) == ("node", True)
    assert (study.name, study.up) == ("pod-study", False)
    assert "502" in study.fault


def test_the_report_is_for_its_group_alone(prometheus: Prometheus, tmp_path: Path) -> None:
    watch(prometheus, tmp_path).once(NOW)
    assert (tmp_path / REPORT).stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == [REPORT]


@pytest.mark.parametrize("fault", ["away", "nonsense"])
def test_a_prometheus_that_does_not_answer_leaves_the_old_report(
    prometheus: Prometheus, tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    watching = watch(prometheus, tmp_path)
    watching.once(NOW)
    if fault == "away":
        del prometheus.answers["/api/v1/alerts"]
    else:
        prometheus.answers["/api/v1/alerts"] = {"alerts": [{"state": "firing"}]}
    for minutes in (1, 2, 3):
        watching.once(NOW + timedelta(minutes=minutes))
    assert written(tmp_path).at == NOW
    assert caplog.text.count("Prometheus does not answer") == 1
    prometheus.answers["/api/v1/alerts"] = {"alerts": []}
    watching.once(NOW + timedelta(minutes=4))
    assert written(tmp_path).troubles == ()


def test_the_program_reports_by_itself_and_stops_when_told(
    prometheus: Prometheus, tmp_path: Path
) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text(f'state_dir = "."\n[monitoring]\nprometheus = "{prometheus.address}"\n')
    command = [sys.executable, "-m", "hearth.services.watch", "--config", str(config)]
    with subprocess.Popen(command) as running:
        deadline = time.monotonic() + 30
        while not (tmp_path / "watch" / REPORT).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        running.terminate()
        assert running.wait(15) == 0
    assert len(written(tmp_path / "watch").troubles) == 2


def test_the_program_says_what_it_needs(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text('state_dir = "."\n')
    command = [sys.executable, "-m", "hearth.services.watch", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "monitoring.prometheus" in done.stderr


class FrontDoor:
    """HTTPS with a certificate of an authority that its own page gives away, as Caddy does."""

    def __init__(self, folder: Path, days: int = 90) -> None:
        def openssl(*words: str) -> None:
            subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=House")
        openssl(
            *("req", "-x509", *key, "-keyout", "door.key", "-out", "door.crt"),
            *("-CA", "ca.crt", "-CAkey", "ca.key", "-subj", "/CN=hearth.local"),
            *("-addext", "subjectAltName=DNS:hearth.local"),
            *("-addext", "basicConstraints=critical,CA:FALSE", "-days", str(days)),
        )
        authority = (folder / "ca.crt").read_bytes()

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/trust/hearth-root.crt" else 404)
                self.end_headers()
                self.wfile.write(authority)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "door.crt", folder / "door.key")
        self.page = HTTPServer(("127.0.0.1", 0), Page)
        self.door = HTTPServer(("127.0.0.1", 0), Page)
        self.door.socket = context.wrap_socket(self.door.socket, server_side=True)

    def look(self, name: str, *, page: int | None = None) -> Certificate:
        """What is seen of one name."""
        page = self.page.server_port if page is None else page
        [found] = certificates.look([name], self.door.server_port, page)
        return found


@pytest.fixture
def front_door(tmp_path: Path) -> Iterator[FrontDoor]:
    """One that answers."""
    made = FrontDoor(tmp_path)
    with made.page, made.door:
        for server in (made.page, made.door):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        for server in (made.page, made.door):
            server.shutdown()


def test_a_certificate_that_holds_is_known_with_its_end(
    front_door: FrontDoor, tmp_path: Path
) -> None:
    found = front_door.look("hearth.local")
    assert found.fault == ""
    assert found.begins is not None
    assert found.ends is not None
    assert found.ends - found.begins == timedelta(days=90)
    certificates.export([found], tmp_path)
    text = (tmp_path / certificates.FILE).read_text()
    assert 'hearth_certificate_trusted{name="hearth.local"} 1.0' in text
    ends = re.search(r"^hearth_certificate_ends_timestamp_seconds.+ (.+)$", text, re.MULTILINE)
    assert ends
    assert float(ends[1]) == found.ends.timestamp()
    assert (tmp_path / certificates.FILE).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("name", "trusting", "words"),
    [("elsewhere.example.org", True, "mismatch"), ("hearth.local", False, "certificate")],
)
def test_a_certificate_that_no_device_would_take_says_why(
    front_door: FrontDoor, tmp_path: Path, name: str, trusting: bool, words: str
) -> None:
    found = front_door.look(name, page=None if trusting else front_door.door.server_port)
    assert words in found.fault
    assert found.ends is None
    certificates.export([found], tmp_path)
    text = (tmp_path / certificates.FILE).read_text()
    assert f'hearth_certificate_trusted{{name="{name}"}} 0.0' in text
    assert "ends_timestamp_seconds{" not in text


def test_a_front_door_that_is_shut_is_no_crash() -> None:
    [found] = certificates.look(["hearth.local"], 1, 1)
    assert "refused" in found.fault
