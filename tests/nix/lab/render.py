"""`make render`: writes tests/rendered anew."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from lab.files import File, files, write
from lab.nix import Nix, nix
from lab.nixpkgs import from_environment
from lab.places import PROJECT, RENDERED
from lab.references import Objects
from lab.rendering import BASE, difference
from lab.said import LabError, give_up, say
from lab.stamp import stamp

STAMP = "STAMP.json"


def rendered(tool: Nix, name: str) -> dict[str, File]:
    """Render one host."""
    built = tool.realise(tool.expression("evaluate/rendering.nix", name=name))
    return files(json.loads(built.read_text()), Objects(tool.store))


def main() -> int:
    """Render every host, then put the new rendering in the place of the old."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT, help="the tree to render")
    parser.add_argument("--into", type=Path, default=RENDERED, help="the folder to write")
    given = parser.parse_args()
    project, into = given.project.resolve(), given.into.resolve()
    modules = from_environment()
    tool = nix(modules, project, realises=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".rendering-", dir=into.parent))
    try:
        fresh.chmod(0o755)
        base = rendered(tool, BASE)
        for name in tool.evaluate(tool.expression("evaluate/list.nix"))["systems"]:
            found = base if name == BASE else rendered(tool, name)
            kept = found if name == BASE else difference(found, base)
            write(kept, fresh / name)
            say(f"{name}: {len(found)} files, {len(kept)} kept")
        mark = stamp(project, modules.source)
        (fresh / STAMP).write_text(json.dumps(mark, indent=2, sort_keys=True) + "\n")
        shutil.rmtree(into, ignore_errors=True)
        fresh.rename(into)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        give_up(error)
