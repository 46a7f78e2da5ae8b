"""The committed rendering is that of the committed sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.places import PROJECT, RENDERED
from lab.stamp import digest, sources, stale, stamp


def _project(folder: Path) -> Path:
    (folder / "modules").mkdir()
    (folder / "modules/one.nix").write_text("{ }")
    (folder / "tests/nixos").mkdir(parents=True)
    (folder / "tests/nixos/chat.nix").write_text("{ }")
    (folder / "tests/nixos/chat.py").write_text("pass")
    (folder / "flake.nix").write_text("{ }")
    return folder


def test_a_stamp_covers_what_is_rendered_and_not_the_scripts(tmp_path: Path) -> None:
    project = _project(tmp_path)
    names = [file.relative_to(project).as_posix() for file in sources(project)]
    assert names == ["flake.nix", "modules/one.nix", "tests/nixos/chat.nix"]


def test_a_changed_or_renamed_file_makes_another_stamp(tmp_path: Path) -> None:
    project = _project(tmp_path)
    before = digest(project, sources(project))
    (project / "modules/one.nix").rename(project / "modules/two.nix")
    renamed = digest(project, sources(project))
    (project / "modules/two.nix").write_text("{ a = 1; }")
    assert len({before, renamed, digest(project, sources(project))}) == 3


def test_staleness_names_the_remedy(tmp_path: Path) -> None:
    project = _project(tmp_path)
    text = json.dumps(stamp(project, "unknown"))
    assert stale(project, text) is None
    (project / "flake.nix").write_text("{ a = 1; }")
    assert "make render" in (stale(project, text) or "")


def test_the_committed_rendering_is_fresh() -> None:
    file = RENDERED / "STAMP.json"
    if not file.exists() and not (PROJECT / "modules").exists():
        pytest.skip("there are no modules to render")
    assert stale(PROJECT, file.read_text()) is None, stale(PROJECT, file.read_text())
