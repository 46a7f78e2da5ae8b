"""The first members of a house, made once and left alone afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hearth.config import Settings
from hearth.core.people import Right, Role
from hearth.store.database import Database
from hearth.store.hub.members import Grants
from hearth.store.hub.people import People


@dataclass(frozen=True)
class Seed:
    """A member that the house starts with."""

    login: str
    name: str
    role: Role
    grants: Mapping[str, frozenset[Right]] = field(default_factory=dict)


OWNER = Seed("owner", "Owner", Role.OWNER)


def seeds_of(settings: Settings) -> list[Seed]:
    """The members that the settings name, or an owner where they name none."""
    seeds = [
        Seed(login, member.name, member.role, member.grants)
        for login, member in settings.members.items()
    ]
    return seeds or [OWNER]


def ensure_members(settings: Settings, seeds: Iterable[Seed] | None = None) -> list[str]:
    """The ids of the seeded members, made where they are missing; the schema must be there."""
    database = Database(settings.hub_dir / "hub.sqlite3")
    try:
        return [
            ensure_member(database, seed.login, seed.name, seed.role, seed.grants)
            for seed in (seeds_of(settings) if seeds is None else seeds)
        ]
    finally:
        database.close()


def ensure_member(database: Database, login: str, name: str, role: Role, grants: Grants) -> str:
    """The id of the member with this login. One who is there keeps what people have changed."""
    members = People(database).members
    record = members.find(login) or members.add(
        login=login,
        name=name,
        role=role,
        grants=grants,
        password=None,
        created=datetime.now(UTC),
    )
    return record.member.id
