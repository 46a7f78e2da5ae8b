"""What can go wrong, in words for the person who installs."""

from __future__ import annotations


class CannotInstall(Exception):
    """Says what is wrong and what to do; nothing was changed unless it says so."""
