"""The driver's parts that need neither root nor a container."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from driver import __main__ as driver_program
from driver.debian_layout import hosts, network, want
from driver.errors import MachineError, NotHere
from driver.machine import Machine
from driver.script import names, run_script
from driver.specification import DebianNode, NixosNode, Specification, specification
from driver.store import PREFIX, fill_store, target
from driver.store import names as store_names
from driver.waiting import retry


def _spec(tmp_path: Path) -> Specification:
    text = {
        "name": "t",
        "root": "/root",
        "script": "pass",
        "store": "/store",
        "nodes": {
            "client": {"tree": None, "vlans": [1, 2]},
            "box": {"tree": "box", "enable": ["caddy.service"], "binds": {"/opt/x": "x"}},
            "real": {"toplevel": "/nix/store/y"},
        },
    }
    return specification(json.dumps(text), tmp_path)


def test_nodes_are_numbered_by_name_and_paths_begin_at_the_file(tmp_path: Path) -> None:
    spec = _spec(tmp_path)
    box, client, real = spec.nodes
    assert [node.name for node in spec.nodes] == ["box", "client", "real"]
    assert box.kind == DebianNode(tmp_path / "box", ("caddy.service",))
    assert box.binds == {"/opt/x": tmp_path / "x"}
    assert real.kind == NixosNode("/nix/store/y")
    assert (client.address(1), client.address(2)) == ("192.168.1.2", "192.168.2.2")


def test_machines_know_each_other_by_name(tmp_path: Path) -> None:
    spec = _spec(tmp_path)
    assert "192.168.1.2 client" in hosts(spec, spec.nodes[0])
    assert "192.168.1.1 box" not in hosts(spec, spec.nodes[0])
    assert "Address=192.168.2.2/24" in network(spec.nodes[1], "eth2", 2)


def test_a_unit_is_wanted_by_the_target_of_its_kind(tmp_path: Path) -> None:
    for unit in ("a.service", "a.socket", "a.timer"):
        want(tmp_path, unit, f"/usr/lib/systemd/system/{unit}")
    made = {link.relative_to(tmp_path).as_posix() for link in tmp_path.rglob("a.*")}
    assert made == {
        "multi-user.target.wants/a.service",
        "sockets.target.wants/a.socket",
        "timers.target.wants/a.timer",
    }


def test_store_names_are_debians_files_or_the_projects_own() -> None:
    assert store_names([f"{PREFIX}jq/bin/jq {PREFIX}hearth-light/bin/python"]) == {
        "jq",
        "hearth-light",
    }
    assert target("hearth-light") == "/opt/hearth/light"
    assert target("hearth-weights-qwen3-4b") == "/opt/hearth/weights/qwen3-4b"
    assert target("jq") == "debian"


def test_a_rendering_gets_its_store(tmp_path: Path) -> None:
    root, tree = tmp_path / "root", tmp_path / "tree"
    for place in ("usr/bin", "usr/sbin", "nix/store"):
        (root / place).mkdir(parents=True)
    (root / "usr/bin/jq").touch()
    (root / "usr/sbin/nft").touch()
    (tree / "store").mkdir(parents=True)
    (tree / "store/script").write_text(f"{PREFIX}jq/bin/jq\n{PREFIX}nftables/bin/nft")
    fill_store(tree, root)
    below = root / PREFIX.lstrip("/")
    assert Path(f"{below}script").read_text().startswith(PREFIX)
    assert Path(f"{below}jq").readlink() == Path("debian")
    # Programs of bin and sbin are in one place, as they are in a package of nixpkgs.
    assert Path(f"{below}nftables/bin/nft").readlink() == Path("/usr/sbin/nft")


def test_waiting_ends() -> None:
    tries: list[bool] = []

    def never(last: bool) -> bool:
        tries.append(last)
        return False

    with pytest.raises(MachineError, match="timed out"):
        retry(never, 0)
    assert tries == [True]
    retry(lambda _last: True, 0)


def test_a_script_finds_the_names_of_nixpkgs_driver() -> None:
    found = names([])
    wanted = {"start_all", "join_all", "subtest", "machines", "log", "retry", "t", "Machine"}
    assert wanted <= set(found)
    with pytest.raises(ValueError, match="asked for"):
        run_script("with subtest('x'):\n    raise ValueError('asked for')", [])


def test_what_only_a_vm_has_is_refused_by_name() -> None:
    machine = Machine.__new__(Machine)
    with pytest.raises(NotHere, match="send_key"):
        machine.send_key("ret")


def test_runs_wait_for_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_program, "_LOCK", tmp_path / "lock")

    def taken() -> bool:
        with (tmp_path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    with driver_program._alone():
        assert taken()
    assert not taken()
