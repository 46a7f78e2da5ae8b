"""The supervisor with real programs: sockets handed over, restarts, a clean end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from hearth.config import EngineSettings, HubSettings, PodSettings, Settings
from hearth.core.errors import BadConfiguration, Unavailable
from hearth.ops.supervisor import Supervisor, Unit, units
from hearth.ops.supervisor.unit import HUB, INFERENCE, POD

ECHO = Path(__file__).with_name("echo_unit.py")


class Heard:
    """Keeps what the supervisor reports."""

    def __init__(self) -> None:
        self.readies: list[str] = []
        self.endings: list[tuple[str, str]] = []

    def ready(self, unit: str, seconds: float) -> None:
        """Note that `unit` answers."""
        self.readies.append(unit)

    def ended(self, unit: str, reason: str, retry_in: float) -> None:
        """Note why `unit` ended."""
        self.endings.append((unit, reason))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose sockets lie in this test's folder."""
    return Settings(state_dir=tmp_path / "state", runtime_dir=tmp_path / "r")


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def echo(settings: Settings, name: str, tier: int = POD, **changes: float) -> Unit:
    """A unit that runs the echo program with the sockets `hub` and `ops`."""
    journal = settings.state_dir / "journal"
    command = (sys.executable, str(ECHO), name, str(journal), "hub", "ops")
    sockets = {caller: settings.socket(name, caller) for caller in ("hub", "ops")}
    return Unit(name, command, sockets, tier=tier, **changes)  # type: ignore[arg-type]


async def ask(path: Path) -> list[str]:
    """What the echo program says on the socket at `path`."""
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        return (await client.get("http://unit/")).text.split()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until `holds` does."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - it watches another process
            await asyncio.sleep(0.02)


def test_sockets_are_passed_under_their_callers_names(settings: Settings) -> None:
    async def scenario() -> None:
        unit = echo(settings, "pod-family")
        async with Supervisor(settings, [unit], Heard()).running():
            for caller in ("hub", "ops"):
                path = settings.socket("pod-family", caller)
                assert (await ask(path))[0] == caller
                assert path.stat().st_mode & 0o777 == 0o600
                assert path.parent.stat().st_mode & 0o777 == 0o700

    asyncio.run(scenario())
    assert not settings.socket("pod-family", "hub").exists()


def test_loopback_port_is_passed_as_web(settings: Settings) -> None:
    address = f"127.0.0.1:{free_port()}"
    command = (sys.executable, str(ECHO), "hub", str(settings.state_dir / "journal"), "web")

    async def scenario() -> None:
        unit = Unit("hub", command, address=address, tier=HUB)
        async with Supervisor(settings, [unit], Heard()).running(), httpx.AsyncClient() as client:
            assert (await client.get(f"http://{address}/")).text.startswith("web ")

    asyncio.run(scenario())


def test_killed_program_comes_back_and_callers_only_wait(settings: Settings) -> None:
    heard = Heard()

    async def scenario() -> None:
        path = settings.socket("pod-family", "hub")
        async with Supervisor(settings, [echo(settings, "pod-family")], heard).running():
            before = int((await ask(path))[1])
            os.kill(before, signal.SIGKILL)
            await eventually(lambda: bool(heard.endings))
            assert int((await ask(path))[1]) != before

    asyncio.run(scenario())
    assert heard.endings == [("pod-family", "ended by SIGKILL")]


def test_hung_program_is_started_again(settings: Settings) -> None:
    heard = Heard()

    async def scenario() -> None:
        unit = echo(settings, "pod-family", watchdog_seconds=1.0)
        path = settings.socket("pod-family", "hub")
        async with Supervisor(settings, [unit], heard).running():
            before = int((await ask(path))[1])
            os.kill(before, signal.SIGSTOP)
            assert int((await ask(path))[1]) != before

    asyncio.run(scenario())
    assert heard.endings == [("pod-family", "ended by SIGKILL; it hung")]


def test_programs_end_hub_first_and_engine_last(settings: Settings) -> None:
    async def scenario() -> None:
        chosen = [
            echo(settings, "inference", INFERENCE),
            echo(settings, "pod-family", POD),
            echo(settings, "hub", HUB),
        ]
        async with Supervisor(settings, chosen, Heard()).running():
            pass

    asyncio.run(scenario())
    journal = (settings.state_dir / "journal").read_text().split()
    assert journal == ["hub", "pod-family", "inference"]


