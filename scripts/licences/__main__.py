"""`make notice`: the gate, NOTICE and build/sbom.cdx.json. `--check` compares NOTICE instead."""

from __future__ import annotations

import sys

from licences import components, gate
from licences.components import FOR_TESTS, ROOT, SHIPPED
from licences.notice import notice
from licences.sbom import sbom


def main(*, check: bool) -> int:
    """Run the gate and write, or compare; the exit status."""
    rules = gate.policy()
    packages = components.packages(SHIPPED, rules.stated)
    scripts = components.scripts(rules.stated)
    models = components.models()
    known = {package.name for package in packages}
    for_tests = [
        package
        for package in components.packages(FOR_TESTS, rules.stated)
        if package.name not in known
    ]
    everything = [*packages, *scripts, *models, *for_tests]
    if refused := list(gate.refused(everything, rules)):
        sys.stderr.write("\n".join([*refused, ""]))
        return 1
    (ROOT / "build").mkdir(exist_ok=True)
    document = sbom([*packages, *scripts, *models], for_tests)
    (ROOT / "build" / "sbom.cdx.json").write_text(document, encoding="utf-8")
    return _compare_or_write(notice(packages, scripts, models, for_tests), check=check)


def _compare_or_write(text: str, *, check: bool) -> int:
    path = ROOT / "NOTICE"
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        sys.stderr.write("NOTICE is out of date; renew it with `make notice`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
