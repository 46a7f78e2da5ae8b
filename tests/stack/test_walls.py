"""How much each rendered unit exposes, and what its walls leave out.

Each check is also shown a broken copy, which it must refuse.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import scenarios
from inside import Inside
from lab.rendering import whole
from renderings import HOSTS, SYSTEM, every_host, one_box, opened, own_services, values

_EXPOSURE = Path(__file__).with_name("exposure.toml")
# Whose nixpkgs' units are that Debian has not; our drop-ins have the rest of them.
_NOT_DEBIANS = {"grafana": "User=grafana", "prometheus-smartctl-exporter": "DynamicUser=true"}
# What a unit says that is no wall: what runs, as whom, with how much, and the doors in the walls.
_NO_WALL = re.compile(
    r"(BindPaths|KillMode|OOMPolicy|(Cache|Runtime|State)Directory\w*|CPUWeight|DeviceAllow|DynamicUser|Environment"
    r"|Exec(Start|Stop)\w*|Group|IO\w+|IPAddressAllow|Load\w+|MemoryMax|Nice|ReadWritePaths|Remain\w+"
    r"|Restart(Sec|Steps|MaxDelaySec)?|SocketBindAllow|SupplementaryGroups|SyslogIdentifier|TasksMax"
    r"|Timeout\w+|Type|User|WatchdogSec|X-\w+)$"
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Inside]:
    with opened(request.param) as ready:
        yield ready


def limits(host: Inside) -> dict[str, float]:
    tables = tomllib.loads(_EXPOSURE.read_text())
    found = host.run("systemd-analyze", "--version")[1].split()[1]
    assert found in tables, f"exposure.toml has no table for systemd {found}"
    return {str(pattern): float(limit) for pattern, limit in tables[found].items()}


def exposure(host: Inside, unit: str) -> float:
    _, said = host.run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert level, said[-500:]
    return float(level[1])


def rated(host: Inside) -> Iterator[tuple[str, str]]:
    """Our services, by name and file; then Debian's that we wall in, which finds our drop-in."""
    for file in own_services(host.tree):
        yield file.stem, f"/{SYSTEM}/{file.name}"
    for folder in sorted((host.tree / SYSTEM).glob("*.service.d")):
        name = folder.name.removesuffix(".service.d")
        unit = host.root / f"usr/lib/systemd/system/{name}.service"
        if not unit.exists():
            unit.write_text(f"[Service]\nExecStart=/usr/bin/true\n{_NOT_DEBIANS[name]}\n")
        yield name, f"/usr/lib/systemd/system/{name}.service"


def rows(host: Inside) -> list[dict[str, Any]]:
    table = limits(host)
    measured = []
    for name, file in rated(host):
        limit = next((limit for pattern, limit in table.items() if fnmatch(name, pattern)), None)
        assert limit is not None, f"exposure.toml says nothing of {name}"
        value = exposure(host, file)
        figures = {"value": value, "unit": "", "target": limit, "ok": value <= limit}
        measured.append({"name": f"{host.tree.name}/{name}", **figures})
    return measured


@every_host
def test_no_unit_exposes_more_than_its_limit(host: Inside) -> None:
    measured = rows(host)
    file = scenarios.ROOT / "build/bench/exposure.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(file.read_text()) if file.is_file() else []
    kept = [row for row in kept if not row["name"].startswith(f"{host.tree.name}/")]
    file.write_text(json.dumps(sorted(kept + measured, key=lambda row: row["name"]), indent=1))
    assert [row for row in measured if not row["ok"]] == []


@one_box
def test_a_pod_with_a_network_and_a_caddy_without_walls_are_too_much(host: Inside) -> None:
    unit = f"{SYSTEM}/hearth-pod-family.service"
    for setting in ("PrivateNetwork=true", "NoNewPrivileges=true", "PrivateUsers=true"):
        host.change(unit, f"{setting}\n", "")
    for setting in ("ProtectSystem=strict", "RestrictAddressFamilies=AF_UNIX"):
        host.change(unit, f"{setting}\n", "")
    (host.root / SYSTEM / "caddy.service.d/hearth.conf").write_text(
        "[Service]\nNoNewPrivileges=true\n"
    )
    wrong = {row["name"] for row in rows(host) if not row["ok"]}
    assert wrong == {"box/hearth-pod-family", "box/caddy"}


