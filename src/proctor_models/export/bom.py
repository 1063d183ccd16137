"""The bill of materials of a pack: CycloneDX 1.6 with model cards, equal bytes for equal packs.

https://cyclonedx.org/docs/1.6/json/. The library has no model cards and no data yet (11.12); they are put into what it
writes, and its own schema check is over the whole.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from proctor_models import __version__
from proctor_models.config_nets import soup_of
from proctor_models.errors import ConfigError, PackError
from proctor_models.export.bom_cards import data_ref, model_card
from proctor_models.export.contents import Contents, Origin
from proctor_models.export.licences import (
    PROJECT_LICENCE,
    RUNTIME_PACKAGES,
    STARTS,
    Licence,
    architecture,
    package_licence,
    read_licence,
)
from proctor_models.types import NetName

if TYPE_CHECKING:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import License

BOM_FILE = "bom.cdx.json"


def bom(contents: Contents) -> str:
    """The bill of materials as JSON.

    Args:
        contents: with the hashes of all files the bill is to name.

    Raises:
        PackError: it would not be valid CycloneDX; the message holds the first fault.
        ConfigError: SOURCE_DATE_EPOCH is no time.
    """
    from cyclonedx.output.json import JsonV1Dot6

    written: dict[str, Any] = json.loads(JsonV1Dot6(_bill(contents)).output_as_string())
    more: dict[str, Any] = {f"net:{net}": {"modelCard": model_card(contents, net)} for net in contents.recipe.nets}
    more |= {data_ref(origin): {"data": [_data(origin)]} for origin in contents.origins}
    more |= {
        f"rules:{name}": {"data": [{"type": "configuration", "name": name}]} for name in contents.recipe.pack.rules
    }
    for component in written["components"]:
        component.update(_without_empty(more.get(component["bom-ref"], {})))
    written.pop("serialNumber", None)
    content = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()
    written["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    text = json.dumps(written, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    _check(text)
    return text


def _without_empty(value: Any) -> Any:
    """Nested mappings and lists without what is empty: a field that says nothing is left out."""
    if isinstance(value, dict):
        kept = {key: _without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ("", [], {})}
    return [_without_empty(inner) for inner in value] if isinstance(value, list) else value


def _check(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise PackError(f"{BOM_FILE}: expected valid CycloneDX 1.6, got a fault: {str(fault.data)[:300]}; pack again")


def _bill(contents: Contents) -> Bom:
    """The bill as the library knows it: components, hashes, licences, and what depends on what."""
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import ComponentType

    recipe = contents.recipe
    made = Bom()
    made.metadata.timestamp = _timestamp()  # type: ignore[assignment]  # the format lets it be absent
    made.metadata.component = _component(
        ComponentType.APPLICATION, "proctor-pack", recipe.pack.version, read_licence(PROJECT_LICENCE), ref="pack"
    )
    made.metadata.tools.components.add(
        _component(ComponentType.APPLICATION, "proctor-models", __version__, read_licence(PROJECT_LICENCE), ref="tool")
    )
    made.metadata.properties.add(Property(name="proctor:recipe", value=f"{recipe.name}@{recipe.sha256}"))
    nets, origins = [_net(contents, net) for net in recipe.nets], [_origin(origin) for origin in contents.origins]
    rules = [
        _component(
            ComponentType.DATA,
            f"rules/{name}.json",
            recipe.pack.version,
            read_licence(PROJECT_LICENCE),
            ref=f"rules:{name}",
            sha256=contents.files[f"rules/{name}.json"],
        )
        for name in recipe.pack.rules
    ]
    wheel, packages = _wheel(contents), [_package(name) for name in RUNTIME_PACKAGES]
    made.components.update([*nets, *origins, *rules, wheel, *packages])
    made.register_dependency(made.metadata.component, [*nets, *rules, wheel])
    for net in nets:
        made.register_dependency(net, origins)
    made.register_dependency(wheel, packages)
    return made


def _timestamp() -> datetime | None:
    """When the pack is said to be made: SOURCE_DATE_EPOCH, else nothing, for equal packs have equal bytes."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not stated:
        return None
    try:
        return datetime.fromtimestamp(int(stated), UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigError(
            f"SOURCE_DATE_EPOCH: expected seconds since 1970, got {stated[:40]!r}; set it right or not at all"
        ) from None


def _component(  # one call for what every component has
    kind: ComponentType, name: str, version: str, licence: Licence, *, ref: str, sha256: str = "", **more: Any
) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component

    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else []
    return Component(
        type=kind, name=name, version=version, bom_ref=ref, hashes=hashes, licenses=[_licence(licence)], **more
    )


def _licence(licence: Licence) -> License:
    """SPDX where all of it is; else the words of who states it, which no identifier may replace."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
    from cyclonedx.spdx import is_supported_id

    declared = LicenseAcknowledgement.DECLARED
    if licence.words or not licence.expression:
        return DisjunctiveLicense(name=licence.stated, acknowledgement=declared)
    if is_supported_id(licence.expression):
        return DisjunctiveLicense(id=licence.expression, acknowledgement=declared)
    return LicenseExpression(licence.expression, acknowledgement=declared)


def _net(contents: Contents, name: NetName) -> Component:
    from cyclonedx.model.component import Component, ComponentType, Pedigree

    recipe, parity, net = contents.recipe, contents.parity[name], contents.nets[name]
    plan, design = recipe.plan(name), architecture(recipe, name)
    origin, licence = STARTS[design]
    start = Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=design,
        description=origin,
        bom_ref=f"start:{name}",
        licenses=[_licence(read_licence(licence))],
    )
    facts = {
        "recipe": net.spec.recipe,
        "data_version": net.spec.data_version,
        "parity.pictures": parity["pictures"],
        "parity.worst_score_difference": f"{parity['worst_score_difference']:.3g}",
        "training.starts_from": plan.init or design,
        **{f"export.{tool}": version for tool, version in parity.get("versions", {}).items()},
        **{f"training.blended_with.{other}": share for other, share in soup_of(plan).items()},
    }
    return _component(
        ComponentType.MACHINE_LEARNING_MODEL,
        f"models/{name}.onnx",
        net.spec.version,
        read_licence(PROJECT_LICENCE),
        ref=f"net:{name}",
        sha256=net.sha256,
        pedigree=Pedigree(ancestors=[start]),
        properties=_properties(facts),
    )


def _origin(origin: Origin) -> Component:
    from cyclonedx.model.component import ComponentType

    facts = {
        "frames": origin.frames,
        "rights": origin.rights,
        "consent": origin.consent,
        "licence.stated": origin.licence.stated,
        "licence.recognised": origin.licence.expression or "none",
    }
    return _component(
        ComponentType.DATA,
        origin.name,
        origin.data_version,
        origin.licence,
        ref=data_ref(origin),
        properties=_properties(facts),
    )


def _wheel(contents: Contents) -> Component:
    from cyclonedx.model.component import ComponentType
    from packageurl import PackageURL

    path = next(name for name in contents.files if name.endswith(".whl"))
    return _component(
        ComponentType.LIBRARY,
        path,
        __version__,
        read_licence(PROJECT_LICENCE),
        ref="wheel",
        sha256=contents.files[path],
        purl=PackageURL("pypi", None, "proctor-models", __version__),
    )


def _package(name: str) -> Component:
    """A package the wheel needs, in the version that the pack was made and checked with."""
    from cyclonedx.model.component import ComponentType
    from packageurl import PackageURL

    version = importlib.metadata.version(name)
    purl = PackageURL("pypi", None, name, version)
    return _component(ComponentType.LIBRARY, name, version, package_licence(name), ref=f"package:{name}", purl=purl)


def _properties(facts: Mapping[str, object]) -> list[Property]:
    from cyclonedx.model import Property

    return [Property(name=f"proctor:{name}", value=str(value)) for name, value in facts.items()]


def _data(origin: Origin) -> dict[str, Any]:
    return {
        "type": "dataset",
        "name": origin.name,
        "classification": "pictures that may show people",
        "contents": {"properties": [{"name": "proctor:frames", "value": str(origin.frames)}]},
    }
