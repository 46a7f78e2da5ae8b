"""The timers of connectors where no systemd keeps them: each looks now, and again and again."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from hearth.config import ConnectorSettings, Settings, connector_program
from hearth.ops.supervisor import logs

_MINUTE = 60.0


async def looks(settings: Settings, configuration: Path) -> None:
    """Have every connector look as often as it is told to, until this is cancelled."""
    async with asyncio.TaskGroup() as group:
        for pod, chosen in settings.pods.items():
            for name, connector in chosen.connectors.items():
                group.create_task(_again(settings, configuration, pod, name, connector))


async def _again(
    settings: Settings, configuration: Path, pod: str, name: str, connector: ConnectorSettings
) -> None:
    log = settings.state_dir / "logs" / f"{connector_program(pod, name)}.log"
    options = (f"--pod={pod}", f"--name={name}", f"--config={configuration}")
    logs.rotate(log)
    while True:
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hearth.services.connector", *options),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor alone
            )
        try:
            await process.wait()
        finally:
            if process.returncode is None:  # it may be cut off anywhere
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        await asyncio.sleep(connector.every_minutes * _MINUTE)
