"""The whole evaluation of frames made by hand: every file, no half-truths, the same twice."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import Manifest
from proctor_models.evaluation.evaluate import metrics, predictions, sources, threshold_file, write_folder
from proctor_models.evaluation.report import About
from proctor_models.evaluation.seen import Seen, judge, look
from proctor_models.evaluation.slices import slice_masks
from proctor_models.evaluation.tables import tabulate
from proctor_models.types import Detections, Image, Observation, View

THRESHOLDS = dict.fromkeys(DETECTOR_NAMES, 0.5)
ABOUT = About("made@0", "d" * 64, {"scene": "a" * 64, "head": "b" * 64}, {"scene": "d" * 64}, (), {"val": 12}, ())


def test_tabulate__by_hand(mixed: tuple[Seen, ...]) -> None:
    tables = tabulate({"val": mixed}, THRESHOLDS, times=100, seed=0)
    phone = tables.overall["val"]["phone"]
    assert (phone["frames"], phone["positives"], phone["groups"]) == (12, 6, 4)
    assert phone["recall"] == pytest.approx(5 / 6)
    assert phone["precision"] == pytest.approx(5 / 6)
    assert phone["false_frame_rate"] == pytest.approx(1 / 6)
    # Six phones, hits at .9 x5, a false box at .7, a hit at .1: precision 1 up to 5/6, then 6/7.
    assert phone["ap50"] == pytest.approx((84 + 17 * 6 / 7) / 101)
    seat = tables.overall["val"]["seat_absence"]
    assert (seat["positives"], seat["recall"], seat["precision"], seat["f1"]) == (0, None, None, None)
    assert seat["ap50"] == 1.0
    assert tables.overall["val"]["mask"]["ap50"] is None


def test_tabulate__slices_add_up(mixed: tuple[Seen, ...]) -> None:
    tables = tabulate({"val": mixed}, THRESHOLDS, times=100, seed=0)
    phones = [row for row in tables.slices if row["detector"] == "phone" and row["slice"] == "person"]
    assert [row["value"] for row in phones] == ["S0", "S1", "S2", "S3"]
    assert sum(int(row["frames"] or 0) for row in phones) == 12
    assert {row["interval_by"] for row in phones} == {"frame"}
    assert {name for name, _, _ in slice_masks(mixed)} == {"view", "source", "person", "camera", "distance"}


def test_judge__unlabelled_classes_are_ignored() -> None:
    box = (60.0, 50.0, 80.0, 70.0)
    unlabelled = saw(record("a", labelled=("person",)), [("phone", box, 0.9)], {"phone": 0.9})
    labelled = saw(record("b", [label("phone", box)]), [("phone", box, 0.8)], {"phone": 0.8})
    judgement = judge([unlabelled, labelled], "phone")
    assert judgement.judged.scores.tolist() == [0.8]
    assert judgement.matches.scores.tolist() == [pytest.approx(0.8)]
    assert judgement.boxed.tolist() == [False, True]
    _, packed, groups = judgement.of(np.array([False, True]))
    assert (packed.frame.tolist(), packed.truths.tolist(), groups) == ([0], [1], ("b",))


def test_judge__not_assessable_is_kept_apart() -> None:
    seen = [saw(record(str(i), [label("face")]), scores={"mask": score}) for i, score in enumerate((None, 0.2))]
    assert np.isnan(judge(seen, "mask").judged.scores).tolist() == [True, False]


def test_judge__a_view_the_detector_does_not_read_is_left_out() -> None:
    one = saw(record("a", [label("phone")]))
    other = Seen(one.frame, one.boxes, {})
    assert len(judge([one, other], "phone").judged.truth) == 1


def test_write_folder__all_files_and_the_same_bytes_again(tmp_path: Path, mixed: tuple[Seen, ...]) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        tables = tabulate({"val": mixed}, THRESHOLDS, times=100, seed=0)
        write_folder(tmp_path / name, tables, ABOUT, {"val": mixed}, THRESHOLDS)
    files = {path.relative_to(tmp_path / "one"): path for path in (tmp_path / "one").rglob("*") if path.is_file()}
    assert {
        "metrics.json",
        "slices.json",
        "gaps.json",
        "thresholds.json",
        "about.json",
        "predictions.json",
        "report.md",
    } <= {str(name) for name in files}
    for name, path in files.items():
        assert path.read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    written = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert written["val"]["phone"]["recall"] == pytest.approx(5 / 6, abs=1e-6)
    assert written["val"]["seat_absence"]["recall"] is None
    with (tmp_path / "one" / "plots" / "val-phone-scores.csv").open() as stream:
        bins = list(csv.DictReader(stream))
    assert sum(int(row["with"]) for row in bins) == 6
    assert (tmp_path / "one" / "plots" / "val.png").read_bytes().startswith(b"\x89PNG")


def test_write_folder__the_report_says_what_was_trained_on(tmp_path: Path, mixed: tuple[Seen, ...]) -> None:
    tables = tabulate({"train": mixed}, THRESHOLDS, times=100, seed=0)
    about = About("made@0", "d" * 64, {"scene": "a" * 64}, {}, ("train",), {"train": 12}, ())
    write_folder(tmp_path, tables, about, {"train": mixed}, THRESHOLDS)
    page = (tmp_path / "report.md").read_text()
    assert "These frames were trained on" in page
    assert "| phone (phone) | 12 | 6 | 4 | 0.833" in page
    assert "Where thresholds could go" not in page


def test_write_folder__a_detector_without_boxes_has_frame_figures_alone(tmp_path: Path) -> None:
    seen = []
    for number in range(8):
        hatted = number % 2 == 0
        face = label("face", (30.0, 10.0, 50.0, 30.0), headwear="hat" if hatted else "none")
        found = [("face", (30.0, 10.0, 50.0, 30.0), 0.9)]
        seen.append(saw(record(str(number), [face], person=f"S{number}"), found, {"hat": 0.9 if hatted else 0.1}))
    tables = tabulate({"val": seen}, THRESHOLDS, times=100, seed=0)
    hat = tables.overall["val"]["hat"]
    assert (hat["frames"], hat["positives"], hat["recall"]) == (8, 4, 1.0)
    assert (hat["box_frames"], hat["boxes"], hat["ap50"], hat["ap"]) == (0, 0, None, None)
    write_folder(tmp_path, tables, ABOUT, {"val": seen}, THRESHOLDS)
    lines = (tmp_path / "report.md").read_text().splitlines()
    overall, by_view = (next(line for line in lines if line.startswith(start)) for start in ("| hat |", "| hat, first"))
    assert overall.endswith("| 0.000 | - | - | - |")
    assert by_view.endswith("| 0.000 | - | - | - |")
    assert not (tmp_path / "plots" / "val-hat-boxes.csv").exists()


def test_threshold_file__only_ever_from_validation(mixed: tuple[Seen, ...]) -> None:
    on_test = tabulate({"test": mixed}, THRESHOLDS, times=100, seed=0)
    assert threshold_file(on_test, THRESHOLDS) == {"chosen_on": "val", "detectors": {}}
    on_val = threshold_file(tabulate({"val": mixed, "test": mixed}, THRESHOLDS, times=100, seed=0), THRESHOLDS)
    assert on_val["detectors"]["phone"]["suggested"] == {"best_f1": 0.81, "lowest_with_few_false": 0.71}


def test_metrics__words_are_left_to_the_slices(mixed: tuple[Seen, ...]) -> None:
    rows = metrics(tabulate({"val": mixed}, THRESHOLDS, times=100, seed=0))
    assert {type(value) for value in rows["val"]["phone"].values()} <= {int, float, type(None)}


def test_predictions__as_pycocotools_wants_them(mixed: tuple[Seen, ...]) -> None:
    coco = predictions({"val": mixed[:2], "test": mixed[2:3]}, ABOUT)
    assert [image["split"] for image in coco["images"]] == ["val", "val", "test"]
    assert [a["id"] for a in coco["annotations"]] == list(range(1, len(coco["annotations"]) + 1))
    assert {a["image_id"] for a in coco["annotations"]} == {1, 2, 3}


def test_sources__counts_by_split() -> None:
    frames = (record("a", split="train"), record("b", split="val"), record("c", split="train", source="other"))
    assert sources(Manifest(frames, Path())) == [
        {"source": "made", "licence": "MIT", "train": 1, "val": 1, "test": 0},
        {"source": "other", "licence": "MIT", "train": 1, "val": 0, "test": 0},
    ]


class Blind:
    """Sees nothing, and notes which view it was asked for."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        self.views.append(view)
        nothing = np.zeros((0, 4), np.float32)
        scene = Detections(nothing, nothing[:, 0], np.zeros(0, np.int64), ("person", "face", "face_masked", "phone"))
        return Observation(timestamp_s, view, (image.shape[1], image.shape[0]), scene)


def test_look__reads_every_frame_in_its_view(tmp_path: Path) -> None:
    import cv2

    frames = tuple(record(view, view=view, labelled=()) for view in ("first", "second", "other"))
    for frame in frames:
        cv2.imwrite(str(tmp_path / frame.file), np.zeros((80, 100, 3), np.uint8))
    blind = Blind()
    seen = look(Manifest(frames, tmp_path), blind)
    assert blind.views == ["first", "second", "first"]
    assert seen[0].scores["mask"] is None
    assert seen[0].scores["phone"] == 0.0
