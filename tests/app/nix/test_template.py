"""What the installer writes, and what a client starts from, says what the options understand."""

from __future__ import annotations

import json
import re

from flake_files import ROOT

TEMPLATE = ROOT / "hosts" / "template"


def test_the_template_is_whole_and_small() -> None:
    names = {path.name for path in TEMPLATE.iterdir()}
    expected = {"flake.nix", "pods.nix", "pods.json", "box.json", ".sops.yaml", "README.md"}
    assert names == expected
    lines = (TEMPLATE / "flake.nix").read_text().splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 10


def test_pods_are_of_kinds_that_exist() -> None:
    presets = (ROOT / "modules" / "hearth" / "presets.nix").read_text()
    known = set(re.findall(r"^    (\w+) = \{", presets, re.MULTILINE))
    pods = json.loads((TEMPLATE / "pods.json").read_text())
    assert {pod["kind"] for pod in pods.values()} <= known


def test_no_key_in_the_rules_could_be_anybodys() -> None:
    rules = (TEMPLATE / ".sops.yaml").read_text()
    assert all("REPLACE" in key for key in re.findall(r"age1\S+", rules))


def test_the_example_shows_names_and_no_values() -> None:
    example = (ROOT / "secrets" / "example.yaml").read_text()
    names, _, tail = example.partition("sops:\n")
    assert re.findall(r"^([\w-]+): ENC\[AES256_GCM,", names, re.MULTILINE) == [
        "backup-password",
        "tailscale-auth-key",
    ]
    assert len(names.splitlines()) == 2
    assert "BEGIN AGE ENCRYPTED FILE" in tail
    assert not re.search("AGE-SECRET-KEY", example)
    recipient = re.findall(r"age1\w+", (ROOT / "secrets" / ".sops.yaml").read_text())
    assert recipient == re.findall(r"recipient: (age1\w+)", example)
