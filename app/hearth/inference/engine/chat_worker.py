"""A chat model's process.

It is told `{"start": id, "work": Generation}`, `{"stop": id}`, `{"share": [prompt, …]}` and
`{"forget": id, "caller": name}`. It answers `{"ready": ModelInfo}` first, then `{"accepted": id}`,
`{"events": [[id, Piece or Done], …]}`, `{"failed": id, "problem": …}` and `{"forgotten": id}`.
"""

from __future__ import annotations

from functools import partial

from pydantic import TypeAdapter

from hearth.core.errors import HearthError
from hearth.inference.engine.lines import Lines, Message
from hearth.inference.engine.loop import Engine
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.engine.streams import Event, Request
from hearth.inference.generation import Done, Generation, ModelInfo, Piece

_SPEC = TypeAdapter(ChatSpec)
_WORK = TypeAdapter(Generation)
_INFO = TypeAdapter(ModelInfo)
_EVENT: TypeAdapter[Piece | Done] = TypeAdapter(Piece | Done)


class ChatProcess:
    """An engine behind the lines."""

    def __init__(self, lines: Lines, spec: Message) -> None:
        self._lines = lines
        self._events: list[tuple[int, Piece | Done]] = []
        self._requests: dict[int, Request] = {}
        chat = _SPEC.validate_python(spec, strict=False)
        self._engine = Engine(chat, self._flush, stopped=lines.hang_up)

    def run(self) -> None:
        """Serve until the service closes its end."""
        self._lines.send({"ready": _INFO.dump_python(self._engine.info, mode="json")})
        self._lines.beat(self._engine.healthy)
        for message in self._lines:
            self._handle(message)
        self._engine.close()

    def _handle(self, message: Message) -> None:
        match message:
            case {"start": int(at), "work": work}:
                self._start(at, _WORK.validate_python(work, strict=False))
            case {"stop": int(at)}:
                if request := self._requests.pop(at, None):
                    request.gone = True
            case {"share": prompts}:
                self._engine.share(prompts)
            case {"forget": int(at), "caller": str(caller)}:
                self._engine.forget(caller, partial(self._lines.send, {"forgotten": at}))

    def _start(self, at: int, work: Generation) -> None:
        try:
            request = self._engine.prepare(work, partial(self._deliver, at))
            with self._lines.lock:  # nothing of it goes out before it is said to be accepted
                self._engine.enqueue(request)
                self._requests[at] = request
                self._lines.send({"accepted": at})
        except HearthError as error:
            self._lines.fail(at, error)

    def _deliver(self, at: int, event: Event) -> None:
        """Called by the engine's thread; what it delivers goes out with the next flush."""
        if isinstance(event, HearthError):
            self._flush()
            self._lines.fail(at, event)
        else:
            self._events.append((at, event))
        if not isinstance(event, Piece):
            with self._lines.lock:  # not before _start has noted it
                self._requests.pop(at, None)

    def _flush(self) -> None:
        events, self._events = self._events, []
        if events:
            told = [[at, _EVENT.dump_python(event, mode="json")] for at, event in events]
            self._lines.send({"events": told})
