"""A real Chromium, and what it noticed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
PATIENCE = 20_000  # milliseconds, for a machine that does other things as well
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
}

REACHABLE = "a[href], button, input:not([type=hidden]), textarea, select, summary"
# Every element that can be used gets a number, so that the Tab key's way can be compared.
NUMBER_THEM = f"""
() => [...document.querySelectorAll("{REACHABLE}")]
  .filter((each) => each.checkVisibility({{visibilityProperty: true}}) && !each.disabled)
  .map((each, at) => {{ each.dataset.number = at; return each.outerHTML.slice(0, 90); }})
"""
FOCUSED = "() => document.activeElement?.dataset?.number ?? null"
OUTLINED = """
() => { const style = getComputedStyle(document.activeElement);
        const around = getComputedStyle(document.activeElement.closest("form") ?? document.body);
        const beside = getComputedStyle(document.activeElement.previousElementSibling
                                        ?? document.body);
        return [style, around, beside].some((each) => each.outlineStyle !== "none"); }
"""


@dataclass
class Faults:
    """What went wrong in a page, and every host it asked."""

    said: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        """Listen to everything that the page does."""
        page.add_init_script(VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._request)

    def expect(self, *words: str) -> None:
        """Forget faults that the test itself has caused; each has one of these words."""
        self.said = [said for said in self.said if not any(word in said for word in words)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"}:
            self.hosts.add(parts.netloc)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; it is never downloaded."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.fail("Chromium is missing (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def ask(page: Page, text: str) -> None:
    """Type a question and press Enter."""
    question = page.get_by_label("Your question to Family")
    question.fill(text)
    question.press("Enter")


def answered(page: Page, count: int = 1) -> None:
    """Wait until so many answers are complete."""
    expect(page.locator(".message.pods:not(.live)")).to_have_count(count)


def all_reached_by_tab(page: Page) -> None:
    """Everything that can be used is reached by the Tab key, and then seen to be."""
    page.locator("main").focus()
    wanted = page.evaluate(NUMBER_THEM)
    reached = set()
    for _ in range(2 * len(wanted) + 10):
        page.keyboard.press("Tab")
        number = page.evaluate(FOCUSED)
        if number is not None:
            reached.add(int(number))
            assert page.evaluate(OUTLINED), wanted[int(number)]
    assert [wanted[at] for at in set(range(len(wanted))) - reached] == []


def nothing_sticks_out(page: Page) -> None:
    """The page is no wider than a phone, and nor is anything on it."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    outside = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *, aside *")]
          .filter((each) => each.checkVisibility() && !each.closest("pre, .sr, svg"))
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
          .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert outside == []
