"""Boxes of a pack for a person to correct: what is written, and that only what a person confirmed is read."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_clips import record
from packed import SPECS, build, scene_outputs, seal
from proctor_models.cli import main
from proctor_models.data.changes import Sampling
from proctor_models.data.ingest import ingest
from proctor_models.data.markup import read_xml
from proctor_models.data.prelabel import doubt, least_scores, prelabel
from proctor_models.errors import DataError

THRESHOLDS = {"phone": 0.5, "earphone": 0.5, "mask": 0.5, "multiple_faces": 0.6, "seat_absence": 0.6}
FOUND = [
    ("person", (10, 10, 50, 56), 0.9),
    ("face_masked", (20, 14, 36, 30), 0.8),
    ("earphone", (34, 18, 38, 26), 0.7),
    ("phone", (0, 20, 8, 30), 0.55),
    ("cup", (50, 50, 60, 56), 0.3),
]
ATTRIBUTES = {"mask": 0.95, "mask_incorrect": 0.9, "earphone_in_ear": 0.8}
LOOKS = {"headwear": "none", "ears": "visible", "occluded": False}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack whose nets say the same of every picture."""
    folder = tmp_path_factory.mktemp("packs") / "pack"
    head = replace(SPECS["head"], thresholds=THRESHOLDS)
    said = np.array([ATTRIBUTES.get(name, 0.0) for name in head.names], np.float32)
    nets = {
        "scene": build(replace(SPECS["scene"], thresholds=THRESHOLDS), scene_outputs(FOUND)),
        "head": build(head, {"attributes": said}),
    }
    for name in ("models", "rules", "wheels"):
        (folder / name).mkdir(parents=True)
    for name, net in nets.items():
        (folder / "models" / f"{name}.onnx").write_bytes(net.SerializeToString())
    (folder / "rules/remote-exam.json").write_text('{"name": "remote-exam"}')
    (folder / "wheels/runtime.whl").write_bytes(b"wheel")
    seal(folder, thresholds=THRESHOLDS)
    return folder


@pytest.fixture
def source(tmp_path: Path, picture: Callable[..., Path]) -> Path:
    """An image in a folder, and a recording of 3 s."""
    picture(tmp_path / "in/desk/a.png", 1, (128, 96))
    record(tmp_path / "in/exam.mp4", [0] * 30)
    return tmp_path / "in"


@pytest.fixture
def read(recipe: Callable, tmp_path: Path) -> Callable:
    def run(folder: Path, form: str, **keys: object):
        source = {"name": "p", "format": form, "path": str(folder), "licence": "own", "labelled": ["person", "phone"]}
        return ingest(recipe(source | keys), tmp_path / "raw")

    return run


FRAMES = ["desk/a.png", "exam/000000000ms.jpg", "exam/000001000ms.jpg", "exam/000002000ms.jpg"]


def test_prelabel__frames_with_doubt(pack: Path, source: Path, tmp_path: Path) -> None:
    frames = prelabel(pack, source, "coco", tmp_path / "out", threads=1)
    assert [frame.file for frame in frames] == FRAMES
    assert [box.label for box in frames[0].boxes] == ["person", "face_masked", "earphone", "phone"]
    assert frames[0].boxes[1].attributes == {"mask_incorrect": True, **LOOKS}
    assert frames[0].boxes[2].attributes == {"worn": True, "kind": "earbud"}
    assert (frames[0].unsure, frames[0].doubt) == ("phone", pytest.approx(0.9))
    rows = list(csv.DictReader((tmp_path / "out/doubt.csv").read_text().splitlines()))
    assert [(row["rank"], row["file"], row["boxes"]) for row in rows[:2]] == [
        ("1", FRAMES[0], "4"),
        ("2", FRAMES[1], "4"),
    ]
    assert (
        sorted(p.relative_to(tmp_path / "out/images").as_posix() for p in (tmp_path / "out").rglob("*.[jp][pn]g"))
        == FRAMES
    )
    assert (tmp_path / "out/images/desk/a.png").read_bytes() == (source / "desk/a.png").read_bytes()


