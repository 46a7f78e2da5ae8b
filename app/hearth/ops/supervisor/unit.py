"""What a unit is, and which units a configuration asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hearth.config import Settings, engine_program, telegram_program

CHANNEL, HUB, POD, INFERENCE = range(4)  # the order in which programs stop


@dataclass(frozen=True)
class Unit:
    """One program with the sockets that are opened for it."""

    name: str
    command: tuple[str, ...]
    sockets: dict[str, Path] = field(default_factory=dict)  # by caller
    address: str | None = None  # HOST:PORT on loopback, passed as "web"
    tier: int = INFERENCE
    start_seconds: float = 300.0
    watchdog_seconds: float = 30.0
    stop_seconds: float = 10.0


class Reporter(Protocol):
    """Hears what becomes of each unit."""

    def ready(self, unit: str, seconds: float) -> None:
        """`unit` answers, this long after it was started."""

    def ended(self, unit: str, reason: str, retry_in: float) -> None:
        """`unit` ended by itself and is started again in so many seconds."""


def units(settings: Settings, configuration: Path) -> tuple[Unit, ...]:
    """Every unit of the configuration: engines, pods, the hub, channels."""
    return (
        *_engines(settings, configuration),
        *(_pod(settings, pod, configuration) for pod in settings.pods),
        _hub(settings, configuration),
        *(_telegram(settings, pod, configuration) for pod in settings.telegram_pods),
    )


def _command(service: str, configuration: Path, *options: str) -> tuple[str, ...]:
    module = f"hearth.services.{service}"
    # There are many pods and each should be small: without docstrings one takes 5 MB less.
    lean = ("-OO",) if service == "pod" else ()
    return (sys.executable, *lean, "-m", module, *options, "--config", str(configuration))


def _sockets(
    settings: Settings, program: str, callers: Iterator[str] | list[str]
) -> dict[str, Path]:
    return {caller: settings.socket(program, caller) for caller in callers}


def _engines(settings: Settings, configuration: Path) -> Iterator[Unit]:
    for engine, chosen in settings.engines.items():
        if chosen.url is not None:
            continue
        program = engine_program(engine)
        yield Unit(
            program,
            _command("inference", configuration, "--engine", engine),
            _sockets(settings, program, [*settings.callers(engine), "ops"]),
            tier=INFERENCE,
            stop_seconds=5.0,  # it keeps nothing, so it may be cut off in the middle of a step
        )


def _pod(settings: Settings, pod: str, configuration: Path) -> Unit:
    program = f"pod-{pod}"
    command = _command("pod", configuration, "--pod", pod)
    return Unit(program, command, _sockets(settings, program, ["hub", "ops"]), tier=POD)


def _telegram(settings: Settings, pod: str, configuration: Path) -> Unit:
    program = telegram_program(pod)
    command = _command("telegram", configuration, "--pod", pod)
    return Unit(program, command, _sockets(settings, program, ["ops"]), tier=CHANNEL)


def _hub(settings: Settings, configuration: Path) -> Unit:
    return Unit(
        "hub",
        _command("hub", configuration),
        _sockets(
            settings, "hub", ["console", "ops", *map(telegram_program, settings.telegram_pods)]
        ),
        address=settings.hub.listen,
        tier=HUB,
    )
