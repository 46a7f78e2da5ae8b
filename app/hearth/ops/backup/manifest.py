"""What a copy says of itself, so that a restore can be compared with what was copied."""

from __future__ import annotations

from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from pydantic import ValidationError

from hearth.core.errors import Damaged
from hearth.core.people import Frozen

NAME = "manifest.json"
CONFIGURATION = "configuration"  # the folder of the configuration in the hub's copy
FORMAT = 1


class CopiedFile(Frozen):
    """A file of the copy."""

    bytes: int
    sha256: str
    mode: int  # permissions


class CopiedDatabase(CopiedFile):
    """A database of the copy, and what was in it."""

    revision: str | None
    rows: dict[str, int]


class Manifest(Frozen):
    """One owner's copy."""

    format: int = FORMAT
    hearth: str  # version
    owner: str
    made: datetime
    databases: dict[str, CopiedDatabase]  # by path in the copy
    files: dict[str, CopiedFile]

    @property
    def bytes(self) -> int:
        """Of everything together."""
        return sum(one.bytes for one in (*self.databases.values(), *self.files.values()))


def measured(path: Path, mode: int) -> CopiedFile:
    """A copied file as it lies there; `mode` is the original's."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return CopiedFile(bytes=path.stat().st_size, sha256=digest, mode=mode)


def read(folder: Path) -> Manifest:
    """The manifest of the copy in `folder`; Damaged when there is none that can be understood."""
    path = folder / NAME
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise Damaged("this copy has no manifest", where=str(path)) from error
    except ValidationError as error:
        raise Damaged("this manifest cannot be understood", where=str(path)) from error
    if manifest.format != FORMAT:
        raise Damaged(
            f"this copy has the format {manifest.format}, and this version knows {FORMAT}",
            where=str(path),
            remedy="Use the version of Hearth that made it.",
        )
    return manifest
