"""What the ledger's tools have in common: load, understand, answer."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hearth.core.people import Right
from hearth.core.tools import Tool, ToolContext, ToolResult
from hearth.store.database import Database
from hearth.tools.ledger import question, wording
from hearth.tools.ledger.question import Question
from hearth.tools.when import Unclear, locate


class Arguments(BaseModel):
    """The words that say what is asked."""

    model_config = ConfigDict(extra="forbid")

    what: str = Field("", description="category or payee")
    when: str = Field("", description="period")


class LedgerTool(ABC):
    """A question to the ledger; a subclass says how it is answered."""

    name: ClassVar[str]
    description: ClassVar[str]
    examples: ClassVar[tuple[str, ...]]
    arguments: ClassVar[type[Arguments]] = Arguments

    def __init__(self, database: Database) -> None:
        self._database = database

    def tool(self) -> Tool:
        """The declaration for the turn."""
        return Tool(
            name=self.name,
            description=self.description,
            arguments=self.arguments,
            examples=self.examples,
            right=Right.ASK,
            run=self._run,
        )

    @abstractmethod
    def answer(self, asked: Question, context: ToolContext, arguments: Arguments) -> ToolResult:
        """The answer from at least one payment."""

    async def _run(self, context: ToolContext, arguments: BaseModel) -> ToolResult:
        assert isinstance(arguments, Arguments)
        try:
            locate(context.request, context.now, "past")
        except Unclear as error:
            return ToolResult(answer=f"{error} Which day do you mean?", verbatim=True)
        return await asyncio.to_thread(self._answer, context, arguments)

    def _answer(self, context: ToolContext, arguments: Arguments) -> ToolResult:
        book = question.load(self._database)
        if book is None:
            return wording.empty()
        if question.asks_balance(context.request):
            return wording.balance()
        asked = question.understand(
            context,
            book,
            what=arguments.what,
            when=arguments.when,
            way=getattr(arguments, "direction", ""),
        )
        if asked.subject is None or not asked.payments():
            return wording.nothing(asked)
        return self.answer(asked, context, arguments)