def test_program_that_does_not_stop_is_killed(settings: Settings) -> None:
    async def scenario() -> None:
        unit = echo(settings, "pod-family", stop_seconds=0.5)
        async with Supervisor(settings, [unit], Heard()).running():
            process = int((await ask(settings.socket("pod-family", "hub")))[1])
            os.kill(process, signal.SIGSTOP)
        assert not psutil.pid_exists(process)

    asyncio.run(scenario())


def test_program_that_never_starts_is_named_with_its_last_words(settings: Settings) -> None:
    command = (sys.executable, "-c", "raise SystemExit('no such model')")

    async def scenario() -> None:
        unit = Unit("inference", command)
        async with Supervisor(settings, [unit], Heard()).running():
            pytest.fail("it cannot be running")

    with pytest.raises(
        Unavailable, match=r"inference does not start: no such model.*inference\.log"
    ):
        asyncio.run(scenario())


def test_taken_port_names_the_remedy(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"

        async def scenario() -> None:
            unit = Unit("hub", ("true",), address=address)
            async with Supervisor(settings, [unit], Heard()).running():
                pytest.fail("it cannot be running")

        with pytest.raises(Unavailable, match=rf"{address}: another program.*hub\.listen"):
            asyncio.run(scenario())


def test_too_long_a_path_names_the_remedy(tmp_path: Path) -> None:
    settings = Settings(runtime_dir=tmp_path / ("long" * 30))

    async def scenario() -> None:
        async with Supervisor(settings, [echo(settings, "pod-x")], Heard()).running():
            pytest.fail("it cannot be running")

    with pytest.raises(BadConfiguration, match="shorter"):
        asyncio.run(scenario())


def test_programs_die_with_their_supervisor(settings: Settings) -> None:
    unit = echo(settings, "pod-family")
    script = f"""
import asyncio
from pathlib import Path, PosixPath
from hearth.config import Settings
from hearth.ops.supervisor import Supervisor, Unit
class Silent:
    def ready(self, unit, seconds): print("ready", flush=True)
    def ended(self, unit, reason, retry_in): pass
async def main():
    folders = {{"state_dir": {str(settings.state_dir)!r}, "runtime_dir": {str(settings.runtime)!r}}}
    async with Supervisor(Settings(**folders), [{unit!r}], Silent()).running():
        await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"ready\n"
        (child,) = psutil.Process(supervisor.pid).children()
        supervisor.kill()
    assert psutil.wait_procs([child], timeout=30)[0] == [child]


def test_logs_of_three_earlier_starts_are_kept(settings: Settings) -> None:
    async def scenario() -> None:
        async with Supervisor(settings, [echo(settings, "pod-family")], Heard()).running():
            pass

    for _ in range(5):
        asyncio.run(scenario())
    kept = sorted(path.name for path in (settings.state_dir / "logs").iterdir())
    assert kept == ["pod-family.log", *(f"pod-family.log.{number}" for number in (1, 2, 3))]


def test_units_follow_the_configuration(tmp_path: Path) -> None:
    settings = Settings(
        state_dir=tmp_path,
        hub=HubSettings(listen="127.0.0.1:9999"),
        engines={
            "default": EngineSettings(),
            "big": EngineSettings(),
            "elsewhere": EngineSettings(url="http://127.0.0.1:1/v1"),
        },
        pods={"family": PodSettings(), "finance": PodSettings(engine="big")},
    )
    found = {unit.name: unit for unit in units(settings, tmp_path / "hearth.toml")}
    assert list(found) == ["inference", "inference-big", "pod-family", "pod-finance", "hub"]
    assert set(found["inference"].sockets) == {"family", "ops"}
    assert set(found["inference-big"].sockets) == {"finance", "ops"}
    assert set(found["pod-family"].sockets) == {"hub", "ops"}
    assert found["hub"].address == "127.0.0.1:9999"
    command = " ".join(found["pod-family"].command)
    assert " -m hearth.services.pod --pod family --config " in command
