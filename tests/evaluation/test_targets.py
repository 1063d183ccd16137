"""Two folds become one table: each frame once, by nets that have not seen its people, or a refusal that says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from drawn import recipe
from labelled import label, record, saw
from proctor_models.cli import main
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import Manifest, data_version
from proctor_models.errors import DataError
from proctor_models.evaluation.evaluate import predictions
from proctor_models.evaluation.folds import Fold, hold_out
from proctor_models.evaluation.measures import Draws
from proctor_models.evaluation.report import About
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.targets import write_targets
from proctor_models.files import write_json

THRESHOLDS = dict.fromkeys(DETECTOR_NAMES, 0.5)
DRAWS = Draws(50, 0)
PHONE = (10.0, 10.0, 40.0, 40.0)
Write = Callable[..., Fold]


def frames_of(person: str, split: str, score: float, frames: int = 4, **fields: Any) -> list[Seen]:
    """Frames of one person, a phone in every second one, found with this score."""
    seen = []
    for number in range(frames):
        there = number % 2 == 0
        boxes = [label("person", (5.0, 5.0, 90.0, 75.0)), *([label("phone", PHONE)] if there else [])]
        frame = record(f"{person}-{number}", boxes, person=person, split=split, **fields)
        found = [("phone", PHONE, score)] if there else []
        seen.append(saw(frame, found, {"phone": score if there else 0.1}))
    return seen


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes what `split` and `evaluate` would: the dataset of some frames, and what was measured of them."""

    def fold(name: str, seen: Sequence[Seen], about: Mapping[str, Any] | None = None, threshold: float = 0.5) -> Fold:
        data, evaluation = tmp_path / name / "split", tmp_path / name / "evaluation"
        data.mkdir(parents=True)
        evaluation.mkdir()
        for one in seen:
            cv2.imwrite(str(data / one.frame.file), np.full((80, 100, 3), 128, np.uint8))
        Manifest(tuple(one.frame for one in seen), data).save(data)
        sides = {side: [s for s in seen if s.frame.split == side] for side in ("val", "test")}
        measured = {side: ones for side, ones in sides.items() if ones}
        nets = {"scene": name.ljust(64, "0"), "head": "b" * 64}
        said = About(f"{name}@0", data_version(data), nets, {}, (), {s: len(o) for s, o in measured.items()}, ())
        thresholds = {**THRESHOLDS, "phone": threshold}
        rows = {detector: {"threshold": value} for detector, value in thresholds.items()}
        write_json(evaluation / "metrics.json", dict.fromkeys(measured, rows))
        write_json(evaluation / "predictions.json", predictions(measured, said))
        write_json(evaluation / "about.json", {**asdict(said), **(about or {})})
        return Fold(name, data, evaluation, {"S9": "S2"})

    return fold


@pytest.fixture
def folds(write: Write) -> list[Fold]:
    """S2 (also S9) is held out by one fold, S1 by the other; V is validation's in the first."""
    seat = record("seat", person=None, group="person:S9", split="test")
    empty = saw(seat, scores={"seat_absence": 0.9})
    picture = saw(record("picture", [label("phone")], split="test", view="other"), [("phone", PHONE, 0.8)])
    one = [*frames_of("S2", "test", 0.9), *frames_of("S9", "test", 0.9), *frames_of("V", "val", 0.6), empty, picture]
    two = [*frames_of("S1", "test", 0.3), *frames_of("S2", "train", 0.9), picture]
    return [write("one", [*one, *frames_of("S1", "train", 0.9)]), write("two", two)]


def test_hold_out__each_frame_once_and_nobody_trained_on(folds: list[Fold]) -> None:
    held = hold_out(folds)
    ids = [one.frame.id for one in held.seen]
    assert len(ids) == len(set(ids)) == 4 + 4 + 4 + 1 + 1 + 4
    assert {one.frame.split for one in held.seen} == {"val", "test"}
    assert held.persons == {"S1": "test", "S2": "test", "V": "val"}
    assert [fold["counted"] for fold in held.folds] == [{"val": 4, "test": 10}, {"val": 0, "test": 4}]
    assert [fold["people_trained_on"] for fold in held.folds] == [["S1"], ["S2", "S9"]]
    assert len(held.of("val")) == 4
    assert set(held.lights) == set(ids)


