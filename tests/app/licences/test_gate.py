"""The licence gate over everything that Hearth is built from."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from licences import components, gate
from licences.components import FOR_TESTS, ROOT, SHIPPED, Component
from licences.notice import notice
from licences.sbom import sbom

RULES = gate.policy()


@pytest.fixture(scope="module")
def shipped() -> list[Component]:
    """What reaches a box."""
    return components.packages(SHIPPED, RULES.stated)


@pytest.fixture(scope="module")
def for_tests(shipped: list[Component]) -> list[Component]:
    """What only builds and tests."""
    known = {component.name for component in shipped}
    packages = components.packages(FOR_TESTS, RULES.stated)
    return [package for package in packages if package.name not in known]


def test_every_licence_is_accepted(shipped: list[Component], for_tests: list[Component]) -> None:
    others = [*components.scripts(RULES.stated), *components.models()]
    assert list(gate.refused([*shipped, *others, *for_tests], RULES)) == []


def test_gate_looks_at_everything(shipped: list[Component]) -> None:
    names = {component.name for component in shipped}
    assert {"fastapi", "llama-cpp-python", "torch", "pillow", "systemd-python"} <= names
    assert {script.name for script in components.scripts(RULES.stated)} == {
        "htmx.org",
        "htmx-ext-sse",
    }
    assert any(model.hashes for model in components.models())


def test_committed_notice_is_up_to_date(
    shipped: list[Component], for_tests: list[Component]
) -> None:
    text = notice(shipped, components.scripts(RULES.stated), components.models(), for_tests)
    committed = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert committed == text, "renew it: make notice"


def test_bill_of_materials_is_valid(shipped: list[Component], for_tests: list[Component]) -> None:
    document = sbom([*shipped, *components.models()], for_tests)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    entries = {entry["name"]: entry for entry in json.loads(document)["components"]}
    assert entries["fastapi"]["purl"].startswith("pkg:pypi/fastapi@")
    assert entries["pytest"]["scope"] == "excluded"
    model = entries["qwen2.5-coder-1.5b-instruct"]
    assert model["type"] == "machine-learning-model"
    assert model["hashes"][0]["alg"] == "SHA-256"


@pytest.mark.parametrize(
    ("licence", "accepted"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
        ("AGPL-3.0-or-later", False),
        ("LGPL-2.1-or-later", False),
        ("Proprietary words", False),
        ("", False),
    ],
)
def test_policy_is_applied_to_whole_expressions(licence: str, accepted: bool) -> None:
    component = Component("pypi", "anything", "1", licence)
    assert (list(gate.refused([component], RULES)) == []) is accepted


def test_exception_holds_for_its_own_component_alone() -> None:
    own = Component("pypi", "systemd-python", "235", "LGPL-2.1-or-later")
    other = Component("pypi", "something-else", "1", "LGPL-2.1-or-later")
    (words,) = gate.refused([own, other], RULES)
    assert words == "pypi something-else 1: LGPL-2.1-or-later is not accepted"
