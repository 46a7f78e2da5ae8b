"""What the clients ask: household turns behind the head that Hearth's pods really send."""

from __future__ import annotations

import ctypes
import itertools
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import llama_cpp as lib

from hearth.config import PodSettings, Settings
from hearth.services.instructions import of_engine

_FILE = tomllib.loads(Path(__file__).with_name("turns.toml").read_text(encoding="utf-8"))
_TOOLS: tuple[Literal["calendar", "documents", "notes"], ...] = ("calendar", "documents", "notes")
_PERSONA = "Warm and plain; this is a test of speed, so answer in full and in words, not in JSON."
_FIRST_DAY = date(2026, 9, 1)
Message = dict[str, str]


@dataclass(frozen=True)
class Ask:
    """One request."""

    messages: tuple[Message, ...]
    tokens: int


class Vocabulary:
    """Counts a text's tokens without loading the weights."""

    def __init__(self, gguf: Path) -> None:
        params = lib.llama_model_default_params()
        params.vocab_only = True
        lib.llama_log_set(_silent, ctypes.c_void_p(0))
        self._model = lib.llama_model_load_from_file(str(gguf).encode(), params)
        self._pointer = lib.llama_model_get_vocab(self._model)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        data = text.encode()
        # Without room for the tokens the answer is their number, negative.
        return -int(lib.llama_tokenize(self._pointer, data, len(data), None, 0, False, False))

    def close(self) -> None:
        """Free it."""
        lib.llama_model_free(self._model)


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: object) -> None:
    pass


class Turns:
    """Requests in a fixed order; no two have the same words after the head."""

    def __init__(self, gguf: Path, seed: int) -> None:
        self._vocabulary = Vocabulary(gguf)
        self._order = random.Random(seed)  # noqa: S311 - the same requests for every server
        self._seed = seed
        self._serial = itertools.count(1)
        self.head = self._head("Family")

    def close(self) -> None:
        """Free the vocabulary."""
        self._vocabulary.close()

    def asks(self, count: int) -> list[Ask]:
        """A request for each of `count` clients, of mixed length, on the shared head."""
        turns = _FILE["turn"]
        chosen = [turns[number % len(turns)] for number in range(count)]
        self._order.shuffle(chosen)
        return [self._ask(self.head, turn, turn["tokens"]) for turn in chosen]

    def on(self, prefix: str, count: int, tokens: int) -> list[Ask]:
        """Different short requests on one prefix."""
        turns = [turn for turn in _FILE["turn"] if "results" not in turn and "history" not in turn]
        chosen = itertools.islice(itertools.cycle(turns), count)
        return [self._ask(prefix, turn, tokens) for turn in chosen]

    def prefix(self, tokens: int) -> str:
        """A head of `tokens` tokens whose first words were never seen before."""
        text = self._head(f"Family {self._seed}-{next(self._serial)}")
        lines = _notes(self._order)
        while self._vocabulary.count(text) < tokens:
            text += f"\n{next(lines)}"
        return text

    def reading(self, tokens: int) -> Ask:
        """A request with some `tokens` tokens of its own to read, and hardly an answer."""
        lines = _notes(self._order)
        results: list[str] = []
        while self._vocabulary.count("\n".join(results)) < tokens:
            results.append(next(lines))
        turn = {"results": results, "question": "What of this is about the school?"}
        return self._ask(self.head, turn, 8)

    def _ask(self, head: str, turn: dict[str, Any], tokens: int) -> Ask:
        number = next(self._serial)
        day = _FIRST_DAY + timedelta(days=number)
        name = _FILE["names"][number % len(_FILE["names"])]
        said = [*turn.get("history", ()), _question(turn)]
        said[0] = f"It is {day:%A %d %B %Y}, and {name} asks: {said[0]}"
        roles = itertools.cycle(("user", "assistant"))
        talk = [{"role": role, "content": text} for role, text in zip(roles, said, strict=False)]
        return Ask(({"role": "system", "content": head}, *talk), tokens)

    def _head(self, title: str) -> str:
        pod = PodSettings(title=title, persona=_PERSONA, tools=_TOOLS)
        return of_engine(Settings(pods={"family": pod}), "default")[0]


def _question(turn: dict[str, Any]) -> str:
    if "results" not in turn:
        return str(turn["question"])
    facts = "\n".join(turn["results"])
    return f"Results of documents_search.\n<results>\n{facts}\n</results>\n{turn['question']}"


def _notes(order: random.Random) -> Iterator[str]:
    for number in itertools.count():
        day = _FIRST_DAY + timedelta(days=order.randrange(3_000))
        yield f"{day:%d %B %Y}: {_FILE['notes'][number % len(_FILE['notes'])]}"
