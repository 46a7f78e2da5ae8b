"""Hearth: a private AI appliance for a household."""

__version__ = "0.1.0"
