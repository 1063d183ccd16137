"""YOLO folders: what is read, and what is refused by name."""

from __future__ import annotations

import pytest
import yaml

from proctor_models.data.ingest import ingest
from proctor_models.errors import DataError


class YoloFolder:
    def __init__(self, path):
        self.path = path
        (path / "train/labels").mkdir(parents=True)
        self.names(["person", "cell phone"])

    def names(self, names):
        (self.path / "data.yaml").write_text(yaml.safe_dump({"names": names}))

    def label(self, name, text):
        (self.path / "train/labels" / f"{name}.txt").write_text(text)


@pytest.fixture
def yolo(tmp_path, picture):
    folder = YoloFolder(tmp_path / "source")
    picture(folder.path / "train/images/a.png", 1)
    folder.label("a", "0 0.5 0.5 0.5 0.5\n\n1 0.25 0.75 0.125 0.25\n")
    return folder


@pytest.fixture
def read(yolo, recipe, tmp_path):
    def run(**keys):
        source = {"name": "y", "format": "yolo", "path": str(yolo.path), "licence": "CC0"}
        return ingest(recipe(source | {"classes": {"cell phone": "phone"}} | keys), tmp_path / "raw")

    return run


def test_ingest__yolo_boxes_in_pixels(read):
    (frame,) = read(view="first", person="S1")
    assert [(box.label, box.xyxy) for box in frame.boxes] == [("person", (16, 12, 48, 36)), ("phone", (12, 30, 20, 42))]
    assert (frame.id, frame.person, frame.view, frame.licence) == ("y/train/a", "S1", "first", "CC0")
    assert frame.labelled == ("person", "phone")


def test_ingest__a_yolo_image_without_labels_is_a_background(yolo, read, picture):
    picture(yolo.path / "train/images/b.png", 2)
    a, b = read(labelled=("phone",))
    assert (a.labelled, b.labelled, b.boxes) == (("phone",), ("phone",), ())


def test_ingest__yolo_names_may_be_numbered_and_folders_the_other_way_round(yolo, read, picture):
    yolo.names({0: "person", 1: "cell phone"})
    picture(yolo.path / "images/val/c.jpg", 3)
    (yolo.path / "labels/val").mkdir(parents=True)
    (yolo.path / "labels/val/c.txt").write_text("1 0.5 0.5 1 1")
    c, _ = read()
    assert (c.id, c.boxes[0].label, c.boxes[0].xyxy) == ("y/val/c", "phone", (0, 0, 64, 48))


def test_ingest__yolo_frames_of_a_clip_know_their_time_and_person(yolo, read, picture):
    picture(yolo.path / "images/mon/000002000ms.png", 4)
    frame = read(labelled="all", persons={"mon": "P2"}, person="P9").frames[0]
    assert (frame.id, frame.clip, frame.time_s, frame.person) == ("y/mon/000002000ms", "mon", 2.0, "P2")
    assert frame.labelled == ("person", "phone")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0.5 0.5 0.5 0.5\n2 0.5 0.5 0.1 0.1", r"a\.txt:2: class: expected 0 to 1 as in data\.yaml, got '2'"),
        ("x 0.5 0.5 0.5 0.5", r"a\.txt:1: class: expected 0 to 1 .* got 'x'"),
        ("0 0.5 0.5 0.5", r"a\.txt:1: expected 5 numbers .* got 4"),
        ("0 0.1 0.1 0.9 0.1 0.9 0.9", r"a\.txt:1: expected 5 numbers .* got 7; polygons"),
        ("0 0.5 nan 0.5 0.5", r"a\.txt:1: box: expected finite numbers"),
        ("0 0.5 half 0.5 0.5", r"a\.txt:1: box: expected numbers"),
        ("0 0.5 0.5 0 0.5", r"a\.txt:1: box: expected a width and height above 0"),
        ("\n0 0.9 0.5 0.5 0.5", r"a\.txt:2: box: expected inside the image of 64 x 48 px"),
    ],
)
def test_ingest__refuses_a_yolo_line_by_number(yolo, read, text, message):
    yolo.label("a", text)
    with pytest.raises(DataError, match=message):
        read()


def test_ingest__refuses_labels_without_an_image(yolo, read):
    yolo.label("ghost", "0 0.5 0.5 0.5 0.5")
    with pytest.raises(DataError, match=r"ghost\.txt: label file with no image"):
        read()


def test_ingest__refuses_two_yolo_images_of_one_name(yolo, read, picture):
    picture(yolo.path / "train/images/a.jpg", 5)
    with pytest.raises(DataError, match=r"duplicate name 'train/a': expected one image, got 2"):
        read()


def test_ingest__refuses_a_yolo_class_that_is_not_ours(read):
    with pytest.raises(DataError, match=r"data\.yaml: class 'cell phone': class: expected one of .* got 'cell phone'"):
        read(classes={})


def test_ingest__refuses_a_broken_yolo_image(yolo, read):
    path = yolo.path / "train/images/a.png"
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataError, match=r"a\.png: expected a complete image file"):
        read()


def test_ingest__refuses_a_turned_yolo_image(yolo, read):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(yolo.path / "train/images/t.jpg", exif=exif)
    with pytest.raises(DataError, match=r"t\.jpg: orientation: expected an upright image, got EXIF 6"):
        read()


def test_ingest__refuses_yolo_without_names_labels_images_or_licence(yolo, read):
    yolo.names({1: "person"})
    with pytest.raises(DataError, match=r"data\.yaml: names: expected a list"):
        read()
    (yolo.path / "data.yaml").unlink()
    with pytest.raises(DataError, match=r"data\.yaml: expected the file that names the classes"):
        read()
    yolo.names(["person", "cell phone"])
    with pytest.raises(DataError, match=r"licence: none stated"):
        read(licence=None)
    (yolo.path / "train/labels/a.txt").unlink()
    with pytest.raises(DataError, match=r"expected label files in labels/, found none"):
        read()
    (yolo.path / "train/images/a.png").unlink()
    with pytest.raises(DataError, match=r"expected images .* found none"):
        read()
