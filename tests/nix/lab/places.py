"""Where the lab's files are."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
STAND_IN = PROJECT / "tests" / "nix" / "stand-in"
RENDERED = PROJECT / "tests" / "rendered"
MODELS = PROJECT / "app" / "hearth" / "inference" / "models.toml"


def cache() -> Path:
    """Return the folder for what is made once and kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hearth"
