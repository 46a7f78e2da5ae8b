"""`hearth pod`, `ingest`, `link`, `config`, `sample`, `doctor`, and the edges of the program."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CommandLine, run
from hub_house import House
from typer.models import CommandInfo

from hearth.cli import exits
from hearth.cli import main as program
from hearth.cli.main import app
from hearth.config import load
from hearth.config.reference import reference

ROOT = Path(__file__).parents[3]


def test_pods_are_listed_with_the_members_rights(hearth: CommandLine) -> None:
    pods = hearth.json("pod", "list")["pods"]
    assert [pod["name"] for pod in pods] == ["family", "finance"]
    assert "manage" in pods[0]["rights"]
    assert "Money" in hearth("pod", "list").stdout


def test_pod_tells_what_it_holds(hearth: CommandLine) -> None:
    assert hearth.json("pod", "status", "family")["pod"] == "family"
    assert "transactions: 0" in hearth("pod", "status", "family").stdout


def test_uploaded_file_is_reported(hearth: CommandLine, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The heating is serviced on Tuesday.")
    (row,) = hearth.json("ingest", "--pod", "family", str(note))["files"]
    assert row["document"]["state"] == "indexed"
    assert hearth("ingest", "--pod", "family", str(note)).exit_code == 0


def test_file_that_cannot_be_used_exits_3_and_the_others_go_in(
    hearth: CommandLine, tmp_path: Path
) -> None:
    good, large, missing = tmp_path / "good.txt", tmp_path / "large.txt", tmp_path / "missing.txt"
    good.write_text("Ben is allergic to hazelnuts.")
    large.write_text("x" * 5_000)
    paths = [str(path) for path in (large, missing, good)]
    rows = hearth.json("ingest", "--pod", "family", *paths, exit_code=3)["files"]
    assert [row.get("error", {}).get("code") for row in rows] == ["too_large", "bad_input", None]


def test_file_needs_a_pod(hearth: CommandLine, tmp_path: Path) -> None:
    assert hearth("ingest", str(tmp_path / "x.txt")).exit_code == 3


def test_sync_reports_every_pod(hearth: CommandLine) -> None:
    assert set(hearth.json("ingest")) == {"family", "finance"}
    assert "finance: 0 files" in hearth("ingest").stdout


def test_link_signs_a_member_in_once(hearth: CommandLine, house: House) -> None:
    login = house.add_member()
    secret = hearth.json("link", "--as", login)["url"].rpartition("/")[2]
    browser = house.client(headers={"Sec-Fetch-Site": "same-origin"})
    body = {"secret": secret}
    assert browser.post("/api/v1/sign-in/link", json=body).json()["login"] == login
    assert browser.post("/api/v1/sign-in/link", json=body).status_code == 401


def test_house_that_is_not_running_is_unavailable(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text("[pods.family]\n")
    result = run("ask", "--pod", "family", "hello", "--config", str(config))
    assert result.exit_code == 6
    assert "hearth up" in result.stderr


def test_unknown_key_is_named_and_exits_2(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text('[hub]\nlissten = "127.0.0.1:1"\n')
    result = run("config", "check", "--config", str(config))
    assert result.exit_code == 2
    assert "hub.lissten" in result.stderr
    as_json = run("config", "check", "--config", str(config), "--json")
    assert json.loads(as_json.stdout)["error"]["code"] == "bad_configuration"


def test_configuration_is_looked_for_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEARTH_CONFIG", raising=False)
    assert run("config", "check").exit_code == 2
    for place in ("var/hearth.toml", "hearth.toml", "named.toml"):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        if place == "named.toml":
            monkeypatch.setenv("HEARTH_CONFIG", str(path))
        assert json.loads(run("config", "check", "--json").stdout)["path"] == str(path)


def test_committed_reference_is_the_definitions() -> None:
    page = ROOT / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "renew it: hearth config reference > docs/configuration.md"
    )


def test_every_command_and_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"`hearth {_name(command)}" in page
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert f"`hearth {group.name} {_name(command)}" in page
    for code in set(exits.EXIT_BY_CODE.values()):
        assert f"| {code} |" in page


def _name(command: CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", ""))


def test_sample_keeps_a_configuration_that_is_there(tmp_path: Path) -> None:
    first = run("sample", "--into", str(tmp_path), "--today", "2026-11-23", "--json")
    assert first.exit_code == 0, first.output
    assert len(json.loads(first.stdout)["files"]) >= 18
    config = tmp_path / "hearth.toml"
    config.write_text("zone = 'UTC'\n")
    assert run("sample", "--into", str(tmp_path)).exit_code == 0
    assert load(config).zone == "UTC"


def test_doctor_names_what_is_wrong_with_its_remedy(tmp_path: Path) -> None:
    state = tmp_path / "state"
    config = tmp_path / "hearth.toml"
    config.write_text(
        'state_dir = "state"\nmodels_dir = "models"\n'
        '[pods.family]\nsources = { papers = "nowhere" }\n'
    )
    (state / "pods/family").mkdir(parents=True)
    (state / "pods/family/pod.sqlite3").write_bytes(b"this is not a database, whatever it says")
    (state / "keys").mkdir()
    (state / "keys/grant-key-family").write_bytes(b"open")
    (state / "keys/grant-key-family").chmod(0o644)
    result = run("doctor", "--config", str(config), "--json")
    assert result.exit_code == 1
    found = {one["what"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["configuration"]["ok"]
    assert found["program hub"]["remedy"] == "Start the house with `hearth up`."
    assert "hearth models pull" in found["model all-minilm-l6-v2"]["remedy"]
    assert "not a database" in found["database pod-family"]["detail"]
    assert not found["source family.papers"]["ok"]
    assert found["keys"]["remedy"].startswith("chmod 600")
    assert "need attention" in run("doctor", "--config", str(config)).stdout


def test_doctor_finds_a_row_that_belongs_to_nothing(tmp_path: Path) -> None:
    config = tmp_path / "hearth.toml"
    config.write_text('state_dir = "."\n[engines.default]\nurl = "http://127.0.0.1:1/v1"\n')
    (tmp_path / "hub").mkdir()
    with sqlite3.connect(tmp_path / "hub" / "hub.sqlite3") as database:
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        database.execute("CREATE TABLE b (a INTEGER REFERENCES a)")
        database.execute("INSERT INTO b VALUES (1)")
    database.close()
    result = run("doctor", "--config", str(config), "--json")
    found = {one["what"]: one for one in json.loads(result.stdout)["findings"]}
    assert "belongs to nothing" in found["database hub"]["detail"]


def test_usage_errors_exit_2() -> None:
    assert run("ask").exit_code == 2
    assert run("no-such-command").exit_code == 2
    assert run().exit_code == 2


def test_the_unforeseen_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def burst() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(program, "app", burst)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("Error: something unforeseen: ZeroDivisionError")


def test_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hearth.cli.main", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("hearth ")
