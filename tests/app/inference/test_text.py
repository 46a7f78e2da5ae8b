"""Text as it may be shown: whole characters, and nothing of a stop string."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hearth.inference.engine.text import TextStream

TEXT = st.text(alphabet="ab¬€\n", max_size=30)


def streamed(data: bytes, size: int, stop: list[str]) -> tuple[str, TextStream]:
    stream = TextStream(stop)
    shown = [stream.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return "".join([*shown, stream.feed(b"", final=True)]), stream


def test_a_character_in_two_tokens_comes_once_and_whole() -> None:
    stream = TextStream()
    first, second = "€".encode()[:2], "€".encode()[2:]
    assert stream.feed(first) == ""
    assert stream.feed(second) == "€"


def test_what_might_become_a_stop_string_is_held_back() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.feed(b"hello\nUs") == "hello"
    assert stream.feed(b"ually") == "\nUsually"
    assert stream.feed(b"!\nUser: more") == "!"
    assert stream.stopped
    assert stream.feed(b"nothing after") == ""


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    text, _ = streamed(b"a\xff\xc3", 1, [])
    assert text == "a\ufffd\ufffd"


@given(TEXT, st.integers(1, 4), st.lists(st.text(alphabet="ab¬", min_size=1, max_size=3)))
def test_streamed_text_is_the_text_up_to_the_first_stop(
    text: str, size: int, stop: list[str]
) -> None:
    shown, stream = streamed(text.encode(), size, stop)
    ends = [text.find(one) for one in stop if one in text]
    assert stream.stopped == bool(ends)
    # A stop string is looked for as soon as its bytes are there, so the first to be complete wins.
    assert text.startswith(shown)
    assert not any(one in shown for one in stop)
    if not ends:
        assert shown == text