def test_prelabel__scores_and_sampling_as_asked(pack: Path, source: Path, tmp_path: Path) -> None:
    still = Sampling(every_s=0.5, min_change=0.02)
    frames = prelabel(pack, source / "exam.mp4", "coco", tmp_path / "out", sampling=still, min_score=0.85, threads=1)
    assert [(f.file, f.time_s, [b.label for b in f.boxes]) for f in frames] == [
        ("exam/000000000ms.jpg", 0.0, ["person"])
    ]


def test_least_scores__books_and_papers_as_their_detector_has_it() -> None:
    assert least_scores({"book_paper": 0.4})["book_paper"] == 0.4
    assert least_scores(THRESHOLDS)["book_paper"] == 0.5  # a pack from before that detector


def confirm_cvat(folder: Path) -> None:
    """What CVAT exports after a person deleted the phone boxes and tagged the frames of the recording."""
    root = ET.fromstring((folder / "prelabels.xml").read_text())  # noqa: S314 - our own
    for image in root.iter("image"):
        for box in list(image.iter("box")):
            box.set("source", "file")  # CVAT says so of everything it has imported
            if box.get("label") == "phone":
                image.remove(box)
        if image.get("name", "").startswith("exam/"):
            ET.SubElement(image, "tag", {"label": "checked", "source": "manual"})
    ET.ElementTree(root).write(folder / "annotations.xml")


def confirm_label_studio(folder: Path) -> None:
    """What Label Studio exports after a person submitted the recording's tasks without the phones."""
    tasks = json.loads((folder / "tasks.json").read_text())
    for number, task in enumerate(tasks):
        task["id"], task["annotations"] = number, []
        (guess,) = task["predictions"]
        kept = [r for r in guess["result"] if "phone" not in r["value"].get("rectanglelabels", ())]
        if "clip" in task["data"]:
            task["annotations"] = [{"id": number, "completed_by": 1, "result": kept, "parent_prediction": 4}]
    (folder / "annotations.json").write_text(json.dumps(tasks))


def confirm_coco(folder: Path) -> None:
    """What a tool exports of the recording's frames once the phones are deleted."""
    coco = json.loads((folder / "prelabels.json").read_text())
    coco["images"] = [image for image in coco["images"] if "clip" in image]
    kept = {image["id"] for image in coco["images"]}
    phone = next(c["id"] for c in coco["categories"] if c["name"] == "phone")
    rows = [a for a in coco["annotations"] if a["category_id"] != phone and a["image_id"] in kept]
    coco["annotations"] = [{k: v for k, v in row.items() if k != "score"} for row in rows]
    coco["info"] = {"contributor": "someone"}
    (folder / "annotations.json").write_text(json.dumps(coco))


ROUNDS = {
    "cvat": ("prelabels.xml", confirm_cvat, r"tag 'checked': expected on every frame .* got it on none of 4"),
    "label-studio": (
        "tasks.json",
        confirm_label_studio,
        r"expected tasks that people submitted, got none of 4 \(it holds predictions of a model only\)",
    ),
    "coco": ("prelabels.json", confirm_coco, r"info\.prelabelled: expected labels of people, got boxes of a model"),
}


@pytest.mark.parametrize("form", ROUNDS)
def test_prelabel__is_read_once_a_person_confirmed_it_and_not_before(
    pack: Path, source: Path, read: Callable, tmp_path: Path, form: str
) -> None:
    name, confirm, message = ROUNDS[form]
    out = tmp_path / "out"
    prelabel(pack, source, form, out, threads=1)
    with pytest.raises(DataError, match=message):
        read(out, form, annotations=name)
    confirm(out)
    frames = list(read(out, form, persons={"exam": "P5"}))
    assert [(f.id, f.clip, f.time_s, f.person) for f in frames] == [
        (f"p/{Path(name).with_suffix('').as_posix()}", "exam", float(i), "P5") for i, name in enumerate(FRAMES[1:])
    ]
    for frame in frames:
        assert [b.label for b in frame.boxes] == ["person", "face_masked", "earphone"]
        assert frame.boxes[0].xyxy == pytest.approx((20, 4, 100, 96), abs=0.02)
        assert frame.boxes[1].attributes == {"mask_incorrect": True, **LOOKS}
        assert frame.boxes[2].attributes == {"worn": True, "kind": "earbud"}


