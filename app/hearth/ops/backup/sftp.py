"""The way to a repository on another machine by SFTP: a key of this box's own, and who is there.

The key is kept and printed as letters that can be typed from paper; ssh gets it as a file in
memory, for one run. What the other machine shows for itself is kept once, and any other refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hearth.config import Settings
from hearth.core.errors import BadConfiguration, BadInput, NotAllowed, Unavailable
from hearth.ops import keys
from hearth.ops.backup.user import User
from hearth.store import whole

_PARTS = r"(?:(?P<user>\w[\w.@+-]*)@)?(?P<host>\w[\w.-]*|\[[0-9a-fA-F:.]+\])"
_FORMS = (  # restic's doc/030_preparing_a_new_repo.rst
    re.compile(rf"sftp://{_PARTS}(?::(?P<port>\d{{1,5}}))?/.+"),
    re.compile(rf"sftp:(?!//){_PARTS}:.+"),
)
_KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")  # the best first
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410; ssh reads it from 9.6 on
_SEED, _CHECK = 32, 3  # bytes: together 56 letters, and no padding
_MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made there
_KNOWN, _SAID = "known_hosts", "said"


@dataclass(frozen=True)
class Server:
    """The machine with the repository."""

    host: str
    port: int = 22
    user: str | None = None


@dataclass(frozen=True)
class Login:
    """What lets this machine in at a server, and the server's key as a line of known_hosts."""

    server: Server
    key: str  # as it is printed
    known: str

    def command(self, folder: Path) -> list[str]:
        """What opens the connection, with the files in `folder`."""
        alone = ["-F", "none", "-oIdentitiesOnly=yes", "-oGlobalKnownHostsFile=none"]
        files = ["-i", f"{folder}/key", f"-oUserKnownHostsFile={folder}/{_KNOWN}"]
        files += ["-E", f"{folder}/{_SAID}"]
        # Nobody is there to be asked; who does not answer, or no more, is not waited for.
        waits = ["-oConnectTimeout=20", "-oServerAliveInterval=30", "-oServerAliveCountMax=4"]
        strict = ["-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]
        name = ["-l", self.server.user] if self.server.user else []
        place = ["-p", str(self.server.port), self.server.host, "-s", "sftp"]
        return ["ssh", *alone, *files, *strict, *waits, *name, *place]


@contextmanager
def option(login: Login | None, user: User | None) -> Iterator[tuple[list[str], list[str]]]:
    """restic's options for one run as `user`, and, when the block is left, what ssh complained of.

    restic passes that on as well, but not always before it gives up.
    """
    said: list[str] = []
    if login is None:
        yield [], said
        return
    with tempfile.TemporaryDirectory(prefix="hearth-login-", dir=_MEMORY) as name:
        folder = Path(name)
        whole.put(folder / "key", pem(login.key).encode())
        whole.put(folder / _KNOWN, f"{login.known}\n".encode())
        if user is not None:
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.number, user.group)
        yield ["-o", f"sftp.command={shlex.join(login.command(folder))}"], said
        if (folder / _SAID).exists():
            said += (folder / _SAID).read_text(errors="replace").splitlines(keepends=True)


def server(repository: str | None) -> Server:
    """The machine that an `sftp:` repository lies on; BadConfiguration for another repository."""
    for form in _FORMS:
        if found := form.fullmatch(repository or ""):
            parts = found.groupdict()
            return Server(parts["host"].strip("[]"), int(parts.get("port") or 22), parts["user"])
    raise BadConfiguration(
        f"{repository or 'no repository'} is no place that is reached by SFTP",
        where="backup.repository",
        remedy="Write it as sftp:USER@HOST:/FOLDER, or sftp://USER@HOST:PORT//FOLDER.",
    )


def login(settings: Settings) -> Login | None:
    """What opens the configured repository's machine; nothing where ssh's own settings do."""
    backup = settings.backup
    if backup.login is None or not (backup.repository or "").startswith("sftp:"):
        return None
    there = server(backup.repository)
    return Login(there, keys.find(settings, backup.login).decode().strip(), known(settings, there))


