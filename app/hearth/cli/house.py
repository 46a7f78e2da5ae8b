"""What must be there before the programs start: one starter, models, keys, schemas, members."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hearth.cli.keys import needed
from hearth.cli.options import out
from hearth.config import Settings
from hearth.core.errors import Damaged
from hearth.hub.seeds import ensure_members
from hearth.inference.models.library import Library
from hearth.ops import keys
from hearth.ops.doctor import models


class House:
    """One household's state, held by one `hearth up` at a time."""

    def __init__(self, settings: Settings, configuration: Path) -> None:
        self._settings = settings
        self._configuration = configuration
        self.holder: int | None = None  # the process id of another `hearth up`

    @contextmanager
    def held(self) -> Iterator[House]:
        """This process as the only starter, or with `holder` the other one that is."""
        self._settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._settings.state_dir / "up.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                self.holder = int(lock.read() or 0)
            else:
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
            yield self

    def prepare(self) -> None:
        """Check the models, make the keys, migrate the databases, make the first members."""
        library = Library(self._settings.models)
        for name in models(self._settings):
            library.path_of(name)
        keys.make(needed(self._settings), self._settings.keys_dir)
        self._migrate()
        ensure_members(self._settings)

    def _migrate(self) -> None:
        command = [sys.executable, "-m", "hearth.services.migrate"]
        done = subprocess.run(
            [*command, "--config", str(self._configuration)],
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            out.print(line, markup=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it did not say why"]
            raise Damaged(f"a database could not be brought up to date: {said[-1]}")
