"""Signed files, checked with OpenSSH's own tool (ssh-keygen(1), `-Y verify`)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hearth.core.errors import BadConfiguration, BadInput, Damaged, NotAllowed

NAMESPACE = "hearth-update"


def verify(file: Path, allowed_signers: Path | None) -> str:
    """Who has signed `file`, whose signature lies beside it as FILE.sig.

    Raises NotAllowed when nobody has, or somebody who is not on the list; Damaged when the file
    is not what was signed.
    """
    if allowed_signers is None or not allowed_signers.is_file():
        raise BadConfiguration(
            "nobody may sign updates for this machine",
            where="update.allowed_signers" if allowed_signers is None else str(allowed_signers),
            remedy="Name those who may: on a box services.hearth.updates.allowedSigners, else a "
            "file as in ssh-keygen(1), ALLOWED SIGNERS.",
        )
    signature = file.with_name(f"{file.name}.sig")
    if not file.is_file():
        raise BadInput("there is no such file", where=str(file))
    if not signature.is_file():
        raise NotAllowed(
            "this update is not signed",
            where=str(file),
            remedy=f"Its signature belongs beside it as {signature.name}.",
        )
    found = _ssh_keygen("find-principals", "-s", signature, "-f", allowed_signers)
    if found.returncode:
        raise NotAllowed(
            "this update is signed by nobody on the list of signers", where=str(signature)
        )
    signer = found.stdout.decode().splitlines()[0].strip()
    options = ("-f", allowed_signers, "-I", signer, "-n", NAMESPACE, "-s", signature)
    if _ssh_keygen("verify", *options, of=file).returncode:
        raise Damaged(
            f"this update is not what {signer} has signed",
            where=str(file),
            remedy="Fetch it again; do not install it.",
        )
    return signer


def _ssh_keygen(
    verb: str, *options: str | Path, of: Path = Path("/dev/null")
) -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", verb, *map(str, options)]
    with of.open("rb") as file:
        try:
            return subprocess.run(command, stdin=file, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise BadConfiguration("ssh-keygen is not installed") from error
