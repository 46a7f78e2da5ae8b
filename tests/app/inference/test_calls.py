"""Calls are found in an answer however it is written, and however it is cut into pieces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.inference.server.calls import Arguments, CallBegins, CallParser, Event, Words

NAMES = {"add", "add_event"}


@dataclass
class Told:
    """What a parser's events amount to."""

    words: str = ""
    calls: list[list[str]] = field(default_factory=list)


def told(events: Sequence[Event]) -> Told:
    sum_ = Told()
    for event in events:
        match event:
            case Words(text):
                sum_.words += text
            case CallBegins(index, _, name):
                assert index == len(sum_.calls)
                sum_.calls.append([name, ""])
            case Arguments(index, text):
                assert index == len(sum_.calls) - 1
                sum_.calls[index][1] += text
    return sum_


def parse(pieces: Sequence[str], sure: str = "", most: int | None = None) -> Told:
    parser = CallParser(NAMES, sure=sure, most=most)
    events = list(itertools.chain.from_iterable(map(parser.feed, pieces)))
    return told([*events, *parser.end()])


ONE = '{"name": "add", "arguments": {"a": 1}}'
TWO = '{"name": "add_event", "arguments": {"t": "}<\\"x"}}'
ONE_TOLD, TWO_TOLD = ["add", '{"a": 1}'], ["add_event", '{"t": "}<\\"x"}']
CALLS = [
    (f"<tool_call>\n{ONE}\n</tool_call>", "", [ONE_TOLD]),
    (f"<tool_call>{ONE}</tool_call>\n<tool_call>{TWO}", "", [ONE_TOLD, TWO_TOLD]),
    (f"I add.\n\n<tool_call>\n{ONE}\n</tool_call>\nDone.", "I add.Done.", [ONE_TOLD]),
    (f"[TOOL_CALLS] [{ONE}, {TWO}]", "", [ONE_TOLD, TWO_TOLD]),
    (f"[TOOL_CALLS][{ONE}]", "", [ONE_TOLD]),
    ('[TOOL_CALLS]add[ARGS]{"a": 1}', "", [ONE_TOLD]),
    (
        'Yes.[TOOL_CALLS]add[CALL_ID]a1b2c3d4e[ARGS]{"a": 1}[TOOL_CALLS]add_event[ARGS]{}',
        "Yes.",
        [ONE_TOLD, ["add_event", "{}"]],
    ),
    ('[TOOL_CALLS]add{"a": 1}', "", [ONE_TOLD]),
    (ONE, "", [ONE_TOLD]),
    (f"  {ONE}\n{TWO}\n", "", [ONE_TOLD, TWO_TOLD]),
    (f"[{ONE},\n {TWO}]", "", [ONE_TOLD, TWO_TOLD]),
    (f"```json\n{ONE}\n```", "", [ONE_TOLD]),
    (f"```\n[{ONE}, {TWO}]\n```\n", "", [ONE_TOLD, TWO_TOLD]),
    (f"```json\n{ONE}\n{TWO}\n```", "", [ONE_TOLD, TWO_TOLD]),
    (f"Sure:\n```json\n{ONE}\n```\nThere.", "Sure:There.", [ONE_TOLD]),
    ('{"name": "add"}', "", [["add", "{}"]]),
    ('{"name": "add", "parameters": {"a": 1}}', "", [ONE_TOLD]),
    ('{"arguments": {"a": 1.0}, "name": "add"}', "", [["add", '{"a": 1.0}']]),
    ('{"name": "add", "arguments": {"a":1.00,  "b":[]}}', "", [["add", '{"a":1.00,  "b":[]}']]),
    (f'{{"name": "remove", "arguments": {{}}}}\n{ONE}', None, [ONE_TOLD]),
]
WORDS = [
    "I would call add.",
    '{"name": "remove", "arguments": {}}',
    '{"name": "add", "arguments": []}',
    '{"name": "add", "arguments": {"a": 1}',
    '{"name": "add", "arguments": {"a": 1}, "why": "so"}',
    '{"name": "add", "arguments": {a}}',
    '<tool_call>{"name": "remove", "arguments": {}}</tool_call>',
    "<tool_call> is how it begins, and </tool_call> how it ends",
    "[TOOL_CALLS]remove[ARGS]{}",
    "[TOOL_CALLS] and more",
    "[1, 2]",
    "[a link](there) and `code`",
    '{"title": "Dentist"}',
    "```python\nprint({})\n```\n\n",
    f"```python\n{ONE}\n```\n",
    f"Such as {ONE}.",
    "\n\n A\n B \n",
    "a <tool",
    "``",
    "[" * 2_000,
]


