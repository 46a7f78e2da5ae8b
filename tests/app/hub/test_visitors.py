"""A token never widens what its member may do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hearth.core.people import Right
from hearth.hub.visitors import narrowed

NAMES = ("family", "finance", "study")
PODS = st.sampled_from(NAMES)
RIGHTS = st.frozensets(st.sampled_from(list(Right)))


@given(st.dictionaries(PODS, RIGHTS), st.frozensets(PODS), RIGHTS)
def test_what_is_left_is_in_the_grants_and_in_the_scope(
    grants: dict[str, frozenset[Right]], pods: frozenset[str], rights: frozenset[Right]
) -> None:
    left = narrowed(grants, pods, rights)
    for pod in NAMES:
        for right in Right:
            wanted = pod in pods and right in rights and right in grants.get(pod, frozenset())
            assert (right in left.get(pod, frozenset())) is wanted
    assert all(left.values())