def test_an_engine_with_a_gpu_is_rendered() -> None:
    folder = whole("box-full") / SYSTEM
    text = (folder / "hearth-inference-large.service").read_text()
    assert "DeviceAllow=/dev/nvidia0 rw" in text
    assert "PrivateDevices=false" in text
    # The engine that the other pods ask stays, and has none.
    assert "PrivateDevices=true" in (folder / "hearth-inference.service").read_text()


# Files


def runnable(file: Path) -> list[str]:
    """The folders in which a unit could run a file of the household's or of its own."""
    text = file.read_text()
    closed = [path.lstrip("-") for path in values(text, "NoExecPaths")]
    bound = values(text, "BindPaths", "BindReadOnlyPaths")
    open_ = [path.lstrip("-").rpartition(":")[2] for path in bound]
    open_ += [path.lstrip("-") for path in values(text, "ReadWritePaths")]
    for key, place in (("State", "/var/lib"), ("Cache", "/var/cache"), ("Runtime", "/run")):
        for line in values(text, f"{key}Directory"):
            open_ += [f"{place}/{name}" for name in line.split()]
    # Sockets are no programs, and the driver's libraries are.
    others = (".sock", "/run/systemd/notify", "/run/systemd/journal/socket", "/run/opengl-driver")
    found = [path for path in open_ if path not in closed and not path.endswith(others)]
    if "TemporaryFileSystem=/dev/shm" not in text and "/dev/shm" not in closed:
        found.append("/dev/shm")
    # systemd drops one of two entries for the same place.
    hidden = [value.partition(":")[0] for value in values(text, "TemporaryFileSystem")]
    return found + [f"{path} twice" for path in hidden if path in closed]


def walled(host: str) -> list[Path]:
    # The installer makes a machine: what it runs comes to lie where it writes.
    found = [file for file in own_services(whole(host)) if "install-unatt" not in file.name]
    return found + sorted((whole(host) / SYSTEM).glob("*.service.d/hearth.conf"))


@pytest.mark.parametrize("host", HOSTS)
def test_no_unit_can_run_what_lies_in_its_folders(host: str) -> None:
    assert {file.name: found for file in walled(host) if (found := runnable(file))} == {}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("NoExecPaths=/mnt/data/hub\n", "", ["/mnt/data/hub"]),
        ("[Service]\n", "[Service]\nStateDirectory=probe\n", ["/var/lib/probe"]),
        ("NoExecPaths=/tmp\n", "NoExecPaths=/dev/shm\n", ["/dev/shm twice"]),
        ("TemporaryFileSystem=/dev/shm", "#", ["/dev/shm"]),
    ],
)
def test_a_folder_that_was_forgotten_is_found(
    tmp_path: Path, old: str, new: str, found: list[str]
) -> None:
    copy = Path(shutil.copy(whole("box") / SYSTEM / "hearth-hub.service", tmp_path))
    text = copy.read_text()
    assert old in text
    copy.write_text(text.replace(old, new))
    assert runnable(copy) == found


# Settings


def untried(text: str, script: str) -> set[str]:
    """The walls in a unit's text that a script does not try with and without."""
    keys = {key for key in re.findall(r"^([\w-]+)=", text, re.MULTILINE) if not _NO_WALL.match(key)}
    return {key for key in keys if f"{key}=" not in script and f'"{key}"' not in script}


def test_every_wall_is_tried_with_and_without() -> None:
    script = (scenarios.SCRIPTS / "hardening.py").read_text()
    text = "".join(file.read_text().partition("[Service]")[2] for file in walled("box-full"))
    text = re.sub(r"\[Install\].*?(\[Unit\]|$)", "", text, flags=re.DOTALL)
    assert untried(text, script) == set()
    assert untried(text, script.replace("LockPersonality", "")) == {"LockPersonality"}
