"""Three members ask for a while and programs are killed: nothing is lost, nothing grows."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from running import RunningHouse

from hearth.cli.console import HubConsole
from hearth.config import Settings
from hearth.core.turns import DoneEvent, ErrorEvent
from hearth.inference.models.pull import pull

MODELS = ("smollm2-135m-instruct", "all-minilm-l6-v2")
ASKING = {"anna": "finance", "jonas": "family", "mia": "study"}
QUESTIONS = (
    "What is on tomorrow?",
    "How much did we spend on groceries last month?",
    "What does the letter say about the heating?",
    "When is the biology test?",
    "What were the five largest payments this year?",
)
ROUNDS, ROUNDS_TO_A_KILL = 40, 10
GROWTH_BYTES = 30_000_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """The whole house with the smallest model."""
    models = Settings().models
    for name in MODELS:
        pull(name, models)
    running = RunningHouse(tmp_path_factory.mktemp("soak"), models, chat_model=MODELS[0])
    with running.started():
        yield running


def programs(house: RunningHouse) -> dict[str, psutil.Process]:
    """The running programs by name: hub, inference, pod-family …"""
    assert house.process is not None
    found = {}
    for child in psutil.Process(house.process.pid).children():
        line = child.cmdline()
        name = next(word for word in line if word.startswith("hearth.services.")).rpartition(".")[2]
        found[f"pod-{line[line.index('--pod') + 1]}" if name == "pod" else name] = child
    return found


def ending(house: RunningHouse, login: str, question: str) -> str:
    """How a question's turn ended: "done" or "error"."""
    with HubConsole(house.settings, login) as hub:
        pod = ASKING[login]
        accepted = hub.ask(pod, question)
        last = list(hub.events(pod, accepted.turn))[-1]
    assert isinstance(last, DoneEvent | ErrorEvent)
    return last.type


@pytest.mark.timeout(3_600)
def test_every_turn_ends_and_no_pod_grows(house: RunningHouse) -> None:
    chance = random.Random(7)  # noqa: S311 - questions, not secrets
    victims = [f"pod-{pod}" for pod in ASKING.values()]
    endings: list[str] = []
    sizes: dict[str, int] = {}
    with ThreadPoolExecutor(len(ASKING)) as members:
        for number in range(ROUNDS):
            asked = [
                members.submit(ending, house, login, chance.choice(QUESTIONS)) for login in ASKING
            ]
            if number % ROUNDS_TO_A_KILL == ROUNDS_TO_A_KILL // 2 and number < ROUNDS // 2:
                os.kill(programs(house)[chance.choice(victims)].pid, signal.SIGKILL)
            endings += [future.result() for future in asked]
            if number == ROUNDS // 2:
                sizes = {name: programs(house)[name].memory_info().rss for name in victims}
    assert len(endings) == ROUNDS * len(ASKING)
    # The smallest model words some answers badly enough to be refused; most must come through.
    assert endings.count("done") > len(endings) / 2
    after = {name: programs(house)[name].memory_info().rss for name in victims}
    assert {name for name in victims if after[name] - sizes[name] > GROWTH_BYTES} == set()
    assert house.run("doctor").returncode == 0
