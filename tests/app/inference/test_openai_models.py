"""Which models there are, for whom they work first, and what they forget."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai_requests import EMBEDDING, MODEL, ask, stream
from scripted_engine import NAME, stage


def test_the_models_are_listed(family: openai.OpenAI) -> None:
    assert [model.id for model in family.models.list()] == [MODEL, EMBEDDING]


def test_an_adapter_is_asked_for_by_name() -> None:
    with stage(adapters=("letters", "maths")) as on:
        listed = [model.id for model in on.openai.models.list()]
        assert listed == [NAME, f"{NAME}:letters", f"{NAME}:maths"]
        for model, adapter in ((NAME, None), (f"{NAME}:maths", "maths")):
            on.engine.says("Yes.")
            assert ask(on.openai, model=model).model == model
            assert on.work.adapter == adapter
        for unknown in (f"{NAME}:art", "other:maths", "maths"):
            with pytest.raises(openai.NotFoundError) as caught:
                ask(on.openai, model=unknown)
            assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("asked", "background", "told"),
    [
        (None, False, None),
        ("auto", False, "default"),
        ("default", False, "default"),
        ("priority", False, "default"),
        ("flex", True, "flex"),
    ],
)
def test_flex_is_background_work(asked: str | None, background: bool, told: str | None) -> None:
    tier: dict[str, Any] = {} if asked is None else {"service_tier": asked}
    with stage() as on:
        on.engine.says("Yes.")
        assert ask(on.openai, model=NAME, **tier).service_tier == told
        assert on.work.background == background
        on.engine.says("Yes.")
        assert {chunk.service_tier for chunk in stream(on.openai, model=NAME, **tier)} == {told}


def test_a_caller_is_forgotten() -> None:
    with stage() as on:
        answer = on.http.delete("/v1/cache")
    assert answer.status_code == 204
    assert answer.content == b""
    assert on.engine.forgotten == ["family"]


def test_forgetting_empties_a_callers_cache(family: openai.OpenAI) -> None:
    secret = [{"role": "user", "content": "My word is xylophone. " * 8}]

    def cached() -> int:
        usage = ask(family, secret, max_tokens=1).usage
        assert usage is not None
        assert usage.prompt_tokens_details is not None
        return usage.prompt_tokens_details.cached_tokens or 0

    cached()
    assert cached() > 40
    assert family.delete("/cache", cast_to=type(None)) is None
    assert cached() < 40
