"""`hearth ask`, `chat`, `confirm`, `reject`, `undo` against a running house."""

from __future__ import annotations

from command_line import CommandLine
from hub_house import House

from hearth.core.people import Right


def test_ask_prints_the_answer_with_its_sources(hearth: CommandLine) -> None:
    result = hearth("ask", "--pod", "family", "hello there")
    assert result.exit_code == 0, result.output
    assert "Owner said hello there [1]." in result.stdout
    assert "[1] Dentist (family.ics, line 7)" in result.stdout


def test_ask_json_is_one_object(hearth: CommandLine) -> None:
    answer = hearth.json("ask", "--pod", "family", "hello")
    assert set(answer) == {
        "answer",
        "citations",
        "proposals",
        "tools",
        "timings",
        "conversation",
        "turn",
    }
    assert answer["answer"] == "Owner said hello [1]."
    assert answer["citations"][0]["ref"] == "event:12"
    assert answer["tools"][0]["tool"] == "echo"


def test_ask_goes_on_with_a_conversation(hearth: CommandLine) -> None:
    first = hearth.json("ask", "--pod", "family", "hello")
    again = hearth.json("ask", "--pod", "family", "more", "--conversation", first["conversation"])
    assert again["conversation"] == first["conversation"]


def test_ask_speaks_as_another_member(hearth: CommandLine, house: House) -> None:
    mia = house.add_member(grants={"family": frozenset({Right.ASK})})
    answer = hearth.json("ask", "--pod", "family", "hello", "--as", mia)
    assert answer["answer"].startswith(mia.capitalize())
    refused = hearth.json("ask", "--pod", "finance", "hello", "--as", mia, exit_code=4)
    assert refused["error"]["code"] == "not_found"


def test_failed_turn_gives_its_words_and_exit_code(hearth: CommandLine) -> None:
    result = hearth("ask", "--pod", "family", "fail now")
    assert result.exit_code == 6
    assert "the model is away" in result.stderr


def test_unknown_pod_and_unknown_member_are_not_found(hearth: CommandLine) -> None:
    assert hearth("ask", "--pod", "garden", "hello").exit_code == 4
    assert hearth("ask", "--pod", "family", "hello", "--as", "nobody").exit_code == 4


def test_too_long_a_question_is_bad_input(hearth: CommandLine) -> None:
    error = hearth.json("ask", "--pod", "family", "x" * 40_000, exit_code=3)["error"]
    assert error["code"] == "too_large"
    assert "document" in error["remedy"]


def test_proposal_is_confirmed_and_undone(hearth: CommandLine, house: House) -> None:
    (proposal,) = hearth.json("ask", "--pod", "family", "note bins on Thursday")["proposals"]
    confirmed = hearth.json("confirm", proposal["id"], "--pod", "family")
    assert confirmed["proposal"]["state"] == "confirmed"
    assert "note bins on Thursday" in house.pods["family"].notebook.lines
    result = hearth("undo", proposal["id"], "--pod", "family")
    assert "Undone: Write down: note bins on Thursday" in result.stdout
    assert "note bins on Thursday" not in house.pods["family"].notebook.lines


def test_rejected_proposal_cannot_be_confirmed(hearth: CommandLine) -> None:
    (proposal,) = hearth.json("ask", "--pod", "family", "note nothing")["proposals"]
    assert (
        hearth.json("reject", proposal["id"], "--pod", "family")["proposal"]["state"] == "rejected"
    )
    assert hearth.json("confirm", proposal["id"], "--pod", "family", exit_code=6)["error"]


def test_chat_keeps_its_conversation_and_its_last_proposal(
    hearth: CommandLine, house: House
) -> None:
    lines = "hello\nnote cake\n/confirm\n/undo\n/undo\nfail\n/help\n/quit\nnever asked\n"
    result = hearth("chat", "--pod", "family", stdin=lines)
    assert result.exit_code == 0, result.output
    assert "Confirmed: Write down: note cake" in result.stdout
    assert "Undone: Write down: note cake" in result.stdout
    assert "Nothing was confirmed." in result.stdout
    assert "the model is away" in result.stderr
    assert "never asked" not in house.pods["family"].agent.asked
    newest = house.console().get("/api/v1/pods/family/conversations").json()[0]
    assert newest["title"] == "hello"


def test_chat_ends_with_its_input(hearth: CommandLine) -> None:
    assert hearth("chat", "--pod", "family", stdin="").exit_code == 0
    assert hearth("chat", "--pod", "garden", stdin="").exit_code == 4
