"""SIGKILL of any program in the middle of a turn: no message is lost, and every turn ends."""

from __future__ import annotations

import os
import random
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from running import RunningHouse

POINTS = 20
PROGRAMS = ("hub", "pod", "inference")
LATEST = 2.5  # seconds after asking; a turn of the small model takes about as long
ENDS_WITHIN = 120.0  # seconds; restarting and loading the models is the most of it
QUESTIONS = (
    "What is on tomorrow?",
    "What does the landlord's letter say about the heating?",
    "Remember that the cellar key is with the Okafor family",
)


@pytest.fixture(scope="module")
def small_house(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path
) -> Iterator[RunningHouse]:
    """A house with the smallest model: what is asked here is survival, not wit."""
    folder = tmp_path_factory.mktemp("small-house")
    running = RunningHouse(folder, models_dir, chat_model="smollm2-135m-instruct")
    with running.started():
        yield running


@pytest.mark.timeout(1800)
def test_no_kill_loses_a_message(small_house: RunningHouse) -> None:
    chance = random.Random(20)  # noqa: S311 - the same points in every run
    ended: list[dict[str, Any]] = []
    for point in range(POINTS):
        program = PROGRAMS[point % len(PROGRAMS)]
        sent = {"id": secrets.token_hex(16), "text": QUESTIONS[point % len(QUESTIONS)]}
        accepted = send(small_house, sent)
        time.sleep(chance.uniform(0, LATEST))
        os.kill(process_of(small_house, program).pid, signal.SIGKILL)
        state = wait_for_end(small_house, accepted["turn"])
        assert state["message"]["text"], f"point {point}: {program} was killed"
        talk = request(small_house, "GET", f"/conversations/{accepted['conversation']}")
        texts = [message["text"] for message in talk["messages"] if message["role"] == "member"]
        assert texts == [sent["text"]], f"point {point}: {program} was killed"
        assert len(talk["messages"]) == 2
        ended.append(state)
    done = sum(state["state"] == "done" for state in ended)
    print(f"{POINTS} kills: {done} turns answered, {POINTS - done} failed in words")


def send(house: RunningHouse, message: dict[str, str]) -> dict[str, Any]:
    """Send as a channel does: the same id again until it is acknowledged."""
    return request(house, "POST", "/turns", message)


def wait_for_end(house: RunningHouse, turn: str) -> dict[str, Any]:
    """The turn once it is done or failed."""
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline:
        state = request(house, "GET", f"/turns/{turn}")
        if state["state"] in {"done", "failed"}:
            return state
        time.sleep(0.2)
    raise AssertionError(f"the turn {turn} did not end")


def request(
    house: RunningHouse, method: str, path: str, body: dict[str, str] | None = None
) -> dict[str, Any]:
    """One request over the console socket, tried again while programs restart."""
    transport = httpx.HTTPTransport(uds=str(house.settings.socket("hub", "console")))
    deadline = time.monotonic() + ENDS_WITHIN
    with httpx.Client(transport=transport, base_url="http://hub", timeout=60) as http:
        while True:
            try:
                response = http.request(method, f"/api/v1/pods/family{path}", json=body)
                if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    response.raise_for_status()
                    found: dict[str, Any] = response.json()
                    return found
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"{method} {path} was never answered"
            time.sleep(0.2)


def process_of(house: RunningHouse, program: str) -> psutil.Process:
    """The running process of the hub, of the family pod or of the model server."""
    assert house.process is not None
    wanted = {"hub": "hearth.services.hub", "inference": "hearth.services.inference"}
    module = wanted.get(program, "hearth.services.pod")
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline:
        for child in psutil.Process(house.process.pid).children(recursive=True):
            command = child.cmdline()
            if any(module in word for word in command) and (
                program != "pod" or "family" in command
            ):
                return child
        time.sleep(0.1)
    raise AssertionError(f"{program} is not running")
