"""The lab's root, its tree of modules and its words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lab.inputs import missing, required
from lab.mirror import debian_mirror
from lab.mistakes import judge, tried
from lab.nix import quoted, sources, version
from lab.nixpkgs import nixpkgs
from lab.packages import LIST, packages, root_key
from lab.said import LabError
from lab.test_scripts import with_places
from lab.words import cause, table


def test_a_package_list_says_each_name_once() -> None:
    assert packages("# a group\n\ncaddy  # why\nrestic\ncaddy\n") == ["caddy", "restic"]
    assert {"caddy", "nix-bin", "systemd"} <= set(packages(LIST.read_text()))


def test_the_order_of_packages_makes_no_other_root() -> None:
    assert root_key(["a", "b"]) == root_key(["b", "a"])
    assert root_key(["a", "b"]) != root_key(["a", "c"])


def test_the_mirror_is_debians_own_archive() -> None:
    sites = (
        "http://tools.example/apt/\tTools\tmain\n"
        "http://mirror.example/debian-security/\tDebian\tmain\n"
        "http://mirror.example/debian/\tDebian\tmain\n"
    )
    assert debian_mirror(sites) == "http://mirror.example/debian"
    with pytest.raises(LabError, match="apt names no Debian archive"):
        debian_mirror("http://tools.example/apt/\tTools\tmain\n")


def test_without_nixpkgs_one_line_says_how_to_get_one() -> None:
    with pytest.raises(LabError, match="NIXPKGS=DIR") as refused:
        nixpkgs(None)
    assert "\n" not in str(refused.value)


def test_both_layouts_of_nixpkgs_are_known(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="holds no nixpkgs"):
        nixpkgs(str(tmp_path))
    (tmp_path / "nixos").mkdir()
    (tmp_path / "pkgs").mkdir()
    assert nixpkgs(str(tmp_path)).builders == tmp_path / "pkgs"
    (tmp_path / "nixpkgs/nixos").mkdir(parents=True)
    (tmp_path / "SOURCE").write_text("nixos-25.05 of 2025-03\n")
    split = nixpkgs(str(tmp_path))
    assert (split.tree, split.builders) == (tmp_path / "nixpkgs", tmp_path / "aux/pkgs")
    assert split.source == "nixos-25.05 of 2025-03"
    assert split.inputs is None
    (tmp_path / "inputs").mkdir()
    assert nixpkgs(str(tmp_path)).inputs == tmp_path / "inputs"


def test_values_become_nix() -> None:
    assert quoted(Path("/a b")) == '(/. + "/a b")'
    assert quoted(["x", None]) == '[ "x" null ]'
    assert quoted({"a": {"b": "c"}, "d": None}) == '{ a = { b = "c"; }; d = null; }'
    assert quoted("${x}") == '"\\${x}"'


def test_a_version_is_read_and_none_is_none() -> None:
    assert version("nix-instantiate (Nix) 2.26.3") == (2, 26)
    assert version("") == (0, 0)


def test_the_last_error_is_the_cause() -> None:
    said = "error:\n  … while evaluating\n\n  error: The option `a.b' does not\n  exist."
    assert cause(said) == "The option `a.b' does not exist."
    assert "more-names.txt" in cause("error: attribute 'restick' missing")


def test_a_table_is_aligned() -> None:
    assert table([["a", "b"], ["long", "x"]]) == "a     b\n-------\nlong  x"


def test_a_mistake_is_right_only_where_its_words_match() -> None:
    listed = {"caught": "share the directory"}
    assert judge("m", listed, {"failed": ["pods a and b share the\n directory x"]}).right
    assert not judge("m", listed, "error: something else").right
    assert not judge("m", listed, {"failed": []}).right
    assert judge("m", {"caught": None}, {"failed": []}).right
    assert not judge("m", {"caught": None}, "error: caught all the same").right


def test_a_mistake_that_a_stand_in_takes_is_not_tried() -> None:
    listed = {"typo": {"input": None}, "size": {"input": "disko"}, "mode": {"input": "sops-nix"}}
    origins = {"disko": "real, as locked", "sops-nix": "stand-in"}
    assert tried(listed, origins).keys() == {"typo", "size"}


def test_what_poetry2nix_has_no_file_for_is_found(tmp_path: Path) -> None:
    text = 'Jinja2==3.1 ; a \\\n    --hash=x\ncolorama==1 ; platform_system == "Windows"\n'
    assert required(text) == {"jinja2"}
    folder = tmp_path / "app/requirements"
    folder.mkdir(parents=True)
    for name, line in (("base", text), ("sample", "reportlab==5\n"), ("systemd", "packaging==1\n")):
        (folder / f"{name}.txt").write_text(line)
    assert missing({"jinja2": {}}, tmp_path) == ["reportlab"]


def test_machines_get_their_places() -> None:
    given = '{"name": "t", "nodes": {"box": {"toplevel": "/nix/store/x"}}}'
    spec = with_places(given, Path("/root"), Path("/store"), "/env")
    assert '"binds": {"/opt/hearth": "/env"}' in spec
    assert "binds" not in with_places(given, Path("/root"), Path("/store"), None)


def test_what_git_ignores_is_no_source(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "modules").mkdir(parents=True)
    (project / ".gitignore").write_text("build\n")
    (project / "modules" / "default.nix").write_text("{ }")
    (project / "build").write_bytes(b"weights")
    subprocess.run(["git", "-C", str(project), "init", "-q"], check=True)
    copy = sources(project, tmp_path / "copy")
    found = {str(file.relative_to(copy)) for file in copy.rglob("*") if file.is_file()}
    assert found == {".gitignore", "modules/default.nix"}