# The key of this machine


def new_key() -> bytes:
    """A key by chance, as it is kept and printed."""
    return spelled(secrets.token_bytes(_SEED)).encode()


def spelled(seed: bytes) -> str:
    """A key as letters for paper, with a few that tell a slip of the pen."""
    letters = base64.b32encode(seed + _check(seed)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def typed(key: str) -> str:
    """A key that was copied from paper, as it is printed; BadInput."""
    return spelled(_seed(key))


def pem(key: str) -> str:
    """The file of a key that was printed; BadInput where it was copied wrong."""
    text = base64.b64encode(_PKCS8 + _seed(key)).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


def public(key: str) -> str:
    """The line that lets this key in, without a comment."""
    with tempfile.TemporaryDirectory(prefix="hearth-login-", dir=_MEMORY) as name:
        file = Path(name) / "key"
        whole.put(file, pem(key).encode())
        done = _run("ssh-keygen", "-y", "-f", str(file))
    if done.returncode:
        raise Unavailable(f"ssh-keygen cannot read the key: {_last(done.stderr)}")
    return " ".join(done.stdout.split()[:2])


def _seed(key: str) -> bytes:
    letters = re.sub(r"[\s-]", "", key)
    try:
        data = base64.b32decode(letters, casefold=True, map01="L")
    except binascii.Error:
        data = b""
    seed, check = data[:_SEED], data[_SEED:]
    if len(seed) != _SEED or check != _check(seed):
        raise BadInput(
            "the login key is not as it was printed: a letter is wrong or missing",
            remedy="It has 14 groups of four, of letters and the digits 2 to 7.",
        )
    return seed


def _check(seed: bytes) -> bytes:
    return hashlib.sha256(seed).digest()[:_CHECK]


# The key of the other machine


def offered(there: Server) -> list[str]:
    """The keys that a server shows now, as lines of known_hosts, the best first; Unavailable."""
    wanted = ["-T", "15", "-p", str(there.port), "-t", "ed25519,ecdsa,rsa"]
    done = _run("ssh-keyscan", *wanted, there.host)
    lines = [line for line in done.stdout.splitlines() if line.count(" ") == 2]
    found = [line for kind in _KINDS for line in lines if line.split()[1] == kind]
    if not found:
        raise Unavailable(
            f"{there.host} does not answer as a server of SSH on port {there.port}",
            remedy="Is it switched on and in the network, and is its name right?",
        )
    return found


def shown(there: Server, wanted: str) -> str:
    """The line of the key with that fingerprint, if the server shows it; NotAllowed."""
    every = {fingerprint(line): line for line in offered(there)}
    if wanted in every:
        return every[wanted]
    raise NotAllowed(
        f"{there.host} does not show the key {wanted}: it is not that machine, or somebody stands"
        " between",
        remedy=f"It shows {next(iter(every))}. If it was installed anew, compare this with what it"
        " says at its own screen, and give this one.",
    )


def fingerprint(line: str) -> str:
    """A key of known_hosts as ssh shows it."""
    digest = hashlib.sha256(base64.b64decode(line.split()[2])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def known(settings: Settings, there: Server) -> str:
    """The key of the server that was kept; BadConfiguration before that."""
    name = there.host if there.port == 22 else f"[{there.host}]:{there.port}"
    try:
        line = (settings.records / _KNOWN).read_text("utf-8").strip()
    except FileNotFoundError:
        line = ""
    if line.split(" ")[0] != name:
        raise BadConfiguration(
            f"nobody has said yet how {there.host} is told from another machine",
            remedy="`hearth backup trust` shows its key and keeps it.",
        )
    return line


def keep(settings: Settings, line: str) -> None:
    """From now on this key is the server's."""
    settings.records.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole.put(settings.records / _KNOWN, f"{line}\n".encode(), mode=0o644)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BadConfiguration(
            f"{command[0]} is not installed", remedy="Install OpenSSH."
        ) from error


def _last(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "it did not say why")
