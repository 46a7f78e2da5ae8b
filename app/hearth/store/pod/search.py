"""Full-text search over chunks: an FTS5 table that triggers keep in step."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

# FTS5 reads its content back through a view, so that a passage is also found by its document's
# title and file name. Chunks go before their document does: a deletion from the index must repeat
# the very words that went in (https://sqlite.org/fts5.html#external_content_tables).
_ADD = "INSERT INTO chunks_fts(rowid, title, heading, text) SELECT * FROM chunks_searchable"
_DROP = (
    "INSERT INTO chunks_fts(chunks_fts, rowid, title, heading, text)"
    " SELECT 'delete', * FROM chunks_searchable"
)


def _trigger(name: str, event: str, table: str, action: str) -> str:
    return f"CREATE TRIGGER IF NOT EXISTS {name} {event} ON {table} BEGIN {action}; END"


_OF_OLD = "WHERE id IN (SELECT id FROM chunks WHERE document = old.id)"
_OF_NEW = "WHERE id IN (SELECT id FROM chunks WHERE document = new.id)"
_REWORDED = "UPDATE OF heading, text"
_RENAMED = "UPDATE OF title, path"

FTS_DDL: tuple[str, ...] = (
    """CREATE VIEW IF NOT EXISTS chunks_searchable AS
       SELECT chunks.id AS id, documents.title || ' ' || documents.path AS title,
              chunks.heading AS heading, chunks.text AS text
       FROM chunks JOIN documents ON documents.id = chunks.document""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS chunks_fts USING fts5(
         title, heading, text, content='chunks_searchable', content_rowid='id',
         tokenize='porter unicode61 remove_diacritics 2')""",
    _trigger("chunks_fts_insert", "AFTER INSERT", "chunks", f"{_ADD} WHERE id = new.id"),
    _trigger("chunks_fts_delete", "BEFORE DELETE", "chunks", f"{_DROP} WHERE id = old.id"),
    _trigger("chunks_fts_reword", f"BEFORE {_REWORDED}", "chunks", f"{_DROP} WHERE id = old.id"),
    _trigger("chunks_fts_reworded", f"AFTER {_REWORDED}", "chunks", f"{_ADD} WHERE id = new.id"),
    _trigger(
        "documents_fts_delete",
        "BEFORE DELETE",
        "documents",
        "DELETE FROM chunks WHERE document = old.id",
    ),
    _trigger("documents_fts_rename", f"BEFORE {_RENAMED}", "documents", f"{_DROP} {_OF_OLD}"),
    _trigger("documents_fts_renamed", f"AFTER {_RENAMED}", "documents", f"{_ADD} {_OF_NEW}"),
)

_MATCH = text(
    "SELECT rowid FROM chunks_fts WHERE chunks_fts MATCH :terms "
    "ORDER BY bm25(chunks_fts, 2.0, 1.5, 1.0), rowid LIMIT :limit"
)


def match(session: Session, terms: Sequence[str], limit: int) -> list[int]:
    """The chunks that hold any of `terms` (plain words), best by BM25 first."""
    if not terms:
        return []
    # Quoted, a word is a string to FTS5 and never an operator.
    query = " OR ".join('"{}"'.format(term.replace('"', '""')) for term in terms)
    return list(session.scalars(_MATCH, {"terms": query, "limit": limit}))


def scrub(session: Session) -> None:
    """Rewrite the full-text index, so that no word of a deleted chunk stays in the file."""
    session.execute(text("INSERT INTO chunks_fts(chunks_fts) VALUES('optimize')"))


def check(session: Session) -> None:
    """Compare the full-text index with the chunks; raises DatabaseError when they differ."""
    session.execute(text("INSERT INTO chunks_fts(chunks_fts, rank) VALUES('integrity-check', 1)"))


def rebuild(session: Session) -> None:
    """Make the full-text index anew from the chunks."""
    session.execute(text("INSERT INTO chunks_fts(chunks_fts) VALUES('rebuild')"))
