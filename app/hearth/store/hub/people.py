"""Everything that the hub's database knows of people, in one hand."""

from __future__ import annotations

from hearth.store.database import Database
from hearth.store.hub.members import Members
from hearth.store.hub.sessions import Sessions, SignInLinks
from hearth.store.hub.tokens import Tokens


class People:
    """The hub's repositories over one database. They block: call them from a worker thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.members = Members(database)
        self.sessions = Sessions(database)
        self.links = SignInLinks(database)
        self.tokens = Tokens(database)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()
