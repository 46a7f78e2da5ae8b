"""Static files under addresses that change with their content."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hearth.core.errors import BadConfiguration
from hearth.web.assets import Assets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a stylesheet."""
    (tmp_path / "house.css").write_text("p { color: red }")
    return tmp_path


def test_the_address_follows_the_content(folder: Path) -> None:
    before = Assets(folder).url("house.css")
    (folder / "house.css").write_text("p { color: blue }")
    assert Assets(folder).url("house.css") != before


def test_only_the_present_version_may_be_kept_for_ever(folder: Path) -> None:
    assets = Assets(folder)
    client = TestClient(Starlette(routes=[Mount("/static", assets)]))
    kept = client.get(assets.url("house.css"))
    assert "immutable" in kept.headers["cache-control"]
    assert kept.headers["content-type"] == "text/css; charset=utf-8"
    for address in ("/static/house.css", "/static/house.css?v=old"):
        assert client.get(address).headers["cache-control"] == "no-cache"


def test_a_file_that_the_build_left_out_is_named(folder: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"vendor/htmx.*hearth\.web\.vendor"):
        Assets(folder).url("vendor/htmx.min.js")
