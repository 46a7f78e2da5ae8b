"""The drill: a backup that nobody has restored is a hope."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hearth.config import DRILL, Settings, engine_program, load
from hearth.core.errors import HearthError, Unavailable
from hearth.ops import keys
from hearth.ops.backup import folders, house, records, restore
from hearth.ops.backup.owners import Owner, owners
from hearth.ops.backup.records import DrillRecord, Failure
from hearth.ops.backup.run import Say, host, repository

Ask = Callable[[Settings, str, str], Awaitable[None]]  # raises unless the turn ends well
QUESTIONS = {  # by the tool folder that has to open its tables for the answer
    "calendar": "What is on today?",
    "ledger": "How much did we spend this month?",
    "documents": "What do our documents say about insurance?",
    "notes": "What did we note about the house?",
}
_ANSWER_SECONDS = 600.0  # nobody waits for it


@dataclass(frozen=True)
class Means:
    """What the drill needs and does not know itself: how pods are asked, which keys they take."""

    ask: Ask
    keys: Mapping[str, keys.Maker]


def drill(settings: Settings, means: Means, say: Say) -> DrillRecord:
    """Restore the newest backup aside, compare all of it, ask the restored pods.

    A failure is written down, told to the monitoring, and raised: Damaged for a bad backup.
    """
    begun = time.monotonic()
    try:
        snapshot, questions = _drill(settings, means, say)
    except HearthError as error:
        failed = Failure(time=datetime.now(UTC), why=str(error))
        before = records.drill_record(settings)
        records.write_drill(settings, before.model_copy(update={"failure": failed}))
        raise
    record = DrillRecord(
        good=datetime.now(UTC),
        snapshot=snapshot,
        seconds=round(time.monotonic() - begun, 1),
        questions=questions,
    )
    records.write_drill(settings, record)
    return record


def _drill(settings: Settings, means: Means, say: Say) -> tuple[str, int]:
    # restic's cache would answer for what the repository has lost.
    restic = repository(settings, cacheless=True)
    snapshot = restore.chosen(restic, None, host())
    everyone = owners(settings)
    with restore.scratch(settings.scratch) as folder:
        restic.restore(snapshot.id, folder / "backup")
        say(f"restored {snapshot.id[:8]} of {snapshot.time:%Y-%m-%d %H:%M} UTC")
        made = restore.checked(folder / "backup", everyone)
        folders.complete(folder / "backup", settings.backup.folders)
        for name, copy in made.items():
            rows = sum(sum(one.rows.values()) for one in copy.databases.values())
            say(f"{name}: {rows:,} rows and {len(copy.files):,} files are as they were")
        _model_is_there(settings)
        configuration = house.written(settings, folder)
        scratch = load(configuration)
        try:
            for owner in _pods(scratch):
                restore.put(restore.unpacked(folder / "backup", owner), owner, made[owner.name])
                house.migrate(configuration, owner.name.removeprefix("pod-"))
            keys.make(means.keys, scratch.keys_dir)
            asked = asyncio.run(_ask(configuration, means.ask, say))
        finally:
            shutil.rmtree(scratch.runtime, ignore_errors=True)
    return snapshot.id, asked


def _model_is_there(settings: Settings) -> None:
    for name, engine in settings.engines.items():
        socket = settings.socket(engine_program(name), DRILL)
        if engine.url is None and not socket.exists():
            raise Unavailable(
                f"the engine {name!r} has no socket for the drill",
                where=str(socket),
                remedy="Start Hearth; the restored pods ask its models.",
            )


def _pods(scratch: Settings) -> Sequence[Owner]:
    return [owner for owner in owners(scratch) if owner.schema == "pod"]


async def _ask(configuration: Path, ask: Ask, say: Say) -> int:
    """How many answers came. All pods are asked at once: the models answer several together."""
    async with house.running(configuration) as scratch:
        spread = questions({name: pod.tools for name, pod in scratch.pods.items()})
        told = [_asked(ask, scratch, pod, its, say) for pod, its in spread.items()]
        return sum(await asyncio.gather(*told))


async def _asked(ask: Ask, scratch: Settings, pod: str, questions: Sequence[str], say: Say) -> int:
    """The answers of one pod, one after the other, as from one person."""
    for question in questions:
        await _answered(ask, scratch, pod, question)
        say(f"pod-{pod} answered {question!r}")
    return len(questions)


def questions(pods: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Who is asked what, by the tools of each pod: every pod something, and every question once."""
    left = {
        tool: text for tool, text in QUESTIONS.items() if any(tool in its for its in pods.values())
    }
    spread: dict[str, list[str]] = {}
    for pod, tools in pods.items():
        its = [tool for tool in QUESTIONS if tool in tools]
        for tool in sorted(its, key=lambda one: one not in left)[:1]:
            spread[pod] = [left.pop(tool, QUESTIONS[tool])]
    for tool, text in left.items():
        spread[next(pod for pod, tools in pods.items() if tool in tools)].append(text)
    return spread


async def _answered(ask: Ask, scratch: Settings, pod: str, question: str) -> None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await ask(scratch, pod, question)
    except TimeoutError as error:
        raise Unavailable(
            f"the restored pod {pod!r} did not answer {question!r} within {_ANSWER_SECONDS:.0f} s"
        ) from error
