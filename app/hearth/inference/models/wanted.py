"""What a configuration's engines want to load, or what a person asks about, for the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hearth.config import EngineSettings, Settings
from hearth.config.engines import ModelSettings
from hearth.core.errors import BadInput, NotFound
from hearth.inference.models.description import describe, guess, size_by_name
from hearth.inference.models.library import Library
from hearth.inference.models.planning import Wanted


def of_engines(settings: Settings) -> list[Wanted]:
    """All models that the engines of this machine may have loaded at the same time."""
    library = Library(settings.models)
    found = []
    for name, engine in settings.engines.items():
        if engine.url is None:
            found += _of_engine(library, f"engines.{name}", engine)
    return found


def of_names(settings: Settings, names: Sequence[str]) -> list[Wanted]:
    """Models by name, or GGUF files by path; as the default engine would load them."""
    library = Library(settings.models)
    found = []
    for name in names:
        if name in library.manifest.models:
            found.append(_one(library, name, ModelSettings()))
        elif name.endswith(".gguf"):
            found.append(_file(Path(name).stem, Path(name)))
        else:
            library.model(name)  # NotFound, with the names that are known
    first = next((one for one in found if one.model), None)
    return [
        replace(one, table=one.table if one is first else _further(one.table, one.name))
        for one in found
    ]


def _further(table: str, name: str) -> str:
    return f'{table}.models."{name}"'


def _of_engine(library: Library, table: str, engine: EngineSettings) -> list[Wanted]:
    found = [
        replace(_one(library, engine.chat_model, engine), table=table),
        _one(library, engine.embedding_model, ModelSettings()),
    ]
    if engine.rerank_model:
        found.append(_one(library, engine.rerank_model, ModelSettings()))
    return found + [
        replace(_one(library, name, how), table=_further(table, name))
        for name, how in engine.further.items()
    ]


def _one(library: Library, name: str, how: ModelSettings) -> Wanted:
    known = library.manifest.model(name)
    if known.purpose != "chat":
        return Wanted(name, None, known.bytes or 0, purpose=known.purpose)
    wanted = replace(
        _known(library, name),
        context=how.context,
        parallel=how.parallel,
        gpus=how.gpus,
        gpu_layers=how.gpu_layers,
        shares=how.tensor_split,
    )
    return replace(wanted, name=name)


def _known(library: Library, name: str) -> Wanted:
    """From its header if it is here, else from its size, or from its name."""
    try:
        return _file(name, library.path_of(name))
    except NotFound:
        size = library.manifest.model(name).bytes or size_by_name(name)
        if size is None:
            raise BadInput(
                "nothing is known of this model's size",
                where=name,
                remedy=f"Run `hearth models pull {name}`, or name its GGUF file.",
            ) from None
        return Wanted(name, guess(name, size), size, estimated=True)


def _file(name: str, path: Path) -> Wanted:
    model = describe(path)
    return Wanted(name, model, model.bytes)
