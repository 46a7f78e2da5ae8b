"""A house as the hub's service puts it together: with its pages."""

from __future__ import annotations

from fastapi import FastAPI
from hub_house import House

import hearth.web
from hearth.hub.app import create_app


class HouseWithPages(House):
    """The hub as its service puts it together."""

    def app(self) -> FastAPI:
        """The API and the pages."""
        app = create_app(self.hub, hearth.web.html_error)
        hearth.web.install(app, self.hub)
        return app
