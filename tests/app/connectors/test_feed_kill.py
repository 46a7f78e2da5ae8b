"""SIGKILL at each step of a look: the copy is whole, and the next look sets all right."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from feed_house import Connected, calendar, event
from feed_server import FeedServer

from hearth.connectors import folder

OLD = calendar(*(event(f"old-{n}", f"Old {n}") for n in range(200)))
NEW = calendar(*(event(f"new-{n}", f"New {n}") for n in range(200)))
# Three files, and for each: it is on the disk, it gets its name, its name is on the disk.
STEPS = range(1, 10)
KILLER = """
import os, pathlib, runpy, signal, sys
left = int(sys.argv.pop(1))
def counted(do):
    def step(*words):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*words)
    return step
os.fsync, pathlib.Path.replace = counted(os.fsync), counted(pathlib.Path.replace)
runpy.run_module("hearth.services.connector", run_name="__main__")
"""


@pytest.fixture
def followed(connected: Connected, server: FeedServer) -> Connected:
    server.put(OLD)
    connected.subscribe(server.url())
    connected.look()
    return connected


def check(followed: Connected, server: FeedServer, url: str) -> None:
    """Nothing is torn now, and the next look ends well whatever was left behind."""
    assert followed.copy.read_bytes() in {OLD.encode(), NEW.encode()}
    assert folder.record(followed.inbox) is not None
    followed.subscribe(url)
    state = followed.look()
    assert (state.seen, state.failed) == (200, ())
    assert followed.copy.read_bytes() == NEW.encode()
    assert followed.look().changed == 0
    assert "if-none-match" in server.requests()[-1]
    names = {path.name for path in followed.inbox.iterdir()}
    assert names == {".state.json", ".sync.json", "school.ics"}


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_a_step(followed: Connected, server: FeedServer, step: int) -> None:
    server.put(NEW)
    command = [sys.executable, "-c", KILLER, str(step), *followed.command()[3:]]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9
    check(followed, server, server.url())


def test_there_are_no_more_steps(followed: Connected, server: FeedServer) -> None:
    server.put(NEW)
    command = [sys.executable, "-c", KILLER, str(STEPS.stop), *followed.command()[3:]]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_killed_while_it_fetches(followed: Connected, server: FeedServer) -> None:
    server.put(NEW)
    followed.subscribe(server.url("/slow/family.ics"))
    before = len(server.requests())
    with subprocess.Popen(followed.command()) as process:
        while len(server.requests()) == before:
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -9
    assert followed.copy.read_bytes() == OLD.encode()
    check(followed, server, server.url())
