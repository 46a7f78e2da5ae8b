"""A minute of what tests/long/test_inference_load.py does for ten."""

from __future__ import annotations

from pathlib import Path

from inference_load import measured


def test_a_minute_of_eight_clients(models_dir: Path) -> None:
    seen = measured(models_dir, warm=20, seconds=40)
    assert seen.answers.total() > 20
    assert seen.left
    assert seen.share > 0.33
    assert abs(seen.growth) < 0.05
