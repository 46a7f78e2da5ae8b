"""What restic complains of, in our own words."""

from __future__ import annotations

import json
import re

from hearth.core.errors import (
    Busy,
    Damaged,
    HearthError,
    NotAllowed,
    NotFound,
    StorageFull,
    Unavailable,
)

_UNREADABLE = re.compile(r"load snapshot ([0-9a-f]{8})")


def fault(verb: str, complaint: str, repository: str) -> HearthError:
    """The error that a failed run of restic amounts to."""
    lowered = complaint.lower()
    lines = [line for line in complaint.splitlines() if line.strip()] or ["it did not say why"]
    for words, kind, message, remedy in _FAULTS:
        if any(word in lowered for word in words):
            line = next(line for line in lines if any(word in line.lower() for word in words))
            told = message.format(line=_words(line))
            return kind(told, where=repository, remedy=remedy.format(place=repository))
    return Unavailable(f"restic {verb} failed: {_words(lines[-1])}", where=repository)


def unreadable(complaint: str) -> list[str]:
    """The backups that a listing had to leave out, by the beginnings of their ids."""
    return sorted(set(_UNREADABLE.findall(complaint)))


_FAULTS: tuple[tuple[tuple[str, ...], type[HearthError], str, str], ...] = (
    (
        ("wrong password or no key found",),
        NotAllowed,
        "the password does not open this repository",
        "The recovery kit has the right one.",
    ),
    (
        ("permission denied (",),
        NotAllowed,
        "the other machine lets nobody in with this key",
        "`hearth backup key` prints the line that its list of allowed keys needs.",
    ),
    (
        ("host key verification failed",),
        NotAllowed,
        "it does not show the key that it is known by: it is another machine, or somebody between",
        "If it was installed anew, `hearth backup trust` shows its new key, to compare and keep.",
    ),
    (
        (
            "connection refused",
            "connection timed out",
            "connection reset",
            "could not resolve hostname",
            "network is unreachable",
            "no route to host",
            "no such host",
        ),
        Unavailable,
        "the other machine does not answer: {line}",
        "Is it switched on and in the network, and is its name right?",
    ),
    (
        ("permission denied",),
        NotAllowed,
        "not everything may be read or written: {line}",
        (
            "What is backed up must be readable for the user hearth-backup, and the repository must"
            " be its own: `sudo chown -R hearth-backup: {place}`."
        ),
    ),
    (
        ("is there a repository at", "repository does not exist", "unable to open config file"),
        NotFound,
        "there is no backup repository",
        "Plug in its disk or look at the network; `hearth backup init` makes a new one.",
    ),
    (
        ("no snapshot found", "no matching id found", "no matching snapshot"),
        NotFound,
        "there is no such backup",
        "`hearth backup list` shows which there are.",
    ),
    (
        ("already locked", "unable to create lock"),
        Busy,
        "another program works on the repository",
        "Try again when it has finished.",
    ),
    (
        ("no space left",),
        StorageFull,
        "the repository's disk is full",
        "Free some space there, or keep fewer backups.",
    ),
    (
        (
            "ciphertext verification failed",
            "hash mismatch",
            "repository contains errors",
            "invalid data returned",
            "there were",
            "does not match id",
            "not found in index",
        ),
        Damaged,
        "the repository is damaged",
        (
            "Check its disk, and begin a new repository on another one: name that in"
            " services.hearth.backup.repository, then `hearth backup init`."
        ),
    ),
)


def _words(line: str) -> str:
    """A complaint without the JSON that newer versions put around it."""
    try:
        told = json.loads(line)
        return str(told["error"]["message"] if "error" in told else told["message"])
    except (ValueError, KeyError, TypeError):
        return line
