"""`hearth models plan`: what fits on which GPU or in RAM, before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from hearth.cli.exits import reporting
from hearth.cli.options import AsJson, Config, print_json, settings_of, settings_or_default
from hearth.inference.models.devices import HOUSE, Box, box
from hearth.inference.models.planning import Placement, plan
from hearth.inference.models.wanted import of_engines, of_names

_NO_ROOM = 2  # the exit code of a configuration that cannot be used
_out = Console(highlight=False)


def plan_(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Names from `hearth models list`, or GGUF files; else those of the configuration.",
        ),
    ] = None,
    *,
    context: Annotated[
        int | None, typer.Option(min=2_048, help="Tokens that all running requests share.")
    ] = None,
    gpu: Annotated[
        list[str] | None,
        typer.Option(metavar="SIZE", help="Plan for such a GPU (24G); once for each."),
    ] = None,
    ram: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Plan for a machine with this RAM (64G).")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what fits where, from the models' headers. Exits 2 if something does not fit."""
    with reporting(as_json=as_json):
        settings = settings_of(config) if config else settings_or_default()
        wanted = of_names(settings, names) if names else of_engines(settings)
        if context is not None:
            wanted = [replace(one, context=context) for one in wanted]
        machine = box(gpu or (), ram)
        placements = plan(wanted, machine)
    if as_json:
        print_json(
            {"machine": asdict(machine), "models": [_row(one, machine) for one in placements]}
        )
    else:
        _show(placements, machine, planned=ram is not None)
    if any(placement.where == "nowhere" for placement in placements):
        raise typer.Exit(_NO_ROOM)


def _row(placement: Placement, machine: Box) -> dict[str, Any]:
    wanted, model = placement.wanted, placement.wanted.model
    return {
        "name": wanted.name,
        "estimated": wanted.estimated,
        "bound": placement.takes.bound,
        "where": placement.where,
        "context": wanted.context,
        "largest_context": placement.largest,
        "trained_context": model.trained_context if model else None,
        "ram": asdict(placement.takes.ram),
        "gpus": dict(zip(map(str, placement.gpus), map(asdict, placement.takes.gpus), strict=True)),
        "settings": _settings(placement, machine),
    }


def _show(placements: Sequence[Placement], machine: Box, *, planned: bool) -> None:
    rest = f"{_gib(HOUSE)} stay for the house" if planned else "what runs now is taken off"
    _out.print(f"RAM: {_gib(machine.free)} of {_gib(machine.total)} GiB for models; {rest}.")
    for gpu in machine.gpus:
        name = "" if gpu.name == "planned" else f", {escape(gpu.name)}"
        _out.print(f"GPU {gpu.index}: {_gib(gpu.free)} of {_gib(gpu.total)} GiB free{name}.")
    if not machine.gpus:
        none = "No GPU" if planned else "No GPU: nvidia-smi names none"
        _out.print(f"{none}. --gpu 24G plans for one.")
    titles = "".join(f"{title:>10}" for title in ("weights", "cache", "working", "together"))
    _out.print(f"\n[dim]{'GiB':<10}{titles}[/dim]")
    for placement in placements:
        _out.print(_title(placement))
        for place, part in _parts(placement):
            figures = (part.weights, part.cache + part.parked, part.working, part.total)
            _out.print(f"  {place:<8}" + "".join(f"{_gib(figure):>10}" for figure in figures))
        if placement.where == "nowhere":
            _out.print(f"  [red]does not fit[/red]: {_remedy(placement, machine)}")
    for note in ("", *notes) if (notes := list(_notes(placements))) else ():
        _out.print(note)
    _show_settings(placements, machine)


def _title(placement: Placement) -> str:
    wanted = placement.wanted
    title = f"[bold]{escape(wanted.name)}[/bold]" + (" (estimate)" if wanted.estimated else "")
    if wanted.model is None:
        return f"{title}, for {wanted.purpose}"
    largest = f", at most {placement.largest:,}" if placement.largest else ""
    return f"{title}, context {wanted.context:,}{largest}"