def test_hold_out__one_person_is_one_group_with_the_empty_seat(folds: list[Fold]) -> None:
    groups = {one.frame.id: one.group for one in hold_out(folds).seen}
    assert groups["made/S9-0"] == groups["made/S2-0"] == groups["made/seat"] == "S2"
    assert groups["made/picture"] == "picture"


def test_hold_out__boxes_and_scores_come_back_as_they_were(folds: list[Fold]) -> None:
    held = {one.frame.id: one for one in hold_out(folds).seen}
    xyxy, scores = held["made/S1-0"].found("phone")
    assert xyxy.tolist() == [list(PHONE)]
    assert scores.tolist() == [pytest.approx(0.3)]
    assert held["made/S1-0"].scores["phone"] == 0.3
    assert set(held["made/S1-0"].boxes[0]) == {"category_id", "bbox", "area", "iscrowd", "score", "attributes"}


@pytest.mark.parametrize(
    ("about", "threshold", "message"),
    [
        ({"data_version": "e" * 64}, 0.5, r"about\.json: data_version: expected that of .*, got eeeeeeeeeeee; name"),
        ({"seen_in_training": ["val"]}, 0.5, r"seen_in_training: expected neither val nor test, got val"),
        ({}, 0.4, r"phone\.threshold: expected that of the first fold \(0\.5\), got 0\.4; ship one"),
    ],
)
def test_hold_out__what_cannot_be_one_measurement(
    write: Write, about: dict[str, Any], threshold: float, message: str
) -> None:
    first = write("one", frames_of("S2", "test", 0.9))
    second = write("two", frames_of("S1", "test", 0.9), about, threshold)
    with pytest.raises(DataError, match=message):
        hold_out([first, second])


def test_hold_out__thresholds_of_detectors_that_are_not_known_may_differ(write: Write) -> None:
    folds = [write("one", frames_of("S2", "test", 0.9)), write("two", frames_of("S1", "test", 0.9))]
    for fold, threshold in zip(folds, (0.3, 0.4), strict=True):
        path = fold.evaluation / "metrics.json"
        content = json.loads(path.read_text())
        write_json(path, {side: {**rows, "former": {"threshold": threshold}} for side, rows in content.items()})
    assert hold_out(folds).thresholds == THRESHOLDS


def test_hold_out__predictions_that_are_not_whole(write: Write) -> None:
    fold = write("one", frames_of("S2", "test", 0.9))
    path = fold.evaluation / "predictions.json"
    content = json.loads(path.read_text())
    for change, message in (
        ({"images": [{"id": 1}]}, r"predictions\.json: expected what `evaluate` writes, got another form"),
        ({"images": [{"id": 1, "frame": "made/x", "scores": {}}]}, r"frame 'made/x' is not in .*; run"),
        ({"images": []}, "expected frames of val or test, got none"),
    ):
        write_json(path, {**content, **change})
        with pytest.raises(DataError, match=message):
            hold_out([fold])
    path.write_text("[")
    with pytest.raises(DataError, match=r"predictions\.json: expected a JSON file, it cannot be read"):
        hold_out([fold])


def test_write_targets__one_table_over_all_people(folds: list[Fold], tmp_path: Path) -> None:
    write_targets(folds, tmp_path / "targets", DRAWS)
    content = json.loads((tmp_path / "targets" / "targets.json").read_text())
    rows = {(row["detector"], row["figure"]): row for row in content["targets"]}
    recall = rows["phone", "recall, webcam"]
    # S2 and S9 are found, V too, S1's score is below the threshold; the picture is no webcam frame.
    assert recall["value"] == pytest.approx(6 / 8)
    assert (recall["persons"], recall["pictures"], recall["frames"]) == (["S1", "S2", "V"], 0, 8)
    assert (recall["verdict"], recall["threshold"], recall["interval_by"]) == ("missed", 0.5, "group")
    false = rows["phone", "false frames, webcam"]
    assert (false["value"], false["target"], false["verdict"], false["sure"]) == (0.0, 0.02, "met", False)
    assert rows["phone", "AP50 of boxes, webcam"]["value"] == pytest.approx(1.0)
    assert rows["seat_absence", "events: recall"]["verdict"] == "cannot say"
    assert rows["seat_absence", "recall"]["persons"] == ["S2"]
    balanced = "balanced accuracy, each person at the threshold that the others choose"
    assert rows["hat", balanced]["verdict"] == "cannot say"
    assert content["frames"] == {"all": 18, "val": 4, "test": 14}


