"""Ten minutes of eight clients on one model server: no leak, no lost or crossed stream."""

from __future__ import annotations

import pytest
from inference_load import EMBEDDING, MODEL, measured

from hearth.config import Settings
from hearth.inference.models.pull import pull


@pytest.mark.timeout(1_200)
def test_ten_minutes_of_eight_clients() -> None:
    models = Settings().models
    for name in (MODEL, EMBEDDING):
        pull(name, models)
    seen = measured(models, warm=60, seconds=540)
    assert seen.answers.total() > 200
    assert seen.background > 10
    assert seen.left > 10
    assert seen.share > 0.35
    assert abs(seen.growth) < 0.05
