"""From an engine's settings to what its models' processes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearth.config import Settings
from hearth.core.errors import BadConfiguration, NotFound
from hearth.inference.workers.fleet import Offer
from hearth.services.offers import offers

SMALL = "smollm2-135m-instruct"


def offered(models_dir: Path, state: Path, **engine: object) -> dict[str, Offer]:
    """What the engine of a house with these settings may load."""
    settings = Settings.model_validate(
        {
            "models_dir": models_dir,
            "state_dir": state,
            "engines": {"default": {"chat_model": SMALL, **engine}},
        }
    )
    return {offer.spec.name: offer for offer in offers(settings, "default")}


@pytest.fixture(autouse=True)
def no_gpus_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARTH_GPUS", raising=False)


def test_the_engines_own_models_stay(models_dir: Path, tmp_path: Path) -> None:
    found = offered(models_dir, tmp_path)
    assert {name: offer.stays for name, offer in found.items()} == {
        SMALL: True,
        "all-minilm-l6-v2": True,
    }
    assert 100e6 < found[SMALL].bytes < 1e9
    assert found[SMALL].environment == {}


def test_a_model_sees_its_gpus_by_nvidia_smis_numbers(models_dir: Path, tmp_path: Path) -> None:
    found = offered(models_dir, tmp_path, gpus=[1, 3])
    assert found[SMALL].environment["CUDA_VISIBLE_DEVICES"] == "1,3"
    assert found[SMALL].environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_where_a_unit_may_open_some_gpus_only_they_are_counted_from_nought(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTH_GPUS", "3,1")
    found = offered(models_dir, tmp_path, gpus=[3])
    assert found[SMALL].environment["CUDA_VISIBLE_DEVICES"] == "1"
    with pytest.raises(BadConfiguration, match="GPU 2"):
        offered(models_dir, tmp_path, gpus=[2])


def test_a_further_model_that_is_not_here_is_told_of_with_the_remedy(
    models_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = offered(models_dir, tmp_path, models={"qwen3-8b": {}})
    assert "qwen3-8b" not in found
    assert "hearth models pull qwen3-8b" in caplog.text
    with pytest.raises(NotFound):
        offered(models_dir, tmp_path, models={"qwen3-8b": {"stays": True}})
