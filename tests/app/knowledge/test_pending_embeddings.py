"""Embeddings come after the text, and go on where they stopped."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder
from pod_house import LETTER, Away, House, build_house

from hearth.core.errors import NotFound, Unavailable
from hearth.pod import inbox
from hearth.store.database import Database


def test_embedding_resumes_where_it_stopped(house: House, tmp_path: Path) -> None:
    for number in range(50):
        house.write(f"{number}.txt", f"Paper number {number} about the flat.")
    house.sync()

    class Tiring(HashingEmbedder):
        calls = 0

        async def embed(self, texts: Any) -> list[list[float]]:
            self.calls += 1
            if self.calls > 1:
                raise Unavailable("gone")
            return await super().embed(texts)

    with pytest.raises(Unavailable):
        build_house(tmp_path, house.database, Tiring()).embed()
    assert 0 < build_house(tmp_path, house.database, HashingEmbedder()).embed() < 50
    assert house.embed() == 0


def test_the_background_embeds_what_comes_and_waits_out_an_absence(house: House) -> None:
    async def scenario() -> int:
        task = asyncio.create_task(house.inbox.run())
        house.write("letter.txt", LETTER)
        await house.inbox.sync()
        while house.inbox.busy:  # noqa: ASYNC110 - nothing tells when the background rests
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return len(await house.retriever.search("boiler"))

    assert asyncio.run(scenario()) == 1
    assert house.embed() == 0
    assert (house.database.path.parent / "vectors.hnsw").exists()


def test_the_background_outlives_a_server_that_has_no_such_model(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_LOOK_SECONDS", 0.01)

    class Absent(HashingEmbedder):
        calls = 0

        async def embed(self, texts: Any) -> list[list[float]]:
            self.calls += 1
            if self.calls == 1:
                raise NotFound("there is no such model")
            return await super().embed(texts)

    embedder = Absent()
    later = build_house(tmp_path, house.database, embedder)
    later.write("letter.txt", LETTER)
    later.sync()

    async def scenario() -> None:
        task = asyncio.create_task(later.inbox.run())
        while embedder.calls < 2 or later.inbox.busy:  # noqa: ASYNC110 - nothing tells when it rests
            await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert later.embed() == 0


def test_another_model_embeds_everything_anew(house: House, tmp_path: Path) -> None:
    house.write("letter.txt", LETTER)
    house.sync()
    assert house.embed() == 1
    assert build_house(tmp_path, house.database, HashingEmbedder(), model="other").embed() == 1


def test_documents_are_found_by_words_before_they_are_embedded(
    tmp_path: Path, database: Database
) -> None:
    house = build_house(tmp_path, database, Away())
    house.write("letter.txt", LETTER)
    house.sync()
    assert "boiler" in house.search("When is the boiler serviced?")[0].text
    with pytest.raises(Unavailable):
        house.embed()
