"""flake.lock says the same as flake.nix: nothing fetches inputs where this project is built."""

from __future__ import annotations

import re

import pytest
from flake_files import ROOT, inputs_of, lock

INPUTS = inputs_of((ROOT / "flake.nix").read_text())
NODES = lock()["nodes"]


def node_of(reference: str | list[str]) -> str:
    """The node that an input is, directly or by following a path from the root."""
    if isinstance(reference, str):
        return reference
    node: str = lock()["root"]
    for step in reference:
        node = node_of(NODES[node]["inputs"][step])
    return node


def url_of(original: dict[str, str]) -> str:
    """An input's URL as flake.nix writes it."""
    url = f"{original['type']}:{original['owner']}/{original['repo']}"
    return f"{url}/{original['ref']}" if "ref" in original else url


def test_the_flake_and_the_lock_have_the_same_inputs() -> None:
    assert NODES["root"]["inputs"].keys() == INPUTS.keys()
    assert INPUTS.keys() == {"disko", "nixos-hardware", "nixpkgs", "poetry2nix", "sops-nix"}


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_an_input_is_locked_from_its_url(name: str) -> None:
    url, _ = INPUTS[name]
    assert url_of(NODES[node_of(NODES["root"]["inputs"][name])]["original"]) == url


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_what_follows_in_the_flake_follows_in_the_lock(name: str) -> None:
    _, follows = INPUTS[name]
    locked = NODES[node_of(NODES["root"]["inputs"][name])].get("inputs", {})
    for inner, target in follows.items():
        assert locked[inner] == target.split("/")
    followed = {inner for inner, to in locked.items() if isinstance(to, list) and len(to) == 1}
    assert followed == follows.keys()


def test_there_is_one_nixpkgs() -> None:
    for node in NODES.values():
        for inner, reference in node.get("inputs", {}).items():
            if inner == "nixpkgs":
                assert node_of(reference) == "nixpkgs"
    assert [name for name in NODES if name.startswith("nixpkgs")] == ["nixpkgs"]


def test_every_node_is_used() -> None:
    reached: set[str] = set()
    waiting = [lock()["root"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [node_of(to) for to in NODES[name].get("inputs", {}).values()]
    assert reached == NODES.keys()


@pytest.mark.parametrize("name", sorted(NODES.keys() - {"root"}))
def test_a_node_is_locked_whole(name: str) -> None:
    locked, original = NODES[name]["locked"], NODES[name]["original"]
    assert re.fullmatch(r"[0-9a-f]{40}", locked["rev"])
    assert re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", locked["narHash"])
    assert isinstance(locked["lastModified"], int)
    assert {key: locked[key] for key in ("owner", "repo", "type")} == {
        key: original[key] for key in ("owner", "repo", "type")
    }
