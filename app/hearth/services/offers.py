"""An engine's settings as the models that its server can load."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from hearth.config import EngineSettings, Settings
from hearth.config.engines import ModelSettings
from hearth.core.errors import BadConfiguration, NotFound
from hearth.inference.engine.spec import ChatSpec, SentenceSpec
from hearth.inference.models.footprint import SENTENCES_OWN, needed
from hearth.inference.models.library import Library
from hearth.inference.models.verified import verified
from hearth.inference.workers.fleet import Offer

_log = logging.getLogger("hearth.inference")
_ALL_LAYERS = 10_000


def offers(settings: Settings, name: str) -> list[Offer]:
    """All models that the engine `name` may load; their files are checked once, then remembered.

    Raises as Library.verify does for the models that are loaded from the start.
    """
    engine = settings.engines[name]
    library = Library(settings.models)
    state = settings.state_dir / "inference"
    check = partial(verified, library, memory=state / "verified.json")
    found = [
        _chat(engine, engine.chat_model, engine, check(engine.chat_model), stays=True),
        _sentences(engine.embedding_model, engine, check(engine.embedding_model), stays=True),
    ]
    if engine.rerank_model:
        path = check(engine.rerank_model)
        found.append(_sentences(engine.rerank_model, engine, path, kind="rerank"))
    for model, how in engine.further.items():
        try:
            found.append(_chat(engine, model, how, check(model), stays=how.stays))
        except NotFound as error:
            if how.stays:
                raise
            _log.warning("a further model cannot be asked for: %s", error)
    return [_kept(offer, library, state / "prefixes") for offer in found]


def _chat(
    engine: EngineSettings, name: str, how: ModelSettings, path: Path, *, stays: bool
) -> Offer:
    spec = ChatSpec(
        path=path,
        name=name,
        context=how.context,
        parallel=how.parallel,
        waiting=engine.queue,
        threads=engine.threads,
        gpu_layers=how.gpu_layers,
        tensor_split=how.tensor_split,
        adapters=dict(engine.adapters) if how is engine else {},
    )
    layers = how.gpu_layers if how.gpu_layers is not None else _ALL_LAYERS
    bytes_needed = needed(
        path,
        context=how.context,
        parallel=how.parallel,
        gpu_layers=layers if how.gpus else 0,
        gpus=len(how.gpus),
    )
    return Offer(spec, bytes_needed, stays, _gpus(how))


def _gpus(how: ModelSettings) -> dict[str, str]:
    """Which GPUs a process sees, numbered as nvidia-smi does, not the fastest first.

    A unit of the box may open only some of them (HEARTH_GPUS), and CUDA counts those from 0.
    """
    if not how.gpus:
        return {}
    given = os.environ.get("HEARTH_GPUS")
    numbers = how.gpus
    if given:
        open_to_us = sorted(map(int, given.split(",")))
        missing = sorted(set(how.gpus) - set(open_to_us))
        if missing:
            raise BadConfiguration(
                f"this engine was not given the GPU {missing[0]}",
                where="gpus",
                remedy=f"Choose among {given}, or give it more.",
            )
        numbers = tuple(open_to_us.index(gpu) for gpu in how.gpus)
    return {
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, numbers)),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }


def _kept(offer: Offer, library: Library, folder: Path) -> Offer:
    """With a place for what is computed once for all pods."""
    if not isinstance(offer.spec, ChatSpec):
        return offer
    name = offer.spec.name
    digest = library.model(name).files[0].sha256 or ""
    return replace(offer, spec=replace(offer.spec, prefixes=folder / name, digest=digest))


def _sentences(
    name: str,
    engine: EngineSettings,
    folder: Path,
    *,
    kind: Literal["embedding", "rerank"] = "embedding",
    stays: bool = False,
) -> Offer:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    spec = SentenceSpec(path=folder, name=name, kind=kind, threads=engine.threads)
    return Offer(spec, SENTENCES_OWN + size, stays)
