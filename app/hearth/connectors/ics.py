"""A calendar by its address: one iCalendar file, which the pod reads like any other."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from hearth.connectors import folder
from hearth.connectors.fetching import KEPT, Fetched, Validators, address, fetch
from hearth.connectors.job import Found, Job
from hearth.core.errors import BadInput
from hearth.store import whole
from hearth.tools.calendar.importer import CalendarImporter
from hearth.tools.calendar.structure import decode, outline, unfolded

_STAMPS = ("DTSTAMP:", "DTSTAMP;")  # some servers date every event by the moment of the request


class _State(BaseModel):
    """By what the server and we know the copy that lies in the folder."""

    address: str  # its hash: another address knows nothing of this copy
    sha256: str
    etag: str | None = None
    modified: str | None = None


def sync(job: Job) -> Found:
    """Fetch the calendar if it has changed, and keep it if the pod can read it."""
    url = address(job.credential)
    place = job.folder / f"{job.name}.ics"
    old = _bytes(place)
    asked = hashlib.sha256(str(url).encode()).hexdigest()
    state = _state(job.folder)
    fits = state and (state.address, state.sha256) == (asked, _hash(old))
    known = Validators(state.etag, state.modified) if state and fits else Validators()
    new = fetch(url, known, most_bytes=job.most_bytes, ca_file=job.ca_file)
    before = _events(old)
    if new is None:
        return Found(seen=len(before))
    _check(new, job)
    after = _events(new.data)
    kept = old
    if _essence(old) != _essence(new.data):
        kept = new.data
        whole.put(place, kept, mode=folder.FOR_THE_POD)
    # After the file: killed between the two, the next look fetches it once more.
    fresh = _State(
        address=asked,
        sha256=_hash(kept),
        etag=new.validators.etag,
        modified=new.validators.modified,
    )
    whole.put(job.folder / folder.STATE, fresh.model_dump_json().encode())
    both = before.keys() & after.keys()
    return Found(
        seen=len(after),
        added=len(after.keys() - before.keys()),
        changed=sum(before[uid] != after[uid] for uid in both),
        removed=len(before.keys() - after.keys()),
    )


def _check(new: Fetched, job: Job) -> None:
    """BadInput unless the pod will be able to read it: by the pod's own reader."""
    try:
        CalendarImporter(ZoneInfo(job.zone)).read(new.data, f"{job.name}.ics")
    except BadInput as error:
        if new.data.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper() != b"BEGIN:VCALENDAR":
            message = "what comes from this address is not a calendar"
        else:
            message = f"the calendar cannot be read: {error.message}"
        raise BadInput(
            message,
            where=error.where,
            remedy=f"{KEPT} Open the address in a browser: a page to sign in means that it "
            "needs another address, one for subscribers.",
        ) from error


def _state(place: Path) -> _State | None:
    try:
        return _State.model_validate_json((place / folder.STATE).read_bytes())
    except (OSError, ValidationError):
        return None


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _essence(data: bytes) -> str:
    """A hash of all but the moments at which a server wrote the lines down."""
    lines = unfolded(data.decode(errors="replace").splitlines())
    return _hash("\n".join(line for line in lines if not _stamped(line)).encode())


def _stamped(line: str) -> bool:
    return line.upper().startswith(_STAMPS)


def _events(data: bytes) -> dict[str, str]:
    """What each event of a copy says, by its UID; empty where the copy is none."""
    try:
        blocks = outline(decode(data, "copy"), "copy").events
    except BadInput:
        return {}
    said: dict[str, str] = {}
    for block in blocks:
        lines = [line for line in unfolded(block.lines) if not _stamped(line)]
        text = "\n".join(lines)
        uid = block.value("UID") or _hash(text.encode())
        said[uid] = _hash((said.get(uid, "") + text).encode())
    return said
