"""Floods, cuts, kills: each message is answered, and only once."""

from __future__ import annotations

import json
import signal
import time

from bot_api import TOKEN, BotApi
from hub_house import House
from telegram_house import Program, linked
from telegram_people import eventually


def test_a_flood_limit_is_honoured(house: House, api: BotApi, program: Program) -> None:
    program.start()
    person, _ = linked(house, api)
    api.flood(times=2, seconds=2)
    began = time.monotonic()
    person.says("hello")
    assert len(person.hears(1)) == 1
    assert time.monotonic() - began >= 2


def test_a_cut_is_survived(house: House, api: BotApi, program: Program) -> None:
    program.start()
    person, _ = linked(house, api)
    pod = house.pods["family"].agent
    pod.gate.clear()
    person.says("wait for me")
    eventually(lambda: "wait for me" in pod.asked, "the question in the pod")
    with api.cut():
        pod.gate.set()
        person.says("asked while away")
        time.sleep(3)
        assert person.heard() == []
    first, second = person.hears(2)
    assert ("wait for me" in first.text, "asked while away" in second.text) == (True, True)


def test_a_killed_program_answers_what_waits_once(
    house: House, api: BotApi, program: Program
) -> None:
    program.start()
    person, _ = linked(house, api)
    agent = house.pods["family"].agent
    agent.gate.clear()
    person.says("wait until killed")
    person.says("note the second one")
    eventually(lambda: "wait until killed" in agent.asked, "the question in the pod")
    eventually(lambda: not api.unconfirmed(), "both were fetched")
    program.end(signal.SIGKILL)
    for number in range(5):
        person.says(f"while it was down {number}")
    agent.gate.set()
    program.start()
    texts = [sent.text for sent in person.hears(8)]
    eventually(lambda: not json.loads(program.state.read_text())["waiting"], "nothing waits")
    said = [text for text in texts if not text.startswith("Proposed")]
    wanted = ["wait until", "note the second", *(f"while it was down {n}" for n in range(5))]
    assert [want in text for want, text in zip(wanted, said, strict=True)] == [True] * 7
    assert len(person.heard()) == 8
    for want in wanted:
        assert sum(want in asked for asked in agent.asked) == 1


def test_updates_that_come_again_are_not_handled_again(
    house: House, api: BotApi, program: Program
) -> None:
    program.start()
    person, _ = linked(house, api)
    person.says("only once")
    person.hears(1)
    program.end()
    assert api.unconfirmed() == [] or api.unconfirmed()[0] > 0
    state = json.loads(program.state.read_text())
    update = state["done"][-1]
    message = {
        "message_id": 1,
        "date": int(time.time()),
        "chat": {"id": person.id, "type": "private", "first_name": "Anna"},
        "from": {"id": person.id, "is_bot": False, "first_name": "Anna"},
        "text": "a forgotten acknowledgement",
    }
    api.repeat(update, message=message)
    program.start()
    person.says("and this")
    texts = [sent.text for sent in person.hears(2)]
    assert "said and this" in texts[1]
    assert len(person.heard()) == 2


def test_it_stops_and_goes_on_between_the_pieces(
    house: House, api: BotApi, program: Program
) -> None:
    program.start()
    person, _ = linked(house, api)
    # The first two requests are the sign of typing and the first piece.
    api.flood(times=1, seconds=3, after=2)
    person.says("note " + " ".join(f"Line {number} of many." for number in range(500)))
    person.hears(1)
    eventually(lambda: '"sent":1' in program.state.read_text(), "the first piece noted")
    program.end(signal.SIGKILL)
    time.sleep(3)
    program.start()
    eventually(lambda: not json.loads(program.state.read_text())["waiting"], "nothing waits")
    texts = person.texts()
    assert len(texts) == len(set(texts))
    assert texts[-1].startswith("Proposed")


def test_the_hub_away_for_a_while(house: House, api: BotApi, program: Program) -> None:
    program.start()
    person, _ = linked(house, api)
    house.stop_pod("family")
    person.says("are you there?")
    time.sleep(2)
    assert person.heard() == []
    house.start_pod("family")
    assert "said are you there?" in person.hears(1)[0].text


def test_a_turn_that_fails_says_so(house: House, api: BotApi, program: Program) -> None:
    program.start()
    person, _ = linked(house, api)
    person.says("fail please")
    assert "The model is away" in person.hears(1)[0].text


def test_who_has_blocked_the_bot_holds_nobody_up(
    house: House, api: BotApi, program: Program
) -> None:
    program.start()
    gone, _ = linked(house, api)
    person, _ = linked(house, api)
    api.blocked.add(gone.id)
    gone.says("hello")
    person.says("hello")
    person.hears(1)
    eventually(lambda: not json.loads(program.state.read_text())["waiting"], "nothing waits")
    assert gone.heard() == []


def test_a_refused_token_is_named_and_the_program_stays(
    house: House, api: BotApi, program: Program
) -> None:
    token = program.config.parent / "token"
    token.write_text(TOKEN[:-1] + "x")
    program.launch()
    eventually(lambda: "refuses the bot's token" in program.log.read_text(), "the log's line")
    assert program.end() == 0
    assert TOKEN[:-1] not in program.log.read_text()


def test_a_missing_token_is_an_error_with_its_remedy(house: House, program: Program) -> None:
    (program.config.parent / "token").unlink()
    program.launch()
    assert program.ended() == 1
    said = program.log.read_text()
    assert "pods.family.telegram.token_file: the bot's token cannot be read" in said
    assert "@BotFather" in said
