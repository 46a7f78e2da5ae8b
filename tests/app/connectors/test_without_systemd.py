"""Connectors where no systemd keeps them: under `hearth up`, by hand, and to the doctor."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from command_line import CommandLine
from feed_house import Connected, calendar, event
from feed_server import FeedServer

from hearth.config import load
from hearth.ops.doctor import Finding, examine
from hearth.ops.supervisor.looks import looks

FEED = calendar(event("dentist", "Dentist"))


def log(connected: Connected) -> str:
    path = connected.settings.state_dir / "logs" / "connector-family-school.log"
    return path.read_text() if path.exists() else ""


def looking(connected: Connected, until: Callable[[], bool]) -> None:
    """Have the house's connectors look until something is so."""

    def wait() -> None:
        end = time.monotonic() + 60
        while not until():
            assert time.monotonic() < end, log(connected)
            time.sleep(0.02)

    async def run() -> None:
        task = asyncio.create_task(looks(connected.settings, connected.configuration))
        await asyncio.to_thread(wait)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_each_looks_at_once_and_again(
    connected: Connected, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hearth.ops.supervisor.looks._MINUTE", 0.01)
    server.put(FEED)
    connected.subscribe(server.url())
    looking(connected, lambda: "added=1" in log(connected) and "added=0" in log(connected))
    assert connected.copy.read_bytes() == FEED.encode()


def test_one_that_cannot_start_says_why_and_the_house_goes_on(connected: Connected) -> None:
    looking(connected, lambda: "'connector-family-school' is missing" in log(connected))


def test_by_hand(connected: Connected, server: FeedServer) -> None:
    server.put(FEED)
    connected.subscribe(server.url())
    hearth = CommandLine(connected.configuration)
    [row] = hearth.json("connector", "run")["looks"]
    assert (row["pod"], row["name"], row["added"]) == ("family", "school", 1)
    done = hearth("connector", "run", "school", "--pod", "family")
    assert "family: school: 1 event; 0 added, 0 changed, 0 removed; current on" in done.stdout
    connected.subscribe(server.url("/status/410"))
    done = hearth("connector", "run")
    assert (done.exit_code, "HTTP 410" in done.output) == (6, True)
    assert hearth("connector", "run", "choir").exit_code == 4


def test_on_a_box_it_names_the_unit(connected: Connected) -> None:
    connected.configuration.write_text(
        f'runtime_dir = "/run/hearth"\n{connected.configuration.read_text()}'
    )
    done = CommandLine(connected.configuration)("connector", "run")
    assert done.exit_code == 6
    assert "systemctl start hearth-connector-family-school" in done.output


def diagnosis(connected: Connected) -> Finding:
    found = examine(connected.settings, connected.configuration)
    return next(each for each in found if each.what == "connector family.school")


def test_the_doctor_asks_after_them(connected: Connected, server: FeedServer) -> None:
    server.put(FEED)
    assert diagnosis(connected).ok
    connected.subscribe(server.url())
    connected.look()
    assert "looked on" in diagnosis(connected).detail
    connected.subscribe(server.url("/status/404"))
    connected.look()
    found = diagnosis(connected)
    assert (found.ok, "HTTP 404" in found.detail, bool(found.remedy)) == (False, True, True)


def test_a_name_is_a_sources_or_a_connectors(connected: Connected) -> None:
    text = connected.configuration.read_text()
    connected.configuration.write_text(f'{text}[pods.family.sources]\nschool = "papers"\n')
    done = CommandLine(connected.configuration)("config", "check")
    assert done.exit_code == 2
    assert "'school' is a source and a connector" in done.output


def test_paths_are_taken_from_the_files_folder(connected: Connected) -> None:
    text = connected.configuration.read_text()
    connected.configuration.write_text(f"{text}ca_file = {json.dumps('own.pem')}\n")
    chosen = load(connected.configuration).pods["family"].connectors["school"]
    assert chosen.ca_file == connected.configuration.parent / "own.pem"
