"""What every table of the configuration shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


class Section(BaseModel):
    """Base of every table of the file: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
