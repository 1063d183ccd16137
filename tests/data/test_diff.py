"""What changed between two versions: found, told in words, and shown."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from drawn import write_coco
from labelled import label, record
from proctor_models.cli import main
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.data.versions.boxes import match_boxes
from proctor_models.data.versions.changes import Changes, compare
from proctor_models.data.versions.page import page
from proctor_models.data.versions.read import opened
from proctor_models.data.versions.words import words
from proctor_models.errors import DataError
from versioned import project


def frame(name: str, **known: object) -> FrameRecord:
    return record(name, **known).model_copy(update={"sha256": name})


@pytest.fixture
def between(tmp_path: Path) -> Callable[..., Changes]:
    """Compare two lists of frames; the pictures are not there."""

    def run(before: list[FrameRecord], after: list[FrameRecord]) -> Changes:
        for name, frames in (("a", before), ("b", after)):
            Manifest(tuple(frames), tmp_path / "images").save(tmp_path / name)
        with opened(str(tmp_path / "a"), str(tmp_path / "b")) as versions:
            return compare(*versions)

    return run


@pytest.fixture
def curated(tmp_path: Path) -> tuple[Path, Path]:
    """A split dataset of drawn frames, and a variation: frames dropped, relabelled, moved to another side."""
    project(tmp_path)
    old = tmp_path / "data" / "demo" / "split"
    manifest = Manifest.load(old)
    frames = []
    for number, one in enumerate(manifest):
        if number in (0, 5):
            continue
        boxes = tuple(b.model_copy(update={"label": "remote"}) if b.label == "phone" else b for b in one.boxes)
        side = "test" if number == 2 else one.split
        frames.append(one.model_copy(update={"boxes": boxes, "split": side}))
    manifest.with_frames(frames).save(tmp_path / "data" / "demo" / "after")
    return old, tmp_path / "data" / "demo" / "after"


def test_compare__finds_what_came_went_and_was_renamed(between: Callable[..., Changes]) -> None:
    a, b, c, new = frame("a"), frame("b"), frame("c"), frame("d")
    again = b.model_copy(update={"id": "made/z"})
    other = c.model_copy(update={"sha256": "other bytes"})
    changes = between([a, b, c], [again, other, new])
    assert [one.id for one in changes.added] == ["made/d"]
    assert [one.id for one in changes.removed] == ["made/a"]
    assert [(one.before.id, one.after.id) for one in changes.renamed] == [("made/b", "made/z")]
    assert [one.after.id for one in changes.pictures] == ["made/c"]
    text = words(changes)
    assert "B has as many frames as A: 1 came, 1 is gone, 1 has another id, 1 has another picture under its id." in text
    assert "made/b is now made/z" in text


def test_compare__the_order_of_frames_is_no_change(between: Callable[..., Changes]) -> None:
    frames = [frame("a", boxes=[label("phone")]), frame("b")]
    changes = between(frames, frames[::-1])
    assert changes.nothing
    assert "A and B hold the same 2 frames, with the same labels and facts." in words(changes)


@pytest.mark.parametrize(
    ("after", "kind", "told"),
    [
        (label("phone", (10.4, 10.0, 40.0, 40.0)), "same", None),
        (label("phone", (15.0, 10.0, 45.0, 40.0)), "moved", "phone moved by up to 5 px"),
        (label("remote", (12.0, 10.0, 40.0, 40.0)), "relabelled", "phone became remote"),
        (label("phone", worn=True), "attributes", "phone: worn: True, was none"),
        (label("phone", (60.0, 50.0, 90.0, 70.0)), "removed", "phone removed"),
    ],
)
def test_match_boxes__says_what_became_of_a_label(after: object, kind: str, told: str | None) -> None:
    changes = match_boxes(record("a", [label("phone")]), record("a", [after]))
    assert changes[0].kind == kind
    assert told is None or str(changes[0]) == told


def test_match_boxes__pairs_each_label_once_and_its_own_class_first() -> None:
    near = [label("face", (0.0, 0.0, 20.0, 20.0)), label("face", (5.0, 0.0, 25.0, 20.0))]
    both = match_boxes(record("a", near), record("a", [*near[::-1], label("face_masked", (0.0, 0.0, 20.0, 20.0))]))
    assert sorted(change.kind for change in both) == ["added", "same", "same"]


def test_match_boxes__a_resized_frame_keeps_its_labels() -> None:
    small = record("a", [label("phone", (5.0, 5.0, 20.0, 20.0))]).model_copy(update={"width": 50, "height": 40})
    assert [c.kind for c in match_boxes(small, record("a", [label("phone")]))] == ["same"]


def test_words__sides_and_people_that_changed_are_called_out(between: Callable[..., Changes]) -> None:
    before = [frame("a", person="S1", split="train"), frame("b", person="S1", split="train"), frame("c", split="val")]
    after = [before[0].model_copy(update={"split": "test"}), before[1], before[2], frame("n", person="S3")]
    changes = between(before, after)
    text = words(changes)
    assert "!! 1 FRAME CHANGED SIDE, train to test: made/a" in text
    assert "!! A NET TRAINED ON A HAS SEEN 1 FRAME THAT B MEASURES ON" in text
    assert "!! PEOPLE TRAINED ON IN A ARE MEASURED ON IN B: S1;" in text
    assert "Persons new: S3." in text
    assert changes.persons == (("S3",), ())


def test_words__classes_and_facts(between: Callable[..., Changes]) -> None:
    before = frame("a", boxes=[label("phone")], labelled=("phone", "person"))
    after = before.model_copy(update={"labelled": ("phone",), "view": "second", "tags": {"light": "dim"}})
    text = words(between([before], [after]))
    assert "1 common frame label other classes exhaustively (frames that do: person 1 to 0)." in text
    assert "Also changed: tags of 1 frame, view of 1 frame." in text
    assert re.search(r"second +0 +1 +\+1\n", text)
    assert re.search(r"dim +0 +1 +\+1\n", text)


def test_diff__tells_and_shows_a_curated_variation(
    curated: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shown"
    assert main(["data", "diff", *map(str, curated), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "B has 2 frames fewer than A: 2 are gone." in text
    assert re.search(r"labels of \d+ differ: (\d+) relabelled \(\1 phone became remote\)", text)
    assert "1 FRAME CHANGED SIDE, train to test: drawn/P1-2" in text
    html = (out / "diff.html").read_text()
    assert html.count("data:image/jpeg;base64,") >= 4
    assert "picture not there" not in html
    assert "phone &gt; remote" in html
    assert not re.search(r"(src|href)=\"(?!data:)", html), "nothing from outside the page"
    assert [path.name for path in out.iterdir()] == ["diff.html"]


def test_page__the_same_versions_give_the_same_bytes(curated: tuple[Path, Path]) -> None:
    pages = []
    for _ in range(2):
        with opened(*map(str, curated)) as versions:
            pages.append(page(compare(*versions), pictures=1))
    assert pages[0] == pages[1]
    assert "2 frames, 1 of them shown" in pages[0]


def test_page__says_where_a_picture_is_not_there_and_escapes_names(between: Callable[..., Changes]) -> None:
    html = page(between([frame("<b>x")], [frame("c")]))
    assert html.count("picture not there") == 2
    assert "&lt;b&gt;x" in html
    assert "<b>x" not in html.replace("<b>made/&lt;b&gt;x", "")


def test_opened__a_coco_folder_is_read_as_ingest_reads_it(tmp_path: Path) -> None:
    recipe = project(tmp_path)
    coco, raw = tmp_path / "outside" / "coco", tmp_path / "data" / "demo" / "raw"
    with opened(str(coco), str(raw)) as (a, b):
        assert a.kind == "coco"
        assert compare(a, b).nothing
    with opened(str(coco), sources=recipe.ingest.sources) as (alone,):
        assert alone.manifest.frames == Manifest.load(raw).frames


def test_opened__classes_that_are_not_ours_are_left_out_and_named(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco", frames_a_person=1)
    path = tmp_path / "coco" / "annotations.json"
    raw = json.loads(path.read_text())
    raw["categories"].append({"id": 99, "name": "hat"})
    path.write_text(json.dumps(raw))
    with opened(str(tmp_path / "coco")) as (version,):
        assert version.notes == ("classes that are not ours are left out: hat",)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "absent: no such folder; name a dataset folder, or FOLDER@REVISION"),
        (".", r"\.: expected manifest\.jsonl or a COCO annotations\.json in it"),
        ("absent@v1", r"absent@v1: absent lies in no DVC repository"),
    ],
)
def test_opened__refuses_what_is_no_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message), opened(name):
        pass


def test_opened__a_coco_file_that_is_cut_short_is_called_damaged(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco", frames_a_person=1)
    path = tmp_path / "coco" / "annotations.json"
    path.write_text(path.read_text()[:200])
    with (
        pytest.raises(DataError, match=r"annotations\.json: expected JSON, got what ends early or is damaged \("),
        opened(str(tmp_path / "coco")),
    ):
        pass


DVC = (sys.executable, "-m", "dvc")


def command(top: Path, *words: str) -> None:
    subprocess.run(words, cwd=top, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git and DVC repository in which data/embedded has two versions, the first tagged v1."""
    top = tmp_path / "repository"
    coco = top / "data" / "embedded"
    write_coco(coco, frames_a_person=2)
    command(top, "git", "init", "--quiet")
    for key, value in (("user.name", "Tester"), ("user.email", "t@example.org")):
        command(top, "git", "config", key, value)
    command(top, *DVC, "init", "--quiet")
    for tag in ("v1", "v2"):
        if tag == "v2":
            path = coco / "annotations.json"
            raw = json.loads(path.read_text())
            raw["images"] = raw["images"][1:]
            raw["annotations"] = [row for row in raw["annotations"] if row["image_id"] != 1]
            path.unlink()
            path.write_text(json.dumps(raw))
            (coco / "images" / "P2-0.png").unlink()
            cv2.imwrite(str(coco / "images" / "P2-0.png"), np.full((240, 320, 3), 90, np.uint8))
        command(top, *DVC, "add", "--quiet", "data/embedded")
        command(top, "git", "add", ".")
        command(top, "git", "commit", "--quiet", "--message", tag)
        command(top, "git", "tag", tag)
    return top


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")  # DVC's own
def test_diff__a_folder_under_dvc_against_a_revision_of_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository)
    assert main(["data", "diff", "data/embedded@v1", "data/embedded"]) == 0
    text = capsys.readouterr().out
    assert "B has 1 frame fewer than A: 1 is gone, 1 has another picture under its id." in text
    assert "frames/P1-0" in text
    assert main(["data", "diff", "data/embedded@v9", "data/embedded"]) == 1
    assert "data/embedded@v9: cannot be read" in capsys.readouterr().err
    shutil.rmtree(repository / "data" / "embedded")
    assert main(["data", "diff", "data/embedded@v1", "data/embedded@v2"]) == 0
    assert "1 frame fewer" in capsys.readouterr().out
