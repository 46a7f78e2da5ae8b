"""A pod's library: what it has read, what it could not, adding to it, and opening a source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from anyio import create_task_group
from fastapi import APIRouter, File, Response, UploadFile

from hearth.core.api import ConnectorState, DocumentInfo, FileFailure, SyncReport
from hearth.core.errors import HearthError
from hearth.core.people import Right
from hearth.pod.client import PodDoor
from hearth.web.view import CurrentView, PodName, View
from hearth.web.words import counted

router = APIRouter(include_in_schema=False)


@router.get("/pods/{pod}/library")
async def library(view: CurrentView, pod: PodName) -> Response:
    """All that the pod has read."""
    shelves = await _shelves(view.door(pod, Right.READ))
    return view.page("library.html", pod, report="", **shelves)


@router.post("/pods/{pod}/library")
async def upload(
    view: CurrentView, pod: PodName, files: Annotated[list[UploadFile], File()]
) -> Response:
    """Add files; one that cannot be read does not keep out the others."""
    door = view.door(pod, Right.MANAGE)
    added: list[str] = []
    failed: list[FileFailure] = []
    for file in files:
        name = file.filename or "unnamed"
        try:
            added.append((await door.upload(name, await file.read())).title)
        except HearthError as error:
            failed.append(FileFailure(path=name, message=error.message, remedy=error.remedy))
    report = f"Added: {', '.join(added)}." if added else ""
    return await _shown(view, pod, door, report, failed)


@router.post("/pods/{pod}/sync")
async def sync(view: CurrentView, pod: PodName) -> Response:
    """Read what changed in the pod's folders."""
    door = view.door(pod, Right.MANAGE)
    report = await door.sync()
    return await _shown(view, pod, door, _in_words(report), report.failed)


@router.get("/pods/{pod}/sources/{ref}")
async def source(view: CurrentView, pod: PodName, ref: str) -> Response:
    """A citation's source, opened at the place: beside the answer, or as a page of its own."""
    found = await view.door(pod, Right.READ).source(ref)
    if view.live:
        return view.page("parts/source.html", pod, source=found, dialog=True)
    return view.page("source.html", pod, source=found)


async def _shown(
    view: View, pod: str, door: PodDoor, report: str, failed: Iterable[FileFailure]
) -> Response:
    shelves = await _shelves(door, failed)
    if view.live:
        return view.page("parts/library.html", pod, report=report, **shelves)
    return view.page("library.html", pod, report=report, **shelves)


async def _shelves(door: PodDoor, failed: Iterable[FileFailure] = ()) -> dict[str, Any]:
    """The documents by source, how connectors are, and every failure once: `failed` first."""
    documents: list[DocumentInfo] = []
    failures = {failure.path: failure for failure in failed}
    connectors: list[ConnectorState] = []

    async def read() -> None:
        documents.extend(await door.documents())

    async def look() -> None:
        status = await door.status()
        connectors.extend(status.connectors)
        for failure in status.failed:
            failures.setdefault(failure.path, failure)

    async with create_task_group() as group:
        group.start_soon(read)
        group.start_soon(look)
    for each in documents:
        if each.state == "failed":
            failures.setdefault(each.path, FileFailure(path=each.path, message=each.detail))
    return {
        "shelves": _by_source(documents),
        "failures": list(failures.values()),
        "connectors": connectors,
    }


def _by_source(documents: Sequence[DocumentInfo]) -> list[tuple[str, list[DocumentInfo]]]:
    shelves: defaultdict[str, list[DocumentInfo]] = defaultdict(list)
    for each in documents:
        if each.state == "indexed":
            shelves[each.source].append(each)
    names = {"upload": "Added by you", "note": "Notes"}
    return [
        (names.get(source, source.capitalize()), sorted(found, key=lambda each: each.path))
        for source, found in sorted(shelves.items())
    ]


def _in_words(report: SyncReport) -> str:
    changes = (
        (report.added, "added"),
        (report.changed, "changed"),
        (report.removed, "removed"),
    )
    said = [f"{count:,} {word}" for count, word in changes if count]
    return f"Looked at {counted(report.seen, 'file')}: {', '.join(said) or 'nothing new'}."
