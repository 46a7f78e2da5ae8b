"""An update: backed up, looked at, switched, judged, and taken back when it is not well.

What switches and what takes back are commands of the configuration, so that NixOS and the tests'
machine run the same steps.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from hearth.config import Settings
from hearth.core.errors import BadConfiguration, BadInput, HearthError, StorageFull, Unavailable
from hearth.core.people import Frozen
from hearth.ops import signatures
from hearth.ops.backup import snapshot
from hearth.ops.backup.owners import owners
from hearth.ops.backup.run import fresh
from hearth.store import whole

NEW, FILE = "{new}", "{file}"
_KEPT = 3  # updates whose copies of the databases stay

Outcome = Literal["running", "declined", "refused", "done", "rolled back", "stuck"]


class Step(Frozen):
    """One step and what came of it."""

    name: str
    ok: bool
    said: str = ""


class Result(Frozen):
    """An update as it is recorded."""

    begun: datetime
    new: str | None
    outcome: Outcome
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Watcher:
    """Sees the steps, and says whether the difference is wanted."""

    begins: Callable[[str], None]
    ended: Callable[[Step], None]
    agreed: Callable[[str], bool]


@dataclass
class _Run:
    settings: Settings
    configuration: Path
    new: str | None
    watcher: Watcher
    folder: Path
    begun: datetime
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], str]) -> str:
        """Do a step and keep what came of it; its error is the step's and goes on."""
        self.watcher.begins(name)
        try:
            said = work()
        except HearthError as error:
            self._end(Step(name=name, ok=False, said=str(error)))
            raise
        self._end(Step(name=name, ok=True, said=said))
        return said

    def record(self, outcome: Outcome) -> Result:
        """Write down where the update stands."""
        result = Result(begun=self.begun, new=self.new, outcome=outcome, steps=tuple(self.steps))
        text = result.model_dump_json(indent=1) + "\n"
        whole.put(self.folder / "result.json", text.encode(), mode=0o644)
        return result

    def command(self, argv: Sequence[str], file: Path | None = None) -> str:
        """Run one of the configuration's commands; what it printed, or Unavailable."""
        words = [word.replace(NEW, self.new or "").replace(FILE, str(file or "")) for word in argv]
        try:
            done = subprocess.run(
                words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
        except OSError as error:
            raise Unavailable(f"{words[0]} cannot be run: {error.strerror}") from error
        if done.returncode:
            lines = done.stdout.strip().splitlines()[-5:] or ["it did not say why"]
            raise Unavailable(f"{words[0]} ended with {done.returncode}: {' / '.join(lines)}")
        return done.stdout.strip()

    def _end(self, step: Step) -> None:
        self.steps.append(step)
        self.watcher.ended(step)
        self.record("running")


def update(
    settings: Settings,
    configuration: Path,
    new: str | None,
    watcher: Watcher,
    *,
    needs_backup: bool = True,
) -> Result:
    """Go through every step; the result is also in STATE_DIR/updates/TIME/result.json.

    `new` may be a signed file, as it comes on a stick.

    Raises what refused the update before anything was switched; Unavailable when the old version
    had to be brought back, and HearthError when that failed as well.
    """
    _understood(settings, new)
    begun = datetime.now(UTC)
    folder = settings.state_dir / "updates" / f"{begun:%Y%m%dT%H%M%S.%fZ}"
    folder.mkdir(parents=True, mode=0o700)
    run = _Run(settings, configuration, new, watcher, folder, begun)
    try:
        _brought(run)
        if not _prepared(run, needs_backup=needs_backup):
            return run.record("declined")
    except HearthError:
        run.record("refused")
        raise
    try:
        run.step("switch", lambda: run.command(settings.update.switch))
        run.step("health", lambda: run.command(_health(run)))
    except HearthError as error:
        _roll_back(run, error)
    _forget_old(settings)
    return run.record("done")


def _understood(settings: Settings, new: str | None) -> None:
    given = settings.update
    for name in ("switch", "rollback"):
        if not getattr(given, name):
            raise BadConfiguration(
                "this machine does not know how to update",
                where=f"update.{name}",
                remedy="Name the command in the configuration.",
            )
    named = any(NEW in word for word in (*given.switch, *given.difference))
    if named and new is None:
        raise BadInput("the update does not say to what", remedy="hearth update run NEW")


def _brought(run: _Run) -> None:
    """Where a file was given: install what somebody on the list has signed; that is then meant."""
    if run.new is None or not Path(run.new).is_file():
        return
    given, update = Path(run.new), run.settings.update
    if not update.bring:
        raise BadConfiguration(
            "this machine takes no update as a file",
            where="update.bring",
            remedy="Name the command in the configuration.",
        )
    copy = run.folder / "update"  # whatever the file is called, no record lies there
    try:
        run.step("signature", lambda: _verified(given, copy, update.allowed_signers))
        said = run.step("bring", lambda: run.command(update.bring, copy))
    finally:
        copy.unlink(missing_ok=True)
    if not said:
        raise Unavailable(f"{update.bring[0]} did not say what it has installed")
    run.new = said.splitlines()[-1]


def _verified(given: Path, copy: Path, signers: Path | None) -> str:
    """Check a copy, so that it is what will be installed, whatever the stick does meanwhile."""
    needed, free = given.stat().st_size, shutil.disk_usage(copy.parent).free
    if needed > free:
        raise StorageFull(
            f"{needed:,} bytes are needed and {free:,} are free",
            where=str(copy.parent),
            remedy="Free some space there.",
        )
    try:
        for name in (given.name, f"{given.name}.sig"):
            if given.with_name(name).is_file():
                target = f"{copy.name}{name.removeprefix(given.name)}"
                shutil.copyfile(given.with_name(name), copy.with_name(target))
    except OSError as error:
        raise Unavailable(
            f"the update cannot be read: {error.strerror}",
            where=str(given),
            remedy="Is the stick still plugged in?",
        ) from error
    return f"by {signatures.verify(copy, signers)}"


def _prepared(run: _Run, *, needs_backup: bool) -> bool:
    settings = run.settings
    if needs_backup:
        run.step("backup", lambda: f"{fresh(settings).snapshot[:8]} is young enough")
    if settings.update.difference:
        difference = run.step("difference", lambda: run.command(settings.update.difference))
        if not run.watcher.agreed(difference):
            return False
    run.step("databases", lambda: _copied(run))
    return True


def _copied(run: _Run) -> str:
    made = [
        snapshot.databases_only(owner, run.folder / "databases")
        for owner in owners(run.settings)
        if owner.database.exists()
    ]
    return f"{len(made)} copied to {run.folder / 'databases'}"


def _health(run: _Run) -> Sequence[str]:
    """The new version's gate, which knows the new schema, where one is named."""
    if run.settings.update.health:
        return run.settings.update.health
    return _own_health(run)


def _own_health(run: _Run) -> Sequence[str]:
    wait = str(run.settings.update.health_seconds)
    command = (sys.executable, "-m", "hearth.cli.main", "health", "--wait", wait)
    return (*command, "--config", str(run.configuration))


def _roll_back(run: _Run, reason: HearthError) -> None:
    """Bring the version before back; always raises."""
    copies = run.folder / "databases"
    try:
        run.step("rollback", lambda: run.command(run.settings.update.rollback))
        run.step("health of the old version", lambda: run.command(_own_health(run)))
    except HearthError as error:
        run.record("stuck")
        raise HearthError(
            f"the update failed ({reason.message}), and so did the way back ({error.message})",
            remedy=f"Choose the version before in the boot menu; databases as they were: {copies}.",
        ) from error
    run.record("rolled back")
    raise Unavailable(
        f"the update failed and the old version runs again: {reason.message}",
        remedy=f"What happened is written in {run.folder / 'result.json'}.",
    ) from reason


def _forget_old(settings: Settings) -> None:
    """Keep the copies of the last updates alone; what happened stays on record."""
    for folder in sorted((settings.state_dir / "updates").iterdir())[:-_KEPT]:
        shutil.rmtree(folder / "databases", ignore_errors=True)
