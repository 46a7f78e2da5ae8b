"""What tests of several areas share."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearth.config import Settings
from hearth.inference.models.pull import pull

TEST_MODELS = ("smollm2-135m-instruct", "all-minilm-l6-v2")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The user's own models directory, with the two small models in it."""
    folder = Settings().models
    for name in TEST_MODELS:
        pull(name, folder)
    return folder
