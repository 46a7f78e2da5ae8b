"""Members and their grants, as the hub's database keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hearth.core.errors import Conflict, NotFound
from hearth.core.people import Member, Right, Role
from hearth.store.database import Database
from hearth.store.hub.tables import GrantRow, MemberRow

Grants = Mapping[str, frozenset[Right]]  # by the pod's name


@dataclass(frozen=True)
class MemberRecord:
    """A member with everything that decides what they may do."""

    member: Member
    login: str
    password: str | None  # argon2id; none until one is set
    created: datetime
    disabled: datetime | None
    grants: Grants


class Members:
    """The members of the household. Blocks: call it from a worker thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, login: str) -> MemberRecord | None:
        """The member with this login, in lower case."""
        with self._database.read() as session:
            row = session.scalar(select(MemberRow).where(MemberRow.login == login))
            return _record(session, row) if row else None

    def get(self, member: str) -> MemberRecord:
        """The member with this id; NotFound when there is none."""
        with self._database.read() as session:
            return _record(session, _row(session, member))

    def owner(self) -> MemberRecord | None:
        """The first owner who is not disabled."""
        owners = (MemberRow.role == Role.OWNER, MemberRow.disabled.is_(None))
        with self._database.read() as session:
            row = session.scalar(select(MemberRow).where(*owners).order_by(MemberRow.created))
            return _record(session, row) if row else None

    def all(self) -> list[MemberRecord]:
        """Every member, the oldest first."""
        with self._database.read() as session:
            rows = session.scalars(select(MemberRow).order_by(MemberRow.created, MemberRow.login))
            return [_record(session, row) for row in rows]

    def add(
        self,
        *,
        login: str,
        name: str,
        role: Role,
        grants: Grants,
        password: str | None,
        created: datetime,
    ) -> MemberRecord:
        """A new member; Conflict when the login is taken."""
        row = MemberRow(
            id=uuid4().hex,
            login=login,
            name=name,
            role=role.value,
            password=password,
            created=created,
        )
        try:
            with self._database.write() as session:
                session.add(row)
                session.flush()
                _put_grants(session, row.id, grants)
                return _record(session, row)
        except IntegrityError as error:
            raise Conflict(
                f"there is already a member {login!r}", remedy="Choose another name to sign in."
            ) from error

    def set_grants(self, member: str, grants: Grants) -> MemberRecord:
        """Replace all of a member's grants."""
        with self._database.write() as session:
            row = _row(session, member)
            session.execute(delete(GrantRow).where(GrantRow.member == member))
            _put_grants(session, member, grants)
            return _record(session, row)

    def set_password(self, member: str, password: str) -> None:
        """Keep a new argon2id hash."""
        with self._database.write() as session:
            _row(session, member).password = password

    def disable(self, member: str, at: datetime) -> MemberRecord:
        """Close the door to a member; Conflict for the last owner."""
        with self._database.write() as session:
            row = _row(session, member)
            others = select(MemberRow.id).where(
                MemberRow.role == Role.OWNER, MemberRow.disabled.is_(None), MemberRow.id != member
            )
            if row.role == Role.OWNER and session.scalar(others.limit(1)) is None:
                raise Conflict(
                    "the house would be left without an owner",
                    remedy="Make another member an owner first.",
                )
            row.disabled = row.disabled or at
            return _record(session, row)

    def enable(self, member: str) -> MemberRecord:
        """Open the door to a member again."""
        with self._database.write() as session:
            row = _row(session, member)
            row.disabled = None
            return _record(session, row)


def _row(session: Session, member: str) -> MemberRow:
    row = session.get(MemberRow, member)
    if row is None:
        raise NotFound("there is no such member", remedy="The list of members shows their ids.")
    return row


def _record(session: Session, row: MemberRow) -> MemberRecord:
    grants = session.scalars(select(GrantRow).where(GrantRow.member == row.id))
    return MemberRecord(
        member=Member(id=row.id, name=row.name, role=Role(row.role)),
        login=row.login,
        password=row.password,
        created=row.created,
        disabled=row.disabled,
        grants={grant.pod: known_rights(grant.rights) for grant in grants},
    )


def _put_grants(session: Session, member: str, grants: Grants) -> None:
    for pod, rights in grants.items():
        if rights:
            session.add(GrantRow(member=member, pod=pod, rights=sorted(rights)))
    session.flush()


def known_rights(names: Iterable[str]) -> frozenset[Right]:
    """The stored rights that this version knows; a newer version may have written others."""
    known = {right.value for right in Right}
    return frozenset(Right(name) for name in names if name in known)
