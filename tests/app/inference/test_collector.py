"""The metrics of all models' processes, told as those of one program."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import prometheus_client
import pytest
from engine_asking import answered, question
from model_server import wait_until
from model_workers import COMMAND
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from hearth.inference import metrics
from hearth.inference.engine.spec import ChatSpec
from hearth.inference.workers.collector import FleetCollector
from hearth.inference.workers.fleet import Fleet, Offer

TOKENS = "hearth_inference_completion_tokens"
MEMORY = "hearth_inference_memory_bytes"


class Told:
    """What a scrape says."""

    def __init__(self, fleet: Fleet) -> None:
        registry = prometheus_client.CollectorRegistry()
        registry.register(FleetCollector(fleet))
        text = prometheus_client.generate_latest(registry).decode()
        self.families: list[Metric] = list(text_string_to_metric_families(text))

    def values(self, family: str, sample: str = "") -> dict[tuple[str, ...], float]:
        """Values by model and caller; what other tests counted in this process has no model."""
        return {
            (one.labels["model"], one.labels.get("caller", "")): one.value
            for found in self.families
            if found.name == family
            for one in found.samples
            if one.name == (sample or family) and "model" in one.labels
        }


@contextmanager
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def two(model_file: Path) -> Iterator[tuple[Fleet, asyncio.Runner]]:
    """Two models; the family has asked the first for 3 tokens, and study the second for 2."""
    offers = [
        Offer(ChatSpec(model_file, name, context=2_048, threads=1), 10**8) for name in ("a", "b")
    ]
    with loop() as runner:
        fleet = Fleet(offers, COMMAND)

        async def ask() -> None:
            for name, caller, tokens in (("a", "family", 3), ("b", "study", 2), ("b", "study", 2)):
                work = question("Count to ten.", caller=caller, max_tokens=tokens)
                await answered(await (await fleet.chat(name)).start(work))

        runner.run(ask())
        wait_until(lambda: Told(fleet).values(TOKENS, f"{TOKENS}_total").get(("b", "study")) == 4)
        yield fleet, runner
        runner.run(fleet.close())


def test_no_family_comes_twice_and_each_process_has_its_label(
    two: tuple[Fleet, asyncio.Runner],
) -> None:
    told = Told(two[0])
    names = [family.name for family in told.families]
    assert len(names) == len(set(names))
    assert all(name.startswith("hearth_inference_") for name in names)
    assert told.values(TOKENS, f"{TOKENS}_total") == {("a", "family"): 3, ("b", "study"): 4}
    seen = [
        (sample.name, *sorted(sample.labels.items()))
        for family in told.families
        for sample in family.samples
    ]
    assert len(seen) == len(set(seen))


def test_histograms_stay_whole(two: tuple[Fleet, asyncio.Runner]) -> None:
    for family in Told(two[0]).families:
        if family.type != "histogram":
            continue
        for model in ("a", "b"):
            own = [one for one in family.samples if one.labels.get("model") == model]
            buckets = [one.value for one in own if one.name.endswith("_bucket")]
            (count,) = [one.value for one in own if one.name.endswith("_count")]
            assert buckets == sorted(buckets)
            assert buckets[-1] == count > 0


def test_memory_is_told_for_each_model(two: tuple[Fleet, asyncio.Runner]) -> None:
    values = Told(two[0]).values(MEMORY)
    assert set(values) == {("a", ""), ("b", "")}
    assert all(value > 50_000_000 for value in values.values())


def test_what_this_process_counts_itself_is_told(two: tuple[Fleet, asyncio.Runner]) -> None:
    metrics.REQUESTS.labels("embedding", "family", "ok").inc()
    told = Told(two[0]).families
    (requests,) = [family for family in told if family.name == "hearth_inference_requests"]
    kinds = {(one.labels["kind"], one.labels.get("model")) for one in requests.samples}
    assert {("embedding", None), ("chat", "a"), ("chat", "b")} <= kinds


def test_a_dead_process_is_told_without_its_figures(two: tuple[Fleet, asyncio.Runner]) -> None:
    fleet, _ = two
    worker = fleet.loaded["a"]
    assert worker.process.child.pid
    os.kill(worker.process.child.pid, signal.SIGKILL)
    wait_until(lambda: not worker.healthy())
    told = Told(fleet)
    assert set(told.values(TOKENS, f"{TOKENS}_total")) == {("b", "study")}
    assert ("a", "") in told.values(MEMORY)
    wait_until(worker.healthy)
    wait_until(lambda: worker.process.metrics != "")
    assert ("b", "study") in Told(fleet).values(TOKENS, f"{TOKENS}_total")
