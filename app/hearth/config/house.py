"""The tables of the house's own programs and people."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from hearth.config.channels import SENSITIVE, TelegramSettings
from hearth.config.connectors import ConnectorName, ConnectorSettings
from hearth.config.section import Name, Section
from hearth.core.people import Right, Role


class HubSettings(Section):
    """The front door."""

    listen: str = Field(
        "127.0.0.1:8420",
        pattern=r"^(127\.0\.0\.1|\[::1\]):\d{1,5}$",
        description="Loopback address and port of the web pages where no Caddy stands in front.",
    )
    public_url: str | None = Field(
        None, description="Address that members use, when it is not the one of `listen`."
    )
    session_days: int = Field(30, ge=1, le=365, description="Days until a sign-in ends.")
    turns_per_minute: int = Field(
        30, ge=1, le=10_000, description="Questions a member may ask in a minute."
    )
    sign_ins_per_minute: int = Field(
        10, ge=1, le=1_000, description="Sign-in attempts for one name or one address in a minute."
    )


class PodSettings(Section):
    """One pod: what it is for and what it reads."""

    kind: Literal["family", "finance", "study", "health", "creator", "custom"] = Field(
        "custom", description="The preset that the pod started from."
    )
    title: str | None = Field(None, max_length=60, description="Name that members see.")
    engine: Name = Field("default", description="Which `[engines.NAME]` answers for this pod.")
    adapter: Name | None = Field(
        None, description="Which of the engine's `adapters` words this pod's answers."
    )
    tools: tuple[Literal["calendar", "ledger", "documents", "notes"], ...] = Field(
        ("calendar", "ledger", "documents", "notes"),
        description="The tool folders that this pod may use.",
    )
    sources: dict[Name, Path] = Field(
        default_factory=dict, description="Folders that the pod reads, by a name for each."
    )
    connectors: dict[ConnectorName, ConnectorSettings] = Field(
        default_factory=dict, description="What is fetched for the pod, by a name for each."
    )
    persona: str | None = Field(
        None, max_length=500, description="A sentence on how this pod speaks."
    )
    file_bytes: int = Field(
        20_000_000, ge=1_000, le=1_000_000_000, description="Largest file that becomes a document."
    )
    telegram: TelegramSettings | None = Field(
        None, description="A Telegram bot through which members ask this pod."
    )

    @model_validator(mode="after")
    def _telegram_fits(self) -> PodSettings:
        if self.kind in SENSITIVE and self.telegram and not self.telegram.allow_sensitive:
            raise ValueError(
                f"a {self.kind} pod is off for Telegram, whose servers read along; its owner can "
                "turn it on with telegram.allow_sensitive = true"
            )
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> PodSettings:
        for name in sorted(self.sources.keys() & self.connectors.keys()):
            raise ValueError(f"{name!r} is a source and a connector; rename one of them")
        return self


class MemberSettings(Section):
    """A member that the house starts with; later changes are made in the house itself."""

    name: str = Field(min_length=1, max_length=80, description="Name that others see.")
    role: Role = Field(
        Role.ADULT, description="Place in the household; an owner has every right in every pod."
    )
    grants: dict[Name, frozenset[Right]] = Field(
        default_factory=dict, description="Rights in each pod, by the pod's name."
    )
