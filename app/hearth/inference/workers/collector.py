"""The metrics of all models' processes as those of one program, each with its model's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from hearth.inference import metrics
from hearth.inference.workers.fleet import Fleet
from hearth.inference.workers.memory import processor_seconds, resident_bytes


class FleetCollector(Collector):
    """Register it once; it asks the processes nothing, since each tells its own every second."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        loaded = dict(self._fleet.loaded)
        texts = {name: worker.process.metrics for name, worker in loaded.items()}
        # This process counts the requests for embeddings; the rest of its own is zero.
        own = generate_latest(metrics.REGISTRY).decode()
        yield from _together([("", own), *texts.items()])
        memory = GaugeMetricFamily(
            "hearth_inference_memory_bytes", "Memory of a loaded model's process.", labels=["model"]
        )
        processor = CounterMetricFamily(
            "hearth_inference_cpu_seconds",
            "Processor time of a loaded model's process.",
            labels=["model"],
        )
        restarts = CounterMetricFamily(
            "hearth_inference_restarts",
            "How often a loaded model's process has died and was started again.",
            labels=["model"],
        )
        for name, worker in loaded.items():
            pid = worker.process.child.pid
            memory.add_metric([name], resident_bytes(pid))
            processor.add_metric([name], processor_seconds(pid))
            restarts.add_metric([name], worker.process.deaths)
        yield from (memory, processor, restarts)


def _together(texts: Iterable[tuple[str, str]]) -> Iterator[Metric]:
    """Families of several expositions, merged, with `model` as a further label."""
    merged: dict[str, Metric] = {}
    for model, text in texts:
        for family in text_string_to_metric_families(text):
            if not family.name.startswith("hearth_inference"):
                continue
            whole = merged.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            for sample in family.samples:
                if model or (sample.labels and not sample.name.endswith("_bucket")):
                    labels = sample.labels | ({"model": model} if model else {})
                    whole.samples.append(sample._replace(labels=labels))
    yield from merged.values()
