"""The worst frames: which they are, what is drawn of them, and where they may lie."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import FrameRecord, Manifest, data_version
from proctor_models.errors import DataError
from proctor_models.evaluation.evaluate import metrics, predictions
from proctor_models.evaluation.mistakes import MOST_OF_A_CLIP, evaluate_errors, worst
from proctor_models.evaluation.private import check_private
from proctor_models.evaluation.report import About
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.tables import tabulate
from proctor_models.files import write_json

THRESHOLDS = dict.fromkeys(DETECTOR_NAMES, 0.5)


def said(name: str, score: float | None, there: bool = True, **fields: str) -> Seen:
    return Seen(record(name, [label("phone")] if there else [], **fields), (), {"phone": score})


def names(mistakes: tuple[object, ...]) -> list[str]:
    return [one.seen.frame.id.removeprefix("made/") for one in mistakes]  # type: ignore[attr-defined]


def test_worst__lowest_scores_are_missed_and_highest_are_false() -> None:
    frames = [
        *(said("low", 0.1), said("lower", 0.05), said("hit", 0.5), said("blind", None)),
        *(said("high", 0.9, there=False), said("higher", 0.95, there=False), said("quiet", 0.4, there=False)),
        said("blind too", None, there=False),
    ]
    found = worst(frames, "phone", 0.5, most=12)
    assert names(found.misses) == ["blind", "lower", "low"]
    assert names(found.false_alarms) == ["higher", "high"]
    assert (found.missed, found.falsely_alarmed) == (3, 2)


def test_worst__one_clip_does_not_fill_the_list() -> None:
    frames = [said(f"a{i}", 0.01 * i, person="S1", clip="a") for i in range(9)]
    frames += [said("b", 0.3, person="S1", clip="b"), said("c", 0.4, person="S2", clip="a")]
    found = worst(frames, "phone", 0.5, most=12)
    assert names(found.misses) == ["a0", "a1", "a2", "b", "c"]
    assert MOST_OF_A_CLIP == 3
    assert found.missed == 11
    assert names(worst(frames, "phone", 0.5, most=2).misses) == ["a0", "a1"]


def test_worst__frames_whose_labels_leave_it_open_are_no_mistakes() -> None:
    open_frame = Seen(record("a", labelled=("person",)), (), {"phone": 0.9})
    other_view = Seen(record("b", [label("phone")]), (), {})
    found = worst([open_frame, other_view], "phone", 0.5, most=12)
    assert (found.missed, found.falsely_alarmed) == (0, 0)


@pytest.fixture
def measured(tmp_path: Path, mixed: tuple[Seen, ...]) -> Mapping[str, Path]:
    """An evaluation of twelve frames and their dataset: frame 4 was missed, frame 7 a false alarm."""
    data, evaluation = tmp_path / "data", tmp_path / "evaluation"
    data.mkdir()
    evaluation.mkdir()
    for one in mixed:
        cv2.imwrite(str(data / one.frame.file), np.full((80, 100, 3), 128, np.uint8))
    Manifest(tuple(one.frame for one in mixed), data).save(data)
    about = About("made@0", data_version(data), {"scene": "a" * 64}, {}, (), {"val": 12}, ())
    write_json(evaluation / "metrics.json", metrics(tabulate({"val": mixed}, THRESHOLDS, times=20, seed=0)))
    write_json(evaluation / "predictions.json", predictions({"val": mixed}, about))
    write_json(evaluation / "about.json", asdict(about))
    return {"data": data, "evaluation": evaluation, "out": tmp_path / "errors"}


def test_evaluate_errors__lists_and_sheets(measured: Mapping[str, Path]) -> None:
    evaluate_errors(measured["evaluation"], measured["data"], measured["out"])
    content = json.loads((measured["out"] / "errors.json").read_text())
    phone = content["detectors"]["phone"]
    assert (phone["missed"], phone["falsely_alarmed"], phone["threshold"]) == (1, 1, 0.5)
    (missed,) = phone["worst_misses"]
    assert (missed["frame"], missed["what"], missed["score"]) == ("made/4", "missed", 0.1)
    assert (missed["person"], missed["source"], missed["split"]) == ("S0", "made", "val")
    assert [row["frame"] for row in phone["worst_false_alarms"]] == ["made/7"]
    sheet = cv2.imread(str(measured["out"] / "phone.png"))
    assert sheet.shape == (2 * 30 + 2 * (240 + 34), 4 * 320, 3)
    assert (sheet == (60, 170, 40)).all(-1).any(), "labelled boxes are green"
    assert (sheet == (40, 40, 230)).all(-1).any(), "found boxes are red"
    assert not (measured["out"] / "mask.png").exists(), "a detector without a mistake has no sheet"


def test_evaluate_errors__one_side_only(measured: Mapping[str, Path]) -> None:
    with pytest.raises(DataError, match=r"--split: expected one of val, got 'test'"):
        evaluate_errors(measured["evaluation"], measured["data"], measured["out"], split="test")
    evaluate_errors(measured["evaluation"], measured["data"], measured["out"], split="val")
    assert json.loads((measured["out"] / "errors.json").read_text())["split"] == "val"


def test_evaluate_errors__of_other_data_is_refused(measured: Mapping[str, Path]) -> None:
    frame: FrameRecord = saw(record("other")).frame
    Manifest((frame,), measured["data"]).save(measured["data"])
    with pytest.raises(DataError, match=r"data_version: expected that of .* name the dataset it was measured on"):
        evaluate_errors(measured["evaluation"], measured["data"], measured["out"])
    assert not measured["out"].exists()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "cannot be read"),
        ("[]", "expected a JSON object"),
        ('{"images": [], "annotations": [{}]}', "expected what `evaluate` writes"),
        ('{"annotations": [], "images": [{"id": 1, "frame": "x/1", "scores": {}}]}', "frame 'x/1' is not in"),
    ],
)
def test_evaluate_errors__predictions_that_are_not_ours(measured: Mapping[str, Path], text: str, match: str) -> None:
    (measured["evaluation"] / "predictions.json").write_text(text)
    with pytest.raises(DataError, match=match):
        evaluate_errors(measured["evaluation"], measured["data"], measured["out"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository that ignores /review/ and every errors-* folder at its root."""
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    (root / ".gitignore").write_text("/review/\n/errors-*/\n")
    return root


def test_check_private__ignored_or_outside(repository: Path, tmp_path: Path) -> None:
    check_private(repository / "review" / "errors")
    check_private(tmp_path / "elsewhere" / "errors")


def test_check_private__a_folder_git_would_take(repository: Path) -> None:
    with pytest.raises(DataError, match=r"expected a folder that git ignores.*take docs/errors; write below"):
        check_private(repository / "docs" / "errors")


def test_check_private__what_a_killed_run_leaves_counts_too(repository: Path) -> None:
    with pytest.raises(DataError, match=r"git would take \.errors-val\.part"):
        check_private(repository / "errors-val")


def test_check_private__a_link_into_the_repository_is_followed(repository: Path, tmp_path: Path) -> None:
    (repository / "docs").mkdir()
    (tmp_path / "link").symlink_to(repository / "docs")
    with pytest.raises(DataError, match="expected a folder that git ignores"):
        check_private(tmp_path / "link" / "errors")


def test_check_private__a_hook_s_repository_is_not_asked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / "nowhere"))
    check_private(repository / "review" / "errors")
