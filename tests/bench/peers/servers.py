"""The model servers that are compared: how each is started, spoken to and weighed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from peers import install
from peers.figures import APART
from report import ROOT

THREADS = 2
CONTEXT = 32_768  # tokens that all requests share
MOST = 16  # clients
_START_SECONDS = 180
_STOP_SECONDS = 30
_RESTING_SECONDS, _RESTING_SHARE = 2.0, 0.05
_SLOTS = (
    *("--parallel", str(MOST), "--cache-prompt"),
    *("--cache-reuse", "256", "--cache-ram", "8192"),
)
_BEST = (*_SLOTS, "--kv-unified")
# Each place has cells of its own, four thousand tokens, so that no step looks at another's. In the
# context of the others they would be too few for a pod's prefix.
_APART = (*_SLOTS, "--no-kv-unified", "--ctx-size", str(2 * CONTEXT))


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    pid: int
    model: str  # the name to ask for
    address: str
    socket: Path | None = None  # a Unix socket in place of the address
    operations: Path | None = None  # ours: the socket with /metrics

    def client(self) -> httpx.AsyncClient:
        """A client of its own for each measurement, with room for everybody."""
        # A new connection each time: a kept one may be closed just as the next request takes it.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        uds = str(self.socket) if self.socket else None
        transport = httpx.AsyncHTTPTransport(uds=uds, limits=limits)
        return httpx.AsyncClient(transport=transport, base_url=self.address, timeout=600)

    def memory(self) -> float:
        """Proportional set size of its whole process tree, in MB."""
        parent = psutil.Process(self.pid)
        total = 0.0
        for process in [parent, *parent.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss / 1e6
        return total

    def counter(self, name: str) -> float | None:
        """A counter of ours, all labels together; none of another server."""
        if self.operations is None:
            return None
        transport = httpx.HTTPTransport(uds=str(self.operations))
        with httpx.Client(transport=transport, base_url="http://ops") as http:
            text = http.get("/metrics").text
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found)) if found else None


Command = Callable[[Path, int], list[str]]  # of the model's file and a free port


@dataclass(frozen=True)
class Server:
    """A server with its settings."""

    name: str
    title: str
    command: Command | None = None  # none for Hearth's own
    once: bool = False  # measured in the first round alone


def _python_server(*options: str) -> Command:
    def command(gguf: Path, port: int) -> list[str]:
        threads = ["--n_threads", str(THREADS), "--n_threads_batch", str(THREADS)]
        listen = ["--host", "127.0.0.1", "--port", str(port), "--model_alias", gguf.stem]
        start = [str(install.python()), "-m", "llama_cpp.server", "--model", str(gguf)]
        return [*start, "--n_ctx", str(CONTEXT), *threads, *listen, *options]

    return command


def _llama_server(program: Callable[[], Path], *options: str) -> Command:
    def command(gguf: Path, port: int) -> list[str]:
        threads = ["--threads", str(THREADS), "--threads-batch", str(THREADS), "--device", "none"]
        listen = ["--host", "127.0.0.1", "--port", str(port), "--alias", gguf.stem]
        start = [str(program()), "--model", str(gguf), "--ctx-size", str(CONTEXT)]
        return [*start, *threads, *listen, *options]

    return command


SERVERS = {
    server.name: server
    for server in (
        Server("hearth", "Hearth"),
        Server("python", "llama_cpp.server", _python_server()),
        Server(
            "python-patient",
            "llama_cpp.server, interrupt_requests off",
            _python_server("--interrupt_requests", "False"),
            once=True,
        ),
        Server("prebuilt", "llama-server, prebuilt", _llama_server(install.prebuilt, *_BEST)),
        Server("built-default", "llama-server, default", _llama_server(install.built)),
        Server("built", "llama-server, best", _llama_server(install.built, *_BEST)),
        Server(
            APART,
            "llama-server, places apart, twice the context",
            _llama_server(install.built, *_APART),
            once=True,
        ),
        Server(
            "built-drafts",
            "llama-server, best with drafts",
            _llama_server(install.built, *_BEST, "--spec-type", "ngram-simple"),
            once=True,
        ),
    )
}
# llama-server in the context that the others have.
GENERAL = tuple(
    name for name in SERVERS if name.startswith(("prebuilt", "built")) and name != APART
)


@contextlib.contextmanager
def started(server: Server, model: str, gguf: Path, log: Path) -> Iterator[Running]:
    """The server with this model, once it answers; it and its children are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, log.open("wb") as output:
        if server.command is None:
            command, running = _hearth(Path(folder), model, gguf.parents[1])
        else:
            port = _free_port()
            command = server.command(gguf, port)
            running = Running(0, gguf.stem, f"http://127.0.0.1:{port}")
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "app")},  # this clone's own
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            running = Running(**{**vars(running), "pid": process.pid})
            _wait(running, process, log)
            _rest(process.pid)
            yield running
        finally:
            _stop(process)


def _hearth(folder: Path, model: str, models: Path) -> tuple[list[str], Running]:
    configuration = folder / "hearth.toml"
    configuration.write_text(
        f'models_dir = "{models}"\nruntime_dir = "{folder}"\n[pods.family]\n[engines.default]\n'
        f'chat_model = "{model}"\ncontext = {CONTEXT}\nparallel = {MOST}\nthreads = {THREADS}\n'
    )
    sockets = folder / "inference"
    command = [sys.executable, "-m", "hearth.services.inference", "--config", str(configuration)]
    family, operations = sockets / "family.sock", sockets / "ops.sock"
    return command, Running(0, model, "http://inference", family, operations)


def _wait(running: Running, process: subprocess.Popen[bytes], log: Path) -> None:
    uds = running.operations or running.socket
    path = "/healthz" if running.operations else "/v1/models"
    transport = httpx.HTTPTransport(uds=str(uds) if uds else None)
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(transport=transport, base_url=running.address) as http:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if http.get(path).is_success:
                    return
            time.sleep(0.1)
    raise install.Missing(f"it does not start: {_end(process)}; see {log}")


def _rest(pid: int) -> None:
    """Until it has nothing to do of its own: Hearth's loads more models and reads instructions."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        before = _processor_seconds(pid)
        time.sleep(_RESTING_SECONDS)
        if _processor_seconds(pid) - before < _RESTING_SHARE * _RESTING_SECONDS:
            return


def _processor_seconds(pid: int) -> float:
    parent = psutil.Process(pid)
    times = [process.cpu_times() for process in [parent, *parent.children(recursive=True)]]
    return float(sum(time.user + time.system for time in times))


def _end(process: subprocess.Popen[bytes]) -> str:
    code = process.poll()
    if code is None:
        return f"no answer within {_START_SECONDS} seconds"
    if code == -signal.SIGILL:
        return "it was compiled for another processor (illegal instruction)"
    return f"it ended with {code}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
