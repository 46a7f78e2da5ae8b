"""A pod's client sends what must satisfy a schema to the routing model, and words to the other."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from model_server import SURE, served
from model_workers import COMMAND

from hearth.core.ports import ChatMessage
from hearth.inference.client import InferenceClient
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.server.app import create_app
from hearth.inference.workers.collector import FleetCollector
from hearth.inference.workers.fleet import Fleet, Offer

ASKED = [ChatMessage(role=role, content=text) for role, text in SURE]
COLOURS = {"enum": ["red", "blue"]}


def counted(fleet: Fleet) -> dict[str, float]:
    """Requests that each model's process has answered."""
    return {
        sample.labels["model"]: sample.value
        for family in FleetCollector(fleet).collect()
        for sample in family.samples
        if sample.name == "hearth_inference_requests_total" and "model" in sample.labels
    }


def test_a_schema_goes_to_the_routing_model(model_file: Path) -> None:
    offers = [
        Offer(ChatSpec(model_file, name, context=2_048, threads=1), 10**8)
        for name in ("words", "routes")
    ]

    async def scenario(folder: str) -> None:
        fleet = Fleet(offers, COMMAND)
        socket = Path(folder) / "a.sock"
        with served(create_app(fleet), {"a": socket}):
            client = InferenceClient.at_url(
                f"unix://{socket}",
                chat_model="words",
                routing_model="routes",
                embedding_model="none",
            )
            answer = await client.complete(ASKED, schema=COLOURS, max_tokens=8)
            assert json.loads(answer) in COLOURS["enum"]
            assert set(fleet.loaded) == {"routes"}
            assert "Paris" in await client.complete(ASKED, max_tokens=8)
            assert "Paris" in "".join([piece async for piece in client.stream(ASKED)])
            async with asyncio.timeout(30):
                while counted(fleet) != {"routes": 1, "words": 2}:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await client.close()
        await fleet.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(folder))
