"""Whether the front door's certificates hold, and for how long, as any device would see it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from hearth.ops.box import Certificate

FILE = "hearth_certificates.prom"
_DOOR = "127.0.0.1"
_SECONDS = 5.0


def look(names: Iterable[str], port: int = 443, page: int = 80) -> list[Certificate]:
    """Each name's certificate, from `port`; the box's own authority, if it has one, from `page`."""
    context = ssl.create_default_context()
    if root := _own_authority(page):
        context.load_verify_locations(cadata=root)
    return [_certificate(context, name, port) for name in names]


def export(found: Iterable[Certificate], folder: Path) -> None:
    """Write them down for the node exporter's textfile collector."""
    registry = CollectorRegistry()
    begins, ends, trusted = (
        Gauge(f"hearth_certificate_{name}", words, ["name"], registry=registry)
        for name, words in (
            ("begins_timestamp_seconds", "When the certificate begins to hold."),
            ("ends_timestamp_seconds", "When the certificate ends."),
            ("trusted", "Whether a device that trusts the box takes the certificate."),
        )
    )
    for each in found:
        trusted.labels(each.name).set(not each.fault)
        if each.begins and each.ends:
            begins.labels(each.name).set(each.begins.timestamp())
            ends.labels(each.name).set(each.ends.timestamp())
    write_to_textfile(str(folder / FILE), registry)  # renamed into place
    (folder / FILE).chmod(0o644)


def _own_authority(port: int) -> str | None:
    """The root certificate that the box gives to its devices; none where a public one vouches."""
    connection = HTTPConnection(_DOOR, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/trust/hearth-root.crt")
        answer = connection.getresponse()
        return answer.read(65_536).decode("ascii") if answer.status == 200 else None
    except (OSError, HTTPException, UnicodeDecodeError):
        return None  # the handshake then says what is wrong
    finally:
        connection.close()


def _certificate(context: ssl.SSLContext, name: str, port: int) -> Certificate:
    try:
        with (
            socket.create_connection((_DOOR, port), _SECONDS) as door,
            context.wrap_socket(door, server_hostname=name) as secured,
        ):
            shown = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Certificate(name=name, fault=error.verify_message)
    except OSError as error:
        return Certificate(name=name, fault=str(error))
    begins, ends = (_moment(str(shown[key])) for key in ("notBefore", "notAfter"))
    return Certificate(name=name, begins=begins, ends=ends)


def _moment(words: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(words), UTC)
