"""Nearest passages by vector: an HNSW graph, a cache of what the database holds.

The database is the truth. The graph is loaded when first asked, rebuilt when its file is missing,
damaged or of another model, and brought in step with the database after every change; ids are
never used twice, so a passage that was deleted cannot come back under its number.

`python -m hearth.knowledge.index DATABASE FOLDER MODEL` writes the cache file: a pod that nobody
has asked yet has its file written so, and stays as small as it was.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from hearth.store.database import Database
from hearth.store.pod import chunks

_log = logging.getLogger(__name__)
_FORMAT = 1
_M = 16  # links a node; https://github.com/nmslib/hnswlib/blob/master/ALGO_PARAMS.md
_EF_CONSTRUCTION = 100
_EF_SEARCH = 128
_SLICE = 500  # vectors read and added at a time
_ROOM = 1_024  # places kept free for what is added next


class VectorIndex:
    """The vectors of one embedding model, in the pod's directory. Safe from several threads."""

    def __init__(self, database: Database, folder: Path, model: str) -> None:
        self.model = model
        self._database = database
        self._file = folder / "vectors.hnsw"
        self._header = folder / "vectors.json"
        self._lock = threading.RLock()
        self._saving = threading.Lock()  # one writer of the file at a time
        self._graph: Any = None  # hnswlib.Index, once loaded and not empty
        self._loaded = False
        self._ids: set[int] = set()  # in the graph and not deleted
        self._deleted = 0  # still in the graph, but only as a mark
        self._dirty = False

    @property
    def loaded(self) -> bool:
        """Whether the graph is in memory."""
        return self._loaded

    def search(self, vector: Sequence[float], limit: int) -> list[tuple[int, float]]:
        """The nearest passages as (chunk id, cosine similarity), nearest first."""
        with self._lock:
            self._load()
            if self._graph is None:
                return []
            if len(vector) != self._graph.dim:
                _log.warning("a vector of %d does not fit the index", len(vector))
                return []
            return self._nearest(vector, min(limit, len(self._ids)))

    def refresh(self) -> None:
        """Take in what the database gained or lost; nothing to do while nothing is loaded."""
        with self._lock:
            if self._loaded:
                self._follow()

    def save(self) -> None:
        """Bring the cache file in step with the database; without loading it where it is not."""
        with self._saving:
            if self._loaded:
                self.write()
            elif not self._is_current():
                self._write_elsewhere()

    def write(self) -> None:
        """Load the graph and write the cache file from here, where it is not in step."""
        with self._lock:
            self._load()
            self._follow()
            if self._deleted:
                self._start_over()  # a mark is not enough for what was forgotten
            if self._dirty:
                self._write()

    def _write_elsewhere(self) -> None:
        place = (str(self._database.path), str(self._file.parent), self.model)
        done = subprocess.run(
            [sys.executable, "-OO", "-P", "-m", __spec__.name, *place],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:  # the pod goes on without: the graph is made when first asked
            said = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
            _log.warning("the vector index could not be written: %s", said)

    def _is_current(self) -> bool:
        with self._database.read() as session:
            wanted = chunks.embedded(session, self.model)
        header = self._described()
        if header is None:
            return not wanted
        return bool(header["model"] == self.model and header["ids"] == _fingerprint(wanted))

    def _described(self) -> dict[str, Any] | None:
        """The header of the cache file, if there is one that can be read."""
        try:
            header = json.loads(self._header.read_bytes())
        except (OSError, ValueError):
            return None
        return header if isinstance(header, dict) and header.get("format") == _FORMAT else None

    def _load(self) -> None:
        if self._loaded:
            return
        reason = self._read()
        self._loaded = True
        if reason:
            _log.info("the vector index is made anew: %s", reason)
        self._follow()

    def fault(self) -> str | None:
        """Why the cache file cannot be used, if so; it is made anew when first needed."""
        header = self._described()
        if header is None or not self._file.is_file():
            return "there is no cache file of this version"
        if header["model"] != self.model:
            return "it was made for another model"
        # hnswlib trusts its file blindly, so nothing but our own bytes may reach it.
        return None if header["sha256"] == _digest(self._file) else "the cache file is damaged"

    def _read(self) -> str | None:
        """Read the cache file; why it cannot be used, if so."""
        if reason := self.fault():
            return reason
        header = self._described() or {}
        graph = _empty(int(header["dimension"]))
        graph.load_index(str(self._file), max_elements=int(header["count"]) + _ROOM)
        self._adopt(graph)
        return None

    def _adopt(self, graph: Any) -> None:
        graph.set_ef(_EF_SEARCH)
        self._graph, self._ids, self._deleted = graph, set(graph.get_ids_list()), 0

    def _follow(self) -> None:
        with self._database.read() as session:
            wanted = chunks.embedded(session, self.model)
        gone = self._ids - wanted
        for chunk in gone:
            self._graph.mark_deleted(chunk)
        self._ids -= gone
        self._deleted += len(gone)
        self._dirty |= bool(gone)
        for ids, vectors in self._stored(sorted(wanted - self._ids)):
            self._add(ids, vectors)

    def _start_over(self) -> None:
        self._graph, self._ids, self._deleted, self._dirty = None, set(), 0, True
        self._follow()

    def _stored(self, wanted: Sequence[int]) -> Iterator[tuple[list[int], Any]]:
        """Ids with their vectors as a float32 matrix, a slice at a time."""
        if not wanted:
            return
        import numpy as np  # noqa: PLC0415 - an idle pod does without

        for start in range(0, len(wanted), _SLICE):
            with self._database.read() as session:
                found = chunks.embeddings(session, wanted[start : start + _SLICE])
            width = 4 * self._graph.dim if self._graph else len(next(iter(found.values()), b""))
            fitting = {chunk: vector for chunk, vector in found.items() if len(vector) == width}
            if fitting:
                matrix = np.frombuffer(b"".join(fitting.values()), dtype="<f4")
                yield list(fitting), matrix.reshape(len(fitting), width // 4)

    def _add(self, ids: list[int], vectors: Any) -> None:
        if self._graph is None:
            graph = _empty(vectors.shape[1])
            graph.init_index(max_elements=_ROOM, M=_M, ef_construction=_EF_CONSTRUCTION)
            self._adopt(graph)
        needed = len(self._ids) + self._deleted + len(ids)
        if needed > self._graph.get_max_elements():
            self._graph.resize_index(needed + needed // 2)
        self._graph.add_items(vectors, ids)
        self._ids.update(ids)
        self._dirty = True

    def _nearest(self, vector: Sequence[float], limit: int) -> list[tuple[int, float]]:
        if limit == 0:
            return []
        import numpy as np  # noqa: PLC0415 - an idle pod does without

        query = np.asarray([vector], dtype=np.float32)
        self._graph.set_ef(max(_EF_SEARCH, 2 * limit))
        try:
            labels, distances = self._graph.knn_query(query, k=limit)
        except RuntimeError:  # too few within reach among many deleted ones: compare with all
            ids = sorted(self._ids)
            distances = 1 - query @ np.asarray(self._graph.get_items(ids)).T
            order = np.argsort(distances)[:, :limit]
            labels, distances = np.asarray([ids])[:, order[0]], distances[:, order[0]]
        return [
            (int(label), 1 - float(distance))
            for label, distance in zip(labels[0], distances[0], strict=True)
        ]

    def _write(self) -> None:
        self._header.unlink(missing_ok=True)
        if self._graph is None:
            self._file.unlink(missing_ok=True)
            self._dirty = False
            return
        fresh = self._file.with_suffix(".new")
        try:
            header = self._written(fresh)
            fresh.replace(self._file)
            self._header.write_text(json.dumps(header), encoding="utf-8")
            self._dirty = False
        except (OSError, RuntimeError) as error:
            fresh.unlink(missing_ok=True)
            _log.warning("the vector index could not be written: %s", error)

    def _written(self, fresh: Path) -> dict[str, Any]:
        """Write the graph to `fresh`; the header that vouches for it."""
        self._graph.save_index(str(fresh))
        if fresh.stat().st_size != self._graph.index_file_size():  # hnswlib does not look
            raise OSError("the file is shorter than the index; the disk may be full")
        return {
            "format": _FORMAT,
            "model": self.model,
            "dimension": self._graph.dim,
            "count": len(self._ids),
            "ids": _fingerprint(self._ids),
            "sha256": _digest(fresh),
        }


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _fingerprint(ids: set[int]) -> str:
    return sha256(repr(sorted(ids)).encode()).hexdigest()


def _empty(dimension: int) -> Any:
    import hnswlib  # noqa: PLC0415 - an idle pod does without

    return hnswlib.Index(space="ip", dim=dimension)


def main() -> None:
    """Write the cache file of one pod."""
    database = Database(Path(sys.argv[1]))
    VectorIndex(database, Path(sys.argv[2]), sys.argv[3]).write()
    database.close()


if __name__ == "__main__":
    main()
