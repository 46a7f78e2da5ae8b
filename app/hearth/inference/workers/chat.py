"""A chat model in a process of its own, as a TextEngine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from hearth.core.errors import HearthError
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.generation import Done, Generation, ModelInfo, Piece
from hearth.inference.workers.child import USUAL, Limits, Message
from hearth.inference.workers.process import Inbox, ModelProcess

_SPEC = TypeAdapter(ChatSpec)
_WORK = TypeAdapter(Generation)
_INFO = TypeAdapter(ModelInfo)
_EVENT: TypeAdapter[Piece | Done] = TypeAdapter(Piece | Done)


class _Answer:
    """A generation that the process has accepted."""

    def __init__(self, inbox: Inbox, stop: Callable[[int], None]) -> None:
        self._inbox = inbox
        self._stop = stop

    async def __aiter__(self) -> AsyncIterator[Piece | Done]:
        while True:
            event = await self._inbox.get()
            yield event
            if isinstance(event, Done):
                return

    def close(self) -> None:
        self._stop(self._inbox.number)


class ChatWorker:
    """A TextEngine. It loads in the background; `wait` says when, or why it cannot.

    `shared` names the prompts that every caller may start from, once the model is known; those that
    the process has kept stay while it returns None.
    """

    def __init__(
        self,
        spec: ChatSpec,
        command: Sequence[str],
        *,
        shared: Callable[[ModelInfo], Sequence[str] | None] = lambda _: None,
        environment: Mapping[str, str] | None = None,
        limits: Limits = USUAL,
    ) -> None:
        self._shared = shared
        self._info: ModelInfo | None = None
        self.process = ModelProcess(
            spec.name,
            command,
            _SPEC.dump_python(spec, mode="json"),
            hear=self._hear,
            ready=self._ready,
            environment=environment,
            limits=limits,
        )

    def wait(self) -> None:
        """Until it has loaded; raises what it could not load for."""
        self.process.child.wait()

    @property
    def info(self) -> ModelInfo:
        """See TextEngine; only after `wait`."""
        assert self._info is not None
        return self._info

    async def start(self, work: Generation) -> _Answer:
        """See TextEngine."""
        body = _WORK.dump_python(work, mode="json")
        inbox, _ = await self.process.ask(lambda number: {"start": number, "work": body})
        return _Answer(inbox, self.process.stop)

    async def forget(self, caller: str) -> None:
        """See TextEngine. What a dead process kept is gone with it."""
        if self.healthy():
            with contextlib.suppress(HearthError):
                await self.process.ask(lambda number: {"forget": number, "caller": caller})

    def share(self) -> None:
        """Tell the process anew which prompts everyone may start from."""
        prompts = self._shared(self.info)
        if prompts is not None:
            with contextlib.suppress(HearthError):  # it is told when it has been started again
                self.process.child.send({"share": list(prompts)})

    def healthy(self) -> bool:
        """Whether it can be asked now."""
        return self.process.child.up

    def close(self) -> None:
        """Stop after the running step; whoever waits gets Unavailable."""
        self.process.child.close()

    def _ready(self, info: Message) -> None:
        self._info = _INFO.validate_python(info, strict=False)
        self.share()

    def _hear(self, message: Message) -> None:
        match message:
            case {"events": events}:
                told: dict[int, list[Any]] = {}
                for number, event in events:
                    told.setdefault(number, []).append(_EVENT.validate_python(event))
                for number, pieces in told.items():
                    self.process.tell(number, pieces, last=isinstance(pieces[-1], Done))
            case {"accepted": int(number)}:
                self.process.tell(number, [None], last=False)
            case {"forgotten": int(number)}:
                self.process.tell(number, [None], last=True)
