"""The models directory: what is installed, whether it is whole, and which hashes were pinned."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from hearth.core.errors import BadInput, Damaged, NotFound
from hearth.inference.models import download
from hearth.inference.models.manifest import Manifest, Model, ModelFile, shipped

PINS = "pins.toml"


class Library:
    """Models under one folder, each in a folder of its name."""

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.manifest = manifest or shipped()

    def model(self, name: str) -> Model:
        """The model `name` with the hashes that a person has pinned for it here."""
        model = self.manifest.model(name)
        pins = self._pins().get(name, {})
        files = tuple(
            file.model_copy(update={"sha256": file.sha256 or pins.get(file.path)})
            for file in model.files
        )
        return model.model_copy(update={"files": files})

    def file(self, model: Model, file: ModelFile) -> Path:
        """Where a file of a model lies."""
        return self.folder / model.name / file.path

    def has(self, name: str) -> bool:
        """Whether all files of a model are there with the right sizes."""
        model = self.manifest.model(name)
        return all(_fits(self.file(model, file), file) for file in model.files)

    def path_of(self, name: str) -> Path:
        """What a loader opens; NotFound or Damaged with the remedy when it is not whole."""
        model = self.manifest.model(name)
        for file in model.files:
            path = self.file(model, file)
            if not path.is_file():
                raise NotFound(
                    f"the model {name} is not installed",
                    where=str(path),
                    remedy=f"Run `hearth models pull {name}`.",
                )
            if not _fits(path, file):
                raise _damaged(name, path, f"{file.bytes} bytes", f"{path.stat().st_size} bytes")
        return self.folder / name / model.entry

    def verify(self, name: str, progress: download.Progress = lambda _: None) -> Path:
        """Check the sha256 of every file of an installed model; Damaged says what differs."""
        entry = self.path_of(name)
        model = self.model(name)
        for file in model.files:
            path = self.file(model, file)
            if file.sha256 is None:
                raise BadInput(
                    "nobody has given or pinned this file's hash",
                    where=str(path),
                    remedy=f"Run `hearth models pull {name} --sha256 HEX`.",
                )
            check(path, file.sha256, remedy=_again(name, path))
            progress(path.stat().st_size)
        return entry

    def pin(self, name: str, hashes: Mapping[str, str]) -> None:
        """Record the hashes of a model's files, by path, for every later check."""
        pins = self._pins() | {name: dict(hashes)}
        lines = []
        for model, files in sorted(pins.items()):
            lines.append(f"[{json.dumps(model)}]")
            lines += [f"{json.dumps(path)} = {json.dumps(sha)}" for path, sha in files.items()]
        draft = self.folder / f"{PINS}.new"
        download.join(draft, iter(["\n".join([*lines, ""]).encode()]))
        download.settle(draft, self.folder / PINS)

    def _pins(self) -> dict[str, dict[str, str]]:
        path = self.folder / PINS
        try:
            return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except tomllib.TOMLDecodeError as error:
            raise Damaged(
                f"the pinned hashes cannot be read: {error}",
                where=str(path),
                remedy="Correct the line, or remove the file and pull those models again.",
            ) from error


def check(path: Path, expected: str, *, remedy: str) -> None:
    """Refuse a file whose sha256 is not the expected one."""
    got = download.digest(path)
    if got != expected:
        raise Damaged(
            f"this is not the expected file: sha256 {expected} expected, got {got}",
            where=str(path),
            remedy=remedy,
        )


def _fits(path: Path, file: ModelFile) -> bool:
    return path.is_file() and file.bytes in (None, path.stat().st_size)


def _again(name: str, path: Path) -> str:
    return f"Move {path} away and run `hearth models pull {name}`."


def _damaged(name: str, path: Path, expected: str, got: str) -> Damaged:
    return Damaged(
        f"this is not the expected file: {expected} expected, got {got}",
        where=str(path),
        remedy=_again(name, path),
    )
