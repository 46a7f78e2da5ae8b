"""Runs a NixOS testScript on systemd-nspawn machines: `python -m driver SPEC.json`.

Machines are either NixOS's own second stage on Debian's files, or Debian with a rendering laid into
/etc. Their root is a read-only floor under an overlay; what they write lasts as long as the run.
"""
