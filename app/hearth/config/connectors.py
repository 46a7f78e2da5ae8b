"""The settings of what fetches from elsewhere into a pod's inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hearth.config.section import Section

# Without a hyphen: the last one in `connector-POD-NAME` then tells the two apart.
ConnectorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]


class ConnectorSettings(Section):
    """What is fetched for this pod. Its address is the credential `connector-POD-NAME`."""

    kind: Literal["ics"] = Field(description="What there is to fetch: a calendar by its address.")
    every_minutes: int = Field(
        15, ge=1, le=1_500_000, description="Minutes from one look to the next."
    )
    ca_file: Path | None = Field(
        None, description="Certificates of authorities that are trusted beside the system's (PEM)."
    )


def connector_program(pod: str, name: str) -> str:
    """The name of the program that fetches, and of the credential with its address."""
    return f"connector-{pod}-{name}"
