"""What programs tell their watchers."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.process import WalledProcess


def test_health_names_what_is_wrong() -> None:
    wrong: list[str] = []
    client = TestClient(
        ops_app({"database": lambda: None, "engine": lambda: wrong[0] if wrong else None})
    )
    assert client.get("/healthz").json() == {"status": "ok", "wrong": {}}
    wrong.append("it is stuck")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "wrong": {"engine": "it is stuck"}}


def test_metrics_are_prometheus_text() -> None:
    answer = TestClient(ops_app({})).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "python_info" in answer.text


def test_a_line_carries_its_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    before = logging.root.handlers[:], logging.root.level
    try:
        logs.setup("hearth-test")
        logging.getLogger("hearth.test").info("done", extra={"caller": "family", "tokens": 3})
        logging.getLogger("elsewhere").info("chatter")
        line = capsys.readouterr().err
        assert line.rstrip().endswith("hearth-test INFO done caller=family tokens=3")
        assert "chatter" not in line
    finally:
        logging.root.handlers[:], logging.root.level = before
        logging.getLogger("hearth").setLevel(logging.NOTSET)


def test_memory_is_told_where_the_machine_is_hidden(tmp_path: Path) -> None:
    # As ProcSubset=pid leaves it: processes, and nothing of the machine.
    (tmp_path / "self").symlink_to("/proc/self")
    registry = CollectorRegistry()
    WalledProcess(proc=str(tmp_path), registry=registry)
    assert registry.get_sample_value("process_resident_memory_bytes")
    began = registry.get_sample_value("process_start_time_seconds")
    assert began is not None
    assert 0 <= time.time() - began < 86_400
