"""From what Nix says of a host to the files that are committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab import texts
from lab.files import Link, arguments, files, write
from lab.references import Objects, closure, mentioned, normalised
from lab.said import LabError

HASH = "0123456789abcdfghijklmnpqrsvwxyz"
OTHER = "1123456789abcdfghijklmnpqrsvwxyz"
ZEROS = "0" * 32


def _rendering(**parts: Any) -> dict[str, Any]:
    sets = ("units", "dropIns", "etc", "users", "groups", "nftables", "arguments")
    empty: dict[str, Any] = {name: {} for name in sets}
    rest: dict[str, Any] = {
        "files": {},
        "hostName": "hearth",
        "prometheus": None,
        "tmpfiles": {"rules": [], "settings": {}},
    }
    return empty | rest | parts


def _object(folder: Path, name: str, text: str, digest: str = HASH) -> str:
    (folder / f"{digest}-{name}").write_text(text)
    return f"/nix/store/{digest}-{name}"


def test_store_paths_lose_their_hashes() -> None:
    text = f"/nix/store/{HASH}-jq/bin/jq"
    assert normalised(text) == f"/nix/store/{ZEROS}-jq/bin/jq"
    assert normalised(normalised(text)) == normalised(text)
    assert mentioned(text + text) == [f"{HASH}-jq"]


def test_texts_are_followed_and_packages_are_not(tmp_path: Path) -> None:
    rules = _object(tmp_path, "rules", "groups: []")
    package = tmp_path / f"{HASH}-jq"
    package.mkdir()
    (package / ".debian").touch()
    first = _object(tmp_path, "first", f"{rules} /nix/store/{HASH}-jq/bin/jq")
    found = closure(Objects(tmp_path), [first])
    assert found == {
        "first": {"": normalised(f"{rules} /nix/store/{HASH}-jq/bin/jq")},
        "rules": {"": "groups: []"},
    }


def test_links_inside_the_store_are_followed(tmp_path: Path) -> None:
    text = _object(tmp_path, "real", "here")
    folder = tmp_path / f"{HASH}-folder"
    (folder / "in").mkdir(parents=True)
    (folder / "in/link").symlink_to(text)
    assert Objects(tmp_path).texts(f"/nix/store/{HASH}-folder") == {"in/link": "here"}


def test_two_objects_of_one_name_are_refused(tmp_path: Path) -> None:
    one = _object(tmp_path, "same", "one")
    two = _object(tmp_path, "same", "two", OTHER)
    with pytest.raises(LabError, match="called same"):
        closure(Objects(tmp_path), [one, two])


def test_units_are_wanted_by_links_and_keep_what_switching_reads(tmp_path: Path) -> None:
    triggers = _object(tmp_path, "x", "what it is restarted for")
    text = f"[Unit]\nX-Restart-Triggers={triggers}\nAfter=a\n"
    unit = {"text": text, "wantedBy": ["multi-user.target"], "requiredBy": [], "upheldBy": []}
    found = files(_rendering(units={"hearth-hub.service": unit}), Objects(tmp_path))
    system = "etc/systemd/system"
    kept = f"[Unit]\nX-Restart-Triggers=/nix/store/{ZEROS}-x\nAfter=a\n"
    assert found[f"{system}/hearth-hub.service"] == kept
    assert found["store/x"] == "what it is restarted for"
    wanted = f"{system}/multi-user.target.wants/hearth-hub.service"
    assert found[wanted] == Link("../hearth-hub.service")
    write(found, tmp_path / "out")
    assert (tmp_path / "out" / wanted).read_text() == kept


def test_etc_holds_text_given_or_built(tmp_path: Path) -> None:
    source = _object(tmp_path, "hearth.toml", 'zone = "UTC"\n')
    built = {"text": None, "source": source}
    given = {"text": "hello", "source": "/nix/store/unused"}
    entries = {"hearth/hearth.toml": built, "motd": given}
    found = files(_rendering(etc=entries), Objects(tmp_path))
    assert found["etc/hearth/hearth.toml"] == 'zone = "UTC"\n'
    assert found["etc/motd"] == "hello"


def test_prometheus_settings_and_rules_are_found_by_its_command(tmp_path: Path) -> None:
    rules = _object(tmp_path, "rules.yml", "groups: []\n")
    settings = _object(tmp_path, "prometheus.yml", f"rule_files: [{rules}]\n")
    command = f"/nix/store/{HASH}-prometheus/bin/prometheus --config.file={settings} --x"
    found = files(_rendering(prometheus=command), Objects(tmp_path))
    expected = f"rule_files: [/nix/store/{ZEROS}-rules.yml]\n"
    assert found["etc/prometheus/prometheus.yml"] == expected
    assert found["store/rules.yml"] == "groups: []\n"


def test_a_drop_in_has_the_projects_keys_alone() -> None:
    given = {
        "lists": {"after": ["a.service", "b.service"]},
        "unit": {},
        "service": {"MemoryMax": "1G", "NoNewPrivileges": True, "ReadOnlyPaths": ["/a", "/b"]},
        "environment": {"A": "b c"},
    }
    assert texts.drop_in(given) == (
        "[Unit]\nAfter=a.service b.service\n\n"
        '[Service]\nEnvironment="A=b c"\nMemoryMax=1G\nNoNewPrivileges=true\n'
        "ReadOnlyPaths=/a\nReadOnlyPaths=/b\n"
    )


def test_tmpfiles_rules_and_settings_become_lines() -> None:
    line = {"mode": "0700", "user": "u", "group": "g", "age": "-", "argument": ""}
    given = {"rules": ["d /a 0755 root root -"], "settings": {"10-x": {"/b": {"d": line}}}}
    assert texts.tmpfiles(given) == "d /a 0755 root root -\nd /b 0700 u g -\n"


def test_users_come_after_their_groups() -> None:
    users = {"u": {"uid": None, "group": "g", "home": "/var/empty", "extraGroups": ["h"]}}
    groups = {"g": {"gid": None, "members": []}, "h": {"gid": 900, "members": []}}
    assert texts.sysusers(users, groups) == (
        "g g -\ng h 900\nu u -:g - /var/empty /usr/sbin/nologin\nm u h\n"
    )


def test_an_nftables_file_can_be_loaded_twice() -> None:
    text = texts.nftables({"hearth": {"family": "inet", "content": "chain x {\n}\n"}})
    assert "table inet hearth\ndelete table inet hearth\ntable inet hearth {\n" in text


def test_flags_of_other_services_are_kept_and_their_places_are_not() -> None:
    command = "/nix/store/x/bin/prometheus '--storage.tsdb.path=/var' \\\n  --a 1 \\\n  --b=[.]"
    assert arguments(command) == ["--a", "1", "--b=[.]"]
