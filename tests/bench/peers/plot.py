"""Draws build/bench/inference.json: `plot.py ROWS TARGET`, in the benchmark's own environment.

Transparent, with a middle grey for words and lines, so that it reads on light and on dark pages.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

_GREY = "#808080"
_CLIENTS = ("1 client", "4 clients", "8 clients", "16 clients")
_SERVERS = {  # name: title, colour, marker
    "hearth": ("Hearth", "#e07a1f", "o"),
    "built": ("llama-server, best", "#2f8fd0", "s"),
    "built-apart": ("… places apart", "#1f4e79", "D"),
    "built-drafts": ("… with drafts", "#7fb8dd", "s"),
    "built-default": ("… default", "#2fa58c", "^"),
    "prebuilt": ("… prebuilt", "#9a7fd1", "v"),
    "python": ("llama_cpp.server", "#c0504d", "x"),
    "python-patient": ("… interrupt_requests off", "#b58f3c", "+"),
}
_FIRST = {
    "2,000 tokens\nnew": "first token, 2,000 tokens new, p50",
    "2,000 tokens\nkept": "first token, 2,000 tokens kept, p50",
    "eight on a\nshared 1,500": "first token, eight on a shared 1,500, p50",
}
_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
Values = dict[tuple[str, str, str], float]  # model, server, figure


def main(rows: Path, target: Path) -> None:
    """Write the picture; its format is the target's suffix."""
    values = _values(json.loads(rows.read_text()))
    models = list(dict.fromkeys(model for model, _, _ in values))
    words = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    plt.rcParams.update({**dict.fromkeys(words, _GREY), "font.size": 10, "svg.hashsalt": "hearth"})
    figure, axes = plt.subplots(
        len(models), 2, figsize=(11, 4 * len(models) + 0.8), squeeze=False, layout="constrained"
    )
    for model, (left, right) in zip(models, axes, strict=True):
        _totals(left, values, model)
        _firsts(right, values, model)
    lines: dict[str, Any] = {}  # a server may have answered with one model alone
    for left in axes[:, 0]:
        handles, labels = left.get_legend_handles_labels()
        lines |= dict(zip(labels, handles, strict=True))
    order = [title for title, _, _ in _SERVERS.values() if title in lines]
    drawn = [lines[title] for title in order]
    figure.legend(drawn, order, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(target, transparent=True, metadata={"Date": None} if _svg(target) else None)


def _svg(target: Path) -> bool:
    return target.suffix == ".svg"


def _values(rows: list[dict[str, Any]]) -> Values:
    found: Values = {}
    for row in rows:
        who, _, figure = row["name"].partition(": ")
        model, _, server = who.partition(", ")
        if server in _SERVERS:
            found[model, server, figure] = row["value"]
    return found


def _totals(axes: Any, values: Values, model: str) -> None:
    for server, (title, colour, marker) in _SERVERS.items():
        points = [values.get((model, server, f"total, {name}")) for name in _CLIENTS]
        if any(point is not None for point in points):
            axes.plot(range(len(_CLIENTS)), points, color=colour, marker=marker, label=title)
    axes.set_title(f"{model}\ntokens/s of all clients")
    axes.set_xticks(range(len(_CLIENTS)), list(_CLIENTS))
    axes.set_ylim(bottom=0)
    _plain(axes)


def _firsts(axes: Any, values: Values, model: str) -> None:
    there = [name for name in _SERVERS if any(key[:2] == (model, name) for key in values)]
    width = 0.8 / max(1, len(there))
    for place, server in enumerate(there):
        for group, figure in enumerate(_FIRST.values()):
            value = values.get((model, server, figure))
            if value is not None:
                left = group - 0.4 + (place + 0.5) * width
                axes.bar(left, value, width * 0.9, color=_SERVERS[server][1])
    axes.set_title(f"{model}\nseconds to the first token (logarithmic)")
    axes.set_yscale("log")
    bottom, top = axes.get_ylim()
    axes.set_yticks(_SECONDS, [f"{seconds:g}" for seconds in _SECONDS])
    axes.set_ylim(bottom, top)  # which ticks beyond them would widen
    axes.minorticks_off()
    axes.set_xticks(range(len(_FIRST)), list(_FIRST))
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=_GREY, alpha=0.25)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
