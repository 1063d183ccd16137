"""Packs: every byte accounted for, loadable by the runtime, and never written over another recipe's."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest

from drawn import ROOT
from proctor_models.errors import ConfigError, PackError
from proctor_models.export.pack import pack, read_rules, refuse_overwriting
from proctor_models.export.wheel import build_wheel, project_root
from proctor_models.runtime.model import Net
from proctor_models.runtime.pack import Pack
from stages import THRESHOLDS, recipe, tiny_spec


def test_pack__loads_and_holds_what_it_should(packed: Path) -> None:
    loaded = Pack.load(packed)
    assert loaded.version == "0.0.0-test"
    assert loaded.thresholds == THRESHOLDS
    assert loaded.rule_names == ("online-interview", "remote-exam")
    assert loaded.rules("remote-exam") == read_rules(ROOT / "configs" / "rules" / "remote-exam.yaml", "remote-exam")
    names = set(loaded.manifest["files"])
    assert {"models/scene.onnx", "models/head.onnx", "schema/findings.schema.json", "card.json", "LICENSE"} <= names
    assert {"bom.cdx.json", "instructions.md", "instructions.html"} <= names
    assert loaded.manifest["wheel"] in names
    with zipfile.ZipFile(packed / loaded.manifest["wheel"]) as wheel:
        inside = set(wheel.namelist())
    assert {"proctor_models/runtime/pack.py", "proctor_models/runtime/schema/findings.schema.json"} <= inside


def test_pack__manifest_is_canonical(packed: Path) -> None:
    text = (packed / "manifest.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_pack__a_changed_byte_is_refused(packed: Path, tmp_path: Path) -> None:
    changed = tmp_path / "pack"
    shutil.copytree(packed, changed)
    rules = changed / "rules" / "remote-exam.json"
    rules.write_text(rules.read_text().replace("cheating", "innocent", 1))
    with pytest.raises(PackError, match=r"remote-exam\.json: sha256: expected"):
        Pack.load(changed)


def test_pack__the_card_says_what_is_not_known(packed: Path) -> None:
    card = json.loads((packed / "card.json").read_text())
    page = (packed / "card.md").read_text()
    assert card["measured"]["packed_nets"] is True
    assert card["metrics"]["val"]["phone"]["positives"] == 1
    assert "phone: 1 val frames show it, of only 1 people or recordings." in card["open"]
    assert "mask: no val frame shows it; recall is not known there." in card["open"]
    for words in ("never a verdict", "Second view: no labelled frame", "| made | MIT | 3 | 1 | 0 |"):
        assert words in page


def test_pack__with_the_nets_that_look_again(stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made = pack(recipe(every_net=True), stages / "models", stages / "evaluation", tmp_path / "pack")
    assert list(made.model_sha256) == ["scene", "head", "thing", "outline"]
    assert made.manifest["models"]["thing"] == "models/thing.onnx"
    sheet = (made.folder / "instructions.md").read_text()
    assert "four nets serve all detectors" in sheet
    assert "draws the box of a phone anew from close by" in sheet
    assert "taken over as it is, not trained on any frame of ours" in sheet
    assert "looks again at what the scene net calls a phone" in sheet
    assert "`base.pth`, which count 0.25 in the weights that are kept" in sheet
    assert "`thing` reads things whose longer side is at least 8 px" in sheet
    bill = json.loads((made.folder / "bom.cdx.json").read_text())
    (net,) = [one for one in bill["components"] if one["bom-ref"] == "net:thing"]
    assert net["modelCard"]["modelParameters"]["task"] == "classification of the crop around a detected thing"
    assert net["pedigree"]["ancestors"][0]["name"] == "mobilenet_v2"
    (net,) = [one for one in bill["components"] if one["bom-ref"] == "net:outline"]
    assert net["modelCard"]["modelParameters"]["task"] == "object detection in the crop around a detected thing"
    assert "datasets" not in net["modelCard"]["modelParameters"]
    assert net["pedigree"]["ancestors"][0]["name"] == "yolo26n"


def test_pack__figures_of_other_nets_are_called_so(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shutil.copytree(stages / "evaluation", tmp_path / "evaluation")
    about = json.loads((tmp_path / "evaluation" / "about.json").read_text())
    (tmp_path / "evaluation" / "about.json").write_text(json.dumps(about | {"models": {"scene": "0" * 64}}))
    made = pack(recipe(), stages / "models", tmp_path / "evaluation", tmp_path / "pack")
    assert "**other nets** than the packed ones" in (made.folder / "card.md").read_text()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": "9.9.9"}, r"scene\.onnx: version: expected '9\.9\.9' by recipe 'demo', got '0\.0\.0-test'"),
        ({"name": "other"}, r"recipe: expected 'other', got 'demo'; packs are not overwritten"),
    ],
)
def test_pack__refusals_leave_what_was_there(
    stages: Path, packed: Path, changed: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    before = (packed / "manifest.json").read_bytes()
    with pytest.raises(PackError, match=message):
        pack(recipe(**changed), stages / "models", stages / "evaluation", packed)
    assert (packed / "manifest.json").read_bytes() == before
    assert not [path for path in packed.parent.iterdir() if path.name.startswith(".pack")]


def test_pack__a_net_without_its_proof_is_refused(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shutil.copytree(stages / "models", tmp_path / "models")
    (tmp_path / "models" / "head" / "parity.json").unlink()
    with pytest.raises(PackError, match=r"parity\.json: expected the proof"):
        pack(recipe(), tmp_path / "models", stages / "evaluation", tmp_path / "pack")


def test_refuse_overwriting__only_packs_of_the_same_recipe(packed: Path, tmp_path: Path) -> None:
    refuse_overwriting(packed, "demo")
    refuse_overwriting(tmp_path / "absent", "demo")
    refuse_overwriting(tmp_path, "demo")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PackError, match="expected a pack or nothing there"):
        refuse_overwriting(tmp_path, "demo")


def test_read_rules__a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: no such rule set"):
        read_rules(tmp_path / "absent.yaml", "absent")


@pytest.mark.slow
def test_pack__again_with_equal_bytes(
    stages: Path, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    pack(recipe(), stages / "models", stages / "evaluation", tmp_path / "again")
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (packed / "manifest.json").read_bytes()


def test_pack__a_forbidden_licence_leaves_nothing(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shutil.copytree(stages / "evaluation", tmp_path / "evaluation")
    path = tmp_path / "evaluation" / "about.json"
    about = json.loads(path.read_text())
    about["sources"][0]["licence"] = "CC BY-NC 4.0"
    path.write_text(json.dumps(about))
    with pytest.raises(PackError, match=r"got frames of made: 'CC BY-NC 4\.0'; leave the part out"):
        pack(recipe(), stages / "models", tmp_path / "evaluation", tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_pack__targets_that_are_none(stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(PackError, match=r"targets\.json: expected what `proctor targets` writes, it cannot be read"):
        pack(recipe(), stages / "models", stages / "evaluation", tmp_path / "pack", tmp_path)
    (tmp_path / "targets.json").write_text('{"targets": [{"detector": "phone"}]}')
    with pytest.raises(PackError, match=r"targets\.json: targets: expected figure, high, low"):
        pack(recipe(), stages / "models", stages / "evaluation", tmp_path / "pack", tmp_path)


@pytest.mark.slow
def test_build_wheel__equal_sources_equal_bytes(tmp_path: Path) -> None:
    once, again = (build_wheel(project_root(), tmp_path / name).read_bytes() for name in ("one", "two"))
    assert once == again


def test_build_wheel__says_why_it_failed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'proctor-models'\n")
    with pytest.raises(PackError, match="the wheel cannot be built"):
        build_wheel(tmp_path, tmp_path / "wheels")


def test_spec__the_stamp_survives_the_pack(packed: Path) -> None:
    assert asdict(Net.load(packed / "models" / "head.onnx").spec) == asdict(tiny_spec("head"))
