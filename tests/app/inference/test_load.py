"""A minute of what tests/long/test_inference_load.py does for ten."""

from __future__ import annotations

from pathlib import Path

from inference_load import measured


def test_a_minute_of_eight_clients(models_dir: Path) -> None:
    seen = measured(models_dir, warm=10, seconds=50)
    assert seen.answers.total() > 20
    assert seen.left
    assert seen.share > 0.3  # first come, first served would give a quarter
    assert abs(seen.growth) < 0.05
