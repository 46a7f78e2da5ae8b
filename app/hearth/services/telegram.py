"""`python -m hearth.services.telegram`: one pod's Telegram bot. All the wiring, nothing else."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import re
from pathlib import Path

import hearth.services.lean  # noqa: F401 - before anything that imports httpx
from hearth.channels.telegram.bot import Bot
from hearth.channels.telegram.channel import Channel
from hearth.channels.telegram.hub import HubChannel
from hearth.channels.telegram.state import State
from hearth.config import Settings, load, telegram_program
from hearth.core.errors import BadConfiguration, HearthError
from hearth.ops import logs
from hearth.ops.health import ops_app
from hearth.ops.serving import serve

log = logging.getLogger(__name__)
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="hearth-telegram")
    parser.add_argument("--pod", required=True)
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    logs.setup(telegram_program(arguments.pod))
    try:
        asyncio.run(_run(load(arguments.config), arguments.pod))
    except HearthError as error:
        raise SystemExit(str(error)) from error


async def _run(settings: Settings, pod: str) -> None:
    program = telegram_program(pod)
    telegram = settings.pods[pod].telegram if pod in settings.pods else None
    if telegram is None:
        raise BadConfiguration("this pod has no Telegram", where=f"pods.{pod}.telegram")
    bot = Bot(bot_token(settings, pod, telegram.token_file), telegram.api)
    hub = HubChannel(settings.socket("hub", program), pod)
    channel = Channel(bot, hub, State(settings.telegram_dir(pod) / "state.json"))
    running = asyncio.create_task(channel.run())

    async def stop() -> None:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await hub.close()
        await bot.close()

    log.info("telegram", extra={"pod": pod})
    await serve(
        {"ops": ops_app({"loop": lambda: "has ended" if running.done() else None})},
        {"ops": settings.socket(program, "ops")},
        stopping=stop,
        healthy=lambda: not running.done() and channel.healthy(),
    )


def bot_token(settings: Settings, pod: str, file: Path | None) -> str:
    """The bot's token: systemd's credential on a box, else the file that the settings name."""
    try:
        kept = settings.credential(f"telegram-token-{pod}") if file is None else file.read_bytes()
    except (BadConfiguration, OSError) as error:
        raise _no_token(pod, "the bot's token cannot be read") from error
    token = kept.decode(errors="replace").strip()
    if not _TOKEN.fullmatch(token):
        raise _no_token(pod, "this is not the token of a bot")
    return token


def _no_token(pod: str, message: str) -> BadConfiguration:
    return BadConfiguration(
        message,
        where=f"pods.{pod}.telegram.token_file",
        remedy="Write the token that @BotFather gave into the file that this names; on a box, "
        f"that is services.hearth.pods.{pod}.telegram.tokenFile.",
    )


if __name__ == "__main__":
    main()
