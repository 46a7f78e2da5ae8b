"""How files become a pod's documents: from its source folders, and by upload.

Each file is one transaction: its old rows go and its new ones come together, or nothing changes.
A file that cannot be read is on record with the reason; what an earlier version of it held stays
in use. Embeddings follow once the text is safe, and are resumed after a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hearth.core.api import DocumentInfo, FileFailure, SyncReport
from hearth.core.errors import BadConfiguration, BadInput, Conflict, HearthError
from hearth.core.ports import Embedder
from hearth.knowledge.embedding import embed_pending
from hearth.knowledge.formats import title_from_name
from hearth.knowledge.index import VectorIndex
from hearth.pod.connected import holds_a_copy
from hearth.pod.files import FoundFile, check_name, check_size, keep, load, walk
from hearth.pod.prepare import Prepared, prepare, store
from hearth.store.database import Database
from hearth.store.pod import documents, search
from hearth.store.pod.documents import NOTE, UPLOAD, Known, NewDocument
from hearth.tools.base import Importer

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 30.0  # between looks for passages without an embedding, when nobody wakes us
_RETRY_SECONDS = 3.0  # while the embedder is away


class Inbox:
    """A pod's way in: its sources' `folders`, those that connectors fill, and its own `uploads`."""

    def __init__(
        self,
        database: Database,
        folders: Mapping[str, Path],
        importers: Sequence[Importer],
        embedder: Embedder,
        index: VectorIndex,
        *,
        fetched: Mapping[str, Path] | None = None,
        uploads: Path,
        file_bytes: int,
        clock: Callable[[], datetime],
        after_reading: Callable[[], None] = lambda: None,
        forgotten: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._fetched = fetched or {}
        for reserved in {NOTE, UPLOAD} & {*folders, *self._fetched}:
            raise BadConfiguration(
                f"a source cannot be called {reserved!r}", remedy="Choose another name for it."
            )
        self._database = database
        self._folders = {**folders, **self._fetched, UPLOAD: uploads}
        self._importers = importers
        self._embedder = embedder
        self._index = index
        self._file_bytes = file_bytes
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._tried: set[tuple[str, str]] = set()  # failed files tried again by this process
        self._after_reading = after_reading
        self._forgotten = forgotten or _nobody
        self._wake = asyncio.Event()
        self._embedding = asyncio.Lock()
        self._syncing = asyncio.Lock()

    async def sync(self) -> SyncReport:
        """Read what changed in the source folders. StorageFull stops it; what is in stays in."""
        report = SyncReport()
        async with self._syncing:
            for source in self._folders:
                report = await asyncio.to_thread(self._sync_source, source, report)
            report = await asyncio.to_thread(self._finish, report)
            self.wake()
        if report.changed or report.removed:
            await self._forgotten()
        return report

    async def add(self, source: str, name: str, data: bytes) -> DocumentInfo:
        """Keep an upload and read it; on any error nothing is kept. The same bytes stay one."""
        if source != UPLOAD:
            raise Conflict(
                f"the source {source!r} is read only",
                remedy="Put the file into its folder, or upload it.",
            )
        check_name(name)
        check_size(len(data), self._file_bytes, name)
        prepared = await asyncio.to_thread(prepare, name, data, self._importers)
        added = await asyncio.to_thread(self._keep, name, data, prepared)
        self.wake()
        return added

    async def forget(self, document: int) -> None:
        """Remove an upload or a note with everything that came from it."""
        await asyncio.to_thread(self._forget, document)
        await asyncio.to_thread(self._index.save)
        await self._forgotten()

    def documents(self) -> list[DocumentInfo]:
        """What the pod has read, and what it could not. Blocking."""
        with self._database.read() as session:
            return documents.listing(session)

    @property
    def busy(self) -> bool:
        """Whether files are being read, or passages wait for their embeddings."""
        return self._syncing.locked() or self._embedding.locked() or self._wake.is_set()

    def wake(self) -> None:
        """There may be passages to embed."""
        self._wake.set()

    async def embed(self) -> int:
        """Embed what has no embedding yet; how many passages. Unavailable when that is."""
        async with self._embedding:
            return await embed_pending(self._database, self._embedder, self._index)

    async def run(self) -> None:
        """Embed in the background, for as long as the pod runs."""
        while True:
            self._wake.clear()
            pause = _LOOK_SECONDS
            try:
                embedded = await self.embed()
                await asyncio.to_thread(self._index.save)  # an undone note leaves it, too
                if embedded:
                    self._after_reading()
            except HearthError as error:
                _log.warning("embedding waits: %s", error)
                # A server that has no such model will have none in a moment either.
                pause = _RETRY_SECONDS if error.retryable else _LOOK_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    def _sync_source(self, source: str, report: SyncReport) -> SyncReport:
        if source in self._fetched and not holds_a_copy(self._fetched[source]):
            return report  # a new or restored box: nothing was fetched, so nothing was deleted
        with self._database.read() as session:
            on_record = documents.known(session, source)
        try:
            found = {file.path: file for file in walk(self._folders[source])}
        except OSError as error:
            if source == UPLOAD:  # there until the first upload comes
                found = {}
            else:
                # An unmounted folder is no reason to forget what was in it.
                failure = _unreadable(source, self._folders[source], error)
                return _more(report, failed=(*report.failed, failure))
        for file in found.values():
            with self._one_at_a_time:
                known = on_record.get(file.path) or self._known(source, file.path)
                report = self._sync_file(source, file, known, report)
        gone = [known.id for path, known in on_record.items() if path not in found]
        with self._database.write() as session:
            documents.remove(session, gone)
        return _more(report, seen=report.seen + len(found), removed=report.removed + len(gone))

    def _sync_file(
        self, source: str, file: FoundFile, known: Known | None, report: SyncReport
    ) -> SyncReport:
        settled = known and (known.state == "indexed" or (source, file.path) in self._tried)
        if known and settled and (known.bytes, known.modified) == (file.size, file.modified):
            return report
        data = b""
        try:
            data = load(file, self._file_bytes)
            if known and settled and known.sha256 == hashlib.sha256(data).hexdigest():
                with self._database.write() as session:
                    documents.touch(session, known.id, file.modified)
                return report
            prepared = prepare(file.place.name, data, self._importers)
            self._store(source, file, data, prepared)
        except BadInput as error:
            self._record_failure(source, file, data, error)
            return report
        except HearthError:
            raise
        except Exception:  # the edge: a flaw in one reader must not keep out all other files
            _log.exception("reading %s failed", file.path)
            self._record_failure(source, file, data, _flaw(file.path))
            return report
        if known:
            return _more(report, changed=report.changed + 1)
        return _more(report, added=report.added + 1)

    def _known(self, source: str, path: str) -> Known | None:
        with self._database.read() as session:
            return documents.known(session, source, path).get(path)

    def _store(self, source: str, file: FoundFile, data: bytes, prepared: Prepared) -> int:
        new = _row(source, file, data, prepared)
        with self._database.write() as session:
            return store(session, new, prepared, self._clock())

    def _record_failure(
        self, source: str, file: FoundFile, data: bytes, error: HearthError
    ) -> None:
        self._tried.add((source, file.path))
        prepared = Prepared(kind="text", title=title_from_name(file.path), text=None)
        new = _row(source, file, data, prepared)
        with self._database.write() as session:
            documents.put_failure(session, new, error.message, error.remedy, self._clock())

    def _finish(self, report: SyncReport) -> SyncReport:
        """Remove what came from sources that are no more; list every failure that stands."""
        with self._database.write() as session:
            dropped = documents.sources(session) - self._folders.keys() - {NOTE}
            gone = [
                known.id
                for source in dropped
                for known in documents.known(session, source).values()
            ]
            documents.remove(session, gone)
            if report.changed or report.removed:
                search.scrub(session)
            failed = (*report.failed, *documents.failures(session))
        if report.removed or gone:
            self._index.save()
        return _more(report, removed=report.removed + len(gone), failed=failed)

    def _keep(self, name: str, data: bytes, prepared: Prepared) -> DocumentInfo:
        with self._one_at_a_time:
            with self._database.read() as session:
                twin = documents.twin(session, UPLOAD, hashlib.sha256(data).hexdigest())
            if twin:
                return twin
            file = keep(self._folders[UPLOAD], name, data)
            try:
                document = self._store(UPLOAD, file, data, prepared)
            except BaseException:
                file.place.unlink(missing_ok=True)
                raise
        with self._database.read() as session:
            return documents.info(documents.get(session, document))

    def _forget(self, document: int) -> None:
        with self._one_at_a_time:
            with self._database.read() as session:
                row = documents.get(session, document)
            if row.source not in {NOTE, UPLOAD}:
                raise Conflict(
                    f"{row.path} lies in the folder {row.source!r}, which is read only",
                    remedy="Remove it there; the pod notices at its next sync.",
                )
            if row.source == UPLOAD:  # first, or the next sync would read it again
                (self._folders[UPLOAD] / row.path).unlink(missing_ok=True)
            with self._database.write() as session:
                documents.remove(session, [document])


async def _nobody() -> None:
    """Where nothing outside the pod remembers anything."""


def _row(source: str, file: FoundFile, data: bytes, prepared: Prepared) -> NewDocument:
    return NewDocument(
        source=source,
        path=file.path,
        title=prepared.title,
        kind=prepared.kind,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=file.size,
        modified=file.modified,
        text=prepared.text,
        detail=prepared.detail,
    )


def _more(report: SyncReport, **changes: object) -> SyncReport:
    return report.model_copy(update=changes)


def _unreadable(source: str, folder: Path, error: OSError) -> FileFailure:
    return FileFailure(
        path=source,
        message=f"the folder {folder} cannot be read: {error.strerror}",
        remedy="Mount it, or let the pod's user read it; what was read from it is kept.",
    )


def _flaw(path: str) -> HearthError:
    return HearthError(
        "Hearth could not read this file because of a flaw of its own",
        where=path,
        remedy="The pod's log has the details; please report them.",
    )
