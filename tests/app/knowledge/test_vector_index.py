"""The vector index is a cache: whatever happens to it, the database's answer comes back."""

from __future__ import annotations

import json
import math
import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearth.knowledge.embedding import packed, unpacked
from hearth.knowledge.index import VectorIndex
from hearth.store.database import Database
from hearth.store.pod import chunks, documents
from hearth.store.pod.chunks import NewChunk
from hearth.store.pod.documents import NewDocument

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DIMENSION = 16


def unit(seed: int, dimension: int = DIMENSION) -> list[float]:
    source = random.Random(seed)  # noqa: S311 - the same vectors in every run
    vector = [source.gauss(0, 1) for _ in range(dimension)]
    length = math.hypot(*vector)
    return [value / length for value in vector]


def put(database: Database, seeds: Sequence[int], model: str = "m", path: str = "a") -> list[int]:
    with database.write() as session:
        new = NewDocument("papers", path, "Paper", "text", "", 1, 0.0, "")
        document = documents.put(session, new, NOW)
        ids = chunks.put(session, document, [NewChunk(f"text {seed}", 1, 1) for seed in seeds])
        made = {one: packed(unit(seed)) for one, seed in zip(ids, seeds, strict=True)}
        chunks.put_embeddings(session, model, made)
    return ids


def remove(database: Database, path: str) -> None:
    with database.write() as session:
        known = documents.known(session, "papers", path)
        documents.remove(session, [one.id for one in known.values()])


@pytest.fixture
def folder(database: Database) -> Path:
    return database.path.parent


def nearest(index: VectorIndex, seed: int) -> int:
    [(chunk, similarity)] = index.search(unit(seed), 1)
    assert similarity == pytest.approx(1, abs=1e-5)
    return chunk


def test_vectors_survive_packing() -> None:
    assert list(unpacked(packed([0.5, -0.25]))) == [0.5, -0.25]


def test_the_nearest_come_first_with_their_cosine(database: Database, folder: Path) -> None:
    ids = put(database, range(50))
    found = VectorIndex(database, folder, "m").search(unit(7), 10)
    assert found[0][0] == ids[7]
    assert [one for _, one in found] == sorted((one for _, one in found), reverse=True)
    cosine = sum(a * b for a, b in zip(unit(7), unit(found[1][0] - ids[0]), strict=True))
    assert found[1][1] == pytest.approx(cosine, abs=1e-5)


def test_nothing_is_loaded_before_it_is_asked(database: Database, folder: Path) -> None:
    put(database, range(5))
    VectorIndex(database, folder, "m").save()
    index = VectorIndex(database, folder, "m")
    index.refresh()
    index.save()
    assert not index.loaded
    index.search(unit(1), 1)
    assert index.loaded


def test_an_empty_pod_has_no_neighbours(database: Database, folder: Path) -> None:
    index = VectorIndex(database, folder, "m")
    assert index.search(unit(1), 5) == []
    index.save()
    assert list(folder.glob("vectors*")) == []


def test_what_is_added_and_deleted_is_followed(database: Database, folder: Path) -> None:
    first = put(database, [1, 2], path="a")
    index = VectorIndex(database, folder, "m")
    assert nearest(index, 2) == first[1]
    second = put(database, [3], path="b")
    remove(database, "a")
    index.refresh()
    assert nearest(index, 3) == second[0]
    assert [one for one, _ in index.search(unit(2), 5)] == second


def test_the_deleted_never_come_back(database: Database, folder: Path) -> None:
    put(database, range(20), path="a")
    kept = put(database, [99], path="b")
    index = VectorIndex(database, folder, "m")
    index.save()
    remove(database, "a")
    for again in (index, VectorIndex(database, folder, "m")):
        again.refresh()
        again.save()
        assert [one for one, _ in again.search(unit(3), 30)] == kept
    reused = put(database, [5], path="a")
    assert min(reused) > max(kept)


def test_a_forgotten_vector_leaves_the_file(database: Database, folder: Path) -> None:
    put(database, [1], path="a")
    put(database, [2], path="b")
    VectorIndex(database, folder, "m").save()
    assert packed(unit(1)) in (folder / "vectors.hnsw").read_bytes()
    remove(database, "a")
    VectorIndex(database, folder, "m").save()
    written = (folder / "vectors.hnsw").read_bytes()
    assert packed(unit(1)) not in written
    assert packed(unit(2)) in written


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def _older(path: Path) -> None:
    header = path.with_name("vectors.json")
    header.write_text(json.dumps(json.loads(header.read_text()) | {"format": 0}))


def _not_json(path: Path) -> None:
    path.with_name("vectors.json").write_text("[1, 2")


@pytest.mark.parametrize("damage", [Path.unlink, _flip, _truncate, _older, _not_json])
def test_a_lost_or_damaged_file_is_made_anew(
    database: Database, folder: Path, damage: Callable[[Path], None]
) -> None:
    ids = put(database, range(30))
    VectorIndex(database, folder, "m").save()
    before = (folder / "vectors.hnsw").stat().st_size
    damage(folder / "vectors.hnsw")
    index = VectorIndex(database, folder, "m")
    assert nearest(index, 11) == ids[11]
    index.save()
    assert (folder / "vectors.hnsw").stat().st_size == before
    assert nearest(VectorIndex(database, folder, "m"), 12) == ids[12]


def test_another_model_starts_over(database: Database, folder: Path) -> None:
    put(database, range(5), model="old", path="a")
    VectorIndex(database, folder, "old").save()
    new = put(database, [1], model="new", path="b")
    index = VectorIndex(database, folder, "new")
    assert [one for one, _ in index.search(unit(1), 5)] == new
    index.save()
    assert json.loads((folder / "vectors.json").read_text())["model"] == "new"


def test_a_vector_of_another_dimension_finds_nothing(database: Database, folder: Path) -> None:
    put(database, range(5))
    assert VectorIndex(database, folder, "m").search(unit(1, DIMENSION * 2), 3) == []


def test_it_grows_past_its_first_room(database: Database, folder: Path) -> None:
    ids = put(database, range(1_500))
    index = VectorIndex(database, folder, "m")
    assert nearest(index, 1_499) == ids[1_499]
    assert len(index.search(unit(1), 40)) == 40


def test_a_full_disk_costs_only_the_cache(database: Database, folder: Path) -> None:
    ids = put(database, range(5))
    index = VectorIndex(database, folder, "m")
    (folder / "vectors.new").symlink_to("/dev/full")
    index.save()
    assert nearest(index, 3) == ids[3]
    assert list(folder.glob("vectors*")) == []
    index.save()
    assert (folder / "vectors.json").exists()


def test_it_is_safe_from_several_threads(database: Database, folder: Path) -> None:
    put(database, range(100), path="start")
    index = VectorIndex(database, folder, "m")
    failures: list[Exception] = []

    def ask() -> None:
        try:
            for seed in range(100):
                assert nearest(index, seed)
        except Exception as error:
            failures.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for round_ in range(5):
        put(database, range(1_000 + round_ * 10, 1_010 + round_ * 10), path=f"more{round_ % 2}")
        index.refresh()
        index.save()
    for asker in askers:
        asker.join()
    assert failures == []
