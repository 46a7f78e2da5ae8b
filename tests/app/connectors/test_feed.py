"""A calendar by its address: followed, and never spoilt by what the other side does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from feed_house import Connected, calendar, counts, event, fault, moment
from feed_server import FeedServer, feed_server

from hearth.connectors import fetching, folder
from hearth.core.errors import BadConfiguration, Busy, NotFound

FIRST = calendar(event("dentist", "Dentist"), event("chimney", "Chimney sweep"))
QUERY = "?token=a1b2c3d4e5f6"


@pytest.fixture
def followed(connected: Connected, server: FeedServer) -> Connected:
    """A feed that was fetched once."""
    server.put(FIRST)
    connected.subscribe(server.url())
    assert counts(connected.look()) == (2, 2, 0, 0)
    return connected


def test_a_feed_is_fetched_once_and_then_asked_for_changes(
    followed: Connected, server: FeedServer
) -> None:
    assert followed.copy.read_bytes() == FIRST.encode()
    inode = followed.copy.stat().st_ino
    state = followed.look()
    assert counts(state) == (2, 0, 0, 0)
    assert state.failed == ()
    first, second = server.requests()
    assert "if-none-match" not in first
    assert second["if-none-match"].startswith('"')
    assert "if-modified-since" in second
    assert followed.copy.stat().st_ino == inode


def test_the_record_counts_what_came_changed_and_went(
    followed: Connected, server: FeedServer
) -> None:
    server.put(calendar(event("dentist", "Dentist, upstairs"), event("swim", "Swimming")))
    assert counts(followed.look()) == (2, 1, 1, 1)
    assert "Chimney" not in followed.copy.read_text()
    server.put(calendar())
    assert counts(followed.look()) == (0, 0, 0, 2)


def test_a_server_that_dates_every_event_anew_changes_nothing(
    followed: Connected, server: FeedServer
) -> None:
    inode = followed.copy.stat().st_ino
    later = "20260202T020202Z"
    server.put(
        calendar(event("dentist", "Dentist", later), event("chimney", "Chimney sweep", later))
    )
    assert counts(followed.look()) == (2, 0, 0, 0)
    assert followed.copy.stat().st_ino == inode
    followed.look()
    assert "if-none-match" in server.requests()[-1]


def test_another_address_is_asked_without_the_old_ones_tag(
    followed: Connected, server: FeedServer
) -> None:
    server.put(FIRST, "other.ics")
    followed.subscribe(server.url("/files/other.ics"))
    followed.look()
    assert "if-none-match" not in server.requests()[-1]


@pytest.mark.parametrize("what", ["removed", "spoilt"])
def test_a_copy_that_was_lost_is_fetched_again(followed: Connected, what: str) -> None:
    if what == "removed":
        followed.copy.unlink()
    else:
        followed.copy.write_text("BEGIN:VCAL")
    assert followed.look().failed == ()
    assert "Chimney sweep" in followed.copy.read_text()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/status/404", "any more (HTTP 404)"),
        ("/status/410", "any more (HTTP 410)"),
        ("/status/401", "refuses (HTTP 401)"),
        ("/status/503", "cannot answer now (HTTP 503)"),
        ("/status/204", "answers with HTTP 204"),
        ("/files/page.ics", "is not a calendar"),
        ("/files/torn.ics", "the calendar cannot be read: the file ends inside"),
        ("/files/dateless.ics", "does not say once when it starts"),
        ("/cut/family.ics", "broke off"),
        ("/endless/", "sends more than 0.3 MB"),
        ("/packed/family.ics", "compresses what it was asked to send as it is"),
        ("/never/", "answers with HTTP 304"),
        ("/hop/6", "leads on more than 5 times"),
        ("/to/ftp://localhost/family.ics", "broke off, or does not speak HTTP"),
    ],
)
def test_whatever_goes_wrong_the_last_copy_stays_and_the_reason_is_said(
    followed: Connected, server: FeedServer, path: str, words: str
) -> None:
    server.put("<!doctype html><title>Sign in</title>", "page.ics")
    server.put(FIRST[:-60], "torn.ics")
    server.put(calendar(event("x", "X").replace("DTSTART", "X-START")), "dateless.ics")
    before, fetched = followed.copy.read_text(), moment(followed.look())
    followed.subscribe(server.url(path + QUERY))
    state = followed.look()
    assert words in fault(state)
    assert state.failed[0].remedy
    assert counts(state) == (2, 0, 0, 0)
    assert (state.fetched, state.at > fetched) == (fetched, True)
    assert followed.copy.read_text() == before
    assert folder.record(followed.inbox) == state
    assert sorted(path.name for path in followed.inbox.iterdir()) == [
        ".state.json",
        ".sync.json",
        "school.ics",
    ]


def test_a_server_that_never_finishes_is_left(
    followed: Connected, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_WHOLE_SECONDS", 0.5)
    followed.subscribe(server.url("/drip/"))
    assert "does not answer in time" in fault(followed.look())


def test_nobody_at_the_address(connected: Connected) -> None:
    connected.subscribe("http://localhost:1/family.ics")
    state = connected.look()
    assert "localhost cannot be reached" in fault(state)
    assert state.fetched is None


def test_a_few_redirects_a_password_and_webcal_are_followed(
    connected: Connected, server: FeedServer
) -> None:
    server.put(FIRST)
    connected.subscribe(server.url("/hop/3"))
    assert counts(connected.look()) == (2, 2, 0, 0)
    connected.subscribe(server.url("/secure/family.ics").replace("//", "//anna:secret@"))
    assert connected.look().failed == ()
    assert fetching.address(" webcal://example.org/x.ics\n") == "https://example.org/x.ics"


@pytest.mark.parametrize("text", ["", "family.ics", "file:///etc/passwd", "https://", "http://[::"])
def test_what_is_no_address_is_a_fault_of_the_configuration(
    connected: Connected, text: str
) -> None:
    connected.subscribe(text)
    with pytest.raises(BadConfiguration, match="holds no address"):
        connected.look()
    state = folder.record(connected.inbox)
    assert state is not None
    assert "holds no address" in fault(state)


def test_a_missing_credential_and_an_unknown_connector_are_named(connected: Connected) -> None:
    with pytest.raises(BadConfiguration, match="'connector-family-school' is missing"):
        connected.look()
    done = connected.run()
    assert (done.returncode, "connector-family-school" in done.stderr) == (2, True)
    from hearth.connectors.looking import look  # noqa: PLC0415

    with pytest.raises(NotFound, match="no connector 'choir'"):
        look(connected.settings, "family", "choir")


def test_two_at_once_do_not_meet(connected: Connected) -> None:
    connected.inbox.mkdir(parents=True)
    with folder.alone(connected.inbox), pytest.raises(Busy):
        connected.look()


@pytest.mark.parametrize(
    "path", ["/status/410", "/to/http://[::", "/files/page.ics", "/cut/family.ics"]
)
def test_the_program_says_nothing_of_the_address(
    connected: Connected, server: FeedServer, path: str
) -> None:
    server.put(FIRST)
    connected.subscribe(server.url(path + QUERY))
    done = connected.run()
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    said += "".join(file.read_text() for file in connected.inbox.iterdir())
    assert "looked" in said
    assert "token" not in said
    assert path not in said


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A throw-away authority's certificate, and one with its key that it gave to localhost."""
    place = tmp_path_factory.mktemp("authority")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("NOT CHECKED: certificates need openssl")

    def run(*words: str) -> None:
        subprocess.run([str(openssl), *words], cwd=place, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Throw-away")
    given = ("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
    run(
        *("req", "-x509", *key, "-keyout", "own.key", "-out", "own.pem"),
        *("-subj", "/CN=localhost", *given, *signed),
    )
    both = place / "both.pem"
    both.write_text((place / "own.pem").read_text() + (place / "own.key").read_text())
    return place / "ca.pem", both


def test_certificates_are_checked(
    connected: Connected, tmp_path: Path, authority: tuple[Path, Path]
) -> None:
    ca, own = authority
    with feed_server(tmp_path / "secure", own) as server, feed_server(tmp_path / "bare") as bare:
        server.put(FIRST)
        bare.put(FIRST)
        connected.subscribe(server.url())
        assert "certificate that is not trusted" in fault(connected.look())
        assert not connected.copy.exists()
        trusting = connected.with_ca(ca)
        assert counts(trusting.look()) == (2, 2, 0, 0)
        trusting.subscribe(server.url().replace("localhost", "127.0.0.1"))
        assert "certificate that is not trusted" in fault(trusting.look())
        trusting.subscribe(server.url(f"/to/{bare.url()}"))
        assert "without encryption" in fault(trusting.look())
        assert bare.requests() == []