def test_write_targets__thresholds_are_read_on_validation_alone(folds: list[Fold], tmp_path: Path) -> None:
    content = write_targets(folds, tmp_path / "targets", DRAWS)
    phone = content["thresholds"]["phone"]
    assert (phone["frames"], phone["positives"], phone["shipped"]) == (4, 2, 0.5)
    assert (phone["lowest_with_few_false"], phone["best_f1"]) == (0.11, 0.36)
    calibrated = content["calibration"]["phone"]
    assert (calibrated["val_frames"], calibrated["test_frames"]) == (4, 14)


def test_write_targets__thresholds_of_other_people(folds: list[Fold], tmp_path: Path) -> None:
    content = write_targets(folds, tmp_path / "targets", DRAWS)
    rows = {(row["detector"], row["false_cost"]): row for row in content["chosen"]}
    phone = rows["phone", 1.0]
    assert phone["on_all"] is not None
    assert phone["least"] <= phone["on_all"] <= phone["most"]
    assert 0 <= phone["recall_low"] <= phone["recall"] <= phone["recall_high"] <= 1
    assert rows["phone", 10.0]["false_frame_rate"] <= phone["false_frame_rate"]
    assert rows["hat", 1.0]["on_all"] is None
    page = (tmp_path / "targets" / "targets.md").read_text().partition("## Thresholds chosen on other people")[2]
    assert f"| phone | a miss | {phone['on_all']:.2f} |" in page
    assert "| hat |" not in page.partition("## Calibration")[0]


def test_write_targets__the_page_says_on_whom_it_was_chosen(folds: list[Fold], tmp_path: Path) -> None:
    write_targets(folds, tmp_path / "targets", DRAWS)
    page = (tmp_path / "targets" / "targets.md").read_text()
    assert "People: S1, S2, V*." in page
    assert "| phone | recall, webcam | at least 0.9 | 0.750 (" in page
    assert (
        "| phone | false frames, webcam | at most 0.02 | 0.000 (0.000-0.708) at 0.50 | S1, S2, V* | 9 | met? |" in page
    )
    assert "| seat_absence | events: recall | at least 0.98 | - | - | - | cannot say |" in page
    assert "| phone | S1 | 4† | 2 |" in page
    assert "| phone | V* | 4† | 2 |" in page
    assert {line for line in page.splitlines() if line.startswith("## ")} >= {
        "## By person", "## By view", "## By light", "## Where thresholds could go", "## Calibration"
    }  # fmt: skip


def test_write_targets__the_same_bytes_again_and_nothing_of_a_refusal(folds: list[Fold], tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_targets(folds, tmp_path / name, DRAWS)
    for name in ("targets.json", "targets.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    (folds[1].evaluation / "about.json").unlink()
    with pytest.raises(DataError, match=r"about\.json: expected a JSON file, it cannot be read \(FileNotFoundError\)"):
        write_targets(folds, tmp_path / "c", DRAWS)
    assert not (tmp_path / "c").exists()


def test_main__folds_by_recipe_and_by_folders(
    folds: list[Fold], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    named = tmp_path / "configs" / "two.yaml"
    named.parent.mkdir()
    named.write_text(yaml.safe_dump({**recipe(tmp_path), "name": "two"}))
    for place, folder in (("data/two/split", folds[1].data), ("export/two/evaluation", folds[1].evaluation)):
        Path(place).parent.mkdir(parents=True)
        Path(place).symlink_to(folder)
    folders = f"two:{folds[0].data}:{folds[0].evaluation}"
    assert main(["targets", "--fold", "two", "--fold", folders, "--out", "out"]) == 0
    content = json.loads(Path("out/targets.json").read_text())
    assert [fold["recipe"] for fold in content["folds"]] == ["two@0", "one@0"]
    assert "targets: 1 missed; the table is out/targets.md" in capsys.readouterr().err
    assert main(["targets", "--fold", "two:only-one", "--out", "other"]) == 1
    assert "--fold: expected RECIPE or RECIPE:DATA:EVALUATION, got 'two:only-one'" in capsys.readouterr().err
    assert not Path("other").exists()
