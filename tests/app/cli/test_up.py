"""`hearth up` with real programs; the model server is elsewhere, so none is loaded."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

HEARTH = (sys.executable, "-m", "hearth.cli.main")


def configure(folder: Path, port: int, more: str = "") -> Path:
    """A house of one pod on `port`."""
    path = folder / "hearth.toml"
    path.write_text(
        f'state_dir = "state"\n[hub]\nlisten = "127.0.0.1:{port}"\n'
        '[engines.default]\nurl = "http://127.0.0.1:1/v1"\n'
        f'[pods.family]\ntools = ["notes"]\n{more}'
    )
    return path


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether anybody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def up(config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`hearth up` until its sign-in link is printed; stopped by Ctrl-C."""
    command = [*HEARTH, "up", "--config", str(config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        try:
            yield process, printed
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Any `hearth` command."""
    return subprocess.run(
        [*HEARTH, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_house_comes_up_signs_in_and_stops(short_folder: Path) -> None:
    port = free_port()
    config = configure(short_folder, port, '[members.anna]\nname = "Anna"\nrole = "owner"\n')
    with up(config) as (process, printed):
        assert re.search(r"pod-family +ready in ", printed)
        link = re.search(r"http://\S+/sign-in/\S+", printed)
        assert link is not None
        assert "Sign in as Anna" in printed
        assert httpx.get(link[0], follow_redirects=True).status_code == 200
        me = call("pod", "list", "--config", str(config), "--json")
        assert json.loads(me.stdout)["pods"][0]["name"] == "family"
        second = call("up", "--config", str(config))
        assert second.returncode == 0, second.stderr
        assert f"already running (process {process.pid})" in second.stdout
        assert f"http://127.0.0.1:{port}" in second.stdout
        examined = call("doctor", "--config", str(config), "--json")
        findings = json.loads(examined.stdout)["findings"]
        wrong = [finding["what"] for finding in findings if not finding["ok"]]
        assert wrong == ["engine default"], examined.stdout  # nobody serves its address
    assert process.returncode == 0
    assert not (short_folder / "state/run/hub/console.sock").exists()
    assert {path.stat().st_mode & 0o777 for path in (short_folder / "state/keys").iterdir()} == {
        0o600
    }


def test_second_start_finds_the_first_ones_data(short_folder: Path) -> None:
    config = configure(short_folder, free_port())
    note = short_folder / "note.txt"
    note.write_text("The bins go out on Thursdays.")
    with up(config):
        added = call("ingest", "--pod", "family", str(note), "--config", str(config))
        assert added.returncode == 0, added.stderr
    with up(config) as (_, printed):
        assert "now at" not in printed
        said = call("pod", "status", "family", "--config", str(config), "--json")
        assert json.loads(said.stdout)["documents"] == 1


def test_whole_house_goes_when_hearth_up_is_killed(short_folder: Path) -> None:
    port = free_port()
    config = configure(short_folder, port)
    with up(config) as (process, _):
        process.kill()
        process.wait()
        deadline = time.monotonic() + 30
        while answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    with up(config) as (_, printed):
        assert "Sign in as Owner" in printed


def test_taken_port_is_one_line_with_its_remedy(short_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = call("up", "--config", str(configure(short_folder, other.getsockname()[1])))
    assert done.returncode == 6
    assert "another program listens there" in done.stderr
    assert "hub.listen" in done.stderr


def test_missing_model_names_the_command_that_brings_it(short_folder: Path) -> None:
    config = short_folder / "hearth.toml"
    config.write_text('state_dir = "state"\nmodels_dir = "models"\n')
    done = call("up", "--config", str(config))
    assert done.returncode == 4
    assert "hearth models pull" in done.stderr


def test_database_of_a_newer_version_is_left_alone(short_folder: Path) -> None:
    config = configure(short_folder, free_port())
    with up(config):
        pass
    database = short_folder / "state/pods/family/pod.sqlite3"
    script = f"import sqlite3; c = sqlite3.connect({str(database)!r}); "
    script += "c.execute(\"UPDATE alembic_version SET version_num = '9999'\"); c.commit(); "
    script += "c.execute('PRAGMA user_version = 99')"
    subprocess.run([sys.executable, "-c", script], check=True)
    done = call("up", "--config", str(config))
    assert done.returncode == 7
    assert "newer version of Hearth" in done.stderr
