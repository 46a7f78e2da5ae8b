"""The API for programs, as a page: read from the same OpenAPI document that programs read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, Response

from hearth.web.view import CurrentView

router = APIRouter(include_in_schema=False)
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A value in the address or a header."""

    name: str
    place: str
    required: bool
    description: str
    kind: str


@dataclass(frozen=True)
class Call:
    """One method of one path."""

    method: str
    path: str
    summary: str
    description: str
    parameters: list[Parameter]
    examples: list[tuple[str, str]]
    answers: list[tuple[str, str]]

    @property
    def slug(self) -> str:
        """A name for the address of this call on the page."""
        return _slug(f"{self.method} {self.path}")


@dataclass
class Group:
    """The calls under one tag."""

    name: str
    description: str
    calls: list[Call] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """A name for the address of this group on the page."""
        return _slug(self.name)


@router.get("/house/api")
async def for_programs(view: CurrentView) -> Response:
    """What programs can do, for the people who write them."""
    app: FastAPI = view.request.app
    document = app.openapi()
    return view.page(
        "api.html",
        "house",
        groups=groups(document),
        description=flowing(document["info"].get("description", "")),
        openapi_url=app.openapi_url,
    )


def groups(document: Document) -> list[Group]:
    """The document's calls by tag, in the document's order."""
    found = {
        tag["name"]: Group(tag["name"], tag.get("description", ""))
        for tag in document.get("tags", ())
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = operation.get("tags", ["Other"])[0]
            group = found.setdefault(name, Group(name, ""))
            group.calls.append(_call(document, method, path, operation))
    return [group for group in found.values() if group.calls]


def flowing(text: str) -> str:
    """Text whose line breaks inside a paragraph are only the source's width."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())


def _call(document: Document, method: str, path: str, operation: Document) -> Call:
    return Call(
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        description=flowing(operation.get("description", "")),
        parameters=[
            _parameter(_resolve(document, each)) for each in operation.get("parameters", ())
        ],
        examples=list(_examples(document, operation)),
        answers=[
            (status, _resolve(document, answer).get("description", ""))
            for status, answer in operation.get("responses", {}).items()
        ],
    )


def _parameter(each: Document) -> Parameter:
    schema = each.get("schema", {})
    kinds = [schema, *schema.get("anyOf", ())]
    kind = next((str(option["type"]) for option in kinds if "type" in option), "")
    places = {"path": "in the path", "query": "in the query", "header": "a header"}
    return Parameter(
        each["name"],
        str(places.get(each["in"], each["in"])),
        bool(each.get("required")),
        each.get("description", ""),
        kind,
    )


def _examples(document: Document, operation: Document) -> Iterator[tuple[str, str]]:
    body = _resolve(document, operation.get("requestBody", {}))
    yield from _shown(document, "Example", body.get("content", {}))
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            content = _resolve(document, answer).get("content", {})
            yield from _shown(document, "Example answer", content)


def _shown(document: Document, title: str, content: Document) -> Iterator[tuple[str, str]]:
    for media in content.values():
        for name, example in media.get("examples", {}).items():
            label = example.get("summary", name)
            yield f"{title}: {label}", _text(_resolve(document, example).get("value"))
        if "example" in media:
            yield title, _text(media["example"])


def _text(example: object) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, indent=2, ensure_ascii=False)


def _resolve(document: Document, part: Document) -> Document:
    reference = part.get("$ref")
    if reference is None:
        return part
    found: Any = document
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    resolved: Document = found
    return resolved


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
