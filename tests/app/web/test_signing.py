"""The door: signing in by password and by link, the way back, and who is turned away."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hub_house import PASSWORD, House

from hearth.web.view import safe_address

PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin"}


def sign_in(client: httpx.Client, login: str, password: str, **more: str) -> httpx.Response:
    return client.post("/sign-in", data={"login": login, "password": password, **more})


def test_a_stranger_is_led_to_the_door_and_back(house: House, anna: str) -> None:
    client = house.client(headers=PAGE)
    led = client.get("/pods/family/library")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=/pods/family/library")
    door = client.get(led.headers["location"])
    assert 'name="next" value="/pods/family/library"' in door.text
    back = sign_in(client, anna, PASSWORD, next="/pods/family/library")
    assert (back.status_code, back.headers["location"]) == (303, "/pods/family/library")
    assert client.get("/pods/family/library").status_code == 200


def test_htmx_is_led_to_the_door_as_a_whole_page(house: House) -> None:
    client = house.client(headers={**PAGE, "hx-request": "true"})
    assert client.get("/pods/family").headers["hx-redirect"] == "/sign-in?next=/pods/family"


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil", "evil", "/a\nb", "\\/evil"]
)
def test_the_way_back_stays_in_the_house(address: str) -> None:
    assert safe_address(address) == "/"


def test_a_wrong_password_keeps_the_name_and_says_so(house: House, anna: str) -> None:
    refused = sign_in(house.client(headers=PAGE), anna, "a wrong password")
    assert refused.status_code == 401
    assert "The name or the password is not right." in refused.text
    assert f'value="{anna}"' in refused.text
    assert "a wrong password" not in refused.text
    assert "set-cookie" not in refused.headers


def test_a_link_waits_for_the_button_and_works_once(house: House, anna: str) -> None:
    link = asyncio.run(house.hub.new_sign_in_link(house.member_id(anna)))
    path = link.url[link.url.index("/sign-in/") :]
    client = house.client(headers=PAGE)
    for _ in range(2):  # a preview of the link does not use it up
        assert f'action="{path}"' in client.get(path).text
    assert client.post(path).headers["location"] == "/"
    assert client.get("/").status_code == 200
    again = house.client(headers=PAGE).post(path)
    assert again.status_code == 401
    assert "This sign-in link has been used already" in again.text


def test_another_site_cannot_sign_a_browser_in_or_out(house: House, anna: str) -> None:
    stranger = house.client(headers={"accept": "text/html", "sec-fetch-site": "cross-site"})
    assert sign_in(stranger, anna, PASSWORD).status_code == 403
    mine = house.browser(anna)
    forged = mine.post("/sign-out", headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403
    assert mine.get("/").status_code == 200


def test_signing_out(browser: httpx.Client) -> None:
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/").headers["location"] == "/sign-in"
