"""From samples to figures, targets and tables. Nothing here measures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from report import Row

OURS, PYTHON, APART = "hearth", "python", "built-apart"
CLIENTS = (1, 4, 8, 16)
Run = dict[str, object]


@dataclass(frozen=True)
class Figure:
    """One line of the table: which samples, and what is made of them."""

    title: str
    unit: str
    sample: str
    of: Callable[[Sequence[float]], float] = statistics.median


def percentile95(values: Sequence[float]) -> float:
    """The smallest value that 95 % do not exceed."""
    ranked = sorted(values)
    return ranked[-(-len(ranked) * 95 // 100) - 1]


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


FIGURES = (
    *(Figure(f"total, {_clients(n)}", "tokens/s", f"total, {n}") for n in CLIENTS),
    *(Figure(f"a stream, {_clients(n)}", "tokens/s", f"stream, {n}") for n in CLIENTS),
    Figure("longest gap while others arrive, p50", "ms", "gap"),
    Figure("longest gap while others arrive, max", "ms", "gap", max),
    Figure("first token, 2,000 tokens new, p50", "s", "first token, cold"),
    Figure("first token, 2,000 tokens new, p95", "s", "first token, cold", percentile95),
    Figure("first token, 2,000 tokens kept, p50", "s", "first token, warm"),
    Figure("first token, 2,000 tokens kept, p95", "s", "first token, warm", percentile95),
    Figure("first token, eight on a shared 1,500, p50", "s", "first token, shared"),
    Figure("memory, idle", "MB", "memory, idle"),
    Figure("memory, afterwards", "MB", "memory, afterwards"),
    Figure("streams that the server broke off, 8 clients", "a wave", "broken, 8", statistics.mean),
    Figure("waves of clients that our limit of time ended", "%", "cut", statistics.mean),
    Figure("answer, 8 clients", "tokens", "tokens, 8", statistics.mean),
    Figure("time of a step outside llama_decode", "%", "outside llama_decode"),
)


class Measured:
    """The figures of all runs, by model and server."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._samples: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        models: dict[str, None] = {}
        servers: dict[str, None] = {}
        for run in runs:
            model, server, samples = run["model"], run["server"], run["samples"]
            assert isinstance(model, str)
            assert isinstance(server, str)
            assert isinstance(samples, dict)
            models[model] = servers[server] = None
            for name, values in samples.items():
                self._samples[model, server, name] += values
        self.models, self.servers = list(models), list(servers)

    def value(self, model: str, server: str, figure: Figure) -> float | None:
        """A figure; none where nothing was measured."""
        samples = self._samples.get((model, server, figure.sample))
        return figure.of(samples) if samples else None

    def best(
        self, model: str, servers: Iterable[str], figure: Figure, choose: Callable[..., float]
    ) -> float | None:
        """The best value of several servers; `choose` is max or min."""
        values = [self.value(model, server, figure) for server in servers]
        known = [value for value in values if value is not None]
        return choose(known) if known else None


@dataclass(frozen=True)
class Target:
    """Ours through the best llama-server in the same context, or through one other server."""

    title: str
    sample: str
    limit: float | None  # that the ratio should reach; none where nothing is asked
    against: str = ""
    at_most: bool = False  # the ratio should not exceed the limit

    def row(self, measured: Measured, model: str, general: Sequence[str]) -> Row | None:
        """The ratio on one model; none where a side was not measured."""
        figure = Figure(self.title, "", self.sample)
        ours = measured.value(model, OURS, figure)
        others = [self.against] if self.against else general
        best = measured.best(model, others, figure, min if self.at_most else max)
        if ours is None or not best:
            return None
        name, ratio = f"{model}: {self.title}", ours / best
        if self.limit is None:
            return Row(name, ratio, "")
        met = ratio <= self.limit if self.at_most else ratio >= self.limit
        sign = "≤" if self.at_most else "≥"
        return Row(name, ratio, "", f"{sign} {self.limit:g}", met)


TARGETS = (
    Target("total tokens/s at 8 clients ÷ best llama-server", "total, 8", 1.05),
    Target("total tokens/s at 16 clients ÷ best llama-server", "total, 16", 1.2),
    Target("total tokens/s at 8 clients ÷ llama_cpp.server", "total, 8", 2.3, PYTHON),
    Target("one stream's tokens/s ÷ best llama-server", "stream, 1", 0.98),
    Target(
        "first token of eight on a shared prefix ÷ best llama-server",
        "first token, shared",
        0.25,
        at_most=True,
    ),
    Target("total tokens/s at 8 clients ÷ llama-server, places apart", "total, 8", None, APART),
    Target("total tokens/s at 16 clients ÷ llama-server, places apart", "total, 16", None, APART),
)


def rows(measured: Measured, general: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """The targets, and every figure of every server."""
    targets = [
        row
        for model in measured.models
        for target in TARGETS
        if (row := target.row(measured, model, general))
    ]
    figures = [
        Row(f"{model}, {server}: {figure.title}", value, figure.unit)
        for model in measured.models
        for server in measured.servers
        for figure in FIGURES
        if (value := measured.value(model, server, figure)) is not None
    ]
    return targets, figures


def table(measured: Measured, model: str, titles: dict[str, str]) -> str:
    """One model's figures, a column for each server."""
    servers = [server for server in titles if server in measured.servers]
    lines = [
        f"| {model} | " + " | ".join(titles[server] for server in servers) + " |",
        "|---|" + "---:|" * len(servers),
    ]
    for figure in FIGURES:
        values = [measured.value(model, server, figure) for server in servers]
        if any(value is not None for value in values):
            cells = " | ".join(_plain(value) for value in values)
            lines.append(f"| {figure.title}, {figure.unit} | {cells} |")
    return "\n".join(lines)


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
