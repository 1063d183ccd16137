"""The bill of materials: valid, complete, and the same for the same pack."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from proctor_models.config import DETECTOR_NAMES
from proctor_models.errors import ConfigError, PackError
from proctor_models.export.bom import bom
from proctor_models.export.contents import Contents
from proctor_models.export.licences import RUNTIME_PACKAGES
from proctor_models.runtime.pack import Pack

ROWS = [
    {
        "source": "room",
        "ingested_as": "webcam",
        "licence": "MIT (repo); stock photos",
        "rights": "ours",
        "consent": "asked",
    },
    {
        "source": "scenes",
        "ingested_as": "scenes",
        "licence": "CC0-1.0",
        "rights": "not stated",
        "consent": "not stated",
    },
]


def components(text: str) -> dict[str, Any]:
    return {component["bom-ref"]: component for component in json.loads(text)["components"]}


def with_sources(contents: Contents) -> Contents:
    rows = [row | {"frames": 7} for row in ROWS]
    return replace(contents, parity={net: parity | {"sources": rows} for net, parity in contents.parity.items()})


def test_bom__in_a_pack_is_valid_and_names_its_files(packed: Path) -> None:
    text = (packed / "bom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    files = Pack.load(packed).manifest["files"]
    hashed = {c["name"]: c["hashes"][0]["content"] for c in components(text).values() if "hashes" in c}
    assert {name: files[name]["sha256"] for name in hashed} == hashed
    assert {
        "models/scene.onnx",
        "models/head.onnx",
        "rules/remote-exam.json",
        Pack.load(packed).manifest["wheel"],
    } <= set(hashed)
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_bom__same_contents_same_bytes(contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    once = bom(contents)
    assert bom(contents) == once
    assert "timestamp" not in json.loads(once)["metadata"]
    other = json.loads(bom(replace(contents, files=contents.files | {"rules/remote-exam.json": "3" * 64})))
    assert other["serialNumber"] != json.loads(once)["serialNumber"]


def test_bom__time_is_stated_or_left_out(contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1577836800")
    assert json.loads(bom(contents))["metadata"]["timestamp"] == "2020-01-01T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH: expected seconds since 1970, got 'yesterday'"):
        bom(contents)


def test_bom__nets_have_model_cards(contents: Contents) -> None:
    found = components(bom(contents))
    for net in ("scene", "head"):
        component = found[f"net:{net}"]
        assert component["type"] == "machine-learning-model"
        assert component["hashes"] == [{"alg": "SHA-256", "content": contents.nets[net].sha256}]
        card = component["modelCard"]
        assert card["modelParameters"]["approach"] == {"type": "supervised"}
        assert {data["ref"] for data in card["modelParameters"]["datasets"]} <= set(found)
        assert any("never a verdict" in use for use in card["considerations"]["useCases"])
        assert component["pedigree"]["ancestors"][0]["licenses"]
    metrics = found["net:scene"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    phone = [metric for metric in metrics if metric["type"] == "recall" and metric["slice"].startswith("phone")]
    assert phone == [
        {
            "type": "recall",
            "value": "1.0000",
            "slice": "phone, 1 val frames, threshold 0.5",
            "confidenceInterval": {"lowerBound": "0.0250", "upperBound": "1.0000"},
        }
    ]


def test_bom__groups_that_differ_are_on_the_card(contents: Contents) -> None:
    row = dict(contents.measured.metrics["val"]["mask"]) | {"recall_gap_by_skin_tone": 0.25}
    metrics = {"val": dict(contents.measured.metrics["val"]) | {"mask": row}}
    text = bom(replace(contents, measured=replace(contents.measured, metrics=metrics)))
    found = components(text)["net:scene"]["modelCard"]["considerations"]["fairnessAssessments"]
    assert found[0]["groupAtRisk"] == "mask, by skin tone"
    assert "differ by 0.250 on val frames" in found[0]["harms"]


def test_bom__frames_with_their_version_licence_and_rights(contents: Contents) -> None:
    text = bom(with_sources(contents))
    data = {c["name"]: c for c in components(text).values() if c["type"] == "data" and "rules" not in c["name"]}
    assert set(data) == {"room (as webcam)", "scenes"}
    said = {p["name"]: p["value"] for p in data["room (as webcam)"]["properties"]}
    assert said["proctor:rights"] == "ours"
    assert said["proctor:consent"] == "asked"
    assert said["proctor:frames"] == "7"
    assert said["proctor:licence.recognised"] == "MIT"
    # No identifier may stand for words of which only a part is a licence.
    assert data["room (as webcam)"]["licenses"][0]["license"]["name"] == "MIT (repo); stock photos"
    assert data["scenes"]["licenses"][0]["license"]["id"] == "CC0-1.0"
    assert data["scenes"]["version"] == contents.parity["scene"]["data_version"]


def test_bom__runtime_with_its_packages(contents: Contents) -> None:
    text = bom(contents)
    found = components(text)
    assert {f"package:{name}" for name in RUNTIME_PACKAGES} <= set(found)
    assert all(found[f"package:{name}"]["licenses"] for name in RUNTIME_PACKAGES)
    needs = {row["ref"]: set(row.get("dependsOn", ())) for row in json.loads(text)["dependencies"]}
    assert needs["wheel"] == {f"package:{name}" for name in RUNTIME_PACKAGES}
    assert {"net:scene", "net:head", "wheel", "rules:remote-exam"} <= needs["pack"]


def test_bom__what_is_not_valid_is_refused(contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_models.export.bom.model_card", lambda *_: {"task": "none of the format's"})
    with pytest.raises(PackError, match=r"bom\.cdx\.json: expected valid CycloneDX 1\.6, got a fault"):
        bom(contents)


def test_detectors_of__by_what_a_net_reads(contents: Contents) -> None:
    assert contents.detectors_of("scene") == DETECTOR_NAMES
    assert contents.detectors_of("head") == ("earphone", "mask")
