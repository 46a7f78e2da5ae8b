"""Compare the two Python environments of the appliance; run by versions.nix in each of them.

Without arguments it prints this environment's versions as JSON. With LIGHT LOCK it exits with 1
unless the packages whose versions matter are the same here, in LIGHT and in LOCK.
"""

from __future__ import annotations

import json
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

IN_BOTH = ("hnswlib",)  # the index that a pod writes
AS_LOCKED = ("hnswlib", "llama-cpp-python", "sentence-transformers")  # the API that the code uses


def here() -> dict[str, str]:
    """The versions in this environment, and Python's own minor."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in (*IN_BOTH, *AS_LOCKED):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def differences(light: dict[str, str], models: dict[str, str], locked: dict[str, str]) -> list[str]:
    """What is not as it must be, in words."""
    faults = [
        f"{name}: {light.get(name)} in the light environment, {models.get(name)} in the model one"
        for name in ("python", *IN_BOTH)
        if light.get(name) != models.get(name)
    ]
    faults += [
        f"{name}: {models.get(name)} in the model environment, {locked.get(name)} in poetry.lock"
        for name in AS_LOCKED
        if models.get(name) != locked.get(name)
    ]
    return faults


def versions_in(lock: str) -> dict[str, str]:
    """Each package's version in a poetry.lock."""
    return {package["name"]: package["version"] for package in tomllib.loads(lock)["package"]}


def main(arguments: list[str]) -> int:
    """Print, or compare; 0 when all is as it must be."""
    if not arguments:
        print(json.dumps(here()))  # noqa: T201 - read by the other environment
        return 0
    light, lock = (Path(argument).read_text() for argument in arguments)
    faults = differences(json.loads(light), here(), versions_in(lock))
    for fault in faults:
        print(fault, file=sys.stderr)  # noqa: T201 - a build step speaks
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
