"""What a switch of a Debian machine from one rendering to another does, and what it lays out."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import versions
from driver.plan import Plan, differ, parse, plan, version
from driver.rendering import replace
from driver.specification import DebianNode
from driver.store import PREFIX
from driver.switch import failed
from lab.rendering import whole

UNITS = "etc/systemd/system"


def write(tree: Path, name: str, text: str) -> None:
    """A file of a rendering."""
    file = tree / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two renderings that are the same."""
    for tree in (tmp_path / "old", tmp_path / "new"):
        write(tree, f"{UNITS}/a.service", f"[Unit]\nX-Restart-Triggers={PREFIX}triggers\n")
        write(tree, f"{UNITS}/b.service", "[Service]\nExecStart=/b\n")
        write(tree, f"{UNITS}/b.socket", "[Socket]\nListenStream=/b\n")
        write(tree, f"{UNITS}/caddy.service.d/hearth.conf", "[Service]\nUMask=0077\n")
        write(tree, "etc/caddy/Caddyfile", "a\n")
        write(tree, "store/triggers", f"{PREFIX}hearth.toml")
        write(tree, "store/hearth.toml", "x = 1\n")
        write(tree, "arguments.json", '{"prometheus": ["--flag"]}')
    return tmp_path / "old", tmp_path / "new"


def planned(two: tuple[Path, Path], *running: str) -> Plan:
    """What a switch does while some units run."""
    return plan(version(two[0]), version(two[1]), set(running))


ALL = ("a.service", "b.service", "b.socket", "caddy.service", "prometheus.service", "x.service")


def test_nothing_happens_to_what_is_the_same(two: tuple[Path, Path]) -> None:
    assert planned(two, *ALL) == Plan()


def test_changed_unit_is_stopped_and_started_but_only_where_it_runs(two: tuple[Path, Path]) -> None:
    write(two[1], f"{UNITS}/a.service", "[Service]\nExecStart=/other\n")
    assert planned(two, *ALL) == Plan(stop={"a.service"}, start={"a.service"})
    assert planned(two, "b.service") == Plan()


def test_changed_file_of_the_store_changes_what_names_it(two: tuple[Path, Path]) -> None:
    write(two[1], "store/hearth.toml", "x = 2\n")
    assert planned(two, *ALL) == Plan(stop={"a.service"}, start={"a.service"})


@pytest.mark.parametrize(
    ("file", "text", "unit"),
    [
        ("etc/caddy/Caddyfile", "b\n", "caddy.service"),
        (f"{UNITS}/caddy.service.d/hearth.conf", "[Service]\nUMask=0027\n", "caddy.service"),
        ("arguments.json", '{"prometheus": ["--other"]}', "prometheus.service"),
    ],
)
def test_what_debians_services_are_given_restarts_them(
    two: tuple[Path, Path], file: str, text: str, unit: str
) -> None:
    write(two[1], file, text)
    assert planned(two, *ALL) == Plan(stop={unit}, start={unit})


def test_socket_is_started_in_the_place_of_its_service(two: tuple[Path, Path]) -> None:
    write(two[1], f"{UNITS}/b.service", "[Service]\nExecStart=/c\n")
    assert planned(two, *ALL) == Plan(stop={"b.service", "b.socket"}, start={"b.socket"})
    assert planned(two, "b.service").start == {"b.service"}


def test_changed_socket_alone_is_left_alone(two: tuple[Path, Path]) -> None:
    write(two[1], f"{UNITS}/b.socket", "[Socket]\nListenStream=/c\n")
    assert planned(two, *ALL) == Plan()


def test_units_say_how_they_want_it(two: tuple[Path, Path]) -> None:
    changed = "[Service]\nExecStart=/c\n"
    write(two[1], f"{UNITS}/a.service", f"{changed}X-RestartIfChanged=false\n")
    assert planned(two, *ALL) == Plan()
    write(two[1], f"{UNITS}/a.service", f"{changed}X-StopIfChanged=false\n")
    assert planned(two, *ALL) == Plan(restart={"a.service"})
    write(two[1], f"{UNITS}/a.service", "[Unit]\nRefuseManualStop=yes\n")
    assert planned(two, *ALL) == Plan()


