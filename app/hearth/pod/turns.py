"""The way through the house: guard in, run the turn, guard out, yield the events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from hearth.core.drafts import Agent, Evidence
from hearth.core.people import Caller
from hearth.core.turns import (
    Citation,
    CitationEvent,
    DoneEvent,
    ErrorEvent,
    Message,
    Proposal,
    ProposalEvent,
    TokenEvent,
    ToolCall,
    ToolEvent,
    Turn,
    TurnEvent,
)
from hearth.guard.inbound import inbound
from hearth.guard.outbound import Released, markers, outbound
from hearth.pod.meter import Meter

UNKNOWN = "I don't know. I found nothing about that in this pod's {places}."
CITED_AT_MOST = 40


@dataclass
class _Answer:
    text: str = ""
    own: bool = False
    unknown: bool = False
    call: ToolCall | None = None
    citations: list[Citation] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)


async def answer(
    turn: Turn, caller: Caller, agent: Agent, places: str, meter: Meter
) -> AsyncIterator[TurnEvent]:
    """The events of one turn; the last one is `done` or `error`."""
    verdict = inbound(turn, caller)
    if not verdict.allowed:
        yield ErrorEvent(code=verdict.code, message=verdict.reason)
        return
    said = _Answer()
    async for part in outbound(agent.run(turn, caller), turn.text):
        for event in _show(part, said, places, meter):
            yield event
    for citation in (cited := _cited(said)):
        yield CitationEvent(citation=citation)
    for proposal in said.proposals:
        yield ProposalEvent(proposal=proposal)
    yield DoneEvent(message=_message(turn, said, cited), timings=meter.timings())


def _show(part: Evidence | Released, said: _Answer, places: str, meter: Meter) -> list[TurnEvent]:
    if isinstance(part, Evidence):
        said.call = part.call
        said.citations = [fact.citation for fact in part.result.facts if fact.citation]
        said.proposals = list(part.result.proposals)
        return [ToolEvent(call=part.call, summary=part.result.summary)]
    text = UNKNOWN.format(places=places) if part.unknown else part.text
    said.text += text
    said.own |= part.own
    said.unknown |= part.unknown
    meter.first_token()
    return [TokenEvent(text=text)]


def _cited(said: _Answer) -> list[Citation]:
    """The sources that the answer names; all that were used where it names none."""
    if said.unknown:
        return []
    named = set(markers(said.text))
    cited = [citation for citation in said.citations if citation.number in named]
    return (cited or said.citations)[:CITED_AT_MOST]


def _message(turn: Turn, said: _Answer, cited: list[Citation]) -> Message:
    return Message(
        id=answer_id(turn.id),
        role="pod",
        text=said.text.strip(),
        at=turn.now,
        turn=turn.id,
        citations=tuple(cited),
        proposals=tuple(said.proposals),
        tools=(said.call,) if said.call else (),
    )


def failure(turn: str, text: str, at: datetime) -> Message:
    """The message of a turn that has no answer."""
    return Message(id=answer_id(turn), role="pod", text=text, at=at, turn=turn, failed=True)


def answer_id(turn: str) -> str:
    """The id of a turn's answer, which each turn has at most one of."""
    return f"{turn}-answer"
