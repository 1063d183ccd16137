"""Findings as lines: what is written is what the schema says, and what is wrong is refused."""

import json
import math
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor_models.errors import EvidenceError
from proctor_models.rules.policy import SEVERITIES, Text
from proctor_models.runtime.findings import Finding, findings_schema

PHONE = Finding(
    id="F0001",
    rule="phone",
    detector="phone",
    title=Text("手机", "Phone"),
    article=Text("《规则》第一条：“……”", 'Rules, article 1: "..."'),
    severity="cheating",
    view="first",
    start_s=1.5,
    end_s=4.0,
    peak_s=2.0,
    peak_score=0.91,
    threshold=0.4,
    boxes=((1.0, 2.0, 30.5, 40.0),),
    evidence=("evidence/F0001-peak.jpg", "evidence/F0001-before.jpg"),
    marked="evidence/F0001-marked.jpg",
    model_sha256={"scene": "a" * 64, "head": "b" * 64},
    rules_sha256="c" * 64,
)
GAP = replace(PHONE, detector="recording_gap", peak_s=None, peak_score=None, threshold=None, boxes=(), marked=None)
WRONG: list[tuple[str, object]] = [
    ("id", "1"),
    ("id", 1),
    ("rule", ""),
    ("detector", None),
    ("title", {"zh": "手机", "en": ""}),
    ("title", {"zh": "手机"}),
    ("article", "Rules"),
    ("severity", "verdict"),
    ("view", "third"),
    ("start_s", -1),
    ("start_s", "0"),
    ("end_s", None),
    ("end_s", True),
    ("peak_s", None),
    ("peak_score", 1.2),
    ("threshold", "high"),
    ("boxes", [[1, 2, 3]]),
    ("boxes", [["a", 2, 3, 4]]),
    ("boxes", None),
    ("evidence", ["/etc/passwd.jpg"]),
    ("evidence", ["../other.jpg"]),
    ("evidence", ["a.png"]),
    ("evidence", ["a.jpg", "a.jpg"]),
    ("marked", "C:\\a.jpg"),
    ("model_sha256", {"scene": "abc"}),
    ("model_sha256", {}),
    ("rules_sha256", "A" * 64),
    ("interrupted", "yes"),
]


def validate(raw: object) -> None:
    jsonschema.validate(raw, findings_schema(), cls=jsonschema.Draft202012Validator)


def test_findings_schema__is_a_schema_and_describes_every_field() -> None:
    schema = findings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == set(json.loads(PHONE.to_json()))
    assert set(schema["properties"]) == {*schema["required"], "interrupted"}
    assert [name for name, field in schema["properties"].items() if len(field["description"]) < 10] == []
    for name in ("start_s", "end_s", "peak_s"):
        assert "Seconds" in schema["properties"][name]["description"]


def test_to_json__says_of_an_interrupted_finding_that_it_is_one() -> None:
    cut = replace(PHONE, interrupted=True)
    assert json.loads(cut.to_json())["interrupted"] is True
    assert "interrupted" not in json.loads(PHONE.to_json())
    validate(json.loads(cut.to_json()))
    assert Finding.from_json(cut.to_json(), "findings.jsonl:1") == cut


@pytest.mark.parametrize("finding", [PHONE, GAP])
def test_to_json__is_one_line_that_follows_the_schema_and_reads_back(finding: Finding) -> None:
    line = finding.to_json()
    assert "\n" not in line
    assert "手机" in line
    validate(json.loads(line))
    assert json.loads(line)["status"] == "for review"
    assert Finding.from_json(line, "findings.jsonl:1") == finding


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_from_json__refuses_what_the_schema_refuses(name: str, value: object) -> None:
    raw = json.loads(PHONE.to_json()) | {name: value}
    with pytest.raises(jsonschema.ValidationError):
        validate(raw)
    with pytest.raises(EvidenceError, match=r"findings\.jsonl:3"):
        Finding.from_json(json.dumps(raw), "findings.jsonl:3")


def test_from_json__a_gap_has_no_score() -> None:
    raw = json.loads(GAP.to_json()) | {"peak_score": 1.0}
    with pytest.raises(jsonschema.ValidationError):
        validate(raw)
    with pytest.raises(EvidenceError, match="peak_score: expected null for a recording gap"):
        Finding.from_json(json.dumps(raw), "findings.jsonl:3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"schema": "proctor-fin', "half-written or not JSON"),
        ("[]", "expected schema 'proctor-finding/1'"),
        (PHONE.to_json().replace("finding/1", "finding/2"), "expected schema"),
        (PHONE.to_json().replace("for review", "guilty"), "status 'for review'"),
        (PHONE.to_json().replace('"peak_s"', '"peak"'), "fields missing or unknown: peak, peak_s"),
    ],
)
def test_from_json__refuses_other_lines(line: str, message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        Finding.from_json(line, "findings.jsonl:1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end_s": 1.0}, "end_s"),
        ({"peak_s": 9.0}, "peak_s"),
        ({"peak_score": math.nan}, "peak_score"),
        ({"start_s": math.inf}, "start_s"),
        ({"boxes": ((0.0, 0.0, math.nan, 1.0),)}, "boxes"),
    ],
)
def test_finding__refuses_what_a_schema_cannot_say(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(EvidenceError, match=f"finding: {field}: expected"):
        replace(PHONE, **changes)


numbers = st.floats(0, 1e6, allow_nan=False).map(lambda x: round(x, 3))


# A busy machine is no reason to fail.
ANY = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@ANY
@given(
    st.tuples(numbers, numbers, numbers).map(sorted),
    st.floats(0, 1),
    st.sampled_from(SEVERITIES),
    st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=3).map(tuple),
    st.text(min_size=1).filter(lambda text: text.strip()),
)
def test_to_json__any_finding_follows_the_schema_and_reads_back(
    times: list[float], score: float, severity: str, boxes: Any, text: str
) -> None:
    finding = replace(
        PHONE,
        start_s=times[0],
        peak_s=times[1],
        end_s=times[2],
        peak_score=score,
        severity=severity,
        boxes=boxes,
        article=Text(text, text),
    )
    line = finding.to_json()
    assert len(line.split("\n")) == 1
    validate(json.loads(line))
    assert Finding.from_json(line, "line") == finding
