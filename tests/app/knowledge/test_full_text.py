"""The full-text index follows every change of the rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from hearth.core.terms import content_words
from hearth.store.database import Database
from hearth.store.pod import chunks, documents, search
from hearth.store.pod.chunks import NewChunk
from hearth.store.pod.documents import NewDocument

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = st.sampled_from(["boiler", "bins", "école", "Thursday", "kitchen", "42"])


def put(session: Session, path: str, *texts: str, title: str = "Paper") -> int:
    new = NewDocument("papers", path, title, "text", "", 1, 0.0, "")
    document = documents.put(session, new, NOW)
    chunks.put(session, document, [NewChunk(one, 1, 1) for one in texts])
    return document


def found(database: Database, question: str) -> list[str]:
    with database.read() as session:
        ids = search.match(session, content_words(question), 10)
        stored = chunks.find(session, ids)
    return [stored[one].text for one in ids]


def test_words_are_found_in_any_form(database: Database) -> None:
    with database.write() as session:
        put(session, "a", "The boilers were heated.", "Bins go out on Thursdays.")
    assert found(database, "boiler heating") == ["The boilers were heated."]
    assert found(database, "the bin on Thursday") == ["Bins go out on Thursdays."]
    assert found(database, "Ecole") == []


def test_the_rarer_word_weighs_more(database: Database) -> None:
    with database.write() as session:
        put(session, "a", "the cat and the house", "the cat and the dentist", "the cat sleeps")
    assert found(database, "cat dentist")[0] == "the cat and the dentist"


def test_title_and_file_name_lead_to_a_passage(database: Database) -> None:
    with database.write() as session:
        put(session, "landlord-2026.pdf", "It will be cold.", title="Boiler service")
    assert found(database, "boiler") == found(database, "landlord") == ["It will be cold."]


@pytest.mark.parametrize(
    "hostile", ['" OR *', "NEAR(a b)", "title:x", "-boiler", "a AND", "^", "'"]
)
def test_operators_in_a_question_are_only_words(database: Database, hostile: str) -> None:
    with database.write() as session:
        put(session, "a", "boiler")
    assert found(database, f"{hostile} boiler") == ["boiler"]
    with database.read() as session:
        assert search.match(session, [hostile], 10) in ([], [1])


def test_a_new_title_replaces_the_old_one(database: Database) -> None:
    with database.write() as session:
        document = put(session, "a", "text", title="Boiler")
        session.execute(text("UPDATE documents SET title = 'Lease' WHERE id = :i"), {"i": document})
    assert found(database, "boiler") == []
    assert found(database, "lease") == ["text"]


def test_a_forgotten_word_leaves_the_file(tmp_path: Path, database: Database) -> None:
    with database.write() as session:
        document = put(session, "a", "the xylophonist practises")
        put(session, "b", "something that stays")
    with database.write() as session:
        documents.remove(session, [document])
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"xylophonist" not in database.path.read_bytes()
    assert b"stays" in database.path.read_bytes()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "remove", "retitle", "reword", "fail"]),
            st.integers(0, 3),
            st.lists(WORDS, min_size=1, max_size=5).map(" ".join),
        ),
        max_size=12,
    )
)
def test_any_history_leaves_index_and_rows_in_step(
    database: Database, history: list[tuple[str, int, str]]
) -> None:
    for action, number, words in history:
        with database.write() as session:
            change(session, action, str(number), words)
    with database.write() as session:
        search.check(session)
        matched = session.scalars(text("SELECT count(*) FROM chunks_fts")).one()
        assert matched == session.scalars(text("SELECT count(*) FROM chunks")).one()


def change(session: Session, action: str, path: str, words: str) -> None:
    one = {"words": words, "path": path}
    if action == "put":
        put(session, path, words, words[::-1], title=words)
    elif action == "remove":
        known = documents.known(session, "papers", path)
        documents.remove(session, [entry.id for entry in known.values()])
    elif action == "retitle":
        session.execute(text("UPDATE documents SET title = :words WHERE path = :path"), one)
    elif action == "reword":
        session.execute(
            text(
                "UPDATE chunks SET text = :words WHERE document IN"
                " (SELECT id FROM documents WHERE path = :path)"
            ),
            one,
        )
    else:
        new = NewDocument("papers", path, words, "text", "", 1, 0.0, None)
        documents.put_failure(session, new, "broken", None, NOW)
