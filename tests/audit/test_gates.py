"""Gates: what each asks, what a pack shows, and that what is missing never opens one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audited import PARITY, write_pack, write_targets
from proctor_models.audit.gate_file import Gates, load_gates
from proctor_models.audit.gates import Result, check, table
from proctor_models.audit.packs import ReadPack, read_pack
from proctor_models.audit.promote import _read_targets
from proctor_models.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[2]
NO_KEY = Path("none.pem")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> ReadPack:
    parity = {**PARITY, "sources": [{"source": "stock", "ingested_as": "s", "licence": "none stated", "frames": 3}]}
    return read_pack(write_pack(tmp_path_factory.mktemp("pack") / "pack", parity=parity))


@pytest.fixture
def targets(pack: ReadPack, tmp_path: Path) -> dict[str, Any]:
    content, _ = _read_targets(write_targets(tmp_path / "targets.json", pack.folder))
    assert content is not None
    return content


def missed(pack: ReadPack, measured: dict[str, Any] | None, **gates: Any) -> list[str]:
    return [each.gate for each in check(Gates(**gates), pack, measured, NO_KEY) if not each.is_met]


def test_load_gates__ours() -> None:
    gates = load_gates(ROOT / "configs" / "audit" / "gates.yaml")
    assert gates.of("shipped").signature == "required"
    assert gates.of("shipped").targets is not None
    assert gates.of("retired") == Gates()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema: proctor-gates/1\ncandidate: {}\nshipped: {target: all}\n", r"shipped.target: Extra inputs"),
        ("schema: proctor-gates/2\ncandidate: {}\nshipped: {}\n", r"schema: Input should be 'proctor-gates/1'"),
        ("[", "not YAML"),
    ],
)
def test_load_gates__wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "gates.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_gates(tmp_path / "gates.yaml")


def test_load_gates__missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of gates; name it with --gates"):
        load_gates(tmp_path / "gates.yaml")


def test_check__lower_bound_is_stricter_than_the_value(pack: ReadPack, targets: dict[str, Any]) -> None:
    targets["targets"][0]["low"] = 0.85
    assert missed(pack, targets, targets={"required": "all", "bound": "value"}) == []
    assert missed(pack, targets, targets={"required": "all", "bound": "low"}) == ["targets/phone/recall, webcam"]
    targets["targets"][0]["low"] = None
    assert missed(pack, targets, targets={"required": "all", "bound": "low"}) == ["targets/phone/recall, webcam"]


def test_check__named_targets(pack: ReadPack, targets: dict[str, Any]) -> None:
    targets["targets"][1]["high"] = 0.05
    assert missed(pack, targets, targets={"required": ("phone/recall, webcam",)}) == []
    assert missed(pack, targets, targets={"required": ("phone/*",)}) == ["targets/phone/false frames"]
    assert missed(pack, targets, targets={"required": ("mask/*",)}) == ["targets/mask/*"]
    assert missed(pack, targets, targets={"required": ("phone/shown only",)}) == ["targets/phone/shown only"]


def test_check__nothing_measured_opens_no_gate(pack: ReadPack) -> None:
    asked: dict[str, Any] = {
        "figures": "packed nets",
        "targets": {"required": "all"},
        "slice_gap": {"at_most": {"recall": 0.1}, "slices": ["light"]},
    }
    assert missed(pack, None, **asked) == ["figures", "targets/*", "slice_gap"]


def test_check__figures_of_other_nets(pack: ReadPack, targets: dict[str, Any]) -> None:
    targets["folds"][0]["models"] = {"scene": "a" * 64, "head": "b" * 64}
    assert missed(pack, targets, figures="packed nets") == ["figures"]
    assert missed(pack, targets, figures="nets the card names") == ["figures"]


def test_check__slice_gap_by_its_upper_end(pack: ReadPack, targets: dict[str, Any]) -> None:
    gap = {"at_most": {"recall": 0.2}, "slices": ["light", "view"]}
    assert missed(pack, targets, slice_gap=gap) == []
    assert missed(pack, targets, slice_gap={**gap, "bound": "high"}) == ["slice_gap/phone/recall by light"]


def test_check__parity(pack: ReadPack) -> None:
    asked = {"min_pictures": 500, "score_difference": 1e-9, "box_iou": 0.5}
    assert missed(pack, None, parity=asked) == [
        f"parity/{net}/{name}" for net in ("scene", "head") for name in ("pictures", "score_difference")
    ]


def test_check__licences_as_the_export_recorded_them(pack: ReadPack) -> None:
    asked = {"pack": ["AGPL-3.0-or-later"], "forbidden": ["None Stated*"]}
    assert missed(pack, None, licences=asked) == ["licences/sources/stock"]
    assert missed(pack, None, licences={"pack": ["MIT"]}) == ["licences/pack"]


def test_check__signature(pack: ReadPack) -> None:
    (result,) = check(Gates(signature="required"), pack, None, NO_KEY)
    assert not result.is_met
    assert "no such key" in result.found


def test_table__missed_first() -> None:
    rows = [Result("a", "1", "1", True), Result("b", "at most 1", "2", False, 1.0)]
    assert table(rows).splitlines()[0].startswith("MISSED    b  wanted at most 1, found 2 (missed by 1)")


def test_read_targets__of_another_version(tmp_path: Path) -> None:
    (tmp_path / "targets.json").write_text('{"schema": "proctor-targets/9"}')
    with pytest.raises(DataError, match=r"schema: expected 'proctor-targets/1', got 'proctor-targets/9'"):
        _read_targets(tmp_path / "targets.json")
