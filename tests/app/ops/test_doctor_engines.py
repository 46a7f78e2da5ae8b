"""What the doctor says of engines: those elsewhere, and one that stands in for another."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from model_server import served

from hearth.config import Settings
from hearth.ops import doctor
from hearth.ops.health import ops_app
from hearth.ops.supervisor import Unit

AWAY = "'large' has been away since 2026-03-01 12:00, and 'small' answers in its place"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, as sockets need."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_note_is_told_with_its_remedy_and_is_no_fault(folder: Path) -> None:
    said: list[str] = []
    checks = {"database": lambda: None}
    app = ops_app(checks, {"engine": lambda: said[0] if said else None})
    unit = Unit("pod-family", (), {"ops": folder / "ops"})
    settings = Settings(state_dir=folder)
    with served(app, {"ops": folder / "ops"}):  # type: ignore[arg-type]
        assert doctor.program(unit, settings).detail == "answers"
        said.append(AWAY)
        found = doctor.program(unit, settings)
    assert (found.ok, found.detail) == (True, f"engine: {AWAY}")
    assert found.remedy


def test_an_engine_elsewhere_is_asked_whether_it_answers(folder: Path) -> None:
    other = FastAPI()

    @other.get("/v1/models")
    async def models() -> dict[str, list[str]]:
        return {"data": []}

    settings = Settings.model_validate(
        {
            "state_dir": folder,
            "engines": {
                "default": {"fallback": "desktop"},
                "desktop": {"url": f"unix://{folder / 'desktop'}"},
                "unused": {"url": f"unix://{folder / 'unused'}"},
            },
            "pods": {"family": {}},
        }
    )
    with served(other, {"pod": folder / "desktop"}):
        [found] = doctor._elsewhere(settings)
        assert (found.what, found.ok, found.remedy) == ("engine desktop", True, "")
    [found] = doctor._elsewhere(settings)
    assert not found.ok
    assert "engines.desktop.url" in found.remedy
