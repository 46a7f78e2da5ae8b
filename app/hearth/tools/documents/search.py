"""Answering from the household's papers and notes."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from hearth.core.people import Right
from hearth.core.ports import Passage, Retriever
from hearth.core.terms import content_words
from hearth.core.tools import Fact, Tool, ToolContext, ToolResult
from hearth.core.turns import Citation
from hearth.tools.documents import relevance
from hearth.tools.documents.quoting import quote

_LOOKED_AT = 8
_CITED = 4
_SNIPPET = 300  # characters
_SHORT = 60  # a shorter quotation takes in what stands beside it
_EVIDENCE = (900, 500, 300, 300)  # characters of each passage that the model gets to read


class SearchArguments(BaseModel):
    """What to look up."""

    model_config = ConfigDict(extra="forbid")

    about: str = Field("", description="what to look for, in the member's words")


class Search:
    """Finds passages and quotes them."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def tool(self) -> Tool:
        """The declaration for the turn."""
        return Tool(
            name="documents_search",
            description=(
                "looks up what a letter, document, contract, recipe, list or remembered note says"
            ),
            arguments=SearchArguments,
            examples=(
                "What does the landlord's letter say about the heating?",
                "What is the wifi password?",
                "Who do we call when the heating fails?",
                "What does the insurance cover?",
                "When do the bins go out?",
                "How do I make the soup?",
                "What did the school write about the trip?",
                "Where is the key to the cellar?",
                "What is the notice period of the contract?",
                "How many third doses does the plan list?",
            ),
            right=Right.ASK,
            run=self._run,
            last_resort=True,
        )

    async def _run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        assert isinstance(arguments, SearchArguments)
        for query in _queries(context, arguments.about):
            found = await self._retriever.search(query, limit=_LOOKED_AT)
            if relevant := relevance.relevant(found)[:_CITED]:
                return _result(relevant, query)
        return ToolResult(
            answer="I don't know: I found nothing about that in the documents and notes.",
            found=False,
            summary="nothing found",
        )


def _queries(context: ToolContext, about: str) -> list[str]:
    """The request, and for a follow-up the request together with the one before."""
    said = set(content_words(context.request))
    added = [word for word in content_words(about) if word not in said]
    query = " ".join([context.request, *added])
    return [query, f"{context.recent[-1]} {query}"] if context.recent else [query]


def _result(passages: Sequence[Passage], query: str) -> ToolResult:
    cited = [_citation(number, one, query) for number, one in enumerate(passages, start=1)]
    facts = tuple(
        Fact(text=_evidence(one, query, room), citation=citation)
        for one, citation, room in zip(passages, cited, _EVIDENCE, strict=False)
    )
    count = len(cited)
    return ToolResult(
        answer=_answer(passages[0], cited[0]),
        facts=facts,
        sure=relevance.sure(passages[0]),
        summary=f"{count} passage{'s' if count > 1 else ''}",
    )


def _citation(number: int, passage: Passage, query: str) -> Citation:
    return Citation(
        number=number,
        ref=f"passage:{passage.chunk}",
        kind=passage.kind,
        title=passage.title,
        source=passage.source,
        locator=passage.locator,
        snippet=quote(passage.text, passage.title, query, _SNIPPET, _SHORT),
    )


def _evidence(passage: Passage, query: str, room: int) -> str:
    place = f", {passage.source}" if passage.kind == "note" else f" ({passage.source})"
    return f"{passage.title}{place}: {quote(passage.text, passage.title, query, room, room)}"


def _answer(passage: Passage, citation: Citation) -> str:
    if passage.kind == "note":
        return f"A note {passage.source} says: “{citation.snippet}” [1]"
    return f"“{passage.title}” says: “{citation.snippet}” [1]"
