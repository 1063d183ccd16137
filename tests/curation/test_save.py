"""Decisions appended to a file, each said once."""

from __future__ import annotations

import json

import pytest

from proctor_models.curation.decisions import parse, read_decisions
from proctor_models.curation.save import append, unsaid

HERE, THERE = [1.0, 1.0, 9.0, 9.0], [2.0, 2.0, 9.0, 9.0]


def made(action, frame="s/a", **keys):
    return parse({"id": frame, "action": action, "why": "seen", **keys}, "here")


def box(label="cup", xyxy=HERE):
    return {"label": label, "xyxy": xyxy}


REMOVED, ADDED = made("remove_box", box=box()), made("add_box", label="cup", xyxy=HERE)
MOVED, BACK = made("move", box=box(), to=THERE), made("move", box=box(xyxy=THERE), to=HERE)
ALL = [
    made("drop"), made("split", to="val"), made("view", to="second"), made("person", to=None),
    made("labelled", to=["cup"]), made("tag", tags={"light": "dim"}), REMOVED, MOVED,
    made("relabel", box=box(), to="bottle"), made("attributes", box=box(), set={"worn": True}),
]  # fmt: skip


def test_unsaid__what_the_file_says_already_is_not_said_again_whoever_said_it():
    assert unsaid([], ALL) == ALL
    assert unsaid([made("drop", who="R2"), *ALL], [one.model_copy(update={"why": "other"}) for one in ALL]) == []


def test_unsaid__another_answer_or_another_frame_is_new():
    new = [made("split", to="test"), made("drop", frame="s/b"), made("tag", tags={"light": "day"})]
    assert unsaid(ALL, new) == new


@pytest.mark.parametrize(
    ("before", "new"),
    [
        ([REMOVED, ADDED], REMOVED),
        ([MOVED, BACK], MOVED),
        ([made("split", to="val"), made("split", to="test")], made("split", to="val")),
        ([made("tag", tags={"a": "1"}), made("tag", tags={"a": "2", "b": "1"})], made("tag", tags={"a": "1"})),
    ],
)
def test_unsaid__what_was_taken_back_since_is_new(before, new):
    assert unsaid(before, [new]) == [new]


def test_append__keeps_what_is_there_and_ends_its_line(tmp_path):
    path = tmp_path / "me.jsonl"
    path.write_text('# why we look\n{"id": "s/b", "action": "drop", "why": "blurred"}')
    append(path, [made("split", to="val", who="R1")])
    assert path.read_text().splitlines() == [
        "# why we look",
        '{"id": "s/b", "action": "drop", "why": "blurred"}',
        '{"id": "s/a", "action": "split", "to": "val", "why": "seen", "who": "R1"}',
    ]


def test_append__every_action_reads_back(tmp_path):
    path = tmp_path / "decisions" / "me.jsonl"
    append(path, [*ALL, ADDED])
    assert [line.decision for line in read_decisions(path)] == [*ALL, ADDED]
    assert all(list(json.loads(line))[:2] == ["id", "action"] for line in path.read_text().splitlines())
