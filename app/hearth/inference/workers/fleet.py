"""The models of one engine: loaded when asked for, within a budget of memory, and let go again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hearth.core.errors import BadConfiguration, HearthError, Unavailable
from hearth.inference.engine.spec import ChatSpec, SentenceSpec
from hearth.inference.generation import ModelInfo
from hearth.inference.server.models import not_found
from hearth.inference.workers.chat import ChatWorker
from hearth.inference.workers.child import Stopped
from hearth.inference.workers.memory import anonymous_bytes, available_bytes
from hearth.inference.workers.sentences import SentenceWorker

_log = logging.getLogger("hearth.inference")
_IDLE_SECONDS = 900.0  # after which a model that need not stay is let go
_LOOK_SECONDS = 10.0
Worker = ChatWorker | SentenceWorker


@dataclass(frozen=True)
class Offer:
    """A model that can be loaded."""

    spec: ChatSpec | SentenceSpec
    bytes: int  # of memory that it is expected to need
    stays: bool = False  # loaded from the start and never let go
    environment: Mapping[str, str] = field(default_factory=dict)


class Fleet:
    """The models by name. For one event loop; `close` ends all of them.

    `head` makes of a pod's standing instructions what its prompts to a model begin with.
    """

    def __init__(
        self,
        offers: Sequence[Offer],
        command: Sequence[str],
        *,
        budget: int | None = None,  # bytes for all together; what the machine has if None
        head: Callable[[ModelInfo, str], str] | None = None,
    ) -> None:
        self._offers = {offer.spec.name: offer for offer in offers}
        self._command = command
        self._budget = budget
        self._head = head
        self._instructions: Sequence[str] | None = None  # None until they are known
        self._loading = asyncio.Lock()
        self._faults: dict[str, str] = {}
        self._starting: Worker | None = None
        self._closing = False
        self.loaded: dict[str, Worker] = {}

    def names(self) -> tuple[str, ...]:
        """All models, loaded or not; an adapter of a chat model is `NAME:ADAPTER`."""
        return tuple(
            name
            for offer in self._offers.values()
            for name in (offer.spec.name, *_adapters(offer.spec))
        )

    async def chat(self, name: str) -> ChatWorker:
        """A chat model, loaded; NotFound, or Unavailable where there is no room for it."""
        worker = await self._worker(name, "chat")
        assert isinstance(worker, ChatWorker)
        return worker

    async def embedder(self, name: str) -> SentenceWorker:
        """An embedding model, as `chat`."""
        return await self._sentences(name, "embedding")

    async def reranker(self, name: str) -> SentenceWorker:
        """A reranker, as `chat`."""
        return await self._sentences(name, "rerank")

    async def _sentences(self, name: str, kind: str) -> SentenceWorker:
        worker = await self._worker(name, kind)
        assert isinstance(worker, SentenceWorker)
        return worker

    async def start(self) -> None:
        """Load the chat models that stay; raises for the first that cannot be."""
        for name, offer in self._offers.items():
            if offer.stays and offer.spec.kind == "chat":
                await self._load(name)

    def share(self, instructions: Sequence[str]) -> None:
        """Have every chat model keep these instructions, and no others, for all callers."""
        self._instructions = instructions
        for worker in self.loaded.values():
            if isinstance(worker, ChatWorker):
                worker.share()

    async def tend(self) -> None:
        """Load the rest of what stays, and let go what has been idle for long; never ends."""
        for name in self.staying:
            try:
                await self._load(name)
            except HearthError as error:  # chat works without it, and /healthz says so
                self._faults[name] = str(error)
                _log.error("a model is missing", extra={"model": name, "fault": str(error)})
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            async with self._loading:
                for name, worker in list(self.loaded.items()):
                    idle = time.monotonic() - worker.process.used
                    if self._may_go(name) and idle > _IDLE_SECONDS:
                        await self._let_go(name)

    @property
    def staying(self) -> tuple[str, ...]:
        """The models that are loaded from the start."""
        return tuple(name for name, offer in self._offers.items() if offer.stays)

    def fault(self, name: str) -> str | None:
        """What is wrong with a model that stays; while it loads, requests wait for it."""
        if name in self.loaded and not self.loaded[name].healthy():
            return "its process is being started again"
        return self._faults.get(name)

    def healthy(self) -> bool:
        """Whether this program itself is well; it starts the models' processes again by itself."""
        return bool(self.loaded)

    async def forget(self, caller: str) -> None:
        """Have every loaded chat model drop what it keeps of a caller."""
        chats = [one for one in self.loaded.values() if isinstance(one, ChatWorker)]
        await asyncio.gather(*(worker.forget(caller) for worker in chats))

    async def close(self) -> None:
        """End all of them together, also one that is loading."""
        self._closing = True
        workers, self.loaded = [*self.loaded.values()], {}
        if self._starting:
            workers.append(self._starting)
        await asyncio.gather(*(asyncio.to_thread(worker.close) for worker in workers))

    async def _worker(self, name: str, kind: str) -> Worker:
        offer = self._offers.get(name)
        if offer is None or offer.spec.kind != kind:
            raise not_found(name, kind)
        worker = self.loaded.get(name) or await self._load(name)
        worker.process.used = time.monotonic()  # who has asked for it is about to use it
        return worker

    async def _load(self, name: str) -> Worker:
        async with self._loading:
            if name in self.loaded:
                return self.loaded[name]
            offer = self._offers[name]
            await self._make_room(offer)
            if self._closing:
                raise Stopped
            worker = self._starting = self._started(offer)
            try:
                await asyncio.to_thread(worker.wait)
            except BaseException:
                await asyncio.to_thread(worker.close)
                raise
            finally:
                self._starting = None
            self.loaded[name] = worker
            self._faults.pop(name, None)
            _log.info("loaded", extra={"model": name, "expected_bytes": offer.bytes})
            return worker

    def _started(self, offer: Offer) -> Worker:
        environment = offer.environment
        if isinstance(offer.spec, ChatSpec):
            return ChatWorker(
                offer.spec, self._command, shared=self._heads, environment=environment
            )
        return SentenceWorker(offer.spec, self._command, environment=environment)

    def _heads(self, info: ModelInfo) -> list[str] | None:
        if self._head is None or self._instructions is None:
            return None
        return [self._head(info, text) for text in self._instructions]

    async def _make_room(self, offer: Offer) -> None:
        """Let idle models go until there is room, the longest unused first."""
        while (room := self._room()) < offer.bytes:
            idle = [name for name in self.loaded if self._may_go(name)]
            if not idle:
                raise _no_room(offer, room)
            await self._let_go(min(idle, key=lambda name: self.loaded[name].process.used))

    def _room(self) -> int:
        """Bytes that another model may take.

        Weights that are mapped from a file count as available for the kernel; those of the loaded
        models do not here, since they are used.
        """
        free = available_bytes() - sum(
            max(0, self._offers[name].bytes - anonymous_bytes(worker.process.child.pid))
            for name, worker in self.loaded.items()
        )
        if self._budget is None:
            return free
        return min(free, self._budget - sum(self._offers[name].bytes for name in self.loaded))

    def _may_go(self, name: str) -> bool:
        return not self._offers[name].stays and not self.loaded[name].process.busy

    async def _let_go(self, name: str) -> None:
        worker = self.loaded.pop(name)
        await asyncio.to_thread(worker.close)
        _log.info("let go", extra={"model": name})


def _adapters(spec: ChatSpec | SentenceSpec) -> list[str]:
    return [f"{spec.name}:{name}" for name in spec.adapters] if isinstance(spec, ChatSpec) else []


def _no_room(offer: Offer, room: int) -> BadConfiguration | Unavailable:
    needed, free = f"{offer.bytes / 1e9:.1f} GB", f"{max(room, 0) / 1e9:.1f} GB"
    message = f"the model {offer.spec.name} needs {needed} of memory, and {free} are free"
    if offer.stays:
        return BadConfiguration(
            message,
            where="engines",
            remedy="Choose a smaller model or context; `hearth models plan` shows what fits.",
        )
    return Unavailable(
        message, remedy="Ask again when other models are idle, or raise the engine's `memory`."
    )
