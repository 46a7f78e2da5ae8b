"""docs/api.md says what the hub's OpenAPI document says."""

from __future__ import annotations

import os
from pathlib import Path

from hub_house import House

from hearth.hub.app import create_app
from hearth.web.api_markdown import reference

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_page_is_what_the_document_says(tmp_path: Path) -> None:
    document = create_app(House(tmp_path).hub).openapi()
    written = reference(document)
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"### `{method.upper()} {path}`" in written
    if os.environ.get("HEARTH_RENEW_DOCS"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written
