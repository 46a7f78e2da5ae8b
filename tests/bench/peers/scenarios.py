"""What is asked of one server that has just been started, and the samples that it gives."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable

import httpx
from peers.load import Stream, Wave, together
from peers.servers import MOST, Running
from peers.turns import Ask, Turns

CLIENTS = (1, 4, 8, 16)
MEMBERS = 8  # at once on one shared prefix
POD_PREFIX, SHARED_PREFIX = 2_000, 1_500  # tokens
_WARM = 5  # requests on a pod's kept prefix
_ALONE = 3  # turns of a client that is alone
_SHORT = 4  # tokens of an answer of which only the beginning counts
_RUNNING, _ARRIVING, _APART, _UNSEEN = 4, 5, 1.0, 300  # streams, newcomers, seconds, tokens
_IDLE_SECONDS = 120  # for a server to drop what nobody waits for
_TOLD_SECONDS = 2  # until our processes have told their counters
Samples = dict[str, list[float]]
Say = Callable[[str], None]


class Visit:
    """One server, one model, one round: `samples` by the figure's name."""

    def __init__(
        self, running: Running, turns: Turns, *, limit: float, large: bool, seed: int, say: Say
    ) -> None:
        self._running = running
        self._turns = turns
        self._limit = limit
        self._rounds = 1 if large else 2  # turns of each client, and prefixes
        self._order = random.Random(seed)  # noqa: S311 - an order, no secret
        self._say = say
        self.samples: Samples = defaultdict(list)

    async def all(self) -> Samples:
        """Every scenario."""
        async with self._running.client() as http:
            await self._wave(http, [self._turns.on("You are kind.", 1, _SHORT)])
            self._note("memory, idle", [self._running.memory()])
            for _ in range(self._rounds):
                await self._pod_prefix(http)
            await self._shared_prefix(http)
            await self._warm_head(http)
            spent = self._spent()
            for count in self._order.sample(CLIENTS, len(CLIENTS)):
                await self._throughput(http, count)
            await asyncio.sleep(_TOLD_SECONDS)
            self._share_of_others(spent, self._spent())
            await self._arrivals(http)
            self._note("memory, afterwards", [self._running.memory()])
        return dict(self.samples)

    async def _pod_prefix(self, http: httpx.AsyncClient) -> None:
        asks = self._turns.on(self._turns.prefix(POD_PREFIX), 1 + _WARM, _SHORT)
        cold = await self._wave(http, [asks[:1]])
        self._note("first token, cold", self._firsts(cold.streams))
        if not cold.cut:
            warm = await self._wave(http, [asks[1:]])
            self._note("first token, warm", self._firsts(warm.streams))

    async def _shared_prefix(self, http: httpx.AsyncClient) -> None:
        first, *others = self._turns.on(self._turns.prefix(SHARED_PREFIX), 1 + MEMBERS, 16)
        await self._wave(http, [[first]])
        # The median is known once more than half have begun; the others count as that late, and
        # those that the server broke off as the limit.
        enough = MEMBERS // 2 + 1
        wave = await self._wave(http, [[ask] for ask in others], enough=enough)
        firsts = self._firsts(wave.streams)
        late = wave.seconds if wave.cut else self._limit
        self._note("first token, shared", firsts + [late] * (MEMBERS - len(firsts)))

    async def _warm_head(self, http: httpx.AsyncClient) -> None:
        """Every place has the household's head in its cache, as on any day but the first."""
        asks = self._turns.on(self._turns.head, MOST, 1)
        await self._wave(http, [[ask] for ask in asks], limit=3 * self._limit)

    async def _throughput(self, http: httpx.AsyncClient, count: int) -> None:
        asks = self._turns.asks(max(count * self._rounds, _ALONE))
        queues = [asks[client::count] for client in range(count)]
        wave = await self._wave(http, queues)
        self._note(f"total, {count}", [wave.rate])
        self._note(f"stream, {count}", _known(stream.rate for stream in wave.streams))
        self._note(f"broken, {count}", [wave.broken])
        self._note(f"tokens, {count}", [stream.tokens for stream in wave.streams])
        self._note("cut", [100 * wave.cut])
        cut = " (cut at the limit)" if wave.cut else ""
        self._say(f"{count:2} clients: {wave.rate:6.1f} tokens/s in {wave.seconds:.1f} s{cut}")

    async def _arrivals(self, http: httpx.AsyncClient) -> None:
        """How long running streams stand still while others arrive with much to read."""
        running = [[ask] for ask in self._turns.asks(MOST) if ask.tokens > 150][:_RUNNING]
        arriving = [[self._turns.reading(_UNSEEN)] for _ in range(_ARRIVING)]
        delays = [0.0] * len(running) + [_APART * (1 + number) for number in range(_ARRIVING)]
        wave = await self._wave(http, [*running, *arriving], delays=delays)
        begun = sorted(wave.streams, key=lambda stream: stream.begun)[: len(running)]
        self._note("gap", [1000 * gap for gap in _known(stream.gap for stream in begun)])

    def _spent(self) -> list[float | None]:
        names = (f"hearth_inference_{part}_seconds_total" for part in ("around", "computing"))
        return [self._running.counter(name) for name in names]

    def _share_of_others(self, before: list[float | None], after: list[float | None]) -> None:
        """Ours alone: how much of the steps was not spent in llama_decode."""
        if None not in after:
            around, computing = (
                (late or 0) - (early or 0) for early, late in zip(before, after, strict=True)
            )
            self._note("outside llama_decode", [100 * around / (around + computing)])

    async def _wave(
        self,
        http: httpx.AsyncClient,
        queues: list[list[Ask]],
        *,
        limit: float | None = None,
        delays: Iterable[float] = (),
        enough: int | None = None,
    ) -> Wave:
        wave = await together(
            http,
            self._running.model,
            queues,
            limit=limit or self._limit,
            delays=list(delays),
            enough=enough,
        )
        for fault in {stream.fault for stream in wave.streams if stream.fault}:
            self._say(f"fault: {fault}")
        if wave.cut:  # until the server has noticed that nobody listens
            probe = self._turns.on("You are kind.", 1, 1)
            await together(http, self._running.model, [probe], limit=_IDLE_SECONDS)
        return wave

    @staticmethod
    def _firsts(streams: Iterable[Stream]) -> list[float]:
        return _known(stream.first for stream in streams)

    def _note(self, name: str, values: Iterable[float]) -> None:
        self.samples[name] += values


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
