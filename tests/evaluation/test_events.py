"""Findings against events: by hand, and over drawn clips through the real monitor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from cameras import Red
from proctor_models.data.event_clips import Clip, Event, read_clips
from proctor_models.errors import ConfigError, DataError
from proctor_models.evaluation import events as module
from proctor_models.evaluation.event_matching import event_figures, judged_hours, match_clip, together
from proctor_models.evaluation.events import Watching, evaluate_events, measure, readable_kinds, trained_on, watch_clip
from proctor_models.evaluation.events_page import render_events
from proctor_models.evaluation.exact import binomial_interval, poisson_interval
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.video import Recording
from proctor_models.runtime.watch import Setup, watch_recordings
from watched import finding

TEXT = {"zh": "手机", "en": "phone"}
RULE = {
    "id": "phone", "detector": "phone", "views": ["first", "second"], "enter": None, "leave_ratio": 0.5,
    "min_duration_s": 1.0, "max_gap_s": 2.0, "severity": "cheating", "title": TEXT, "article": TEXT,
}  # fmt: skip
GAP = {
    "id": "gap", "detector": "recording_gap", "views": ["first", "second"], "min_duration_s": 3.0,
    "ends_within_s": 5.0, "severity": "invalid_recording", "title": TEXT, "article": TEXT,
}  # fmt: skip
RAW = {"schema": "proctor-rules/1", "name": "remote-exam", "title": TEXT}


def setup(*rules: Mapping[str, Any]) -> Setup:
    ruleset: RuleSet = ruleset_from_dict(RAW | {"rules": list(rules or (RULE, GAP))}, "rules")
    return Setup(Red(), ruleset, {"phone": 0.5}, "1.0", 2.0)


def draw_clip(
    folder: Path,
    name: str,
    red: Sequence[int] = (),
    events: Sequence[tuple[str, int, int]] = (),
    uncertain: Sequence[tuple[str, int, int]] = (),
    **meta: Any,
) -> Path:
    """A grey clip of 20 frames at 2 a second, red in some, with what is known of it."""
    folder.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(folder / f"{name}.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 2, (96, 64))
    for i in range(20):
        writer.write(np.full((64, 96, 3), (40, 40, 230) if i in red else (90, 90, 90), np.uint8))
    writer.release()
    keys = ("event", "start_frame", "end_frame")
    spans = [[dict(zip(keys, span, strict=True)) for span in each] for each in (events, uncertain)]
    whole = {"person": "S1", "fps_assumed": 2, "n_frames": 20, "source": [], "uncertain": spans[1], **meta}
    (folder / f"{name}.events.json").write_text(json.dumps(spans[0]))
    (folder / f"{name}.meta.json").write_text(json.dumps(whole))
    return folder


def clip(
    *events: Event, ignored: Mapping[str, tuple[tuple[float, float], ...]] | None = None, person: str = "S1"
) -> Clip:
    return Clip("c", Path("c.mp4"), person, person, 2.0, 200, events, {"phone": (), "book": (), **(ignored or {})}, 0.0)


def phone(start_s: float, end_s: float) -> Event:
    return Event("phone", start_s, end_s, ((start_s, end_s),))


def spans(*times: tuple[float, float], detector: str = "phone") -> list[Any]:
    return [finding(i, start_s=s, end_s=e, peak_s=s, detector=detector) for i, (s, e) in enumerate(times, start=1)]


def test_match_clip__overlap_or_soon_after_is_a_hit() -> None:
    matched = match_clip(clip(phone(10, 20)), spans((5, 7), (9, 9.5), (15, 30), (22, 23), (22.5, 24)), ["phone"])
    assert [told.true for told in matched.told] == [False, True, True, True, False]
    assert [(met.found, met.onset_s) for met in matched.met] == [(True, -1.0)]


def test_match_clip__other_kinds_do_not_answer() -> None:
    matched = match_clip(clip(phone(10, 20)), spans((12, 15), detector="book_paper"), ["phone", "book"])
    assert [(told.kind, told.true) for told in matched.told] == [("book", False)]
    assert [met.found for met in matched.met] == [False]


def test_match_clip__uncertain_time_counts_for_neither_side() -> None:
    unsure = {"phone": ((30.0, 40.0),)}
    matched = match_clip(clip(ignored=unsure), spans((29, 31), (33, 34), (50, 51)), ["phone"])
    assert [told.true for told in matched.told] == [None, None, False]
    gone = Event("phone", 30.0, 40.0, ())
    assert match_clip(clip(gone, ignored=unsure), spans((33, 34)), ["phone"]).met == ()


def test_match_clip__a_finding_over_two_events_has_one_onset() -> None:
    matched = match_clip(clip(phone(10, 20), phone(21, 30)), spans((11, 29)), ["phone"])
    assert [(met.found, met.onset_s) for met in matched.met] == [(True, 1.0), (True, None)]
    assert [told.true for told in matched.told] == [True]


def test_event_figures__by_hand() -> None:
    first = match_clip(clip(phone(10, 20), phone(50, 60)), spans((13, 18), (30, 31)), ["phone"])
    second = match_clip(clip(phone(10, 20), person="S2"), spans((11, 18)), ["phone"])
    row = event_figures(together([first, second]), hours=0.5, kind="phone")
    assert (row["events"], row["persons"], row["found"], row["findings"]) == (3, 2, 2, 3)
    assert (row["true_findings"], row["false_findings"], row["ignored_findings"]) == (2, 1, 0)
    assert (row["recall"], row["precision"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (row["recall_low"], row["recall_high"]) == binomial_interval(2, 3)
    assert (row["false_per_hour"], row["false_per_hour_high"]) == (2.0, poisson_interval(1, 0.5)[1])
    assert (row["onset_error_median_s"], row["onset_error_max_s"]) == (2.0, 3.0)


def test_event_figures__nothing_there_nothing_said() -> None:
    row = event_figures(together([]), hours=1.0)
    assert {row[name] for name in ("recall", "precision", "recall_low", "onset_error_median_s")} == {None}
    assert row["false_per_hour"] == 0.0


def test_judged_hours__uncertain_time_of_a_kind_is_not_its_time() -> None:
    unsure = {"phone": ((0.0, 9.5), (30.0, 34.5))}  # 20 and 10 of 200 frames at 2 a second
    clips = (clip(ignored=unsure), clip())
    assert judged_hours(clips, "phone") == pytest.approx(185 / 3600)
    assert judged_hours(clips, "book") == pytest.approx(200 / 3600)
    assert judged_hours([clip(ignored={"phone": ((0.0, 99.5),)})], "phone") == 0.0


def test_exact__agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for hits, of in ((0, 7), (3, 7), (7, 7), (59, 60)):
        whole = stats.binomtest(hits, of).proportion_ci(method="exact")
        assert binomial_interval(hits, of) == pytest.approx((whole.low, whole.high), abs=1e-9)
    for count in (0, 1, 17, 250):
        low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
        expected = (low / 0.63, stats.chi2.ppf(0.975, 2 * count + 2) / 2 / 0.63)
        assert poisson_interval(count, 0.63) == pytest.approx(expected, rel=1e-9)


def test_read_clips__events_without_uncertain_and_held_frames(tmp_path: Path) -> None:
    draw_clip(
        tmp_path, "a", events=[("phone", 2, 9), ("book", 4, 5)], uncertain=[("phone", 4, 6)],
        source=[{"held_frames": [4, 5]}],
    )  # fmt: skip
    (one,) = read_clips(tmp_path)
    assert (one.person, one.fps, one.frames, one.held_s, one.watched_s) == ("S1", 2.0, 20, 1.0, 9.0)
    assert one.events[0] == Event("phone", 1.0, 4.5, ((1.0, 1.5), (3.5, 4.5)))
    assert one.events[1].certain == ()
    assert one.ignored["phone"] == ((2.0, 3.0),)
    assert one.ignored["absence"] == ((2.0, 2.5),)


def test_read_clips__only_of_some_people(tmp_path: Path) -> None:
    draw_clip(tmp_path, "a")
    draw_clip(tmp_path, "b", person="S2", subject="S9")
    for code in ("S2", "S9"):
        assert [(one.name, one.person) for one in read_clips(tmp_path, [code])] == [("b", "S2")]
    with pytest.raises(DataError, match="--persons: expected some of S1, S2, S9, got 'S3'"):
        read_clips(tmp_path, ["S2", "S3"])


@pytest.mark.parametrize(
    ("file", "text", "match"),
    [
        (
            "a.events.json",
            '[{"event": "nap", "start_frame": 0, "end_frame": 1}]',
            r"\[0\]\.event: expected one of phone",
        ),
        ("a.events.json", '[{"event": "phone", "start_frame": 3, "end_frame": 20}]', "end_frame < 20, got '3 and 20'"),
        ("a.events.json", "{}", "expected a list"),
        ("a.meta.json", "{", "expected JSON"),
        ("a.meta.json", '{"person": "S1", "n_frames": 20}', "fps_assumed: expected frames a second"),
        ("a.meta.json", '{"person": "", "fps_assumed": 2, "n_frames": 20}', "person: expected a code"),
        ("a.meta.json", '{"person": "S1", "fps_assumed": 2, "n_frames": 0}', "n_frames: expected a whole number"),
        (
            "a.meta.json",
            '{"person": "S1", "fps_assumed": 2, "n_frames": 20, "source": [{"held_frames": [20]}]}',
            "held_frames: expected frame numbers below 20",
        ),
    ],
)
def test_read_clips__wrong_files_are_named(tmp_path: Path, file: str, text: str, match: str) -> None:
    draw_clip(tmp_path, "a")
    (tmp_path / file).write_text(text)
    with pytest.raises(DataError, match=match) as caught:
        read_clips(tmp_path)
    assert file in str(caught.value)


def test_read_clips__nothing_there_or_no_video(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got no such clip"):
        read_clips(tmp_path)
    draw_clip(tmp_path, "a")
    (tmp_path / "a.mp4").unlink()
    with pytest.raises(DataError, match=r"a\.mp4: no such recording"):
        read_clips(tmp_path)


def test_watch_clip__finds_what_the_verb_watch_finds(tmp_path: Path) -> None:
    draw_clip(tmp_path / "clips", "a", red=range(4, 10))
    (one,) = read_clips(tmp_path / "clips")
    findings = watch_clip(setup(), one)
    watch_recordings(setup(), {"first": Recording(one.path)}, tmp_path / "review")
    lines = (tmp_path / "review" / "findings.jsonl").read_text("utf-8").splitlines()
    assert [each.to_json() for each in findings] == lines
    assert (findings[0].start_s, findings[0].end_s) == (2.0, 4.5)


def test_watch_clip__a_video_of_another_rate_or_length_is_refused(tmp_path: Path) -> None:
    draw_clip(tmp_path, "a", fps_assumed=1)
    with pytest.raises(DataError, match=r"a\.meta\.json: fps_assumed: expected that of the video \(2\), got 1"):
        watch_clip(setup(), read_clips(tmp_path)[0])
    draw_clip(tmp_path, "a", fps_assumed=2.05)  # 0.24 s at the end of 20 frames
    watch_clip(setup(), read_clips(tmp_path)[0])
    draw_clip(tmp_path, "a", fps_assumed=2.01, n_frames=1200)  # half a percent of ten minutes
    with pytest.raises(DataError, match=r"got 2\.01; events would be sought up to 3\.0 s beside their time"):
        watch_clip(setup(), read_clips(tmp_path)[0])
    draw_clip(tmp_path, "a", n_frames=21)
    with pytest.raises(DataError, match=r"a\.mp4: expected 21 whole frames"):
        watch_clip(setup(), read_clips(tmp_path)[0])


def test_measure__false_findings_an_hour_are_over_the_time_that_is_certain(tmp_path: Path) -> None:
    unsure = [("phone", 12, 17), ("book", 0, 9)]
    draw_clip(tmp_path, "a", red=range(4, 8), uncertain=unsure, source=[{"held_frames": [18, 19]}])
    books = RULE | {"id": "book", "detector": "book_paper"}
    watched = replace(setup(RULE, books), thresholds={"phone": 0.5, "book_paper": 0.5})
    content = measure(watched, read_clips(tmp_path))
    assert content["hours"] == pytest.approx(9 / 3600)
    assert content["hours_judged"] == {"phone": pytest.approx(6 / 3600), "book": pytest.approx(4 / 3600)}
    assert content["kinds"]["phone"]["false_per_hour"] == pytest.approx(3600 / 6)
    assert content["all"]["false_per_hour"] == pytest.approx(3600 / 5)


def test_measure__drawn_clips(tmp_path: Path) -> None:
    draw_clip(tmp_path, "a", red=range(4, 10), events=[("phone", 3, 9), ("book", 2, 3)])
    draw_clip(tmp_path, "b", red=range(4, 10), person="S2")
    content = measure(setup(), read_clips(tmp_path))
    assert list(content["kinds"]) == ["phone"]
    row = content["kinds"]["phone"]
    assert (row["events"], row["found"], row["true_findings"], row["false_findings"]) == (1, 1, 1, 1)
    assert row["onset_error_max_s"] == 0.5
    assert content["hours"] == pytest.approx(20 / 3600)
    assert content["kinds_without_rule"] == {"book": 1, "absence": 0, "second_person": 0, "earphone": 0}
    assert content["findings_not_judged"] == {"gap": 2}
    page = render_events(content)
    assert "| phone | 1 | 1 | 1 | 1.000 (0.025-1.000) | 2 | 1 |" in page
    assert "- book (events: 1): no rule of the set reads it" in page
    assert "- rule `gap` (findings: 2): the events tell nothing" in page
    assert "The pack does not say whom" in page
    assert "| b | S2 | 0.2 | 0 of 0 |  | 1 | phone at 2 s |" in page


@pytest.mark.parametrize(
    ("taught", "words"),
    [
        (frozenset({"S3"}), "trained on none of these people"),
        (frozenset({"S3", "S9"}), "**The nets were trained on S9: "),
        (None, "does not say whom"),
    ],
)
def test_measure__says_whether_the_nets_know_these_people(
    tmp_path: Path, taught: frozenset[str] | None, words: str
) -> None:
    draw_clip(tmp_path, "a", person="S2", subject="S9")
    assert words in render_events(measure(setup(), read_clips(tmp_path), taught))


@pytest.mark.parametrize(
    ("nets", "codes"),
    [
        ({"scene": {"persons": ["S1"]}, "head": {"persons": ["S2"]}}, {"S1", "S2"}),
        ({"scene": {"persons": ["S1"]}, "head": {}}, None),
        ({"scene": {"persons": ["S1"], "persons_not_stated_by": ["older"]}, "head": {"persons": []}}, None),
        ({}, None),
    ],
)
def test_trained_on__what_the_card_says(tmp_path: Path, nets: Mapping[str, Any], codes: set[str] | None) -> None:
    pack = FakePack()
    pack.folder, pack.manifest = tmp_path, {"files": {"card.json": {}}}
    (tmp_path / "card.json").write_text(json.dumps({"nets": nets}))
    assert trained_on(pack) == codes  # type: ignore[arg-type]
    pack.manifest = {"files": {}}
    assert trained_on(pack) is None  # type: ignore[arg-type]


def test_render_events__targets_and_whether_they_are_reached(tmp_path: Path) -> None:
    draw_clip(tmp_path, "a", events=[("absence", 4, 9)])
    content = measure(setup(RULE | {"detector": "phone"}), read_clips(tmp_path))
    content["kinds"]["absence"] = event_figures(together([]), 1.0) | {
        "precision": 0.9, "precision_low": 0.5, "precision_high": 1.0,
        "recall": 1.0, "recall_low": 0.16, "recall_high": 1.0, "onset_error_max_s": 1.0,
    }  # fmt: skip
    page = render_events(content)
    assert "| precision | at least 0.95 | 0.900 (0.500-1.000) | missed |" in page
    assert "| recall | at least 0.98 | 1.000 (0.160-1.000) | reached, on too few events to be sure |" in page
    assert "| onset error max s | at most 2 | 1.0 | reached |" in page


def test_measure__a_rule_that_the_pack_cannot_read_is_refused(tmp_path: Path) -> None:
    draw_clip(tmp_path, "a")
    with pytest.raises(ConfigError, match=r"rules\[0\]\.enter: .* no threshold ships for mask"):
        measure(setup(RULE | {"detector": "mask"}, RULE | {"id": "other"}), read_clips(tmp_path))


def test_readable_kinds__no_rule_reads_any() -> None:
    with pytest.raises(ConfigError, match="expected one of the first view on phone, book_paper"):
        readable_kinds(setup(GAP).ruleset)


class FakePack:
    """A pack whose nets take red for a phone."""

    version = "1.0"
    thresholds: ClassVar = {"phone": 0.5}
    folder = Path()
    manifest: Mapping[str, Any] = MappingProxyType({"files": {}})

    @staticmethod
    def load(_folder: Path, threads: int) -> FakePack:
        assert threads == 2
        return FakePack()

    def predictor(self) -> Red:
        return Red()

    def rules(self, _name: str) -> dict[str, Any]:
        return RAW | {"rules": [RULE]}

    def rules_sha256(self, name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()


def test_evaluate_events__writes_both_files_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Pack", FakePack)
    clips = draw_clip(tmp_path / "clips", "a", red=range(4, 10), events=[("phone", 4, 9)])
    out = tmp_path / "events"
    evaluate_events(tmp_path, "remote-exam", clips, out, ["S1"])
    content = json.loads((out / "events.json").read_text())
    assert content["kinds"]["phone"]["recall"] == 1.0
    assert content["rules"]["sha256"] == hashlib.sha256(b"remote-exam").hexdigest()
    assert (out / "events.md").read_text("utf-8").startswith("# Events")
    (clips / "a.events.json").write_text("{}")
    with pytest.raises(DataError, match="expected a list"):
        evaluate_events(tmp_path, "remote-exam", clips, out)
    assert json.loads((out / "events.json").read_text()) == content, "an error leaves what was there"
    with pytest.raises(ConfigError, match="--rate: expected frames a second above 0"):
        evaluate_events(tmp_path, "remote-exam", clips, out, watching=Watching(rate_hz=0.0))
