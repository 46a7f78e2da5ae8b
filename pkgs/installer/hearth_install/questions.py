"""The installer's questions, in plain words. Nothing is changed while they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from getpass import getpass
from typing import TextIO, TypeVar

from hearth_install.choices import ENCRYPTIONS, KINDS, Choices, check
from hearth_install.disks import Disk, choose, describe
from hearth_install.errors import CannotInstall

T = TypeVar("T")
SUGGESTED_PODS = "family finance study"


class Asker:
    """Asks on one stream and reads from another."""

    def __init__(self, reads: TextIO, writes: TextIO) -> None:
        self._reads = reads
        self._writes = writes

    def say(self, *lines: str) -> None:
        """Show lines."""
        self._writes.write("".join(f"{line}\n" for line in lines))

    def ask(self, question: str, default: str = "") -> str:
        """One line; the default for an empty one."""
        self._writes.write(f"{question} [{default}]: " if default else f"{question}: ")
        self._writes.flush()
        line = self._reads.readline()
        if not line:
            raise CannotInstall("stopped: there was no answer; nothing was changed")
        return line.strip() or default

    def ask_hidden(self, question: str) -> str:
        """One line that does not appear on a terminal."""
        if self._reads.isatty():
            return getpass(f"{question}: ")
        return self.ask(question)

    def until_good(self, question: str, default: str, read: Callable[[str], T]) -> T:
        """Ask until `read` accepts the answer; say what was wrong with it."""
        while True:
            answer = self.ask(question, default)
            try:
                return read(answer)
            except CannotInstall as error:
                self.say(f"  {error}.")


def interview(asker: Asker, disks: Sequence[Disk], *, keep_data: bool) -> Choices:
    """All questions, then the confirmation."""
    free = [disk for disk in disks if not disk.in_use]
    if not free:
        raise CannotInstall("no disk is free: the box needs one beside the stick")
    asker.say("", "Disks of this machine:", "")
    for disk in free:
        asker.say(*(f"  {line}" for line in describe(disk)), "")
    disk = asker.until_good(
        "Install to which disk", free[0].name, lambda answer: choose(free, answer)
    )
    encryption = asker.ask(f"Encryption ({', '.join(ENCRYPTIONS)})", "none")
    choices = check(
        Choices(
            disk=disk,
            keep_data=keep_data,
            encryption=encryption,
            passphrase="" if encryption == "none" else passphrase(asker),
            host_name=asker.ask("Name of the box in your network", "hearth"),
            time_zone=asker.ask("Time zone", "Europe/Berlin"),
            pods=tuple(asker.ask(f"Pods ({', '.join(KINDS)})", SUGGESTED_PODS).split()),
            owner_login=asker.ask("The owner signs in as", "owner"),
            owner_name=asker.ask("The owner's name", "Owner"),
            admin_password=admin_password(asker),
        )
    )
    confirm(asker, choices)
    return choices


def passphrase(asker: Asker) -> str:
    """A passphrase, typed twice; it is not shown where there is a screen to show it on."""
    first = asker.ask_hidden("Passphrase that opens the disk")
    if asker.ask_hidden("The same once more") != first:
        raise CannotInstall("stopped: the passphrases differ; nothing was changed")
    return first


def admin_password(asker: Asker) -> str:
    """The owner's password at the box's own screen, typed twice; empty for no shell at all."""
    first = asker.ask_hidden("The owner's password at the box's own screen (empty: no shell)")
    if first and asker.ask_hidden("The same once more") != first:
        raise CannotInstall("stopped: the passwords differ; nothing was changed")
    return first


def confirm(asker: Asker, choices: Choices) -> None:
    """Show what will be lost, and let the disk's name be typed."""
    disk = choices.disk
    what = "Everything but the data on" if choices.keep_data else "Everything on"
    asker.say("", f"{what} this disk will be ERASED:", "")
    asker.say(*(f"  {line}" for line in describe(disk)), "")
    if asker.ask(f"Type {disk.name} to go on") != disk.name:
        raise CannotInstall("stopped: that was not the disk's name; nothing was changed")
