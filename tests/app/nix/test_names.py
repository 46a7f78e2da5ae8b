"""Package names are found the ways that NixOS modules mention them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.names import Names, collect, read, without_comments


def _read(text: str, *, boots: bool = False) -> Names:
    names = Names()
    read(names, text, boots=boots)
    return names


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x = pkgs.restic;", {"restic": {}}),
        ("x = pkgs.perlPackages.DBI;", {"perlPackages": {"DBI": {}}}),
        ("inherit (pkgs) jq sqlite;", {"jq": {}, "sqlite": {}}),
        ("x = with pkgs; [ curl jq ];", {"curl": {}, "jq": {}}),
        ('x = mkPackageOption pkgs "caddy" { };', {"caddy": {}}),
        ('x = mkPackageOption pkgs [ "a" "b" ] { };', {"a": {"b": {}}}),
        ("x = pkgs.buildPackages.zstd;", {"zstd": {}}),
    ],
)
def test_a_mention_is_a_name(text: str, tree: dict[str, object]) -> None:
    assert _read(text).tree == tree


def test_comments_mention_nothing() -> None:
    assert without_comments("a # pkgs.b\n/* pkgs.c */ d").split() == ["a", "d"]
    assert _read("# pkgs.nothing\n").tree == {}


def test_what_is_called_is_a_function_and_what_is_read_an_attribute() -> None:
    names = _read("x = pkgs.runThing { }; y = cfg.package.passthruThing;")
    assert names.functions == {"runThing"}
    assert names.attributes == {"passthruThing"}


def test_systemds_units_are_looked_for_where_they_are_listed() -> None:
    assert _read('[ "dbus.socket" ]').units == set()
    assert _read('[ "dbus.socket" ]', boots=True).units == {"dbus.socket"}


def test_a_folder_and_more_names_come_together_without_the_sets_furniture(tmp_path: Path) -> None:
    (tmp_path / "one.nix").write_text("[ pkgs.jq pkgs.stdenv.cc pkgs.lib.version ]")
    (tmp_path / "other.txt").write_text("pkgs.never")
    names = collect([tmp_path], "# a comment\nqrencode\nperlPackages.DBI  # why\n")
    assert json.loads(names.json())["tree"] == {
        "jq": {},
        "qrencode": {},
        "perlPackages": {"DBI": {}},
    }
