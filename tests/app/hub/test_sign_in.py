"""Coming in: passwords, one-time links, sessions, and requests that other sites forge."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from hub_house import PASSWORD, House


def test_a_password_opens_a_session_and_signing_out_ends_it(house: House, anna: str) -> None:
    browser = house.client(headers={"Sec-Fetch-Site": "same-origin"})
    answer = browser.post("/api/v1/sign-in", json={"login": anna.upper(), "password": PASSWORD})
    assert answer.json()["login"] == anna
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("hearth=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert browser.get("/api/v1/me").json()["via"] == "session"
    assert browser.post("/api/v1/sign-out").status_code == 204
    assert browser.get("/api/v1/me").status_code == 401
    old = house.client(headers={"Cookie": cookie.partition(";")[0]})
    assert old.get("/api/v1/me").status_code == 401


def test_behind_tls_the_cookie_is_bound_to_the_host(strict_house: House) -> None:
    body = {"login": "owner", "password": PASSWORD}
    cookie = strict_house.client().post("/api/v1/sign-in", json=body).headers["set-cookie"]
    assert cookie.startswith("__Host-hearth=")
    assert {"Secure", "Path=/", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_a_wrong_name_and_a_wrong_password_look_the_same(house: House, anna: str) -> None:
    client = house.client()
    answers = [
        client.post("/api/v1/sign-in", json={"login": login, "password": "not this one"})
        for login in (anna, "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert "set-cookie" not in answers[0].headers


def test_a_failed_sign_in_is_one_line_that_the_visitor_cannot_shape(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "x address=203.0.113.9\nsign-in failed login=y address=203.0.113.9"
    with caplog.at_level(logging.WARNING):
        house.client().post("/api/v1/sign-in", json={"login": forged, "password": "wrong"})
    lines = [record.getMessage() for record in caplog.records if "sign-in" in record.getMessage()]
    assert len(lines) == 1
    assert lines[0].startswith("sign-in failed login=x?address?203.0.113.9?sign-in?failed")
    assert lines[0].endswith(" address=127.0.0.1")
    assert lines[0].count(" address=") == 1
    assert "\n" not in lines[0]


def test_too_many_attempts_have_to_wait(strict_house: House) -> None:
    client = strict_house.client()
    wrong = {"login": "owner", "password": "guess"}
    codes = [client.post("/api/v1/sign-in", json=wrong).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    right = client.post("/api/v1/sign-in", json={"login": "owner", "password": PASSWORD})
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1
    assert "Try again in" in right.json()["remedy"]


def test_a_link_signs_in_once(house: House, anna: str) -> None:
    member = house.console(anna).get("/api/v1/me").json()["member"]["id"]
    link = house.console().post(f"/api/v1/members/{member}/sign-in-link", json={"minutes": 15})
    assert link.status_code == 201
    assert link.json()["url"].startswith(f"http://{house.settings.hub.listen}/sign-in/")
    secret = {"secret": link.json()["url"].rpartition("/")[2]}
    assert house.client().post("/api/v1/sign-in/link", json=secret).json()["login"] == anna
    again = house.client().post("/api/v1/sign-in/link", json=secret)
    assert again.status_code == 401
    assert "used already" in again.json()["detail"]


def test_an_expired_link_says_so(house: House, anna: str) -> None:
    member = house.member_id(anna)
    link = asyncio.run(house.hub.new_sign_in_link(member, 15))
    with house.later(timedelta(minutes=16)):
        answer = house.client().post(
            "/api/v1/sign-in/link", json={"secret": link.url.rpartition("/")[2]}
        )
    assert answer.status_code == 401
    assert "has expired" in answer.json()["detail"]


def test_a_session_ends_after_its_days(house: House, anna: str) -> None:
    browser = house.browser(anna)
    with house.later(timedelta(days=house.settings.hub.session_days)):
        answer = browser.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("this sign-in ended on 20")


def test_a_new_password_ends_the_other_sessions(house: House, anna: str) -> None:
    here, there = house.browser(anna), house.browser(anna)
    new = "eight red tricycles"
    wrong = here.put("/api/v1/password", json={"current": "guess", "new": new})
    assert wrong.status_code == 403
    short = here.put("/api/v1/password", json={"current": PASSWORD, "new": "short"})
    assert short.status_code == 422
    assert here.put("/api/v1/password", json={"current": PASSWORD, "new": new}).status_code == 204
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/api/v1/me").status_code == 401
    body = {"login": anna, "password": new}
    assert house.client().post("/api/v1/sign-in", json=body).status_code == 200


def test_a_member_sees_and_ends_their_own_sessions(house: House, anna: str) -> None:
    here, there = house.browser(anna), house.browser(anna)
    stranger = house.browser(house.add_member())
    listed = here.get("/api/v1/sessions").json()
    assert sorted(one["current"] for one in listed) == [False, True]
    other = next(one["id"] for one in listed if not one["current"])
    assert stranger.delete(f"/api/v1/sessions/{other}").status_code == 404
    assert here.delete(f"/api/v1/sessions/{other}").status_code == 204
    assert there.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "OWN"}, 403),
        ({"Origin": "OWN"}, 204),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_session_acts_only_from_our_own_page(
    house: House, anna: str, headers: dict[str, str], status: int
) -> None:
    browser = house.browser(anna)
    del browser.headers["Sec-Fetch-Site"]
    sent = {name: value.replace("OWN", house.url) for name, value in headers.items()}
    assert browser.get("/api/v1/me", headers=sent).status_code == 200
    assert browser.post("/api/v1/sign-out", headers=sent).status_code == status


def test_another_site_cannot_sign_a_browser_in(house: House, anna: str) -> None:
    body = {"login": anna, "password": PASSWORD}
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = house.client().post("/api/v1/sign-in", json=body, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_console_stands_for_the_owner_or_a_named_member(house: House, anna: str) -> None:
    assert house.console().get("/api/v1/me").json()["login"] == "owner"
    assert house.console(anna).get("/api/v1/me").json() | {"member": None} == {
        "member": None,
        "login": anna,
        "via": "console",
        "pods": house.console(anna).get("/api/v1/me").json()["pods"],
    }
    assert house.console("nobody").get("/api/v1/me").status_code == 404


def test_only_the_console_may_name_its_member(house: House, anna: str) -> None:
    named = house.client(headers={"X-Hearth-Member": anna})
    assert named.get("/api/v1/me").status_code == 401