def test_prelabel__what_cvat_and_label_studio_need_beside_it(pack: Path, source: Path, tmp_path: Path) -> None:
    prelabel(pack, source, "cvat", tmp_path / "cvat", threads=1)
    labels = {label["name"]: label for label in json.loads((tmp_path / "cvat/labels.json").read_text())}
    assert labels["checked"]["type"] == "tag"
    assert [a["name"] for a in labels["earphone"]["attributes"]] == ["score", "kind", "worn"]
    assert "checked" in (tmp_path / "cvat/README.txt").read_text()
    prelabel(pack, source, "label-studio", tmp_path / "ls", threads=1)
    asked = {element.attributes["name"] for element in read_xml(tmp_path / "ls/label_config.xml").every("Choices")}
    tasks = json.loads((tmp_path / "ls/tasks.json").read_text())
    said = {region["from_name"] for task in tasks for region in task["predictions"][0]["result"]}
    assert said == {"label"} | asked
    assert [t["predictions"][0]["score"] for t in tasks] == sorted(t["predictions"][0]["score"] for t in tasks)
    assert tasks[0]["predictions"][0]["model_version"].startswith("proctor-pack 1.0 scene ")


def test_prelabel__refuses_and_leaves_nothing(pack: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (source / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"1 images unreadable, nothing written:\n.*b\.jpg: cannot be decoded"):
        prelabel(pack, source, "cvat", out, threads=1)
    (source / "b.jpg").rename(source / "exam.jpg")
    with pytest.raises(DataError, match=r"exam: expected one file of that name whatever its suffix, got 2; rename one"):
        prelabel(pack, source, "cvat", out, threads=1)
    with pytest.raises(DataError, match=r"expected images or recordings .* found none in any depth"):
        prelabel(pack, tmp_path / "nowhere", "cvat", out, threads=1)
    with pytest.raises(DataError, match=r"min_score: expected a number between 0 and 1, got 1\.5"):
        prelabel(pack, source, "cvat", out, threads=1, min_score=1.5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
    out.mkdir()
    with pytest.raises(DataError, match="out: exists, and may hold what a person has corrected; name a new folder"):
        prelabel(pack, source, "cvat", out, threads=1)


def test_prelabel__a_damaged_recording_is_refused_or_kept_as_asked(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(tmp_path / "in/exam.mkv", [i % 100 for i in range(60)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    words = ["prelabel", "--pack", str(pack), "--images", str(path), "--format", "coco", "--out", str(tmp_path / "out")]
    assert main([*words, "--threads", "1"]) == 1
    assert "(`--damaged keep` in `proctor prelabel`)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*words, "--threads", "1", "--damaged", "keep"]) == 0
    assert 2 <= len(json.loads((tmp_path / "out/prelabels.json").read_text())["images"]) <= 5


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--min-change", "5", "a share above 0 and up to 1, as 0.02"),
        ("--min-change", "nan", "a share above 0 and up to 1, as 0.02"),
        ("--min-score", "0", "a share above 0 and up to 1, as 0.02"),
        ("--every", "-1", "a number of seconds above 0"),
        ("--max-gap", "inf", "a number of seconds above 0"),
        ("--change-bits", "65", "a whole number from 1 to 64"),
    ],
)
def test_prelabel__options_out_of_range(
    option: str, value: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--pack", "p", "--images", "i", "--format", "cvat", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="2"):
        main(["prelabel", *words, f"{option}={value}"])
    assert f"argument {option}: expected {expected}, got {value!r}" in capsys.readouterr().err


def test_doubt__is_highest_at_the_threshold() -> None:
    at = [doubt(score, 0.4) for score in (0.0, 0.2, 0.4, 0.7, 1.0)]
    assert at == [0.0, 0.5, 1.0, 0.5, 0.0]


def test_least_scores__one_for_all_where_asked() -> None:
    assert set(least_scores(THRESHOLDS, 0.2).values()) == {0.2}
