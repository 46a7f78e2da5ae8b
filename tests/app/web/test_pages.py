"""The other pages: front page, library, sources, actions, house; and what guards them all."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from hub_house import PASSWORD, House

from hearth.connectors import folder
from hearth.core.api import ConnectorState, EngineState, FileFailure
from hearth.core.people import ALL_RIGHTS, Right, Role

PAGES = (
    "/",
    "/pods/family",
    "/pods/family/library",
    "/pods/family/actions",
    "/pods/family/sources/event:12",
    "/house",
    "/house/box",
    "/house/api",
    "/pods/nowhere",
)


def unescaped(page: str) -> str:
    """A page's words as they are read."""
    return page.replace("&#39;", "'").replace("&#34;", '"')


@pytest.fixture
def owner(house: House) -> httpx.Client:
    """The owner's browser, as htmx asks."""
    client = house.browser(house.owner)
    client.headers.update({"accept": "text/html", "hx-request": "true"})
    return client


@pytest.mark.parametrize("page", [*PAGES, "/sign-in", "/sign-in/some-secret"])
def test_every_page_keeps_the_browser_to_its_place(browser: httpx.Client, page: str) -> None:
    answer = browser.get(page)
    policy = answer.headers["content-security-policy"]
    nonces = set(re.findall(r'nonce="([^"]+)"', answer.text))
    assert len(nonces) == 1
    assert f"script-src 'nonce-{nonces.pop()}' 'self'" in policy
    for rule in ("default-src 'none'", "style-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get(page).headers["content-security-policy"] != policy
    assert ' style="' not in answer.text
    assert " onclick=" not in answer.text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)


@pytest.mark.parametrize("page", [*PAGES, "/sign-in"])
def test_every_page_can_be_heard_and_skipped_through(browser: httpx.Client, page: str) -> None:
    text = browser.get(page).text
    assert '<html lang="en">' in text
    assert text.count("<h1") == 1
    assert text.count("<main") == 1
    assert '<a class="skip" href="#main">' in text
    for identifier, count in _counted(re.findall(r'\sid="([^"]+)"', text)).items():
        assert count == 1, identifier
    for field in re.findall(r"<(?:input|select|textarea)[^>]*>", text):
        assert _labelled(field, text), field


def test_the_front_page_greets_and_answers_three_questions(house: House) -> None:
    login = house.add_member(grants={"family": ALL_RIGHTS, "finance": ALL_RIGHTS})
    client = house.browser(login)
    client.headers["accept"] = "text/html"
    note = client.post("/pods/family/turns", data={"id": uuid4().hex, "text": "note the bins"})
    house.follow(client, house.ask(client, "hello")["turn"])
    client.get(note.headers["location"])
    page = client.get("/").text
    assert f", {login.capitalize()}" in page
    assert '<a href="/pods/family">Family</a>' in page
    assert "What did we spend this week?" in page
    assert "<strong>Money</strong> answers" in page


def test_a_silent_pod_is_named_on_the_front_page_and_hinders_nothing(house: House) -> None:
    client = house.browser(house.add_member(grants={"family": ALL_RIGHTS, "finance": ALL_RIGHTS}))
    client.headers["accept"] = "text/html"
    house.stop_pod("finance")
    try:
        page = client.get("/")
        silent = client.get("/pods/finance")
    finally:
        house.start_pod("finance")
    assert page.status_code == 200
    assert "the pod 'finance' is not answering" in unescaped(page.text)
    assert "<strong>Family</strong> answers" in page.text
    assert silent.status_code == 503
    assert "Try again" in silent.text


def test_adding_files_tells_of_each(htmx: httpx.Client) -> None:
    files = [
        ("files", ("bins.md", b"# Bins\n\nThe bins go out on Thursdays.", "text/markdown")),
        ("files", ("letter.pdf", b"not a PDF", "application/pdf")),
        ("files", ("huge.txt", b"a" * 1_950, "text/plain")),
    ]
    answer = htmx.post("/pods/family/library", files=files)
    assert answer.status_code == 200
    page = unescaped(answer.text)
    assert "1 file could not be read" in page
    assert "letter.pdf" in page
    assert "<html" not in page
    assert "Added by you" in htmx.get("/pods/family/library").text
    assert "bins.md" in page


def test_too_much_at_once_is_refused_before_it_is_read(htmx: httpx.Client) -> None:
    files = {"files": ("huge.txt", b"a" * 200_000, "text/plain")}
    answer = htmx.post("/pods/family/library", files=files)
    assert answer.status_code == 413
    assert answer.json()["remedy"]


def test_sync_reports(htmx: httpx.Client) -> None:
    assert re.search(r"Looked at \d+ files?:", htmx.post("/pods/family/sync").text)


def test_a_source_opens_beside_the_answer_and_as_a_page(
    browser: httpx.Client, htmx: httpx.Client
) -> None:
    beside = htmx.get("/pods/family/sources/event:12").text
    assert "<mark>SUMMARY:Dentist</mark>" in beside
    assert 'method="dialog"' in beside
    page = browser.get("/pods/family/sources/event:12").text
    assert "<mark>SUMMARY:Dentist</mark>" in page
    assert 'method="dialog"' not in page
    assert browser.get("/pods/family/sources/nothing:1").status_code == 404


def test_actions_are_listed_by_day_with_their_buttons(browser: httpx.Client, house: House) -> None:
    answer = house.answer(browser, "note the bins")
    page = browser.get("/pods/family/actions").text
    proposal = answer["proposals"][0]["id"]
    assert f'action="/pods/family/proposals/{proposal}/confirm"' in page
    done = browser.post(f"/pods/family/proposals/{proposal}/confirm")
    assert done.headers["location"] == f"/pods/family/actions#action-{proposal}"


