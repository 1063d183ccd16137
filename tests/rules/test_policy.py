"""Rule files: what is accepted, and that what is wrong is named."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from proctor_models.config import DETECTOR_NAMES
from proctor_models.detectors import DETECTORS
from proctor_models.errors import ConfigError
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import UNSCORED, ruleset_from_dict

RULES = Path(__file__).parents[2] / "configs" / "rules"
SHIPPED = ("online-interview", "remote-exam")
TEXT = {"zh": "手机", "en": "phone"}


def raw_rules() -> dict[str, Any]:
    phone = {
        "id": "phone",
        "detector": "phone",
        "views": ["first"],
        "enter": None,
        "leave_ratio": 0.7,
        "min_duration_s": 1,
        "max_gap_s": 2.0,
        "severity": "cheating",
        "title": TEXT,
        "article": TEXT,
    }
    gap = {
        "id": "gap",
        "detector": "recording_gap",
        "views": ["first", "second"],
        "min_duration_s": 3,
        "severity": "invalid_recording",
        "title": TEXT,
        "article": TEXT,
    }
    scan = {
        "id": "scan",
        "detector": "environment_scan",
        "views": ["second"],
        "within_s": 120,
        "min_turn_deg": 270,
        "min_candidate_share": 0.5,
        "severity": "invalid_recording",
        "title": TEXT,
        "article": TEXT,
    }
    speech = phone | {"id": "speech", "detector": "external/speech", "enter": 0.6, "from_s": 10}
    return {"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": [phone, gap, scan, speech]}


def load(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((RULES / f"{name}.yaml").read_text("utf-8"))
    return raw


def test_ruleset_from_dict__reads_every_key() -> None:
    ruleset = ruleset_from_dict(raw_rules(), "exam.yaml")
    phone, gap, scan, speech = ruleset.rules
    assert (phone.id, phone.views, phone.enter) == ("phone", ("first",), None)
    assert (phone.leave_ratio, phone.min_duration_s, phone.max_gap_s, phone.min_share) == (0.7, 1.0, 2.0, 0.5)
    assert phone.title.zh == "手机"
    assert gap.is_gap
    assert gap.ends_within_s is None
    assert not phone.is_gap
    assert scan.is_scan
    assert (scan.within_s, scan.min_turn_deg, scan.min_candidate_share) == (120, 270, 0.5)
    assert speech.is_external
    assert (speech.enter, speech.from_s, phone.from_s) == (0.6, 10, 0)
    assert [rule.is_scored for rule in ruleset.rules] == [True, False, False, True]


def test_ruleset_from_dict__the_hash_is_of_the_meaning() -> None:
    raw = raw_rules()
    same = json.loads(json.dumps(raw))
    same["rules"][0] = dict(reversed(same["rules"][0].items()))
    other = copy.deepcopy(raw)
    other["rules"][0]["max_gap_s"] = 2.5
    first, second, third = (ruleset_from_dict(r, "exam.yaml").sha256 for r in (raw, same, other))
    assert first == second != third
    assert re.fullmatch("[0-9a-f]{64}", first)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rules.0.min_duration_s", "3", r"rules\[0\]\.min_duration_s: expected seconds, a number from 0 up, got '3'"),
        ("rules.0.min_duration_s", -1, r"rules\[0\]\.min_duration_s: expected seconds"),
        ("rules.0.min_duration_s", float("nan"), r"rules\[0\]\.min_duration_s: expected seconds"),
        ("rules.0.max_gap_s", True, r"rules\[0\]\.max_gap_s: expected seconds"),
        ("rules.0.max_gap_s", float("inf"), r"rules\[0\]\.max_gap_s: expected seconds"),
        ("rules.0.enter", 0, r"rules\[0\]\.enter: expected a score, a number above 0 to 1, got 0"),
        ("rules.0.enter", 1.5, r"rules\[0\]\.enter: expected a score"),
        ("rules.0.leave_ratio", 0, r"rules\[0\]\.leave_ratio: expected a ratio"),
        ("rules.0.min_share", 2, r"rules\[0\]\.min_share: expected a share, a number from 0 to 1"),
        ("rules.0.views", [], r"rules\[0\]\.views: expected a list of different views out of first, second"),
        ("rules.0.views", ["first", "first"], r"rules\[0\]\.views: expected a list"),
        ("rules.0.views", ["third"], r"rules\[0\]\.views: expected a list"),
        ("rules.0.views", "first", r"rules\[0\]\.views: expected a list"),
        ("rules.0.severity", "bad", r"rules\[0\]\.severity: expected one of breach_of_discipline"),
        ("rules.0.title", "phone", r"rules\[0\]\.title: expected keys and values, got 'phone'"),
        ("rules.0.title", {"zh": "手机"}, r"rules\[0\]\.title\.en: missing"),
        ("rules.0.article", {"zh": "手机", "en": " "}, r"rules\[0\]\.article\.en: expected a text"),
        ("rules.0.id", "Phone 1", r"rules\[0\]\.id: expected lower-case"),
        ("rules.0.minimum", 1, r"rules\[0\]\.minimum: unknown key; known here: article"),
        ("rules.1.id", "phone", r"rules\[1\]\.id: expected an id that rules\[0\] does not have"),
        ("rules.1.enter", 0.5, r"rules\[1\]\.enter: unknown key"),
        ("rules.1.min_duration_s", 0, r"rules\[1\]\.min_duration_s: expected seconds above 0"),
        ("rules.1.ends_within_s", "long", r"rules\[1\]\.ends_within_s: expected seconds"),
        ("rules.0.ends_within_s", 3, r"rules\[0\]\.ends_within_s: unknown key"),
        ("rules.0.detector", ["phone"], r"rules\[0\]\.detector: expected a text"),
        ("rules.0.from_s", -1, r"rules\[0\]\.from_s: expected seconds, a number from 0 up"),
        ("rules.2.within_s", 0, r"rules\[2\]\.within_s: expected seconds, a number above 0"),
        ("rules.2.min_turn_deg", 400, r"rules\[2\]\.min_turn_deg: expected degrees, a number above 0 to 360"),
        ("rules.2.min_candidate_share", 2, r"rules\[2\]\.min_candidate_share: expected a share"),
        ("rules.2.min_duration_s", 1, r"rules\[2\]\.min_duration_s: unknown key"),
        ("rules.3.enter", None, r"rules\[3\]\.enter: expected a score, .* no threshold ships for what is fed"),
        ("rules.3.detector", "external/Say it", r"rules\[3\]\.detector: expected external/ and lower-case letters"),
        ("rules.0", 7, r"rules\[0\]: expected keys and values, got 7"),
        ("rules", [], r"exam\.yaml: rules: expected a list of at least one rule"),
        ("schema", "proctor-rules/2", r"exam\.yaml: schema: expected 'proctor-rules/1'"),
        ("name", None, r"exam\.yaml: name: expected a text"),
        ("extra", 1, r"exam\.yaml: extra: unknown key"),
    ],
)
def test_ruleset_from_dict__names_the_wrong_key(key: str, value: object, message: str) -> None:
    raw: Any = raw_rules()
    *path, last = (int(part) if part.isdigit() else part for part in key.split("."))
    place = raw
    for part in path:
        place = place[part]
    place[last] = value
    with pytest.raises(ConfigError, match=message):
        ruleset_from_dict(raw, "exam.yaml")


@pytest.mark.parametrize("raw", [None, [], "rules", 3])
def test_ruleset_from_dict__refuses_what_is_no_mapping(raw: object) -> None:
    with pytest.raises(ConfigError, match=r"exam\.yaml: file: expected keys and values"):
        ruleset_from_dict(raw, "exam.yaml")


def test_ruleset_from_dict__names_the_missing_key() -> None:
    raw = raw_rules()
    del raw["rules"][0]["max_gap_s"]
    with pytest.raises(ConfigError, match=r"exam\.yaml: rules\[0\]\.max_gap_s: missing; add it"):
        ruleset_from_dict(raw, "exam.yaml")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("interval_s", [0.2, 0.5, 1.0, 1.001])
def test_shipped_rules__hold_down_to_one_frame_a_second(name: str, interval_s: float) -> None:
    ruleset = ruleset_from_dict(load(name), name)
    assert ruleset.name == name
    Engine(ruleset, dict.fromkeys(DETECTOR_NAMES, 0.5), interval_s, [detector.name for detector in DETECTORS])


@pytest.mark.parametrize(
    ("name", "without"),
    [("online-interview", set()), ("remote-exam", {"hat", "ears_covered", "handover", "environment_scan"})],
)
def test_shipped_rules__cover_every_detector_with_a_clause_and_both_recordings(name: str, without: set[str]) -> None:
    rules = ruleset_from_dict(load(name), name).rules
    assert {rule.detector for rule in rules} == {*(detector.name for detector in DETECTORS), *UNSCORED} - without
    assert {view for rule in rules if rule.is_gap for view in rule.views} == {"first", "second"}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rules__quote_a_document_and_its_place_in_both_languages(name: str) -> None:
    for rule in ruleset_from_dict(load(name), name).rules:
        assert re.search(r"《\w+》[第五1-9].*：“[^”]+”", rule.article.zh), rule.id
        assert re.search(r'(Plan|Rules|Procedure), .*: ".+"', rule.article.en), rule.id
        assert rule.article.zh.count("“") == rule.article.en.count('"') / 2, rule.id
        assert not re.search("[\u4e00-\u9fff]", rule.article.en + rule.title.en), rule.id
        assert re.search("[\u4e00-\u9fff]", rule.title.zh), rule.id


def test_shipped_rules__differ_where_the_documents_do() -> None:
    interview, exam = ({r.id: r for r in ruleset_from_dict(load(name), name).rules} for name in SHIPPED)
    assert "耳机耳麦" in exam["earphone"].article.zh
    assert "第一条（五）" in interview["earphone"].article.zh
    # Leaving the picture is the breach in the interview, leaving the seat in the written exam.
    assert interview["seat-absence"].min_duration_s < exam["seat-absence"].min_duration_s
    assert "佐证视频" in interview["recording-gap-second"].article.zh
    assert interview["recording-gap-first"].ends_within_s is None
    # What hides the ears spoils the interview's recording; the written exam's plan speaks of neither hats nor ears.
    assert {interview[name].severity for name in ("hat", "ears-covered")} == {"invalid_recording"}
    assert "帽" not in "".join(rule.article.zh for rule in exam.values())
    assert "翻阅书籍" in interview["book-paper"].article.zh
    assert "桌面" in exam["book-paper"].article.zh


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rules__passing_hands_and_headwear_take_longer_than_a_mask_or_a_phone(name: str) -> None:
    rules = {rule.detector: rule for rule in ruleset_from_dict(load(name), name).rules if not rule.is_gap}
    # Leafing through is cheating by the interview's rules; the plan only wants a tidy desk.
    severity = "cheating" if name == "online-interview" else "breach_of_discipline"
    assert (rules["book_paper"].views, rules["book_paper"].severity) == (("first", "second"), severity)
    assert rules["face_occluded"].min_duration_s > rules["mask"].min_duration_s
    assert rules["face_occluded"].article == rules["mask"].article
    for detector in {"hat", "ears_covered"} & set(rules):
        assert rules[detector].views == ("first", "second")
        assert rules[detector].min_duration_s == 10.0
