"""The API for programs as docs/api.md, read from the same OpenAPI document as the page."""

from __future__ import annotations

from collections.abc import Iterator

from hearth.web.api_page import Call, Document, Group, groups

_INTRODUCTION = """\
# The API

This page is written from the hub's OpenAPI document, which a running Hearth serves at
`/api/openapi.json`; *House › For programs* shows the same on a page. `HEARTH_RENEW_DOCS=1 make test
TESTS=tests/app/web/test_api_markdown.py` writes it anew.
"""


def reference(document: Document) -> str:
    """The whole page, in Markdown."""
    parts = [_INTRODUCTION, document["info"]["description"], ""]
    for group in groups(document):
        parts += _group(group)
    return "\n".join(parts).rstrip() + "\n"


def _group(group: Group) -> Iterator[str]:
    yield f"## {group.name}\n"
    yield f"{group.description}\n"
    for call in group.calls:
        yield from _call(call)


def _call(call: Call) -> Iterator[str]:
    yield f"### `{call.method.upper()} {call.path}`\n"
    yield f"**{call.summary}.** {call.description}".strip() + "\n"
    if call.parameters:
        yield "| parameter | in | kind | meaning |\n| --- | --- | --- | --- |"
        for one in call.parameters:
            needed = "" if one.required else " (optional)"
            yield f"| `{one.name}` | {one.place} | {one.kind}{needed} | {one.description} |"
        yield ""
    for name, example in call.examples:
        yield f"{name}:\n\n```json\n{example}\n```\n"
    yield "Answers: " + "; ".join(f"{status}: {words}" for status, words in call.answers) + "\n"