def _parts(placement: Placement) -> Iterator[tuple[str, Any]]:
    for index, part in zip(placement.gpus, placement.takes.gpus, strict=True):
        yield f"GPU {index}", part
    yield "RAM", placement.takes.ram


def _notes(placements: Sequence[Placement]) -> Iterator[str]:
    """What the figures do not say by themselves."""
    for placement in placements:
        model = placement.wanted.model
        if placement.where == "partly" and model:
            name, layers = escape(placement.wanted.name), len(model.layers) + 1
            held = placement.gpu_layers
            yield f"{name}: {held} of {layers} layers are on GPUs; the rest is slower."
    if any(placement.wanted.estimated for placement in placements):
        yield "An estimate comes from the file's size alone; pull the model for exact figures."
    if any(placement.takes.bound for placement in placements):
        yield "Recurrent layers are not worked out in detail: that cache is an upper bound."
    if any(placement.gpus for placement in placements):
        yield "On GPUs 0.5 GiB is set aside for CUDA itself; that was not measured."


def _remedy(placement: Placement, machine: Box) -> str:
    if placement.largest:
        return f"lower `context` to {placement.largest:,} or less."
    short = placement.takes.ram.total - machine.free
    if short > 0:
        return f"it needs {_gib(short)} GiB more RAM, or a GPU; or choose a smaller model."
    return "the others take its room; choose smaller models, or add memory."


def _show_settings(placements: Sequence[Placement], machine: Box) -> None:
    chat = [one for one in placements if one.wanted.model and one.where != "nowhere"]
    if not chat:
        return
    _out.print("\nIn hearth.toml:")
    for placement in chat:
        lines = [
            f"{key} = {json.dumps(value)}" for key, value in _settings(placement, machine).items()
        ]
        _print_lines(f"[{placement.wanted.table}]", *lines)
    _out.print("On a box:")
    for placement in chat:
        _print_lines(*_on_a_box(placement, _settings(placement, machine), chat))


def _on_a_box(
    placement: Placement, values: dict[str, Any], others: Sequence[Placement]
) -> Iterator[str]:
    """The same as options of the NixOS module."""
    table, own = placement.wanted.table, values.get("gpus", [])
    if not _is_further(table):
        # An engine's `gpus` are those of all its models.
        seen = sorted({gpu for one in others if _same_engine(one, table) for gpu in one.gpus})
        values = values | ({"gpus": seen} if seen else {})
        values = values | ({"chat_gpus": own} if own and own != seen else {})
    yield f"services.hearth.{table} = {{"
    yield from (f"  {_camel(key)} = {_nix(value)};" for key, value in values.items())
    yield "};"


def _same_engine(placement: Placement, table: str) -> bool:
    return f"{placement.wanted.table}.".startswith(f"{table}.")


def _is_further(table: str) -> bool:
    return ".models." in table


def _print_lines(*lines: str) -> None:
    for line in lines:
        _out.print(f"  {line}", markup=False, soft_wrap=True)


def _settings(placement: Placement, machine: Box) -> dict[str, Any]:
    """The configuration's keys; what it does by itself is left out."""
    wanted = placement.wanted
    if wanted.model is None or placement.where == "nowhere":
        return {}
    values: dict[str, Any] = {} if _is_further(wanted.table) else {"chat_model": wanted.name}
    values["context"] = wanted.context
    if placement.gpus:
        values["gpus"] = list(placement.gpus)
    if placement.where == "partly" or (machine.gpus and not placement.gpus):
        values["gpu_layers"] = placement.gpu_layers
    if len(placement.gpus) > 1:
        values["tensor_split"] = [int(one) if one.is_integer() else one for one in placement.shares]
    return values


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _nix(value: Any) -> str:
    return f"[ {' '.join(map(str, value))} ]" if isinstance(value, list) else json.dumps(value)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f}"
