"""The requests that Hearth takes, in OpenAI's words. Other keys are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_TOKENS = 1_024  # when the request does not say
_MOST_STOPS = 16
_MOST_TEXTS = 2_048  # to embed or to rank at once


def _whole(text: str) -> str:
    """JSON can name half of a character (\\ud800); no text holds one."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("half of a UTF-16 surrogate pair is no character") from error
    return text


Text = Annotated[str, AfterValidator(_whole)]


Stop = Annotated[Text, Field(min_length=1)]


class Shape(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(extra="forbid")


class TextPart(Shape):
    """A part of a message's content."""

    type: Literal["text"]
    text: Text


class FunctionCall(Shape):
    """A function that the model called; `arguments` is JSON text."""

    name: str
    arguments: str


class ToolCall(Shape):
    """A call inside an assistant message."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class ChatMessage(Shape):
    """One message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[TextPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    refusal: None = None

    @property
    def text(self) -> str:
        """The content as one text."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class FunctionDefinition(Shape):
    """A function that the model may call."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    description: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    strict: bool | None = None


class ToolDefinition(Shape):
    """A tool; only functions exist."""

    type: Literal["function"]
    function: FunctionDefinition


class NamedFunction(Shape):
    """The name inside a tool choice."""

    name: str


class NamedTool(Shape):
    """A tool choice that names its tool."""

    type: Literal["function"]
    function: NamedFunction


class SchemaFormat(Shape):
    """The schema of a response format."""

    name: str = ""
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class TextFormat(Shape):
    """Free text."""

    type: Literal["text"]


class JsonFormat(Shape):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaFormat(Shape):
    """JSON that satisfies a schema."""

    type: Literal["json_schema"]
    json_schema: SchemaFormat


ResponseFormat = Annotated[TextFormat | JsonFormat | JsonSchemaFormat, Field(discriminator="type")]


class StreamOptions(Shape):
    """What a stream carries besides the answer."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class ChatRequest(Shape):
    """POST /v1/chat/completions."""

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int = Field(40, ge=1)
    min_p: float = Field(0.05, ge=0, le=1)
    frequency_penalty: float = Field(0, ge=-2, le=2)
    presence_penalty: float = Field(0, ge=-2, le=2)
    seed: int = 0
    stop: Stop | Annotated[list[Stop], Field(max_length=_MOST_STOPS)] | None = None
    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: ResponseFormat | None = None
    tools: list[ToolDefinition] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool = "auto"
    parallel_tool_calls: bool | None = None
    service_tier: Literal["auto", "default", "flex", "priority"] | None = None
    n: Literal[1] = 1
    user: str | None = None
    metadata: dict[str, str] | None = None
    store: Literal[False] | None = None

    @property
    def limit(self) -> int:
        """Tokens that may be generated."""
        return self.max_completion_tokens or self.max_tokens or MAX_TOKENS

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class EmbeddingsRequest(Shape):
    """POST /v1/embeddings."""

    model: str
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=_MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to embed."""
        return [self.input] if isinstance(self.input, str) else self.input


class RerankRequest(Shape):
    """POST /v1/rerank, in Jina's words."""

    model: str
    query: Text
    documents: list[Text] = Field(min_length=1, max_length=_MOST_TEXTS)
    top_n: int | None = Field(None, ge=1)
    return_documents: bool = False