def test_removed_unit_is_stopped(two: tuple[Path, Path]) -> None:
    (two[1] / UNITS / "a.service").unlink()
    assert planned(two, *ALL) == Plan(stop={"a.service"})
    write(two[0], f"{UNITS}/a.service", "[Unit]\nX-StopOnRemoval=false\n")
    assert planned(two, *ALL) == Plan()


def test_words_alone_make_no_other_unit() -> None:
    old = parse("[Unit]\nDescription=a\nOnFailure=x.service\n[Service]\nA=1\nA=2\n")
    assert not differ(old, parse("# said\n[Unit]\nDescription=b\n[Service]\nA=1\nA=2\n"))
    assert differ(old, parse("[Unit]\nDescription=a\n[Service]\nA=2\nA=1\n"))
    assert differ(old, parse("[Unit]\nAfter=y.service\n[Service]\nA=1\nA=2\n"))


def test_only_units_of_the_version_count_as_failed() -> None:
    found = {
        "a.service": ("failed", "failed"),
        "b.service": ("active", "running"),
        "smartd.service": ("failed", "failed"),
    }
    assert failed(found, {"a.service", "b.service", "c.service"}) == ["a.service"]


def test_another_rendering_is_laid_over_the_first(two: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = two
    root = tmp_path / "root"
    for place in ("usr/bin", "usr/sbin", "nix/store"):
        (root / place).mkdir(parents=True)
    (old / UNITS / "t.wants").mkdir()
    (old / UNITS / "t.wants/a.service").symlink_to("../a.service")
    replace(old, old, root)
    write(root, "etc/machine-id", "debian's own\n")
    write(new, "etc/hearth/hearth.toml", "x = 2\n")
    (new / UNITS / "b.socket").unlink()
    replace(old, new, root)
    assert (root / "etc/hearth/hearth.toml").read_text() == "x = 2\n"
    assert (root / "etc/default/prometheus").read_text() == "ARGS='--flag'\n"
    assert (root / "etc/machine-id").exists()
    assert not (root / UNITS / "b.socket").exists()
    assert not (root / UNITS / "t.wants/a.service").is_symlink()
    assert not list(root.rglob("*.new"))


def test_versions_are_store_paths_that_start_and_switch(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    root = tmp_path / "root"
    for place in ("usr/bin", "usr/sbin", "nix/store"):
        (root / place).mkdir(parents=True)
    write(two[1], "store/more", "of the second")
    kind = DebianNode(two[0], versions={"one": two[0], "two": two[1]})
    versions.lay_out(kind, root)
    one = root / f"{versions.SYSTEM}one".lstrip("/")
    assert (root / "nix/var/nix/profiles/system-1-link").readlink() == Path(f"{versions.SYSTEM}one")
    assert (one / "specialisation/two").readlink() == Path(f"{versions.SYSTEM}two")
    assert 'driver.switch one "$1"' in (one / "bin/switch-to-configuration").read_text()
    known = (root / "nix/registration").read_text()
    assert f"{versions.SYSTEM}one\n\n2\n" in known
    assert f"{versions.SYSTEM}two\n\n3\n" in known
    assert versions.init(kind) == "/nix/var/nix/profiles/system/init"
    assert versions.init(DebianNode(two[0])) == "/usr/lib/systemd/systemd"
    assert versions.binds(DebianNode(two[0])) == {}


def test_box_with_another_pod_restarts_what_reads_the_settings() -> None:
    old, new, broken = (version(whole(name)) for name in ("box", "box-with-health", "box-broken"))
    stays = ("hearth-hub", "hearth-pod", "hearth-inference", "hearth-migrate", "hearth-keys")
    running = {name for name in old.own if name.startswith((*stays, "hearth-health"))}
    made = plan(old, new, running)
    programs = {"hub", "keys", "inference", "pod-family", "pod-finance", "pod-study"}
    # Stopped first, their sockets would start the old version again.
    assert {f"hearth-{program}.service" for program in programs} <= made.restart
    assert not {name for name in made.stop if name.startswith("hearth-")}
    assert "hearth-health.service" not in made.restart
    made = plan(new, broken, running)
    assert "hearth-pod-study.service" in made.restart
    assert not {"hearth-inference.service", "hearth-keys.service"} & made.restart
