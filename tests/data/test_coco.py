"""COCO folders: what is read, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import Manifest
from proctor_models.errors import DataError


def read(recipe, tmp_path: Path) -> Manifest:
    return ingest(recipe, tmp_path / "raw")


def test_ingest__copies_bytes_and_keeps_what_is_known(coco, coco_recipe, tmp_path):
    coco.content["annotations"][1]["attributes"] = {"kind": "slab", "worn": False, "tilt": 0.5}
    coco.content["images"][0] |= {
        "source_repo": "me/set",
        "activity": "typing",
        "clip": "c1",
        "frame_index": 3,
        "fps": 2,
    }
    manifest = read(coco_recipe(), tmp_path)
    (frame,) = manifest
    assert manifest.image_path(frame).read_bytes() == (coco.path / "images/a.png").read_bytes()
    assert (frame.id, frame.source, frame.licence, frame.view) == ("s/a", "me/set", "CC0", "first")
    assert (frame.clip, frame.time_s, frame.group) == ("c1", 1.5, "clip:me/set/c1")
    assert frame.tags == {"view": "webcam", "activity": "typing"}
    assert [box.label for box in frame.boxes] == ["person", "phone"]
    assert frame.boxes[1].xyxy == (10, 20, 18, 26)
    assert frame.boxes[1].attributes == {"kind": "slab", "worn": False, "tilt": 0.5}
    assert frame.labelled == ("person", "phone")


def test_ingest__a_stretched_image_gets_its_true_shape_and_its_boxes_with_it(coco, coco_recipe, tmp_path):
    coco.add("wide.png", ((1, [10, 10, 20, 40]),), resolution_wh=(80, 80), native_aspect=1.3333)
    coco.add("tall.png", ((1, [10, 10, 20, 40]),), resolution_wh=(80, 80), native_aspect=0.75)
    manifest = read(coco_recipe(), tmp_path)
    _, wide, tall = manifest
    assert (wide.width, wide.height, wide.boxes[0].xyxy) == (80, 60, (10, 7.5, 30, 37.5))
    assert (tall.width, tall.height, tall.boxes[0].xyxy) == (60, 80, (7.5, 10, 22.5, 50))
    assert cv2.imread(str(manifest.image_path(wide))).shape == (60, 80, 3)
    assert wide.file.endswith(".jpg")


def test_ingest__an_image_of_its_true_shape_is_not_encoded_again(coco, coco_recipe, tmp_path):
    coco.content["images"][0]["native_aspect"] = 1.3333
    manifest = read(coco_recipe(), tmp_path)
    assert manifest.image_path(manifest.frames[0]).read_bytes() == (coco.path / "images/a.png").read_bytes()


def test_ingest__a_box_up_to_two_pixels_outside_is_clipped(coco, coco_recipe, tmp_path):
    coco.content["annotations"][0]["bbox"] = [-1.5, 0, 67, 48]
    assert read(coco_recipe(), tmp_path).frames[0].boxes[0].xyxy == (0, 0, 64, 48)


@pytest.mark.parametrize(
    ("stated", "keys", "person", "group"),
    [
        ({"subject": "S1"}, {"person": "S8"}, "S1", "person:S1"),
        ({"subject": "empty"}, {"person": "S8"}, None, "picture:me/set/shots/a"),
        ({"subject": "empty", "room_subject": "S9"}, {}, None, "person:S9"),
        ({}, {"persons": {"me/set": "S3"}, "person": "S8"}, "S3", "person:S3"),
        ({}, {"person": "S8"}, "S8", "person:S8"),
        ({"clip": "c"}, {}, None, "clip:me/set/c"),
        ({}, {"clips": {"me/set": "hall"}}, None, "clip:me/set/hall"),
        ({"source_path": "set/valid/images/x_jpg.rf.0aF.jpg"}, {}, None, "picture:me/set/set/images/x_jpg"),
    ],
)
def test_ingest__person_and_group(coco, coco_recipe, tmp_path, stated, keys, person, group):
    coco.content["images"][0] |= {"source_repo": "me/set"} | stated
    (frame,) = read(coco_recipe(**keys), tmp_path)
    assert (frame.person, frame.group) == (person, group)


def test_ingest__a_class_made_of_two_is_exhaustive_only_if_both_are(coco, coco_recipe, tmp_path):
    (frame,) = read(coco_recipe(classes={"hat": "phone"}), tmp_path)
    assert frame.labelled == ("person",)


def test_ingest__a_dropped_class_leaves_no_box(coco, coco_recipe, tmp_path):
    coco.content["annotations"][0]["category_id"] = 3
    assert [box.label for box in read(coco_recipe(), tmp_path).frames[0].boxes] == ["phone"]


def test_ingest__a_coco_licence_by_number_is_a_licence(coco, coco_recipe, tmp_path):
    coco.content["images"][0].pop("licence")
    coco.content["images"][0]["license"] = 0
    coco.content["licenses"] = [{"id": 0, "name": "CC BY 4.0"}]
    assert read(coco_recipe(), tmp_path).frames[0].licence == "CC BY 4.0"


def test_ingest__boxes_of_a_model_are_no_labels_until_confirmed(coco, coco_recipe, tmp_path):
    coco.content["info"] = {"prelabelled": True}
    with pytest.raises(
        DataError, match=r"info\.prelabelled: expected labels of people, got boxes of a model; a person"
    ):
        read(coco_recipe(), tmp_path)
    coco.content["info"] = {}
    coco.content["annotations"][1]["score"] = 0.83
    with pytest.raises(DataError, match=r"annotation 2: score: expected labels of people, got 0\.83 and 0 more scores"):
        read(coco_recipe(), tmp_path)
    coco.content["annotations"][1]["attributes"] = {"score": 0.83, "kind": "slab"}
    assert read(coco_recipe(confirmed=True), tmp_path).frames[0].boxes[1].attributes == {"kind": "slab"}
    coco.content["info"] = {"prelabelled": False}
    assert len(read(coco_recipe(), tmp_path)) == 1


def test_ingest__what_coco_tools_write_is_read(coco, coco_recipe, tmp_path):
    coco.content["licenses"] = [{"id": 0, "name": "", "url": ""}]
    coco.content["annotations"][0]["attributes"] = {"occluded": False, "rotation": 0.0}
    coco.add("mon/000001500ms.png", license=0, licence=None, labelled_categories=None)
    frame = read(coco_recipe(licence="own", labelled="all", persons={"mon": "P3"}), tmp_path).frames[1]
    assert (frame.licence, frame.labelled, frame.clip) == ("own", ("person", "phone"), "mon")
    assert (frame.time_s, frame.person) == (1.5, "P3")


def image(**keys):
    return lambda content: content["images"][0].update(keys)


def annotation(**keys):
    return lambda content: content["annotations"][0].update(keys)


def twice(part):
    return lambda content: content[part].append(content[part][0])


REFUSED = {
    "wrong size": (image(width=65), r"image 1 \(a.png\): size: the labels state 65 x 48 px, the file has 64 x 48"),
    "box outside": (
        annotation(bbox=[30, 4, 40, 8]),
        r"annotation 1 of image 1: box: expected inside the image of 64 x 48",
    ),
    "box without area": (annotation(bbox=[30, 4, 0, 8]), r"annotation 1 of image 1: box: expected an area above 0"),
    "NaN": (annotation(bbox=[float("nan"), 4, 4, 8]), r"annotations\.0\.bbox\.0: .*finite.*NaN"),
    "short box": (annotation(bbox=[1, 4, 4]), r"annotations\.0\.bbox\.3"),
    "turned box": (
        annotation(attributes={"rotation": 30.0}),
        r"annotation 1 of image 1: rotation: expected 0 degrees, got 30",
    ),
    "unknown category": (annotation(category_id=9), r"annotation 1 of image 1: category_id: no category 9"),
    "unknown image": (annotation(image_id=7), r"annotation 1 of image 7: image_id: no such image"),
    "crowd": (annotation(iscrowd=1), r"annotation 1 of image 1: iscrowd: expected 0, got 1"),
    "unknown class": (
        lambda content: content.update(categories=[*content["categories"], {"id": 4, "name": "drone"}]),
        r"category 4 \(drone\): class: expected one of person, .* got 'drone'; map it",
    ),
    "unknown labelled class": (image(labelled_categories=["person", "drone"]), r"labelled_categories: .*'drone'"),
    "duplicate category": (twice("categories"), r"category 1 \(person\): duplicate id"),
    "duplicate image": (twice("images"), r"duplicate image id 1: expected once, got 2"),
    "duplicate file": (twice("images"), r"duplicate file_name \(without suffix\) 'a'"),
    "duplicate annotation": (twice("annotations"), r"duplicate annotation id 1"),
    "no licence": (image(licence=None), r"image 1 \(a.png\): licence: none stated"),
    "path that leaves": (image(file_name="../a.png"), r"file_name: expected a path inside images/, got '\.\./a\.png'"),
    "no file": (image(file_name="b.png"), r"image 1 \(b.png\): expected a readable image file, got No such file"),
    "list for an id": (image(id=[True, None]), r"images\.0\.id: .* got '\[true, null\]'"),
    "id of text": (image(id="1"), r"images\.0\.id: Input should be a valid integer, got '1'"),
    "no annotations": (lambda content: content.pop("annotations"), r"annotations: Field required"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_ingest__refuses_by_name(coco, coco_recipe, tmp_path, case):
    spoil, message = REFUSED[case]
    spoil(coco.content)
    with pytest.raises(DataError, match=rf"source 's': \d+ problems?; (.|\n)*annotations\.json(.|\n)*{message}"):
        read(coco_recipe(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("spoil", ["cut", "other", "empty"])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_ingest__refuses_a_broken_image(coco, coco_recipe, tmp_path, spoil, suffix):
    coco.add(f"b{suffix}", resolution_wh=(200, 150))
    path = coco.path / "images" / f"b{suffix}"
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[: len(whole) // 2], "other": b"no picture", "empty": b""}[spoil])
    with pytest.raises(DataError, match=rf"image 2 \(b{suffix}\): expected a complete image file, got "):
        read(coco_recipe(), tmp_path)


def test_ingest__refuses_a_file_that_is_not_json(coco, coco_recipe, tmp_path):
    recipe = coco_recipe()
    (coco.path / "annotations.json").write_text("{")
    with pytest.raises(DataError, match=r"annotations\.json: expected JSON, got what ends early or is damaged \(EOF"):
        read(recipe, tmp_path)


def test_ingest__refuses_a_missing_file(coco_recipe, tmp_path):
    with pytest.raises(DataError, match=r"labels\.json: expected a COCO file, got No such file"):
        read(coco_recipe(annotations="labels.json"), tmp_path)


def test_ingest__names_every_problem_and_shows_twenty(coco, coco_recipe, tmp_path):
    for i in range(30):
        coco.add(f"{i:02}.png", ((1, [60, 4, 40, 8]),))
    with pytest.raises(DataError, match=r"30 problems(.|\n)*image 21: (.|\n)*and 10 more") as refused:
        read(coco_recipe(), tmp_path)
    assert len(str(refused.value).splitlines()) == 22


def test_ingest__a_collection_the_recipe_names_must_exist(coco_recipe, tmp_path):
    with pytest.raises(DataError, match=r"recipe: persons: no frame comes from 'me/sett'; known: s"):
        read(coco_recipe(persons={"me/sett": "S1"}), tmp_path)


def test_ingest__size_is_as_shown_where_the_file_asks_to_be_turned(coco, coco_recipe, tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    path = coco.path / "images/turned.jpg"
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(path, exif=exif)
    coco.content["images"].append(
        {"id": 2, "file_name": "turned.jpg", "width": 20, "height": 30, "licence": "CC0", "labelled_categories": []}
    )
    manifest = read(coco_recipe(), tmp_path)
    assert cv2.imread(str(manifest.image_path(manifest.frames[1]))).shape == (30, 20, 3)
