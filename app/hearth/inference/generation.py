"""The words between the API and an engine: what is asked, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

# In a rendered prompt: no token may span this place (a private-use character, removed after).
SPLIT = "\ue0ff"


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn; temperature 0 takes the likeliest."""

    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Generation:
    """One request: a prompt to continue."""

    caller: str  # whose socket it came by; what it leaves in the cache is theirs alone
    prompt: str  # rendered by the model's chat template
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    grammar: str | None = None  # GBNF that the text must satisfy
    trigger: str | None = None  # the grammar holds only what follows this text, if it comes at all
    shown: tuple[str, ...] = ()  # control tokens that appear in the text, such as "[TOOL_CALLS]"
    logprobs: int | None = None  # likeliest alternatives told with each token; none of it if None
    background: bool = False  # nobody waits for it: members go first
    adapter: str | None = None  # the LoRA adapter that answers


@dataclass(frozen=True)
class Alternative:
    """A token that was, or could have been, drawn."""

    bytes: tuple[int, ...]  # of its text
    logprob: float  # natural logarithm, before temperature and grammar


@dataclass(frozen=True)
class TokenLogprob(Alternative):
    """A drawn token with the likeliest alternatives, itself among them if it was one."""

    top: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Text that has just been generated, and where asked for, the tokens that it came by."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True)
class Done:
    """The end of a generation. `cached` counts prompt tokens that were not computed again."""

    reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    cached: int


@dataclass(frozen=True)
class ModelInfo:
    """What the API needs to know of a loaded model."""

    name: str
    template: str | None  # Jinja
    bos: str
    eos: str
    context: int  # tokens that one request may use
    control: frozenset[str]  # texts of control tokens, which no message may smuggle in
    adapters: tuple[str, ...] = ()


class Answer(Protocol):
    """A generation that is under way."""

    def __aiter__(self) -> AsyncIterator[Piece | Done]:
        """Pieces, then one Done; raises Unavailable when the engine fails on the way."""

    def close(self) -> None:
        """Nobody listens any more: the engine frees its place at the next step."""


class TextEngine(Protocol):
    """Continues prompts; in this process, in a child process, or elsewhere."""

    @property
    def info(self) -> ModelInfo:
        """The loaded model."""

    async def start(self, work: Generation) -> Answer:
        """Accept a request; raises TooLarge, BadInput, Busy when the queue is full, Unavailable."""

    async def forget(self, caller: str) -> None:
        """Drop what the cache keeps of a caller's finished requests."""


class TextEmbedder(Protocol):
    """An embedding model."""

    async def embed(self, texts: Sequence[str]) -> Any:
        """A float32 array, one unit vector for each text."""


class TextReranker(Protocol):
    """A model that judges how well documents answer a query."""

    async def rank(self, query: str, documents: Sequence[str]) -> list[float]:
        """A score for each document; a higher one is better."""
