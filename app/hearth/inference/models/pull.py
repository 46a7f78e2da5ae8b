"""`hearth models pull`: bring a model from its sources, whole and checked, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from hearth.core.errors import BadInput, Damaged, HearthError, NotFound, Unavailable
from hearth.inference.models import download, sources
from hearth.inference.models.library import Library, check
from hearth.inference.models.manifest import FileSource, Manifest, Model, Source
from hearth.inference.models.sources import Progress


def quiet(done: int, total: int) -> None:
    """Show nothing."""


def pull(
    name: str,
    models_dir: Path,
    *,
    progress: Progress = quiet,
    sha256: Sequence[str] = (),
    trust_first_use: bool = False,
    file: Path | None = None,
    manifest: Manifest | None = None,
) -> Path:
    """Install a model and return what a loader opens.

    `sha256` gives the hashes of a model that the manifest names without one, in file order;
    `trust_first_use` records the hash of what arrives. Raises BadInput without either, Damaged
    when the bytes are not the expected ones, Unavailable, or StorageFull.
    """
    library = Library(models_dir, manifest)
    model = _with_hashes(library.model(name), sha256, trust_first_use=trust_first_use)
    if library.has(name) and all(one.sha256 for one in library.model(name).files):
        return library.verify(name)
    with _alone(models_dir, name) as folder:
        if not library.has(name):  # another pull may have brought it meanwhile
            _bring(library, model, _sources(library, model, file), folder, progress)
        if any(one.sha256 is None for one in library.manifest.model(name).files):
            _check_given(library, model)
            _pin(library, model)
        path = library.verify(name)
        shutil.rmtree(folder)
    return path


def _with_hashes(model: Model, given: Sequence[str], *, trust_first_use: bool) -> Model:
    if given and len(given) != len(model.files):
        raise BadInput(
            f"{model.name} has {len(model.files)} files, {len(given)} hashes were given",
            remedy="Give --sha256 once for each file, in the order of `hearth models list`.",
        )
    for file, sha in zip(model.files, given, strict=False):
        if not re.fullmatch(r"[0-9a-fA-F]{64}", sha):
            raise BadInput(f"{sha!r} is no sha256", remedy="Give its 64 hexadecimal digits.")
        if file.sha256 not in (None, sha.lower()):
            raise BadInput(f"the known sha256 of {file.path} is {file.sha256}, not {sha}")
    if given:
        files = tuple(
            file.model_copy(update={"sha256": sha.lower()})
            for file, sha in zip(model.files, given, strict=True)
        )
        return model.model_copy(update={"files": files})
    if not trust_first_use and any(file.sha256 is None for file in model.files):
        raise BadInput(
            f"no hash of {model.name} is known, so what arrives could not be checked",
            where=model.origin,
            remedy="Give the one its makers publish with --sha256 HEX, or say --trust-first-use.",
        )
    return model


def _sources(library: Library, model: Model, file: Path | None) -> tuple[Source, ...]:
    if file is not None:
        if not file.exists():
            raise NotFound("there is no such file", where=str(file))
        path = str(file / "{file}") if file.is_dir() else str(file)
        return (FileSource(kind="file", path=path),)
    beside = library.folder / model.files[0].path
    dropped = FileSource(kind="file", path=str(library.folder / "{file}"))
    return (dropped, *model.sources) if beside.is_file() else model.sources


@contextlib.contextmanager
def _alone(models_dir: Path, name: str) -> Iterator[Path]:
    """The folder of a model's unfinished files, held by one process at a time."""
    with download.storing(models_dir):
        folder = models_dir / ".downloads" / name
        folder.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.mkdir(exist_ok=True)  # whoever held the lock has removed it
            yield folder


def _bring(
    library: Library,
    model: Model,
    candidates: Sequence[Source],
    folder: Path,
    progress: Progress,
) -> None:
    failures: list[HearthError] = []
    for source in candidates:
        try:
            sources.bring(source, model, folder, progress)
        except (Unavailable, Damaged, NotFound) as error:
            failures.append(error)
            continue
        for file in model.files:
            download.settle(folder / "files" / file.path, library.file(model, file))
        return
    last = failures.pop()
    for earlier in failures:
        last.add_note(str(earlier))
    raise last


def _check_given(library: Library, model: Model) -> None:
    for file in model.files:
        if file.sha256 is not None:
            path = library.file(model, file)
            check(path, file.sha256, remedy=f"Move {path} away and pull again.")


def _pin(library: Library, model: Model) -> None:
    library.pin(
        model.name,
        {file.path: download.digest(library.file(model, file)) for file in model.files},
    )
