"""`make bench-inference`: Hearth's model server against others, on one machine in one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from report import ROOT, Row, headed, insert, table, write

sys.path.insert(0, str(ROOT / "scripts/setup"))
import engine_steps
from peers import figures, install
from peers.scenarios import Visit
from peers.servers import CONTEXT, GENERAL, SERVERS, THREADS, Server, started
from peers.turns import Turns

from hearth.config import Settings
from hearth.inference.models.library import Library

SMALL, LARGE = "smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct"
_BUILD = ROOT / "build" / "bench"
_RUNS = _BUILD / "inference-runs.jsonl"
_PLOT = ROOT / "docs" / "benchmark-inference.svg"
_SECONDS = {SMALL: 40.0, LARGE: 45.0}  # a wave of requests takes at most
_ROUNDS = 3
_NOTES = (
    f"All servers with {THREADS} threads and a context of {CONTEXT:,} tokens, started anew for "
    "each model and round, in random order; medians over {rounds} rounds (llama-server "
    "with drafts and llama_cpp.server without interrupt_requests: one). Household turns behind "
    "the head that pods send, temperature 0, at most 48, 96 or 160 tokens; what a server makes "
    "before the model ends counts. Memory is proportional (PSS) over all processes; Hearth's holds "
    "the embedding model too, as on the box."
)


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    servers: list[str]
    models: list[str]
    rounds: int
    seconds: float | None
    resume: bool

    @property
    def whole(self) -> bool:
        """Whether it is the run whose figures belong into the documentation."""
        enough = self.rounds >= _ROUNDS and self.seconds is None
        return enough and set(self.servers) == set(SERVERS) and {SMALL, LARGE} <= set(self.models)

    def visits(self) -> list[tuple[int, str, str]]:
        """Rounds, models and servers, in random order within a round."""
        order = random.SystemRandom()
        visits = []
        for number in range(1, self.rounds + 1):
            servers = [name for name in self.servers if number == 1 or not SERVERS[name].once]
            of_round = [(number, model, server) for model in self.models for server in servers]
            visits += order.sample(of_round, len(of_round))
        return visits


def main() -> None:
    """The benchmark."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # the servers end with it
    plan = _plan()
    library = Library(Settings().models)
    ggufs = {name: library.path_of(name) for name in plan.models}
    whole = plan.whole
    plan = _with_what_is_there(plan)
    _BUILD.mkdir(parents=True, exist_ok=True)
    if not plan.resume:
        _RUNS.unlink(missing_ok=True)
    done = {(run["round"], run["model"], run["server"]) for run in _runs()}
    visits = [visit for visit in plan.visits() if visit not in done]
    begun = time.monotonic()
    for number, (turn, model, name) in enumerate(visits, start=1):
        minutes = (time.monotonic() - begun) / 60
        print(f"[{number}/{len(visits)}, {minutes:.0f} min] {name}, {model}, round {turn}")
        limit = plan.seconds or _SECONDS.get(model, max(_SECONDS.values()))
        samples = _visit(SERVERS[name], model, ggufs[model], turn, limit)
        if samples:
            _keep({"round": turn, "model": model, "server": name, "samples": samples})
    if not _runs():
        sys.exit("nothing was measured")
    steps = [row for model in plan.models for row in engine_steps.measure(model, ggufs[model])]
    _report(plan, steps, whole=whole)


def _plan() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__)
    names = list(SERVERS)
    parser.add_argument("--servers", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--models", nargs="+", default=[SMALL, LARGE], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--seconds", type=float, help="that one wave of requests may take")
    parser.add_argument("--resume", action="store_true", help="keep what an earlier run measured")
    return Plan(**vars(parser.parse_args()))


def _with_what_is_there(plan: Plan) -> Plan:
    """Install the peers; one that cannot be had is left out with a line."""
    needs = {"python": install.python, "prebuilt": install.prebuilt, "built": install.built}
    absent = set()
    for part, bring in needs.items():
        names = {name for name in plan.servers if name.partition("-")[0] == part}
        try:
            if names:
                bring()
        except install.Missing as reason:
            print(f"left out: {', '.join(sorted(names))}: {reason}")
            absent |= names
    kept = [name for name in plan.servers if name not in absent]
    return replace(plan, servers=kept)


def _visit(
    server: Server, model: str, gguf: Path, turn: int, limit: float
) -> dict[str, list[float]]:
    def say(line: str) -> None:
        print(f"    {line}", flush=True)

    seed = turn * 1_000 + len(model)  # every server gets the same requests
    turns = Turns(gguf, seed)
    try:
        log = _BUILD / f"{server.name}.log"
        with started(server, model, gguf, log) as running:
            large = model != SMALL
            visit = Visit(running, turns, limit=limit, large=large, seed=seed, say=say)
            return asyncio.run(visit.all())
    except install.Missing as reason:
        say(f"left out: {reason}")
        return {}
    finally:
        turns.close()


def _runs() -> list[figures.Run]:
    if not _RUNS.exists():
        return []
    return [json.loads(line) for line in _RUNS.read_text().splitlines()]


def _keep(run: figures.Run) -> None:
    with _RUNS.open("a") as file:
        file.write(json.dumps(run) + "\n")


def _report(plan: Plan, steps: list[Row], *, whole: bool) -> None:
    measured = figures.Measured(_runs())
    targets, rows = figures.rows(measured, GENERAL)
    write("inference", [*targets, *steps, *rows])
    titles = {server.name: server.title for server in SERVERS.values()}
    tables = [figures.table(measured, model, titles) for model in measured.models]
    notes = _NOTES.format(rounds=plan.rounds)
    if absent := [titles[name] for name in SERVERS if name not in measured.servers]:
        notes += f" Not measured in this run: {'; '.join(absent)}."
    section = headed(notes, table([*targets, *steps]), *tables)
    print(section)
    _plot(_PLOT if whole else _BUILD / "inference.svg")
    if whole:
        picture = f"![Tokens a second and times to the first token]({_PLOT.name})"
        insert("inference", f"{section}\n\n{picture}")
    else:
        print("docs/benchmarks.md stays as it is: this was not the whole benchmark")


def _plot(target: Path) -> None:
    script = Path(figures.__file__).with_name("plot.py")
    rows = _BUILD / "inference.json"
    try:
        subprocess.run([install.python(), script, rows, target], check=True)
    except (install.Missing, subprocess.CalledProcessError) as reason:
        print(f"no plot: {reason}")


if __name__ == "__main__":
    main()
