"""The recovery kit: the one page from which a new box gets everything back."""

from __future__ import annotations

import html
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hearth.core.errors import BadInput
from hearth.ops.backup.restic import Restic

_LINE = re.compile(
    r"^\s*(box|repository|password|environment|login key|server key)\s*[:=]\s*(\S.*?)\s*$",
    re.IGNORECASE,
)
_SSH_KEYS = Path("/etc/ssh")
STEPS = (
    "Install Hearth on the new box, with the same name and the same pods.",
    "In /etc/nixos/pods.nix, for a USB disk: services.hearth.backup.usb.enable = true.",
    "For another machine: services.hearth.backup.repository, as above.",
    "sudo hearth update run /etc/nixos --without-backup",
    "sudo systemctl stop caddy",
    "sudo systemctl stop 'hearth-*.timer' 'hearth-*.socket' 'hearth-*.service'",
    "sudo hearth restore --kit -",
    "Type the lines from Box on, to Server key where there is one, then an empty line.",
    "sudo systemctl reboot",
)
WARNING = (
    "Whoever has this page can read everything in the backups. Keep it where you keep a passport,"
    " and not beside the box."
)


@dataclass(frozen=True)
class Kit:
    """What opens the backups of one box."""

    box: str
    repository: str
    password: str
    environment: dict[str, str] = field(default_factory=dict)
    login: str | None = None  # what lets the box in at the machine with the repository
    server: str | None = None  # and the fingerprint of that machine

    def lines(self) -> list[str]:
        """What a restore needs, a line each; `read` reads them back."""
        more = [f"Environment: {key}={value}" for key, value in self.environment.items()]
        if self.login is not None:
            more += [f"Login key: {self.login}", f"Server key: {self.server}"]
        return [
            f"Box: {self.box}",
            f"Repository: {self.repository}",
            f"Password: {self.password}",
            *more,
        ]


@dataclass(frozen=True)
class Page:
    """The kit with what tells its reader that it is the right one."""

    kit: Kit
    repository_id: str
    key_id: str
    host_keys: tuple[str, ...]
    made: datetime

    def facts(self) -> list[str]:
        """What to compare, a line each."""
        return [
            f"Printed: {self.made:%Y-%m-%d}",
            f"Repository id: {self.repository_id[:16]}",
            f"Key id: {self.key_id}",
            *(f"SSH key of the box: {key}" for key in self.host_keys),
        ]


def page(kit: Kit, restic: Restic) -> Page:
    """The page for a kit; asks the repository, so that a kit that opens nothing is not printed."""
    return Page(kit, restic.id(), restic.key_id(), _host_keys(), datetime.now(UTC))


def text(page: Page) -> str:
    """The page for a terminal or a plain printer."""
    steps = [f"{number}. {step}" for number, step in enumerate(STEPS, 1)]
    code = _qr(page.kit, "UTF8")
    parts = [
        [f"HEARTH RECOVERY KIT: {page.kit.box}", "", WARNING, ""],
        page.kit.lines(),
        ["", *page.facts(), "", "On a new box:", *steps],
        ["", code] if code else ["", "(qrencode is not installed: no code to scan)"],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def as_html(page: Page) -> str:
    """The page for a printer: one file, nothing fetched."""
    needed = "".join(f"<p class=key>{html.escape(line)}</p>" for line in page.kit.lines())
    facts = "".join(f"<li>{html.escape(line)}</li>" for line in page.facts())
    steps = "".join(f"<li>{_step(step)}</li>" for step in STEPS)
    return _HTML.format(
        title=f"Hearth recovery kit: {html.escape(page.kit.box)}",
        warning=html.escape(WARNING),
        needed=needed,
        code=_qr(page.kit, "SVG"),
        facts=facts,
        steps=steps,
    )


def read(words: str) -> Kit:
    """The kit in a file that somebody typed, scanned or saved; BadInput names what it lacks."""
    found: dict[str, str] = {}
    environment: dict[str, str] = {}
    for name, value in (
        match.groups() for line in words.splitlines() if (match := _LINE.match(line))
    ):
        if name.lower() == "environment":
            key, _, inner = value.partition("=")
            environment[key.strip()] = inner.strip()
        else:
            found.setdefault(name.lower(), value)
    wanted = ["box", "repository", "password", *(["server key"] if "login key" in found else [])]
    if missing := [name for name in wanted if name not in found]:
        raise BadInput(
            f"the kit does not say: {', '.join(missing)}",
            remedy="Each stands on a line of its own, such as `Password: …`.",
        )
    login, server = found.pop("login key", None), found.pop("server key", None)
    return Kit(**found, environment=environment, login=login, server=server)


def _step(step: str) -> str:
    escaped = html.escape(step)
    return f"<code>{escaped}</code>" if step.startswith("sudo ") else escaped


def _host_keys() -> tuple[str, ...]:
    """The fingerprints of this machine's SSH keys."""
    lines = []
    for path in sorted(_SSH_KEYS.glob("ssh_host_*_key.pub")):
        done = subprocess.run(
            ["ssh-keygen", "-lf", path], capture_output=True, text=True, check=False
        )
        lines += done.stdout.split()[1:2]
    return tuple(lines)


def _qr(kit: Kit, form: str) -> str:
    """The kit's lines as a code; empty where qrencode is not installed."""
    command = [
        "qrencode",
        "-t",
        form,
        "-l",
        "M",
        *(["--inline"] if form == "SVG" else []),
        "-o",
        "-",
    ]
    try:
        done = subprocess.run(
            command, input="\n".join(kit.lines()).encode(), capture_output=True, check=True
        )
    except FileNotFoundError:
        return ""
    return done.stdout.decode()


_HTML = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 12pt/1.4 sans-serif; max-width: 42em; margin: 2em auto; color: #000 }}
.key, code {{ font-family: monospace; overflow-wrap: anywhere }}
.key {{ font-size: 14pt; margin: .3em 0 }}
.warning {{ border: 2px solid; padding: .5em 1em }}
svg {{ width: 6cm; height: 6cm }}
@page {{ margin: 2cm }}
</style>
<h1>{title}</h1>
<p class=warning>{warning}</p>
{needed}
{code}
<h2>On a new box</h2>
<ol>{steps}</ol>
<h2>To compare</h2>
<ul>{facts}</ul>
</html>
"""
