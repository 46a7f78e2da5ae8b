"""The settings of the ways to a pod besides the web pages."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hearth.config.section import Section

# What a household would not want on another company's servers unless it has said so.
SENSITIVE = frozenset({"finance", "health"})
_LOOPBACK = r"http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?"


class TelegramSettings(Section):
    """A Telegram bot through which members ask this pod."""

    token_file: Path | None = Field(
        None,
        description="File with the bot's token, readable by its owner alone; a box has the "
        "credential `telegram-token-NAME` instead.",
    )
    allow_sensitive: bool = Field(
        False,
        description="That a finance or health pod may be asked over Telegram, whose servers read "
        "along: bots have no end-to-end encryption.",
    )
    api: str = Field(
        "https://api.telegram.org",
        pattern=rf"^(?:https://[^/\s]+|{_LOOPBACK})$",
        description="Address of the Bot API, for a Bot API server of one's own; plain http on "
        "this machine alone, because the token is part of every address.",
    )
