"""Texts that others may have touched: metadata of nets, rule sets, findings and the files of a watched exam."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fuzzed import examples, mangled, told, values, wrong
from proctor_models.errors import ConfigError, EvidenceError, ModelError, shown
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime import strict_json
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_ledger import read_exam
from proctor_models.runtime.spec import NetSpec
from watched import finding, gap, write_exam

ROOT = Path(__file__).resolve().parents[2]
SPEC = {
    "net": "head",
    "version": "1.0",
    "resolution_wh": [32, 32],
    "names": ["mask", "hat"],
    "mean": [0.0, 0.0, 0.0],
    "std": [1.0, 1.0, 1.0],
    "pad_value": 114,
    "crop_scale": 1.8,
    "min_face_px": 16,
    "nms_iou": 0.0,
    "min_score": 0.0,
    "thresholds": {"phone": 0.5},
    "data_version": "d",
    "recipe": "test@0",
    "schema": 1,
}
RULES = {name: yaml.safe_load((ROOT / "configs" / "rules" / f"{name}.yaml").read_text("utf-8")) for name in (
    "remote-exam", "online-interview"
)}  # fmt: skip


@given(st.one_of(values, wrong(SPEC)))
@examples(50)
def test_from_json__any_metadata(raw: Any) -> None:
    try:
        spec = NetSpec.from_json(json.dumps(raw), "net.onnx")
    except ModelError as error:
        told(error, "net.onnx: ")
        return
    assert NetSpec.from_json(spec.to_json(), "net.onnx") == spec
    assert min(spec.std) > 0
    spec.to_json().encode()


@given(st.one_of(st.text(), mangled(json.dumps(SPEC).encode()).map(lambda content: content.decode("utf-8", "replace"))))
@examples(40)
def test_from_json__any_text(text: str) -> None:
    try:
        NetSpec.from_json(text, "net.onnx")
    except ModelError as error:
        told(error, "net.onnx: ")


@pytest.mark.parametrize("name", sorted(RULES))
def test_ruleset__any_change(name: str) -> None:
    @given(wrong(RULES[name]))
    @examples(30)
    def check(raw: Any) -> None:
        try:
            ruleset = ruleset_from_dict(raw, "exam.yaml")
        except ConfigError as error:
            told(error, "exam.yaml: ")
            return
        for rule in ruleset.rules:
            assert math.isfinite(rule.min_duration_s + rule.max_gap_s + rule.leave_ratio + rule.min_share)

    check()


@given(values)
@examples(30)
def test_ruleset__any_value(raw: Any) -> None:
    with pytest.raises(ConfigError, match=r"^exam\.yaml: "):
        ruleset_from_dict(raw, "exam.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "rules: 0x" + "f" * 20_000,  # a number without a decimal text
        "0x" + "f" * 20_000 + ": 1",
        "title: &a [*a]",
        # Every line doubles what the line before says twice: written out, this is longer than memory.
        "".join(f"k{i}: &k{i} [{', '.join([f'*k{i - 1}'] * 9 if i else ['x'] * 9)}]\n" for i in range(30)),
        'name: "\\uD800"',
        '"\\uD800": 1',
        "? [a]\n: 1",
        "? {a: 1}\n: 1",
        "!!python/object/apply:os.system [true]",
        "!!timestamp 2001-01-01: 1",
        "rules: !!binary aGVsbG8=",
        "rules: .nan",
        "<<: {name: X}",
    ],
)
def test_ruleset__yaml_of_its_own_kind(text: str) -> None:
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError:
        return  # the packer says so in its own words
    base = dict(RULES["remote-exam"])
    for whole in (raw, base | raw if isinstance(raw, dict) else [raw]):
        with pytest.raises(ConfigError, match=r"^exam\.yaml: ") as caught:
            ruleset_from_dict(whole, "exam.yaml")
        told(caught.value, "exam.yaml: ")


LINES = [json.loads(finding().to_json()), json.loads(gap(2).to_json())]


@given(st.one_of(values, wrong(LINES[0]), wrong(LINES[1])))
@examples(50)
def test_finding__any_line(raw: Any) -> None:
    try:
        found = Finding.from_json(json.dumps(raw), "findings.jsonl:1")
    except EvidenceError as error:
        told(error, "findings.jsonl:1: ")
        return
    assert Finding.from_json(found.to_json(), "again") == found
    found.to_json().encode()


def test_finding__a_long_name_of_a_language() -> None:
    with pytest.raises(EvidenceError, match="another shape") as caught:
        Finding.from_json(json.dumps(LINES[0] | {"title": {"zh": "x", "e" * 5000: "x"}}), "findings.jsonl:1")
    told(caught.value, "findings.jsonl:1: ")


@pytest.mark.parametrize("name", ["session.json", "findings.jsonl", "scores.jsonl"])
def test_read_exam__any_change(tmp_path: Path, name: str) -> None:
    folder = write_exam(tmp_path / "exam")
    path = folder / name
    whole = path.read_bytes()
    first = json.loads(whole.split(b"\n")[0])

    @given(st.one_of(mangled(whole), wrong(first).map(lambda raw: json.dumps(raw).encode()), st.binary(max_size=30)))
    @examples(30)
    def check(content: bytes) -> None:
        path.write_bytes(content)
        try:
            exam = read_exam(folder)
        except EvidenceError as error:
            told(error, name)
            return
        assert math.isfinite(exam.horizon_s)

    check()


@given(st.one_of(values.map(json.dumps), st.binary(max_size=40), st.text(max_size=40)))
@examples(50)
def test_loads__any_content(content: str | bytes) -> None:
    try:
        value = strict_json.loads(content)
    except ValueError:
        return
    assert strict_json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"\xff{}", "utf-8"),
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "key 'c' twice"),
        ("NaN", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("1e999", "more than a number can hold"),
        ("9" * 5000, "a number of 5000 digits"),
        ("[" * 100_000, "nested too deeply"),
        ('"\\ud83d"', "surrogates not allowed"),
        ("{} {}", "Extra data"),
    ],
)
def test_loads__refuses(content: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        strict_json.loads(content)


def test_loads__whole_pairs_of_surrogates() -> None:
    assert strict_json.loads('"\\ud83d\\ude00"') == "😀"


@given(values)
@examples(30)
def test_shown__any_value(value: Any) -> None:
    assert 0 < len(shown(value)) <= 80
