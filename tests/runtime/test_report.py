import base64
import hashlib
import json
import os
import re
import shutil
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from proctor_models.detectors import DETECTORS
from proctor_models.errors import EvidenceError
from proctor_models.rules.policy import UNSCORED, Text
from proctor_models.runtime import report
from proctor_models.runtime.decisions import Decision, append_decisions
from proctor_models.runtime.events import EVENT_KINDS
from proctor_models.runtime.report import csp_hash, embedded_json, render
from watched import event, finding, gap, present, resumed, score_lines, session, write_exam, write_ledger

HOSTILE = '</script><img src="https://example.org/x" onerror="document.title=1">&\u2028.mp4'


class Page(HTMLParser):
    """What a browser would find in the page before any script runs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, str] = {}
        self._inside = ""
        self.source = path.read_bytes().decode("utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = (dict(attrs).get("type") or tag) if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside if tag not in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.inline[self._inside] = self.inline.get(self._inside, "") + data

    @property
    def data(self) -> Any:
        return json.loads(self.inline["application/json"])

    @property
    def policy(self) -> str:
        return next(str(a["content"]) for t, a in self.tags if t == "meta" and a.get("http-equiv"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "review")


def test_render__carries_findings_scores_and_hashes(folder: Path) -> None:
    path = render(folder)
    data = Page(path).data
    assert path == folder / "review.html"
    assert data["findings"][0]["title"] == {"zh": "接触手机", "en": "Phone touched"}
    assert data["findings"][0]["boxes"] == [[4, 5, 20, 25]]
    assert data["session"]["models"]["head"] == "b" * 64
    assert [view["file_name"] for view in data["session"]["views"]] == ["webcam.mp4", "side.mp4"]
    assert (
        data["ledger_sha256"]["findings.jsonl"] == hashlib.sha256((folder / "findings.jsonl").read_bytes()).hexdigest()
    )


def test_render__embeds_pictures_unchanged(folder: Path) -> None:
    picture = Page(render(folder)).data["pictures"]["evidence/F0001-peak.jpg"]
    assert picture["resolution_wh"] == [64, 48]
    head, _, body = picture["src"].partition(",")
    assert (head, picture["kind"]) == ("data:image/jpeg;base64", "peak")
    assert base64.b64decode(body) == (folder / "evidence/F0001-peak.jpg").read_bytes()


def test_render__says_when_nobody_was_looking(folder: Path) -> None:
    data = Page(render(folder)).data
    assert [view["gaps"] for view in data["session"]["views"]] == [[], [[39.5, 60.0]]]
    phone, mask = data["detectors"]
    assert [view["view"] for view in phone["views"]] == ["first", "second"]
    assert mask["views"][0]["unknown_share"] == 1
    assert mask["views"][0]["curve"]["runs"] == []


def test_render__tells_what_was_seen_and_not_analysed_from_what_is_missing(folder: Path) -> None:
    told = [present("second", (39.5, 45.0)), present("second", (45.0, 50.0)), present("first", (59.5, 60.0))]
    for marker, seen in (({"present_from_s": 2.0}, [[], [[39.5, 50.0]]]), ({}, [None, None])):
        write_ledger(folder, *told, **marker)
        views = Page(render(folder)).data["session"]["views"]
        assert [view["not_analysed"] for view in views] == seen
        assert [view["gaps"] for view in views] == [[], [[50.0 if marker else 39.5, 60.0]]]


def test_render__a_ledger_whose_spans_are_none_is_refused(folder: Path) -> None:
    for spans in ([[1.0]], [[2.0, 1.0]], [["1", 2.0]], [[1, 2]], [None]):
        content = {"view": "first", "timestamp_s": 3.0, "spans": spans}
        write_ledger(folder, ("present", content), present_from_s=2.0)
        with pytest.raises(EvidenceError, match=r"ledger\.jsonl:2: content\.spans: expected \[since_s, until_s\] each"):
            render(folder)


def test_render__the_size_of_pictures_is_told_where_it_changes(folder: Path) -> None:
    sizes = [event("picture_size", t, "first", width_px=w, height_px=480) for t, w in ((0.1, 640), (30.0, 1280))]
    write_ledger(folder, *sizes, event("picture_size", 0.2, "second", width_px=640, height_px=480))
    happenings = Page(render(folder)).data["happenings"]
    assert [(each["timestamp_s"], each["detail"]["width_px"]) for each in happenings] == [(30.0, 1280)]


def test_render__draws_the_curve_around_a_finding(folder: Path) -> None:
    curve = Page(render(folder)).data["findings"][0]["curve"]
    assert (curve["from_s"], curve["to_s"]) == (12.0, 32.5)
    assert [point[0] for point in curve["runs"][0] if point[2] >= 0.5] == [20 + step / 2 for step in range(10)]


def test_render__keeps_a_long_exam_light_and_its_peak_visible(tmp_path: Path) -> None:
    folder = write_exam(tmp_path / "long", [], duration_s=7200.0)
    lines = score_lines(7200)
    lines[8000] = json.dumps({"view": "first", "timestamp_s": 4010.25, "scores": {"phone": 0.97, "mask": None}})
    order = sorted(lines, key=lambda line: json.loads(line)["timestamp_s"])
    (folder / "scores.jsonl").write_text("\n".join(order), encoding="utf-8")
    page = Page(render(folder))
    runs = page.data["detectors"][0]["views"][0]["curve"]["runs"]
    assert sum(map(len, runs)) <= 600
    assert max(point[2] for run in runs for point in run) == 0.97
    assert len(page.source) < 200_000


def test_render__same_folder_same_bytes(folder: Path) -> None:
    first = render(folder).read_bytes()
    assert render(folder).read_bytes() == first


def test_render__refers_to_nothing_outside(folder: Path) -> None:
    page = Page(render(folder))
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base"), tag
        assert not {"src", "srcset", "style"} & attributes.keys(), (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
    assert not re.findall(r"url\(|@import|\bfetch\(|XMLHttpRequest|import\(|innerHTML|insertAdjacent", page.source)
    assert set(re.findall(r"https?://[^\"'\s]+", page.source)) == {"http://www.w3.org/2000/svg"}


def test_render__policy_allows_exactly_what_is_inside(folder: Path) -> None:
    page = Page(render(folder))
    rules = dict(rule.strip().partition(" ")[::2] for rule in page.policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": csp_hash(page.inline["style"]),
        "script-src": csp_hash(page.inline["script"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_render__hostile_names_stay_text(tmp_path: Path) -> None:
    views = {"first": {**session()["views"]["first"], "file_name": HOSTILE}}
    plain = Page(render(write_exam(tmp_path / "plain")))
    hostile = Page(render(write_exam(tmp_path / "hostile", [finding(title=Text(HOSTILE, HOSTILE))], views=views)))
    assert hostile.data["session"]["views"][0]["file_name"] == HOSTILE
    assert hostile.data["findings"][0]["title"]["en"] == HOSTILE
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert "<img" not in hostile.source


def test_embedded_json__cannot_close_its_element() -> None:
    text = embedded_json({"name": HOSTILE + "<!--"})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text)["name"] == HOSTILE + "<!--"


def test_render__no_findings(tmp_path: Path) -> None:
    data = Page(render(write_exam(tmp_path / "clean", []))).data
    assert (data["findings"], data["pictures"]) == ([], {})


def test_render__shows_snapshots_and_frames_that_could_not_be_read(tmp_path: Path) -> None:
    views = {"first": {**session()["views"]["first"], "frames_undecodable": 3}}
    kept = {"view": "first", "timestamp_s": 7.5, "path": "evidence/snapshot-first-000007500ms.jpg"}
    folder = write_exam(tmp_path / "review", views=views, snapshots=[kept])
    shutil.copy(folder / "evidence/F0001-peak.jpg", folder / kept["path"])
    data = Page(render(folder)).data
    assert data["session"]["snapshots"] == [kept]
    assert data["session"]["views"][0]["frames_undecodable"] == 3
    assert data["pictures"][kept["path"]]["kind"] == "snapshot"
    assert data["pictures"][kept["path"]]["src"] == data["pictures"]["evidence/F0001-peak.jpg"]["src"]


def test_render__the_time_axis_reaches_a_gap_past_the_recording(tmp_path: Path) -> None:
    data = Page(render(write_exam(tmp_path / "review", [gap(1, start_s=40.0, end_s=90.0)]))).data
    assert data["horizon_s"] == 90
    assert data["session"]["views"][0]["gaps"] == [[59.5, 90.0]]


def test_render__a_missing_or_broken_picture_is_told_not_fatal(tmp_path: Path) -> None:
    names = ("evidence/F0001-peak.jpg", "evidence/F0001-before.jpg")
    folder = write_exam(tmp_path / "review", [finding(evidence=names)])
    (folder / names[0]).unlink()
    (folder / names[1]).write_bytes(b"GIF89a")
    pictures = Page(render(folder)).data["pictures"]
    assert pictures[names[0]] == {"kind": "peak", "state": "missing"}
    assert pictures[names[1]] == {"kind": "before", "state": "unreadable"}


def test_render__spends_the_budget_on_peaks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("evidence/F0001-before.jpg", "evidence/F0001-peak.jpg")
    folder = write_exam(tmp_path / "review", [finding(evidence=names)])
    monkeypatch.setattr(report, "_PICTURE_BUDGET_BYTES", 1000)
    pictures = Page(render(folder)).data["pictures"]
    assert [pictures[name]["state"] for name in names] == ["left_out", "shown"]


def test_render__keeps_the_old_page_when_it_cannot_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = render(folder).read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvidenceError, match=r"review\.html: cannot be written \(No space left"):
        render(folder)
    assert (folder / "review.html").read_bytes() == before
    assert not list(folder.glob(".*.part"))


def test_render__decisions_made_before_come_with_the_page(folder: Path) -> None:
    append_decisions(folder, [Decision("F0001", "confirmed", HOSTILE, "2026-01-02T03:04:05.678Z")])
    page = Page(render(folder))
    assert page.data["decisions"]["F0001"]["note"] == HOSTILE
    assert "<img" not in page.source


def test_render__groups_what_lies_close_together(tmp_path: Path) -> None:
    times = ((1, 20.0), (2, 60.0), (3, 200.0))
    found = [finding(number, start_s=t, peak_s=t, end_s=t + 5) for number, t in times]
    found.append(finding(4, view="second", start_s=61.0, peak_s=61.0, end_s=62.0))
    groups = Page(render(write_exam(tmp_path / "review", found))).data["groups"]
    assert groups == [["F0001", "F0002"], ["F0004"], ["F0003"]]


def test_render__tells_what_happened_to_the_watching(folder: Path) -> None:
    write_ledger(folder, resumed(30.0, 75.5), event("camera_lost", 12.0, "second", reason="x"))
    data = Page(render(folder)).data
    told = [(each["kind"], each["timestamp_s"], each["end_s"], each["view"]) for each in data["happenings"]]
    assert told == [("camera_lost", 12.0, None, "second"), ("restarted", 30.0, 75.5, None)]
    assert data["happenings"][0]["detail"] == {"reason": "x"}
    assert data["horizon_s"] == 75.5
    assert data["ledger_head"] == hashlib.sha256((folder / "ledger.jsonl").read_bytes().splitlines()[-1]).hexdigest()


def test_render__a_folder_without_a_ledger(folder: Path) -> None:
    data = Page(render(folder)).data
    assert (data["happenings"], data["ledger_head"], data["findings"][0]["clips"]) == ([], None, [])


def test_render__embeds_clips(folder: Path) -> None:
    (folder / "evidence/F0001-clip.webp").write_bytes(b"RIFF....WEBP")
    write_ledger(folder, ("clip", {"finding": "F0001", "path": "evidence/F0001-clip.webp", "sha256": "a" * 64}))
    data = Page(render(folder)).data
    assert data["findings"][0]["clips"] == ["evidence/F0001-clip.webp"]
    assert data["pictures"]["evidence/F0001-clip.webp"]["src"].startswith("data:image/webp;base64,")


def test_render__refuses_a_changed_ledger(folder: Path) -> None:
    write_ledger(folder, event("disk_full", 3.0))
    path = folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b"disk_full", b"disk_back"))
    with pytest.raises(EvidenceError, match=r"ledger\.jsonl:2: the line was changed.*proctor audit verify"):
        render(folder)


def test_render__finds_every_word_in_both_languages() -> None:
    assets = files("proctor_models.runtime") / "assets"
    zh, en = ((assets / f"words_{language}.js").read_text("utf-8") for language in ("zh", "en"))
    keys = [re.findall(r"(?m)^  (\w+):", text) for text in (zh, en)]
    assert keys[0] == keys[1]
    for text in (zh, en):
        assert not {*(d.name for d in DETECTORS), *UNSCORED} - set(re.findall(r"(\w+): \"", text))
        assert not set(EVENT_KINDS) - set(re.findall(r"(\w+): \"", text))
    details = [re.findall(r"(\w+): \"", text.partition("  detail: {")[2].partition("}")[0]) for text in (zh, en)]
    assert details[0] == details[1] != []


def colours(scheme: str) -> dict[str, str]:
    css = (files("proctor_models.runtime") / "assets" / "review.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6,8});", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6,8});", dark))


def luminance(colour: str, behind: str = "#000000") -> float:
    def channels(text: str) -> list[float]:
        return [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]

    alpha = int(colour[7:9] or "ff", 16) / 255
    mixed = [alpha * c + (1 - alpha) * b for c, b in zip(channels(colour), channels(behind), strict=True)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mixed]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "soft", "accent", "cheating", "good") for ground in ("paper", "card")),
        *((ink, "track") for ink in ("ink", "soft")),
        ("paper", "ink"),
        *((severity, f"{severity}-tint") for severity in ("cheating", "breach", "invalid")),
    ],
)
def test_style__text_stands_out_by_the_contrast_that_wcag_asks_for(scheme: str, ink: str, ground: str) -> None:
    known = colours(scheme)
    lights = sorted((luminance(known[ink]), luminance(known[ground], known["card"])))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5
