"""Label Studio's exports: what is read, whose annotation counts, and what is refused by task."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proctor_models.data.ingest import ingest
from proctor_models.errors import DataError

PLACE = {"x": 12.5, "y": 25.0, "width": 50.0, "height": 50.0, "rotation": 0}


def rectangle(label: str = "person", ident: str = "r1", **changes: Any) -> dict[str, Any]:
    value = PLACE | {"rectanglelabels": [label]}
    about = {"id": ident, "type": "rectanglelabels", "from_name": "label", "to_name": "image", "origin": "manual"}
    about |= {"original_width": 64, "original_height": 48, "image_rotation": 0}
    return about | {"value": value | changes.pop("value", {})} | changes


def choice(name: str, text: str, ident: str = "r1", **value: Any) -> dict[str, Any]:
    about = {"id": ident, "type": "choices", "from_name": name, "to_name": "image"}
    return about | {"value": value | {"choices": [text]}, "original_width": 64, "original_height": 48}


def annotation(*results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    about = {"id": 7, "completed_by": 1, "was_cancelled": False, "updated_at": "2026-03-05T10:00:00.000000Z"}
    return about | {"result": list(results)} | changes


def task(image: str, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"id": abs(hash(image)) % 10**6, "data": {"image": image, **data}, "annotations": list(annotations)}


class Studio:
    """A folder with images/ and an export."""

    def __init__(self, path: Path, picture: Callable[..., Path]) -> None:
        self.path = path
        picture(path / "images/a.png", 1)
        picture(path / "images/mon/000002500ms.png", 2)

    def save(self, content: Any) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.path / "annotations.json").write_text(text)


@pytest.fixture
def studio(tmp_path: Path, picture: Callable[..., Path]) -> Studio:
    return Studio(tmp_path / "source", picture)


@pytest.fixture
def read(studio: Studio, recipe: Callable, tmp_path: Path) -> Callable:
    def run(content: Any, **keys: object):
        studio.save(content)
        source = {"name": "l", "format": "label-studio", "path": str(studio.path), "licence": "own"}
        source |= {"labelled": ["person", "phone"], **keys}
        return ingest(recipe({k: v for k, v in source.items() if v is not None}), tmp_path / "raw")

    return run


def test_ingest__label_studio_boxes_in_pixels_with_attributes_and_tags(read: Callable) -> None:
    ear = rectangle("earphone", "r2", value={"x": 0, "width": 12.5})
    said = [choice("kind", "earbud", "r2", **PLACE), choice("worn", "true", "r2", **PLACE), choice("light", "dim", "w")]
    frames = read([task("a.png", annotation(rectangle(), ear, *said), person="P1", view="second")])
    (frame,) = frames
    assert [(b.label, b.xyxy) for b in frame.boxes] == [("person", (8, 12, 40, 36)), ("earphone", (0, 12, 8, 36))]
    assert frame.boxes[1].attributes == {"kind": "earbud", "worn": True}
    assert (frame.tags, frame.person, frame.view) == ({"light": "dim"}, "P1", "second")
    assert frame.labelled == ("person", "phone")


@pytest.mark.parametrize(
    "image",
    [
        "mon/000002500ms.png",
        "/data/local-files/?d=images/mon/000002500ms.png",
        "/data/local-files/?d=some/place/images/mon%2F000002500ms.png",
        "s3://bucket/exams/mon/000002500ms.png",
        "https://example.org/x/mon/000002500ms.png?sig=1",
    ],
)
def test_ingest__label_studio_finds_the_image_by_its_path(read: Callable, image: str) -> None:
    (frame,) = read([task(image, annotation(rectangle()))], persons={"mon": "P4"})
    assert (frame.id, frame.clip, frame.time_s, frame.person) == ("l/mon/000002500ms", "mon", 2.5, "P4")


def test_ingest__label_studio_finds_an_upload_without_its_digits(read: Callable) -> None:
    assert read([task("/data/upload/1/0a1b2c3d-a.png", annotation(rectangle()))]).frames[0].id == "l/a"


def test_ingest__label_studio_a_submitted_task_without_boxes_is_an_empty_frame(read: Callable) -> None:
    (frame,) = read([task("a.png", annotation())])
    assert (frame.boxes, frame.labelled) == ((), ("person", "phone"))


def test_ingest__label_studio_leaves_out_what_nobody_submitted(
    read: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    guessed = task("mon/000002500ms.png") | {"predictions": [{"result": [rectangle()]}]}
    frames = read([task("a.png", annotation(rectangle())), guessed])
    assert [frame.id for frame in frames] == ["l/a"]
    assert "1 tasks that nobody has submitted left out" in capfd.readouterr().err
    with pytest.raises(DataError, match=r"got none of 1 \(it holds predictions of a model only\); correct and submit"):
        read([guessed])
    with pytest.raises(DataError, match=r"expected tasks that people submitted, got none of 1; correct"):
        read([task("a.png", annotation(rectangle(), was_cancelled=True))])


def test_ingest__label_studio_the_annotation_that_counts(read: Callable) -> None:
    old, new = rectangle("person"), rectangle("phone")
    later = {"updated_at": "2026-03-06T10:00:00Z"}
    cases = {
        "the latest of one person": (annotation(new, **later), annotation(old)),
        "not a cancelled one": (annotation(new), annotation(old, was_cancelled=True, **later)),
        "ground truth": (annotation(new, ground_truth=True, completed_by=2), annotation(old, **later)),
    }
    for name, both in cases.items():
        for order in (both, both[::-1]):
            assert read([task("a.png", *order)]).frames[0].boxes[0].label == "phone", name


def test_ingest__label_studio_two_people_are_for_a_third(read: Callable) -> None:
    two = (annotation(rectangle()), annotation(rectangle("phone"), completed_by=2, updated_at="2026-03-07T10:00:00Z"))
    with pytest.raises(
        DataError, match=r"task \d+: annotations: expected one, .* got 2 by 2 people; mark the right one"
    ):
        read([task("a.png", *two)])
    same = (annotation(rectangle()), annotation(rectangle("phone")))
    with pytest.raises(DataError, match=r"got 2 by 1 people"):
        read([task("a.png", *same)])


def test_ingest__label_studio_json_min(read: Callable) -> None:
    region = PLACE | {"rectanglelabels": ["phone"], "original_width": 64, "original_height": 48}
    row = {"image": "/data/upload/1/a.png", "id": 3, "label": [region], "annotator": 1, "annotation_id": 9}
    row |= {"created_at": "2026-03-05T10:00:00Z", "updated_at": "2026-03-05T10:00:00Z", "lead_time": 3.2}
    (frame,) = read([row])
    assert [(b.label, b.xyxy) for b in frame.boxes] == [("phone", (8, 12, 40, 36))]
    older = row | {"annotation_id": 8, "updated_at": "2026-03-04T10:00:00Z", "label": []}
    assert len(read([row, older]).frames[0].boxes) == 1
    with pytest.raises(DataError, match=r"got none of 1; correct and submit"):
        read([row | {"annotation_id": None}])
    with pytest.raises(
        DataError, match=r"annotations\.json: 0: kind: expected rectangles, .* export as JSON, not JSON-MIN"
    ):
        read([row | {"kind": [PLACE | {"choices": ["earbud"]}]}])


BROKEN: dict[str, tuple[Any, str]] = {
    "cut off": ('[{"id": 1, "data": {"ima', r"annotations\.json: expected whole JSON, got Unterminated string"),
    "deep": ("[" * 100_000, r"annotations\.json: expected whole JSON"),
    "an object": ({"id": 1}, r"annotations\.json: expected a list of tasks, got dict; export as JSON or JSON-MIN"),
    "nothing": ([], r"annotations\.json: expected a list of tasks, got a list of 0"),
    "rows of something else": (
        [{"text": "x"}],
        r"annotations\.json: 0: expected a task with `data`, or a row of JSON-MIN",
    ),
    "no result": ([task("a.png", {"id": 1})], r"annotations\.json: 0\.annotations\.0\.result: Field required"),
    "x of text": (
        [task("a.png", annotation(rectangle(value={"x": "left"})))],
        r"annotations\.0\.result\.0\.value\.x: .*valid number, got 'left'",
    ),
}
WRONG = {
    "turned": (
        rectangle(value={"rotation": 12.5}),
        r"region r1: rotation: expected 0 degrees, got 12\.5; draw the box",
    ),
    "turned image": (rectangle(image_rotation=90), r"region r1: rotation: expected 0 degrees, got 90"),
    "polygon": (rectangle(type="polygonlabels"), r"region r1: type: expected rectanglelabels or choices, got 'polygon"),
    "no place": (rectangle(value={"x": None}), r"region r1: value: expected x, y, width and height in per cent"),
    "no size": (
        rectangle(original_width=None),
        r"region r1: original_width, original_height: expected the image's size",
    ),
    "box outside": (rectangle(value={"width": 95}), r"region r1: box: expected inside the image of 64 x 48 px"),
    "box without area": (rectangle(value={"width": 0}), r"region r1: box: expected an area above 0"),
    "unknown label": (rectangle("drone"), r"region r1: class: expected one of person, .* got 'drone'; map it"),
    "two labels": (rectangle(value={"rectanglelabels": ["person", "phone"]}), r"expected one label, got 2"),
    "wrong size": (rectangle(original_width=65), r"task \d+: size: the labels state 65 x 48 px, the file has 64 x 48"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_ingest__refuses_a_label_studio_file(read: Callable, case: str) -> None:
    content, message = BROKEN[case]
    with pytest.raises(DataError, match=message):
        read(content)


@pytest.mark.parametrize("case", WRONG)
def test_ingest__refuses_a_label_studio_region_and_keeps_the_last_output(
    read: Callable, tmp_path: Path, case: str
) -> None:
    result, message = WRONG[case]
    read([task("a.png", annotation())])
    before = (tmp_path / "raw/manifest.jsonl").read_bytes()
    with pytest.raises(DataError, match=rf"source 'l': 1 problem; .*\n.*annotations\.json: {'.*' + message}"):
        read([task("a.png", annotation(result))])
    assert (tmp_path / "raw/manifest.jsonl").read_bytes() == before


def test_ingest__refuses_label_studio_images_by_task(read: Callable) -> None:
    whole = annotation(rectangle())
    with pytest.raises(
        DataError, match=r"task \d+: data\.image: expected the image below .*, got 'b\.png', of which no"
    ):
        read([task("b.png", whole)])
    with pytest.raises(DataError, match=r"data\.image: expected the image below .* got '\.\./\.\./b\.png'"):
        read([task("../../b.png", whole)])
    with pytest.raises(DataError, match=r"task \d+: image: a\.png is that of .*task \d+ too; keep one task an image"):
        read([task("a.png", whole), task("x/a.png", whole)])
    with pytest.raises(DataError, match=r"data: expected one image .* got none; name it `image`"):
        read([{"id": 1, "data": {"text": "x"}, "annotations": [whole]}])
    with pytest.raises(DataError, match=r"data\.time_s: expected seconds from 0, got -1; mend the task's data"):
        read([task("a.png", whole, time_s=-1)])


def test_ingest__refuses_label_studio_without_licence_or_what_was_looked_for(read: Callable) -> None:
    tasks = [task("a.png", annotation(rectangle()))]
    with pytest.raises(DataError, match=r"task \d+: licence: none stated"):
        read(tasks, licence=None)
    for labelled in (None, "all"):
        with pytest.raises(
            DataError, match=r"labelled: expected the recipe to name .* got '(nothing|all)'; say .*none$"
        ):
            read(tasks, labelled=labelled)
    assert read([task("a.png", annotation(), licence="CC0")], licence=None).frames[0].licence == "CC0"
