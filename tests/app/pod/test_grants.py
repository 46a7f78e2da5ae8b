"""Grants: good for one pod, one request and one minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.core.errors import NotSignedIn
from hearth.core.people import Caller, Member, Right, Role
from hearth.pod import grants

KEY = grants.new_key()
CALLER = Caller(
    member=Member(id="anna", name="Anna", role=Role.ADULT),
    pod="family",
    rights=frozenset({Right.ASK}),
)
REQUEST = grants.digest("POST", "/turns", b"{}")


def test_a_grant_names_its_caller() -> None:
    assert grants.verify(KEY, "family", grants.sign(KEY, CALLER, REQUEST), REQUEST) == CALLER


@pytest.mark.parametrize(
    ("key", "pod", "request_digest"),
    [
        (grants.new_key(), "family", REQUEST),
        (KEY, "finance", REQUEST),
        (KEY, "family", grants.digest("POST", "/turns", b"{ }")),
        (KEY, "family", grants.digest("POST", "/turns?x", b"{}")),
        (KEY, "family", grants.digest("GET", "/turns", b"{}")),
    ],
)
def test_another_key_pod_or_request_is_refused(key: bytes, pod: str, request_digest: str) -> None:
    token = grants.sign(KEY, CALLER, REQUEST)
    with pytest.raises(NotSignedIn):
        grants.verify(key, pod, token, request_digest)


def test_an_old_grant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = grants.sign(KEY, CALLER, REQUEST)
    monkeypatch.setattr(grants, "SECONDS", -1)
    with pytest.raises(NotSignedIn):
        grants.verify(KEY, "family", token, REQUEST)


@given(st.text(max_size=200))
def test_no_other_text_is_a_grant(token: str) -> None:
    with pytest.raises(NotSignedIn):
        grants.verify(KEY, "family", token, REQUEST)
