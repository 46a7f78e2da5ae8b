"""What a pod has read, what it gets to read, and the sources of its answers."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.datastructures import UploadFile

from hearth.core.api import DocumentInfo, PodStatus, SourceView, SyncReport
from hearth.core.errors import BadInput, TooLarge
from hearth.core.people import Right
from hearth.hub.api.common import Pod, refusals
from hearth.hub.auth import CurrentHub, CurrentVisitor

router = APIRouter(
    prefix="/api/v1/pods/{pod}", tags=["Documents"], responses=refusals(401, 403, 404, 422, 503)
)
# Declared by hand: were it a parameter, the form would be read before the visitor is known.
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                },
                "example": {"file": "(the bytes of letter.pdf)"},
            }
        },
    }
}


@router.get("/documents", summary="List documents")
async def documents(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod) -> list[DocumentInfo]:
    """What the pod has read, and what it could not read and why. Needs `read`."""
    return await hub.door(visitor, pod, Right.READ).documents()


@router.post(
    "/documents",
    summary="Add a document",
    status_code=201,
    responses=refusals(413),
    openapi_extra=_FORM,
)
async def upload(
    hub: CurrentHub, visitor: CurrentVisitor, pod: Pod, request: Request
) -> DocumentInfo:
    """Gives the pod one file, as multipart/form-data in the field `file`. Needs `manage`.

    A file has at most as many bytes as the pod's `file_bytes` says.
    """
    door = hub.door(visitor, pod, Right.MANAGE)
    name, data = await one_file(request, hub.settings.pods[pod].file_bytes)
    return await door.upload(name, data)


@router.post("/sync", summary="Read the sources again")
async def sync(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod) -> SyncReport:
    """Reads what changed in the pod's source folders; answers when done. Needs `manage`."""
    return await hub.door(visitor, pod, Right.MANAGE).sync()


@router.get("/sources/{ref}", summary="Open a source")
async def source(
    hub: CurrentHub,
    visitor: CurrentVisitor,
    pod: Pod,
    ref: Annotated[
        str, Path(max_length=200, description="A citation's `ref`.", examples=["event:12"])
    ],
) -> SourceView:
    """A citation's source, opened at the cited place. Needs `read`."""
    return await hub.door(visitor, pod, Right.READ).source(ref)


@router.get("/status", summary="See how a pod is")
async def status(hub: CurrentHub, visitor: CurrentVisitor, pod: Pod) -> PodStatus:
    """What the pod holds, and which files it could not read. Needs `ask`."""
    return await hub.door(visitor, pod, Right.ASK).status()


async def one_file(request: Request, limit: int) -> tuple[str, bytes]:
    """The name and the bytes of the form's field `file`; TooLarge before they are in memory."""
    async with request.form(max_files=1, max_fields=8) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadInput(
                "the request has no file",
                where="file",
                remedy="Send it as multipart/form-data, in the field `file`.",
            )
        if file.size is None or file.size > limit:
            raise TooLarge(
                f"{file.filename} has {file.size or 0:,} bytes; this pod takes {limit:,}",
                where=file.filename,
                remedy="Split it, or raise `file_bytes` of the pod.",
            )
        return PurePath(file.filename).name, await file.read()
