"""Starts and drives a real house: `hearth up` as a process, `hearth ask` as a member would."""

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
from datetime import date
from pathlib import Path
from typing import Any

from hearth.config import Settings, load
from hearth.ops.sample import write_configuration, write_household

HEARTH = (sys.executable, "-m", "hearth.cli.main")
START_SECONDS = 240
READ_SECONDS = 120


class RunningHouse:
    """A configuration with the sample household in `folder`, and its programs."""

    def __init__(self, folder: Path, models: Path, *, chat_model: str | None = None) -> None:
        self.folder = folder
        self.config = folder / "hearth.toml"
        write_configuration(self.config)
        write_household(folder / "household", date.today())
        self._edit(models, chat_model)
        self.settings: Settings = load(self.config)
        self.link = ""
        self.process: subprocess.Popen[str] | None = None

    def _edit(self, models: Path, chat_model: str | None) -> None:
        text = self.config.read_text()
        text = f'models_dir = "{models}"\n' + text
        text = text.replace("127.0.0.1:8420", f"127.0.0.1:{_free_port()}")
        text = text.replace("[hub]", "[hub]\nturns_per_minute = 10_000")  # tests ask without pause
        if chat_model:
            text = re.sub(r'chat_model = ".*"', f'chat_model = "{chat_model}"', text)
        self.config.write_text(text)

    @contextmanager
    def started(self) -> Iterator[RunningHouse]:
        """The house, up and with its papers read; stopped cleanly on leaving."""
        self.start()
        try:
            self.wait_until_read()
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """`hearth up`, until it has printed its sign-in link."""
        command = [*HEARTH, "up", "--config", str(self.config)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        printed = []
        for line in self.process.stdout:
            printed.append(line)
            if found := re.search(r"http://\S+/sign-in/\S+", line):
                self.link = found.group()
                return
        raise AssertionError("`hearth up` ended early:\n" + "".join(printed))

    def stop(self) -> None:
        """Ctrl-C, and wait until everything has stopped."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, output
        self.process = None

    def wait_until_read(self) -> None:
        """Until every pod holds what its folders hold, embeddings included."""
        deadline = time.monotonic() + READ_SECONDS
        for pod in self.settings.pods:
            while not self._is_read(pod):
                assert time.monotonic() < deadline, f"{pod} has not read its sources"
                time.sleep(0.5)

    def _is_read(self, pod: str) -> bool:
        status = self.run_json("pod", "status", pod)
        return bool(status["documents"]) and not status["syncing"]

    def ask(self, pod: str, text: str, conversation: str | None = None) -> dict[str, Any]:
        """`hearth ask --json`."""
        more = ["--conversation", conversation] if conversation else []
        answer: dict[str, Any] = self.run_json("ask", "--pod", pod, *more, text)
        return answer

    def run_json(self, *arguments: str) -> Any:
        """A command's JSON; its failure is the test's."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any `hearth` command on this house."""
        command = [*HEARTH, *arguments, "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
