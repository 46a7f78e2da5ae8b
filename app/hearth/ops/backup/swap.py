"""Puts a finished directory in the place of another in one step."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2)
_WITHOUT = (errno.EINVAL, errno.ENOSYS)  # this file system or kernel cannot


def replace(target: Path, made: Path, aside: Path) -> None:
    """`made` becomes `target`, and what was there becomes `aside`; nobody sees neither.

    All three lie on one file system. Where it cannot exchange two names, there is a moment
    without `target`.
    """
    if not target.exists():
        made.rename(target)
        return
    if _exchanged(made, target):
        made.rename(aside)
    else:
        target.rename(aside)
        made.rename(target)


def _exchanged(one: Path, other: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    paths = [ctypes.c_char_p(os.fsencode(path)) for path in (one, other)]
    try:
        failed = libc.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE)
    except AttributeError:  # a C library without it
        return False
    if failed and ctypes.get_errno() not in _WITHOUT:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))
    return not failed
