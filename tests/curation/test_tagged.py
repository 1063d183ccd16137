"""What a person tags or edits in the app, as decisions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from proctor_models.curation.decisions import Line, parse
from proctor_models.curation.replay import replay
from proctor_models.curation.shown import Fields, as_text, from_text
from proctor_models.curation.tagged import AppBox, AppFrame, decisions_of, own_tags
from proctor_models.data.manifest import BoxLabel, FrameRecord
from proctor_models.errors import DataError

BOXES = (
    BoxLabel(label="phone", xyxy=(10, 10, 20, 20), attributes={"worn": True, "my kind": "a", "label": 0.5}),
    BoxLabel(label="face", xyxy=(30, 10, 40, 25), attributes={"worn": "neck"}),
)
FRAME = FrameRecord(
    id="s/a", file="a.png", sha256="0", phash="0" * 16, width=64, height=48, source="me", licence="CC0", view="first",
    person="P1", group="person:P1", labelled=("phone", "face"), boxes=BOXES, tags={"light": "dim"},
)  # fmt: skip
FIELDS = Fields.of(box.attributes for box in BOXES)
AS_IT_WAS = tuple(AppBox(box.label, box.xyxy, FIELDS.show(box.attributes), was=i) for i, box in enumerate(BOXES))
PHONE, FACE = AS_IT_WAS
SEEN = AppBox("remote", (1.004, 2, 9, 70), note="possible missing label (0.91)")


def decide(*tags, labels=AS_IT_WAS, predictions=(SEEN,)):
    return decisions_of(FRAME, AppFrame(tuple(tags), tuple(labels), tuple(predictions)), FIELDS)


def short(rows):
    return [{key: value for key, value in row.items() if key not in ("id", "why")} for row in rows]


def after(rows):
    """The frame once the decisions are replayed."""
    lines = [Line(1, "here", parse(json.loads(json.dumps(row)), "here")) for row in rows]
    (frame,), _ = replay((FRAME,), lines)
    return frame


def test_decisions_of__nothing_decided():
    assert decide() == []
    assert decide("mine", "tag:light=dim", "view:first", "person:P1", "labelled:face") == []  # as it is already


@pytest.mark.parametrize(
    ("tag", "row"),
    [
        ("drop", {"action": "drop"}),
        ("split:val", {"action": "split", "to": "val"}),
        ("view:second", {"action": "view", "to": "second"}),
        ("person:P2", {"action": "person", "to": "P2"}),
        ("person:", {"action": "person", "to": None}),
        ("tag:light=day", {"action": "tag", "tags": {"light": "day"}}),
        ("tag:light=", {"action": "tag", "tags": {"light": None}}),
        ("tag:room=4: left", {"action": "tag", "tags": {"room": "4: left"}}),
        ("labelled:cup", {"action": "labelled", "to": ["phone", "face", "cup"]}),
        ("unlabelled:phone", {"action": "labelled", "to": ["face"]}),
    ],
)
def test_decisions_of__tags_on_a_frame(tag, row):
    rows = decide(tag)
    assert short(rows) == [row]
    assert rows[0]["why"] == "tagged in the app"
    lines = [Line(1, "here", parse(rows[0], "here"))]
    assert replay((FRAME,), lines)[1][0]["result"] == "applied"


def test_decisions_of__a_reason_covers_all_of_a_frame_but_a_box_may_have_its_own():
    rows = decide(
        "split:val", "why:blurred",
        labels=[replace(PHONE, tags=("wrong",)), replace(FACE, tags=("relabel:face_masked", "why:a mask"))],
    )  # fmt: skip
    assert [row["why"] for row in rows] == ["blurred", "blurred", "a mask"]


def test_decisions_of__a_dropped_frame_needs_nothing_else():
    assert short(decide("drop", "split:val", labels=[replace(PHONE, tags=("wrong",))])) == [{"action": "drop"}]


def test_decisions_of__tags_on_labels():
    labels = [replace(PHONE, tags=("relabel:remote", "set:worn=false", "set:my kind=")), replace(FACE, tags=("wrong",))]
    rows = decide(labels=labels)
    assert short(rows) == [
        {"action": "relabel", "box": {"label": "phone", "xyxy": [10, 10, 20, 20]}, "to": "remote"},
        {
            "action": "attributes",
            "box": {"label": "remote", "xyxy": [10, 10, 20, 20]},
            "set": {"worn": False, "my kind": None},
        },
        {"action": "remove_box", "box": {"label": "face", "xyxy": [30, 10, 40, 25]}},
    ]
    (box,) = after(rows).boxes
    assert (box.label, box.attributes) == ("remote", {"worn": False, "label": 0.5})


def test_decisions_of__a_prediction_becomes_a_label_inside_the_frame():
    (row,) = decide(predictions=[replace(SEEN, tags=("add",)), SEEN])
    assert short([row]) == [{"action": "add_box", "label": "remote", "xyxy": [1.0, 2, 9, 48.0]}]
    assert row["why"] == "tagged in the app: possible missing label (0.91)"
    (row,) = decide(predictions=[replace(SEEN, tags=("add:cup", "set:worn=neck"))])
    assert (row["label"], row["attributes"]) == ("cup", {"worn": "neck"})
    assert len(after([row]).boxes) == 3


def test_decisions_of__labels_edited_in_the_app():
    moved = replace(PHONE, label="remote", xyxy=(12, 10, 22, 20), fields={"worn": "true", "my_kind": "b"})
    rows = decide(labels=[AppBox("cup", (1, 1, 9, 9), {"worn": "x"}), moved])
    assert [row["action"] for row in rows] == ["relabel", "move", "attributes", "add_box", "remove_box"]
    assert [row["why"] for row in rows] == ["edited in the app"] * 3 + ["drawn in the app", "deleted in the app"]
    assert rows[2]["set"] == {"my kind": "b", "label": None}
    assert [(box.label, box.xyxy, dict(box.attributes)) for box in after(rows).boxes] == [
        ("remote", (12, 10, 22, 20), {"worn": True, "my kind": "b"}),
        ("cup", (1, 1, 9, 9), {"worn": "x"}),
    ]


def test_decisions_of__a_corner_that_comes_back_from_shares_has_not_moved():
    assert decide(labels=[replace(PHONE, xyxy=(10.3, 9.9, 20, 20)), FACE]) == []
    assert decide(labels=[replace(PHONE, xyxy=(10.6, 10, 20, 20)), FACE])[0]["to"] == [10.6, 10, 20, 20]


def test_decisions_of__a_box_drawn_and_tagged_wrong_was_never_there():
    assert decide(labels=[*AS_IT_WAS, AppBox("cup", (1, 1, 9, 9), tags=("wrong",))]) == []


def test_decisions_of__does_not_depend_on_the_app_s_order():
    labels = [*AS_IT_WAS, AppBox("cup", (1, 1, 9, 9)), AppBox("cup", (0, 1, 9, 9)), AppBox("bottle", (1, 1, 9, 9))]
    assert decide(labels=labels) == decide(labels=labels[::-1])


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (("split:left",), "s/a: tag split:left: expected split: and one of train, val, test"),
        (("split:val", "split:test"), "s/a: tags: expected one split, got 'split:test', 'split:val'"),
        (("split",), r"s/a: tag: expected 'split:\.\.\.', got 'split'"),
        (("drop:now",), "s/a: tag: expected 'drop', got 'drop:now'"),
        (("tag:light",), "s/a: tag tag:light: expected tag:NAME=VALUE"),
        (("tag:a=1", "tag:a=2"), "tag:a=2: expected tag:NAME=VALUE, each name once"),
        (("labelled:drone",), "'drone': expected one of person"),
        (("labelled:cup", "unlabelled:cup"), "'cup': expected one of .*, in one of the two"),
    ],
)
def test_decisions_of__refuses_tags_on_a_frame_by_name(tags, message):
    with pytest.raises(DataError, match=message):
        decide(*tags)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ({"labels": [replace(PHONE, tags=("relabel:fone",))]}, r"s/a: phone at \[10, 10, 20, 20\]: tag relabel:fone"),
        ({"labels": [replace(PHONE, tags=("wrong", "relabel:cup"))]}, "expected wrong alone"),
        ({"labels": [replace(PHONE, tags=("add",))]}, "tag add: expected on a prediction"),
        ({"labels": [replace(PHONE, label="drone")]}, "class: expected one of .* got 'drone'"),
        ({"predictions": [replace(SEEN, tags=("wrong",))]}, "tag wrong: expected on a label, got it on a prediction"),
        ({"predictions": [replace(SEEN, tags=("add", "add:cup"))]}, "expected one add"),
    ],
)
def test_decisions_of__refuses_tags_on_a_box_by_place(boxes, message):
    with pytest.raises(DataError, match=message):
        decide(**boxes)


def test_own_tags__are_named_wherever_they_are():
    app = AppFrame(("dorp", "drop"), (replace(PHONE, tags=("hm",)),), (replace(SEEN, tags=("add", "why:x")),))
    assert own_tags(app) == {"dorp", "hm"}


def test_fields__names_fiftyone_has_and_names_no_field_may_have():
    fields = Fields.of([{"mask": True, "a b": "x", "a-b": "y", "1st": 1.0, "class": "z", "_x": "u"}])
    assert dict(fields.field) == {
        "1st": "n1st", "_x": "x", "a b": "a_b", "a-b": "a_b_", "class": "class_", "mask": "mask_",
    }  # fmt: skip
    assert [fields.name(field) for field in ("a_b", "a_b_", "new")] == ["a b", "a-b", "new"]


@pytest.mark.parametrize("value", [True, False, 0.25, -3.0, "neck", "on ears"])
def test_from_text__gives_back_what_as_text_took(value):
    assert from_text(as_text(value)) == value
    assert type(from_text(as_text(value))) is type(value)
