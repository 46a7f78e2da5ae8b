"""One tree of errors: a code for machines, a sentence, a place and a remedy for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class HearthError(Exception):
    """Anything Hearth refuses or cannot do, in words fit to show a member.

    `code` is stable and machine-readable, `status` is the HTTP status at the edge, `retryable`
    says whether the same request may succeed later. `where` names the place (a file and line, a
    configuration key) and `remedy` what to do about it.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy
        self.retry_after = retry_after  # seconds

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        stop = "" if self.message.endswith((".", "?", "!", ":")) else "."
        remedy = f"{stop} {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"

    def problem(self) -> dict[str, Any]:
        """The error as an RFC 9457 problem document, with our `code`, `where` and `remedy`."""
        fields = {
            "type": "about:blank",
            "title": (type(self).__doc__ or "").partition(".")[0],
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "where": self.where,
            "remedy": self.remedy,
            "retryable": self.retryable,
        }
        return {key: value for key, value in fields.items() if value is not None}


class BadInput(HearthError):
    """The input cannot be used."""

    code = "bad_input"
    status = 422


class TooLarge(BadInput):
    """The input is larger than what is accepted."""

    code = "too_large"
    status = 413


class NotSignedIn(HearthError):
    """No valid sign-in or token came with the request."""

    code = "not_signed_in"
    status = 401


class NotAllowed(HearthError):
    """The member's rights do not cover this."""

    code = "not_allowed"
    status = 403


class NotFound(HearthError):
    """There is no such thing, or not for this member."""

    code = "not_found"
    status = 404


class Conflict(HearthError):
    """The state has moved on since this was asked."""

    code = "conflict"
    status = 409


class Busy(HearthError):
    """Too much is being asked at once."""

    code = "busy"
    status = 429
    retryable = True


class Unavailable(HearthError):
    """A part of Hearth that this needs is not answering."""

    code = "unavailable"
    status = 503
    retryable = True


class StorageFull(HearthError):
    """There is no room left on the disk."""

    code = "storage_full"
    status = 507
    retryable = True


class Damaged(HearthError):
    """Stored data or a file is not what it should be."""

    code = "damaged"
    status = 500


class BadConfiguration(HearthError):
    """The configuration cannot be used."""

    code = "bad_configuration"
    status = 500


def from_problem(problem: Mapping[str, Any], otherwise: str) -> HearthError:
    """The error that `HearthError.problem` described; `otherwise` says what it is without one."""
    kinds = {kind.code: kind for kind in HearthError.__subclasses__()} | {TooLarge.code: TooLarge}
    kind = kinds.get(str(problem.get("code")), HearthError)
    return kind(
        str(problem.get("detail") or otherwise),
        where=problem.get("where"),
        remedy=problem.get("remedy"),
    )
