"""Facts in words for people: times, sizes, counts, and an answer's text as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from hearth.core.turns import Citation

_MARKER = re.compile(r"\s?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
_NUMBER = re.compile(r"\d+")
_ITEM = r"(?:[-*]|\d+\.) "
# Markdown would take a line right after a list into its last item; in an answer it stands alone.
_AFTER_LIST = re.compile(rf"^({_ITEM}.*)\n(?=\S)(?!{_ITEM})", re.MULTILINE)
_MINUTE, _HOUR = 60, 3_600
# Paragraphs, lists and emphasis only: an answer has no links but its citations, no images and no
# HTML, so that words taken from a document can neither lure nor send anything anywhere.
_MARKDOWN = MarkdownIt("zero", {"breaks": True}).enable(
    ["list", "emphasis", "backticks", "newline"]
)


def _text(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType
) -> str:
    return str(marked(tokens[index].content, env.get("hrefs", {})))


_MARKDOWN.add_render_rule("text", _text)


def marked(text: str, hrefs: Mapping[int, str]) -> Markup:
    """Text with its [1] markers as small numbers; those in `hrefs` are links to their source."""
    pieces, end = [], 0
    for found in _MARKER.finditer(text):
        numbers = [int(number) for number in _NUMBER.findall(found[1])]
        pieces += [escape(text[end : found.start()]), *(_marker(n, hrefs) for n in numbers)]
        end = found.end()
    return Markup().join([*pieces, escape(text[end:])])


def _marker(number: int, hrefs: Mapping[int, str]) -> Markup:
    if number not in hrefs:
        return Markup('<sup class="marker">{}</sup>').format(number)
    return Markup(
        '<sup class="marker"><a href="{href}" hx-get="{href}" hx-target="#source" '
        'aria-label="Source {number}">{number}</a></sup>'
    ).format(href=hrefs[number], number=number)


def prose(text: str, pod: str = "", citations: Sequence[Citation] = ()) -> Markup:
    """An answer as HTML: paragraphs, lists, emphasis, and links to its sources."""
    hrefs = {each.number: source_href(pod, each) for each in citations}
    apart = _AFTER_LIST.sub(r"\1\n\n", text)
    return Markup(_MARKDOWN.render(apart, {"hrefs": hrefs}))  # noqa: S704 - the rules above escape


def source_href(pod: str, citation: Citation) -> str:
    """Where a citation's source opens."""
    return f"/pods/{pod}/sources/{citation.ref}"


def when(moment: datetime, now: datetime) -> str:
    """How long ago, or on which day and at what time; both in the household's zone."""
    moment = moment.astimezone(now.tzinfo)
    seconds = (now - moment).total_seconds()
    if 0 <= seconds < _MINUTE:
        return "just now"
    if 0 <= seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    days = (moment.date() - now.date()).days
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}
    if days in near:
        return f"{near[days]}, {moment:%H:%M}"
    if -7 < days < 7:
        return f"{moment:%A}, {moment:%H:%M}"
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%B}{year}"


def time_tag(moment: datetime, zone: tzinfo) -> Markup:
    """A `<time>` that says when in words, and exactly where one looks."""
    exact = moment.astimezone(zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.isoformat(timespec="seconds"),
        f"{exact:%A}, {exact.day} {exact:%B %Y}, {exact:%H:%M}",
        when(moment, datetime.now(zone)),
    )


def size(count: int) -> str:
    """Bytes in the unit that suits them: "812 bytes", "14 kB", "2.1 MB"."""
    if count < 1_000:
        return counted(count, "byte")
    for unit, scale in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < scale * 1_000 or unit == "GB":
            value = count / scale
            return f"{value:.1f} {unit}" if value < 10 and unit != "kB" else f"{value:.0f} {unit}"
    raise AssertionError("the last unit takes everything")


def counted(count: int, thing: str, things: str | None = None) -> str:
    """A count with its noun: "1 file", "2 files", "1,204 payments"."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def capitalised(text: str) -> str:
    """A sentence's first letter in upper case, and the rest as it is."""
    return text[:1].upper() + text[1:]


def greeting(now: datetime) -> str:
    """What one says at this hour."""
    if 5 <= now.hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= now.hour < 18 else "Good evening"


def long_date(now: datetime) -> str:
    """A day in full: "Monday, 23 November"."""
    return f"{now:%A}, {now.day} {now:%B}"


_PLACES = {
    "calendar": "the calendar",
    "ledger": "the accounts",
    "documents": "the papers",
    "notes": "the notes",
}


def did(tool: str) -> str:
    """What a tool did, from its name: the folder it lies in, and what it does there."""
    folder, _, deed = tool.partition("_")
    place = _PLACES.get(folder)
    if tool == "small_talk":
        return "Answered without looking anything up"
    if place is None:
        return f"Used {tool}"
    return f"Prepared a change for {place}" if deed == "add" else f"Looked in {place}"


def browser(agent: str) -> str:
    """A browser's User-Agent as a person would name it: "Firefox on Linux"."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    )
    name = next((name for mark, name in (*browsers, ("Safari/", "Safari")) if mark in agent), "")
    system = next((system for mark, system in systems if mark in agent), "")
    return f"{name} on {system}" if name and system else name or agent[:60] or "A browser"
