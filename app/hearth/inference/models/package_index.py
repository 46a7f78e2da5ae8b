"""Wheels in the Python package index (PEP 691), found without running anything of a package."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import httpx

from hearth.core.errors import Unavailable

_ACCEPT = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Wheel:
    """A wheel as the index lists it."""

    name: str
    url: str
    sha256: str
    bytes: int  # 0 when the index does not say


def address() -> str:
    """The index that pip would use here: PIP_INDEX_URL, pip's configuration, pip's default."""
    found = os.environ.get("PIP_INDEX_URL") or _configured() or _default()
    if not found:
        raise Unavailable(
            "no package index is known here",
            remedy="Set PIP_INDEX_URL, or fetch the file yourself and give it with --file.",
        )
    return found.rstrip("/")


def _configured() -> str:
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""


def _default() -> str:
    try:
        # pip is not everywhere (an appliance has none), and it is needed here alone.
        from pip._internal.models.index import PyPI  # noqa: PLC0415
    except ImportError:
        return ""
    return PyPI.simple_url


def wheel(http: httpx.Client, index: str, package: str, version: str) -> Wheel:
    """The pure wheel of `package` at `version`; Unavailable when the index has none."""
    where = f"{index}/{package}/"
    response = http.get(where, headers={"accept": _ACCEPT})
    if response.status_code != httpx.codes.OK or _ACCEPT not in response.headers["content-type"]:
        raise Unavailable(
            f"the package index answered {response.status_code} without a list of files",
            where=where,
            remedy="Check PIP_INDEX_URL; the index must speak PEP 691.",
        )
    prefix = f"{package.replace('-', '_')}-{version}-"
    for file in response.json()["files"]:
        if file["filename"].startswith(prefix) and file["filename"].endswith(".whl"):
            url = str(response.url.join(file["url"]))
            sha256 = file["hashes"].get("sha256", "")
            return Wheel(file["filename"], url, sha256, file.get("size") or 0)
    raise Unavailable(f"the package index has no wheel of {package} {version}", where=where)
