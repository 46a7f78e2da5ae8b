"""The bill of materials in CycloneDX 1.6."""

from __future__ import annotations

from collections.abc import Iterable

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Entry
from cyclonedx.model.component import ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import hearth
from licences.components import Component


def sbom(shipped: Iterable[Component], for_tests: Iterable[Component]) -> str:
    """The document as JSON."""
    bom = Bom()
    bom.metadata.component = Entry(
        name="hearth",
        version=hearth.__version__,
        type=ComponentType.APPLICATION,
        bom_ref="hearth",
        licenses=[LicenseExpression("Apache-2.0")],
    )
    entries = [_entry(component, ComponentScope.REQUIRED) for component in shipped]
    entries += [_entry(component, ComponentScope.EXCLUDED) for component in for_tests]
    bom.components.update(entries)
    bom.register_dependency(bom.metadata.component, entries)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _entry(component: Component, scope: ComponentScope) -> Entry:
    model = component.kind == "model"
    # A package has a file, and so a hash, for each platform; a purl names none of them.
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in component.hashes]
    return Entry(
        name=component.name,
        version=component.version or None,
        type=ComponentType.MACHINE_LEARNING_MODEL if model else ComponentType.LIBRARY,
        bom_ref=f"{component.kind}:{component.name}:{scope.value}",
        scope=scope,
        purl=None if model else PackageURL(component.kind, None, component.name, component.version),
        licenses=[LicenseExpression(component.licence)],
        hashes=hashes if model else [],
    )