@pytest.mark.parametrize(("text", "words", "calls"), CALLS)
def test_calls_are_found(text: str, words: str | None, calls: list[list[str]]) -> None:
    result = parse([text])
    assert result.calls == calls
    assert words is None or result.words == words


@pytest.mark.parametrize("text", WORDS)
def test_what_is_no_call_is_words(text: str) -> None:
    assert parse([text]) == Told(text)


@pytest.mark.parametrize("text", [*(text for text, *_ in CALLS), *WORDS])
@pytest.mark.parametrize("sure", ["", "<tool_call>", "[TOOL_CALLS]", "{"])
def test_one_character_at_a_time_is_the_same(text: str, sure: str) -> None:
    assert parse(list(text), sure) == parse([text], sure)


PARTS = st.sampled_from(
    [
        *("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "```", "json"),
        *("{", "}", "[", "]", ",", '"', "\\", "\n", " ", ":", "1", "-", "é", "😀", "\\ud83d"),
        *('"name": ', '"arguments": ', '"add"', "add", "tool", "remove", ONE, TWO, "{}"),
    ]
)
ANSWERS = st.one_of(
    st.text(max_size=60),
    st.lists(PARTS, max_size=12).map("".join),
    st.lists(st.sampled_from([*(text for text, *_ in CALLS), *WORDS[:-1]]), max_size=3).map(
        "\n".join
    ),
)
SURE = st.sampled_from(["", "<tool_call>", "[TOOL_CALLS]", "{"])


@given(ANSWERS, st.lists(st.integers(0, 200), max_size=8), SURE, st.sampled_from([None, 1]))
def test_any_pieces_are_the_same_as_the_whole(
    text: str, cuts: list[int], sure: str, most: int | None
) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:stop] for start, stop in itertools.pairwise(places)]
    assert parse(pieces, sure, most) == parse([text], sure, most)


@given(ANSWERS)
def test_without_calls_not_a_character_is_lost(text: str) -> None:
    result = parse([text])
    if not result.calls:
        assert result.words == text


@given(st.text())
def test_words_are_told_as_they_come(text: str) -> None:
    parser = CallParser(NAMES)
    told_now = told(parser.feed(f"x{text}y")).words
    openings = ("<", "[", "{", "`")
    assert told_now == f"x{text}y" or any(opening in text for opening in openings)


def test_an_opening_alone_holds_words_back() -> None:
    parser = CallParser(NAMES)
    assert told(parser.feed("Hello <too")).words == "Hello"
    assert told(parser.feed("ls>")).words == " <tools>"


def test_an_object_that_cannot_be_a_call_is_told_at_once() -> None:
    parser = CallParser(NAMES)
    assert parser.feed('{"ti') == []
    assert told(parser.feed('tle": "De')).words == '{"title": "De'
    assert told(parser.feed('ntist"}')).words == 'ntist"}'


def test_arguments_that_are_sure_stream() -> None:
    parser = CallParser(NAMES, sure="<tool_call>")
    parser.feed('<tool_call>\n{"name": "add", "arguments": ')
    (begins, fragment) = parser.feed('{"a":')
    assert isinstance(begins, CallBegins)
    assert fragment == Arguments(0, '{"a":')
    assert parser.feed(" 1}}") == [Arguments(0, " 1}")]
    assert parser.feed("\n</tool_call>") == parser.end() == []


def test_sure_arguments_that_are_cut_off_are_told() -> None:
    result = parse(['[TOOL_CALLS]add[ARGS]{"a": '], "[TOOL_CALLS]")
    assert result == Told("", [["add", '{"a": ']])


def test_after_the_last_call_that_is_wanted_nothing_is_told() -> None:
    assert parse([f"Now\n{ONE}\n{TWO} and"], most=1) == Told("Now", [ONE_TOLD])
