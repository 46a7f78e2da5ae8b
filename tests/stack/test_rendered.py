"""What is committed under tests/rendered, read by the real tools.

Each check is also shown a broken copy, which it must refuse.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scenarios
from inside import Inside
from lab.places import RENDERED
from lab.rendering import whole
from renderings import (
    BOXES,
    HOSTS,
    SYSTEM,
    every_box,
    every_host,
    one_box,
    opened,
    own_services,
    own_units,
    values,
)

from hearth.config import Settings, load
from hearth.core.errors import BadConfiguration

DASHBOARDS = sorted((scenarios.ROOT / "pkgs/dashboards").glob("*.json"))
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AGE-SECRET-KEY-1|\bAKIA[0-9A-Z]{16}\b|\btskey-[a-z]+-\w+"
    r"|(?i:password|passphrase|secret|token|api_?key)\"?\s*[:=]\s*\"?(?![$/{]|null|true|false)[A-Za-z0-9+/_-]{16,}"
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Inside]:
    with opened(request.param) as ready:
        yield ready


def complaints(host: Inside) -> list[str]:
    units = [f"/{SYSTEM}/{unit}" for unit in own_units(host.tree)]
    _, said = host.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    return [line for line in said.splitlines() if line]


@every_host
def test_systemd_understands_every_unit(host: Inside) -> None:
    assert complaints(host) == []


@one_box
def test_a_misspelt_setting_and_a_missing_program_are_refused(host: Inside) -> None:
    host.change(f"{SYSTEM}/hearth-hub.service", "PrivateNetwork=", "PrivateNetworks=")
    host.change(f"{SYSTEM}/hearth-pod-family.service", "light/bin/python", "light/bin/pyton")
    said = "\n".join(complaints(host))
    assert "PrivateNetworks" in said, said
    assert "pyton" in said, said


def users(host: Inside) -> tuple[int, str]:
    return host.run("systemd-sysusers", "/etc/sysusers.d/hearth.conf")


@every_box
def test_users_and_folders_can_be_made(host: Inside) -> None:
    status, said = users(host)
    assert status == 0, said
    # caddy's user is nixpkgs' and Debian's; both have it.
    status, said = host.run("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/hearth.conf")
    assert status == 0, said
    known = {line.split(":")[0] for line in (host.root / "etc/passwd").read_text().splitlines()}
    for unit in own_units(host.tree):
        text = (host.tree / SYSTEM / unit).read_text()
        for name in re.findall(r"^(?:User|SocketUser)=(.+)$", text, re.MULTILINE):
            assert name in known, (unit, name)
    own = json.loads((host.tree / "users.json").read_text())
    assert own.keys() <= known, own.keys() - known


@one_box
def test_broken_users_and_folders_are_refused(host: Inside) -> None:
    assert users(host)[0] == 0
    unknown = "d /mnt/data/hub 0700 nobody-knows nobody-knows -\n"
    (host.root / "etc/tmpfiles.d/hearth.conf").write_text(unknown)
    assert host.run("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/hearth.conf")[0] != 0
    (host.root / "etc/sysusers.d/hearth.conf").write_text("x hearth-hub\n")
    assert users(host)[0] != 0


CHECKS = {
    "caddy": (
        ("caddy", "validate", "--adapter", "caddyfile", "--config", "/etc/caddy/Caddyfile"),
        "etc/caddy/Caddyfile",
        ("reverse_proxy", "reverse_proxies"),
    ),
    "nft": (
        ("nft", "--check", "--file", "/etc/nftables.conf"),
        "etc/nftables.conf",
        ("policy drop", "policy dropp"),
    ),
    "prometheus": (
        ("promtool", "check", "config", "/etc/prometheus/prometheus.yml"),
        "etc/prometheus/prometheus.yml",
        ("scrape_configs", "scrape_config"),
    ),
}


@every_box
@pytest.mark.parametrize("tool", CHECKS)
def test_its_own_tool_reads_each_file(host: Inside, tool: str) -> None:
    command, file, _ = CHECKS[tool]
    assert (host.root / file).is_file(), file
    users(host)
    for authority in re.findall(r"acme_ca_root /(\S+)", (host.root / file).read_text()):
        bundle = host.root / "etc/ssl/certs/ca-certificates.crt"
        shutil.copy(bundle, host.root / authority)  # what the owner lays there
    status, said = host.run(*command)
    assert status == 0, said


@one_box
@pytest.mark.parametrize("tool", CHECKS)
def test_its_own_tool_refuses_a_broken_file(host: Inside, tool: str) -> None:
    command, file, (old, new) = CHECKS[tool]
    users(host)
    host.change(file, old, new)
    status, said = host.run(*command)
    assert status != 0, said


@every_box
def test_promtool_reads_every_rule(host: Inside) -> None:
    rules = sorted(host.tree.glob("store/*.yml"))
    assert rules
    for rule in rules:
        status, said = host.run("promtool", "check", "rules", f"/nix/store/{'0' * 32}-{rule.name}")
        assert status == 0, said
    (host.root / "etc/broken.yml").write_text(rules[0].read_text().replace("expr:", "expr: ((", 1))
    assert host.run("promtool", "check", "rules", "/etc/broken.yml")[0] != 0


@pytest.mark.parametrize("box", BOXES)
def test_programs_load_their_settings_and_find_their_sockets(box: str) -> None:
    tree = whole(box)
    settings = load(tree / "etc/hearth/hearth.toml")
    units = {path.name for path in (tree / SYSTEM).glob("hearth-pod-*.service")}
    assert {f"hearth-pod-{pod}.service" for pod in settings.pods} == units
    wrong = wrong_sockets(settings, tree / SYSTEM)
    assert wrong == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[engines.default]", "[engines.default]\ncolour = 1", "colour"),
        ('engine = "default"', 'engine = "fast"', "fast"),
        ('kind = "family"', 'kind = "garden"', "kind"),
        ("context = ", "context = -", "context"),
        ('zone = "Europe/Berlin"', 'zone = "Berlin"', "zone"),
        ("[hub]", "[hubs]", "hubs"),
        ("[engines.default]", "[engines.default", "line"),
    ],
)
def test_the_programs_refuse_a_broken_settings_file(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = (whole("box") / "etc/hearth/hearth.toml").read_text()
    assert old in text, old
    file = tmp_path / "hearth.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(BadConfiguration, match=words):
        load(file)


def wrong_sockets(settings: Settings, units: Path) -> list[str]:
    found = []
    for unit in sorted(units.glob("hearth-*.socket")):
        text = unit.read_text()
        keys = r"^(ListenStream|FileDescriptorName|Service)=(.+)$"
        values = dict(re.findall(keys, text, re.MULTILINE))
        program = values["Service"].removeprefix("hearth-").removesuffix(".service")
        caller = values["FileDescriptorName"]
        if values["ListenStream"] != str(settings.socket(program, caller)):
            found.append(f"{unit.name}: {values['ListenStream']}")
    return found


def test_a_socket_at_another_place_is_found(tmp_path: Path) -> None:
    tree = whole("box")
    text = (tree / SYSTEM / "hearth-hub-web.socket").read_text()
    (tmp_path / "hearth-hub-web.socket").write_text(text.replace("/web.sock", "/wed.sock"))
    assert wrong_sockets(load(tree / "etc/hearth/hearth.toml"), tmp_path)


# Services that are root, since they look into what belongs to several, or change the machine.
ROOTS = {
    "hearth-fallback.service",
    "hearth-grafana-secrets.service",
    "hearth-health.service",
    "hearth-healthy.service",
    "hearth-install-unattended.service",
    "hearth-keys.service",
    "hearth-sample.service",
    "hearth-welcome.service",
}


def wrong_users(files: list[Path]) -> list[str]:
    """Services without a user of their own, or with that of another program."""
    found: list[str] = []
    owners: dict[str, str] = {}
    for file in files:
        text = file.read_text()
        [user] = values(text, "User") or ["dynamic" if "DynamicUser=true" in text else "root"]
        if user == "root" and file.name not in ROOTS:
            found.append(f"{file.name}: root")
        # A program's migration and snapshot are the program's; the drill is the backup's.
        program = re.sub(r"^hearth-(migrate|snapshot)-", "hearth-", file.stem)
        program = program.replace("hearth-drill", "hearth-backup")
        if user not in ("dynamic", "root") and owners.setdefault(user, program) != program:
            found.append(f"{file.name}: {user} of {owners[user]}")
    return found


@pytest.mark.parametrize("name", HOSTS)
def test_every_program_has_a_user_of_its_own(name: str) -> None:
    assert wrong_users(own_services(whole(name))) == []


@pytest.mark.parametrize(
    ("new", "words"),
    [("", "root"), ("User=root\n", "root"), ("User=hearth-hub\n", "hearth-hub of hearth-hub")],
)
def test_a_program_without_a_user_of_its_own_is_found(tmp_path: Path, new: str, words: str) -> None:
    for file in own_services(whole("box")):
        text = file.read_text()
        if file.stem == "hearth-pod-study":
            assert "User=hearth-pod-study\n" in text
            text = text.replace("User=hearth-pod-study\n", new)
        (tmp_path / file.name).write_text(text)
    files = sorted(tmp_path.glob("*.service"))
    assert wrong_users(files) == [f"hearth-pod-study.service: {words}"]


def faults(dashboard: dict[str, Any], text: str) -> list[str]:
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    found = [] if len(ids) == len(set(ids)) else ["two panels have one id"]
    found += ["no panels"] if not panels else []
    found += [f"{panel['id']}: no title" for panel in panels if not panel.get("title")]
    for panel in panels:
        queries = [target.get("expr") for target in panel.get("targets", [])]
        if panel["type"] != "text" and not (queries and all(queries)):
            found.append(f"{panel['id']}: no query")
    if re.search(r"https?://", text):
        found.append("an absolute URL")
    return found


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_dashboards_have_a_query_and_a_title_everywhere(file: Path) -> None:
    text = file.read_text()
    dashboard = json.loads(text)
    assert faults(dashboard, text) == []
    assert dashboard["uid"], file
    panel = next(panel for panel in dashboard["panels"] if panel.get("targets"))
    broken = {**dashboard, "panels": [panel, {**panel, "title": "", "targets": []}]}
    assert len(faults(broken, "http://example.org")) == 4


def test_dashboards_are_told_apart() -> None:
    uids = [json.loads(file.read_text())["uid"] for file in DASHBOARDS]
    assert len(uids) == len(set(uids)) > 0


def test_no_secret_is_rendered() -> None:
    for file in sorted(RENDERED.rglob("*")):
        if file.is_file() and not file.is_symlink():
            found = _SECRET.search(file.read_text())
            assert not found, (file, found)


@pytest.mark.parametrize(
    "line",
    [
        'password = "correct-horse-battery"',
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "AGE-SECRET-KEY-1QQQ",
        "Environment=API_KEY=abcdefghijklmnopqrst",
    ],
)
def test_a_secret_would_be_seen(line: str) -> None:
    assert _SECRET.search(line)
