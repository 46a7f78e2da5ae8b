"""Answers in JSON, as OpenAI's own client asks for them."""

from __future__ import annotations

import json
from typing import Any, Literal

import openai
from openai_requests import MODEL, ask, text_of
from pydantic import BaseModel, Field

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def test_a_schema_is_satisfied(family: openai.OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
    prompt = [{"role": "user", "content": "Mia is seven. Who is Mia?"}]
    for temperature in (0, 1.5):
        answer = ask(
            family, prompt, response_format=form, max_tokens=200, temperature=temperature, seed=3
        )
        person = json.loads(text_of(answer))
        assert set(person) == {"name", "age"}
        assert isinstance(person["age"], int)


def test_a_json_object_is_one(family: openai.OpenAI) -> None:
    form: Any = {"type": "json_object"}
    answer = ask(family, response_format=form, stop="\n", max_tokens=60)
    assert text_of(answer).startswith("{")


class Room(BaseModel):
    """A room and where one gets to from it."""

    name: Literal["kitchen", "hall", "cellar"]
    doors: list[Literal["kitchen", "hall", "cellar"]] = Field(max_length=2)


class House(BaseModel):
    """A model with a nullable field, an enumeration and references."""

    colour: Literal["grün", "weiß"] | None
    entrance: Room
    exit: Room


def test_a_pydantic_model_is_parsed(family: openai.OpenAI) -> None:
    answer = family.chat.completions.parse(
        model=MODEL,
        messages=[{"role": "user", "content": "Describe a small house."}],
        response_format=House,
        temperature=0,
        max_tokens=400,
    )
    house = answer.choices[0].message.parsed
    assert isinstance(house, House)
    assert house.entrance.name in {"kitchen", "hall", "cellar"}


def test_a_pydantic_model_is_streamed(family: openai.OpenAI) -> None:
    with family.chat.completions.stream(
        model=MODEL,
        messages=[{"role": "user", "content": "Describe a small house."}],
        response_format=House,
        temperature=0,
        max_tokens=400,
    ) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_completion()
    assert isinstance(answer.choices[0].message.parsed, House)