def test_a_token_is_shown_once_opens_its_pod_and_can_be_revoked(
    house: House, htmx: httpx.Client
) -> None:
    fields = {"name": "script", "pods": "family", "rights": ["ask"], "days": "30"}
    made = htmx.post("/house/tokens", data=fields).text
    secret = re.search(r'value="(hearth_[^"]+)"', made)
    assert secret
    assert secret[1] not in htmx.get("/house").text
    program = house.client(headers={"authorization": f"Bearer {secret[1]}"})
    assert program.get("/api/v1/pods").json()[0]["name"] == "family"
    assert program.get("/house", headers={"accept": "text/html"}).status_code == 403
    revoke = re.search(r'hx-post="(/house/tokens/[0-9a-f]+/revoke)"', made)
    assert revoke
    assert "No tokens." in htmx.post(revoke[1]).text
    assert program.get("/api/v1/pods").status_code == 401


def test_a_token_without_pods_says_what_is_missing(htmx: httpx.Client) -> None:
    refused = htmx.post("/house/tokens", data={"name": "script", "days": "30"})
    assert refused.status_code == 422
    assert "A token needs at least one pod and one right." in refused.text


def test_signing_another_browser_out(house: House, anna: str, browser: httpx.Client) -> None:
    other = house.browser(anna)
    page = browser.get("/house").text
    assert page.count(">This one<") == 1
    revoke = re.search(r'action="(/house/sessions/[0-9a-f]+/revoke)"', page)
    assert revoke
    assert browser.post(revoke[1]).headers["location"] == "/house#browsers"
    assert other.get("/api/v1/me").status_code == 401
    assert browser.get("/").status_code == 200


def test_changing_the_password(house: House, anna: str, htmx: httpx.Client) -> None:
    wrong = htmx.post("/house/password", data={"current": "no", "new": "eight green bicycles"})
    assert wrong.status_code == 403
    assert "The current password is not right." in wrong.text
    right = htmx.post("/house/password", data={"current": PASSWORD, "new": "eight green bicycles"})
    assert "The password is changed" in right.text
    cookie = asyncio.run(house.hub.sign_in(anna, "eight green bicycles", "here", "test"))
    assert cookie


def test_only_an_owner_sees_the_members_and_makes_links(
    house: House, owner: httpx.Client, htmx: httpx.Client, anna: str
) -> None:
    page = owner.get("/house", headers={"hx-request": "false"}).text
    assert anna in page
    member = house.member_id(anna)
    made = owner.post(_link(member))
    assert re.search(r'value="http[^"]+/sign-in/[^"]+"', made.text), made.text
    assert 'id="members"' not in htmx.get("/house").text
    assert htmx.post(_link(member)).status_code == 403
    assert owner.post(_link("0" * 32)).status_code == 404


def test_members_see_only_the_pods_that_are_theirs(house: House) -> None:
    login = house.add_member(role=Role.TEEN, grants={"finance": frozenset({Right.ASK})})
    client = house.browser(login)
    client.headers["accept"] = "text/html"
    page = client.get("/").text
    assert "/pods/finance" in page
    assert "/pods/family" not in page
    assert client.get("/pods/finance/library").status_code == 403


def test_every_call_of_the_api_is_on_its_page(house: House, browser: httpx.Client) -> None:
    page = unescaped(browser.get("/house/api").text)
    document = browser.get("/api/openapi.json").json()
    assert document["paths"]
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert f"<code>{path}</code>" in page
            assert call["summary"] in page, (method, path)
    assert "/pods/{pod}/library" not in page  # the pages are no API


def _link(member: str) -> str:
    return f"/house/members/{member}/link"


def _counted(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in names}


def _labelled(field: str, page: str) -> bool:
    """Whether a form's field has a name that can be heard; hidden ones need none."""
    if 'type="hidden"' in field or " hidden" in field:
        return True
    identifier = re.search(r'id="([^"]+)"', field)
    if identifier and f'for="{identifier[1]}"' in page:
        return True
    before = page[: page.index(field)]
    return before.rfind("<label") > before.rfind("</label>")


def test_the_library_says_how_connectors_are(house: House, htmx: httpx.Client) -> None:
    place = house.pods["family"].folder / "inbox" / "school"
    place.mkdir(parents=True)
    now = datetime.now(UTC)
    state = ConnectorState(name="x", kind="ics", at=now, fetched=now, seen=12, added=2, removed=1)
    folder.put_record(place, state)
    page = unescaped(htmx.get("/pods/family/library").text)
    assert "<strong>School</strong> is fetched from elsewhere: 12 events, 2 new, 1 gone." in page
    failure = FileFailure(path="school", message="<b>it</b> refuses (HTTP 401)", remedy="Ask there")
    folder.put_record(place, state.model_copy(update={"failed": (failure,)}))
    page = htmx.get("/pods/family/library").text
    assert "School could not be fetched" in page
    assert "&lt;b&gt;it&lt;/b&gt; refuses (HTTP 401)." in page
    assert "The copy in use is from" in page
    (place / folder.RECORD).unlink()


def test_the_box_says_which_engine_answers(house: House, owner: httpx.Client) -> None:
    family = house.pods["family"]
    try:
        family.engine = EngineState(engine="large")
        assert "The engine large answers its questions." in owner.get("/house/box").text
        since = datetime(2026, 3, 1, 12, tzinfo=UTC)
        family.engine = EngineState(engine="small", stands_in_for="large", since=since)
        page = owner.get("/house/box").text
        assert "The engine small answers in place of large, which has been away since" in page
    finally:
        family.engine = None
