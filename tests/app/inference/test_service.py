"""hearth-inference as the service manager runs it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from engine_programs import running
from model_server import wait_until

from hearth.config import Settings, load
from hearth.core.errors import Unavailable
from hearth.core.ports import ChatMessage
from hearth.inference.client import InferenceClient
from hearth.inference.models.library import Library
from hearth.inference.models.verified import verified

SMALL = "smollm2-135m-instruct"
MINILM = "all-minilm-l6-v2"
STORY = [ChatMessage(role="user", content="Count from one to one thousand, in words.")]


@pytest.fixture
def configuration(models_dir: Path) -> Iterator[Path]:
    """A configuration with two pods on this engine and one on another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hearth.toml"
        path.write_text(
            f'models_dir = "{models_dir}"\n[engines.default]\nchat_model = "{SMALL}"\n'
            "context = 2048\nthreads = 2\n[engines.other]\n"
            '[pods.family]\n[pods.study]\n[pods.finance]\nengine = "other"\n'
        )
        yield path


def client(settings: Settings, pod: str) -> InferenceClient:
    return InferenceClient.over_socket(
        settings.socket("inference", pod), chat_model=SMALL, embedding_model=MINILM
    )


def ops(settings: Settings) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(settings.socket("inference", "ops")))
    return httpx.Client(transport=transport, base_url="http://ops")


def _says(http: httpx.Client, line: str) -> bool:
    return line in http.get("/metrics").text.splitlines()


def test_it_serves_its_own_pods_and_its_watchers(configuration: Path) -> None:
    settings = load(configuration)
    with running(configuration) as process:
        assert asyncio.run(client(settings, "study").complete(STORY, max_tokens=4))
        assert not settings.socket("inference", "finance").exists()
        with ops(settings) as http:
            health = http.get("/healthz")
            assert health.json() == {"status": "ok", "wrong": {}}
            labels = f'{{caller="study",model="{SMALL}"}}'
            for line in (f"completion_tokens_total{labels} 4.0", f"running{labels} 0.0"):
                wait_until(partial(_says, http, f"hearth_inference_{line}"))
    assert process.returncode == 0


def test_a_kill_in_mid_stream_is_an_error_and_a_restart_is_waited_for(
    configuration: Path,
) -> None:
    settings = load(configuration)

    async def cut(process: subprocess.Popen[bytes]) -> None:
        pieces = client(settings, "family").stream(STORY, max_tokens=1_000)
        assert await anext(pieces)
        process.send_signal(signal.SIGKILL)
        with pytest.raises(Unavailable, match="broke off"):
            async for _ in pieces:
                pass

    async def ask_while_down() -> str:
        asked = asyncio.create_task(client(settings, "family").complete(STORY, max_tokens=4))
        await asyncio.sleep(0.2)

        def restart() -> None:
            with running(configuration):
                wait_until(asked.done)

        await asyncio.to_thread(restart)
        return await asked

    with running(configuration) as process:
        asyncio.run(cut(process))
    assert asyncio.run(ask_while_down())


def test_a_model_with_a_wrong_hash_stops_the_start(
    configuration: Path, models_dir: Path, tmp_path: Path
) -> None:
    library = Library(models_dir)
    file = library.model(SMALL).files[0]
    wrong = tmp_path / SMALL / file.path
    wrong.parent.mkdir()
    with wrong.open("wb") as handle:
        handle.truncate(file.bytes)
    (tmp_path / MINILM).symlink_to(models_dir / MINILM)
    configuration.write_text(configuration.read_text().replace(f'"{models_dir}"', f'"{tmp_path}"'))
    command = [sys.executable, "-m", "hearth.services.inference", "--config", str(configuration)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 1
    assert f"sha256 {file.sha256} expected" in result.stderr
    assert "hearth models pull" in result.stderr
    assert wrong.exists()


def test_an_unknown_engine_is_a_wrong_configuration(configuration: Path) -> None:
    command = [sys.executable, "-m", "hearth.services.inference", "--config", str(configuration)]
    result = subprocess.run(
        [*command, "--engine", "nope"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "there is no engine 'nope'" in result.stderr


def test_a_hash_is_checked_once_and_after_a_change(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(models_dir)
    memory = tmp_path / "state" / "verified.json"
    checked: list[str] = []
    verify = Library.verify

    def counted(self: Library, name: str) -> Path:
        checked.append(name)
        return verify(self, name)

    monkeypatch.setattr(Library, "verify", counted)
    for _ in range(2):
        assert verified(library, MINILM, memory) == models_dir / MINILM
    assert checked == [MINILM]
    memory.write_text("torn")
    verified(library, MINILM, memory)
    assert checked == [MINILM, MINILM]
