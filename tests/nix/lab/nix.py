"""Runs Nix: this machine's own where it is new enough, else Debian's inside the root."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.names import collect
from lab.nixpkgs import Nixpkgs
from lab.places import PROJECT, STAND_IN, cache
from lab.root import root
from lab.said import LabError

_OLDEST = (2, 18)
_TAIL = 30
_ENTER = Path(__file__).with_name("enter.sh")
# Builders run as they are: the root is their sandbox.
_CONFIGURATION = "sandbox = false\nbuild-users-group =\nsubstituters =\nfilter-syscalls = false\n"


class NixError(LabError):
    """Nix refused; the message is what it said."""


def version(said: str) -> tuple[int, int]:
    """Return the version in what `nix-instantiate --version` says, or (0, 0)."""
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def own_nix() -> bool:
    """Tell whether this machine has a Nix that can evaluate the modules."""
    if not shutil.which("nix-instantiate"):
        return False
    asked = ["nix-instantiate", "--version"]
    return version(subprocess.run(asked, capture_output=True, text=True, check=False).stdout) >= (
        _OLDEST
    )


def quoted(value: object) -> str:
    """Return a Nix expression for a path, a string, null, or a list or set of them."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return f"{{ {' '.join(f'{name} = {quoted(v)};' for name, v in value.items())} }}"
    if isinstance(value, Path):
        return f"(/. + {json.dumps(str(value))})"
    if isinstance(value, list):
        return f"[ {' '.join(map(quoted, value))} ]"
    return json.dumps(str(value)).replace("${", "\\${")


@dataclass(frozen=True)
class Nix:
    """Nix over one tree of modules and one project."""

    modules: Nixpkgs
    project: Path
    names: Path
    inside: bool

    @property
    def store(self) -> Path:
        """The folder that holds what was realised in the root."""
        return cache() / "nix/store"

    def _binds(self) -> dict[str, Path]:
        binds = {
            "/lab/nixpkgs": self.modules.tree,
            "/lab/aux": self.modules.builders,
            "/lab/project": self.project,
            "/lab/nix": PROJECT / "tests/nix",
            "/lab/names": self.names.parent,
        }
        if self.modules.inputs:
            binds["/lab/inputs"] = self.modules.inputs
        return binds

    def _place(self, inside: str) -> Path:
        """Return where Nix finds a folder of the lab: in the root or on this machine."""
        if self.inside:
            return Path(inside)
        first = "/".join(inside.split("/")[:3])
        return self._binds()[first] / inside.removeprefix(first).lstrip("/")

    def expression(self, file: str, **arguments: object) -> str:
        """Return the call of a file below tests/nix with the lab's places and more arguments."""
        places = {
            "nixpkgs": self._place("/lab/nixpkgs"),
            "aux": self._place("/lab/aux"),
            "project": self._place("/lab/project"),
            "names": self._place("/lab/names") / self.names.name,
            "given": self._place("/lab/inputs") if self.modules.inputs else None,
        }
        return f"import {self._place('/lab/nix') / file} {quoted({'places': places, **arguments})}"

    def _run(
        self, command: Sequence[str], *, inside: bool, realise: bool = False
    ) -> subprocess.CompletedProcess[str]:
        environment = {"REALISE": "1"} if realise else {}
        if inside:
            (cache() / "nix/store").mkdir(parents=True, exist_ok=True)
            binds = "\n".join(f"{source} {target}" for target, source in self._binds().items())
            environment |= {
                "HOME": "/tmp",  # noqa: S108 - the root's own, in memory
                "PATH": "/usr/bin:/usr/sbin:/bin:/sbin",
                "LC_ALL": "C.UTF-8",
                "NIX_CONFIG": _CONFIGURATION,
            }
            command = [
                *("unshare", "--mount", "--propagation", "private", "--"),
                *("sh", str(_ENTER), str(root()), str(cache() / "nix"), binds),
                *command,
            ]
        else:
            environment = {**os.environ, **environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def evaluate(self, expression: str) -> Any:
        """Return an expression's value."""
        command = ["nix-instantiate", "--eval", "--strict", "--json", "-E", expression]
        done = self._run(command, inside=self.inside)
        if done.returncode != 0:
            raise NixError(done.stderr.strip())
        return json.loads(done.stdout)

    def realise(self, expression: str) -> Path:
        """Build an expression in the root; return its place in the lab's store."""
        command = ["nix-build", "--no-out-link", "-E", expression]
        done = self._run(command, inside=True, realise=True)
        if done.returncode != 0:
            # Before the error comes a line for each of some hundred derivations.
            raise NixError("\n".join(done.stderr.strip().splitlines()[-_TAIL:]))
        return self.store / Path(done.stdout.strip()).name


def sources(project: Path, folder: Path) -> Path:
    """Copy a project as a flake would take it, without what git ignores.

    The ISO carries the flake's inputs, so the whole folder goes into the store with every change:
    environments and models in it would fill the disk.
    """
    listed = subprocess.run(
        ["git", "-C", str(project), "ls-files", "-coz", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:  # an unpacked archive
        return project
    for name in filter(None, listed.stdout.split("\0")):
        if (project / name).is_file() or (project / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, folder / name, follow_symlinks=False)
    return folder


def nix(modules: Nixpkgs, project: Path = PROJECT, *, realises: bool = False) -> Nix:
    """Return Nix over a tree of modules; what realises runs in the root in any case."""
    inside = realises or not own_nix()
    if inside and os.geteuid() != 0:
        raise LabError("No Nix of 2.18 or later on PATH, and Debian's in the root needs root.")
    folder = Path(tempfile.mkdtemp(prefix="hearth-names-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    project = sources(project, folder / "project")
    names = folder / "names.json"
    more = (STAND_IN / "more-names.txt").read_text()
    mentioning = [modules.tree / "nixos", *filter(None, [modules.inputs])]
    names.write_text(collect(mentioning, more).json())
    return Nix(modules, project, names, inside)
