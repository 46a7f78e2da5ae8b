"""Which objects of the store are texts that modules wrote, and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.said import LabError

STORE = "/nix/store"
_PATH = re.compile(r"/nix/store/([0-9a-z]{32}-[A-Za-z0-9+._?=-]+)")
_HASH = re.compile(r"/nix/store/[0-9a-z]{32}-")
_MOST_BYTES = 2_000_000


def normalised(text: str) -> str:
    """Return a text with the hash of every store path as zeros, so that diffs stay readable."""
    return _HASH.sub(f"{STORE}/{'0' * 32}-", text)


def mentioned(text: str) -> list[str]:
    """Return the store objects that a text names, HASH-NAME, each once."""
    return list(dict.fromkeys(_PATH.findall(text)))


@dataclass(frozen=True)
class Objects:
    """The objects of a store that lies at another place than /nix/store."""

    folder: Path

    def place(self, path: Path | str) -> Path:
        """Return where a path of the store lies here, links followed."""
        here = Path(path)
        for _ in range(40):
            if str(here).startswith(f"{STORE}/"):
                here = self.folder / str(here).removeprefix(f"{STORE}/")
            if not here.is_symlink():
                return here
            here = here.parent / here.readlink()
        raise LabError(f"{path}: too many links")

    def texts(self, path: Path | str) -> dict[str, str] | None:
        """Return the files of an object by their place in it ("" for a file); None for no text.

        Packages are no text: trees of Debian's files, and whatever is large or not UTF-8.
        """
        start = self.place(path)
        if not start.exists() or (start / ".debian").exists():
            return None
        found: dict[str, str] = {}
        for name, file in self._files(start, ""):
            if not file.is_file() or file.stat().st_size > _MOST_BYTES:
                return None
            try:
                found[name] = file.read_text()
            except UnicodeDecodeError:
                return None
        return found

    def _files(self, place: Path, name: str) -> Iterable[tuple[str, Path]]:
        if not place.is_dir():
            yield name, place
            return
        for item in sorted(place.iterdir()):
            yield from self._files(self.place(item), f"{name}/{item.name}".lstrip("/"))


def closure(objects: Objects, texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return by name all text objects that some texts, and they themselves, refer to."""
    found: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    waiting = [item for text in texts for item in mentioned(text)]
    while waiting:
        item = waiting.pop()
        if item in seen:
            continue
        seen.add(item)
        files = objects.texts(f"{STORE}/{item}")
        if files is None:
            continue
        name = item[33:]
        clean = {place: normalised(text) for place, text in files.items()}
        if found.setdefault(name, clean) != clean:
            raise LabError(f"Two store objects are called {name}: give one of them another name.")
        waiting += [other for text in files.values() for other in mentioned(text)]
    return found
