"""Decisions replayed, near-duplicates thinned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proctor_models.config import DETECTOR_NAMES, Recipe
from proctor_models.curation.replay import curate, thin
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import DataError

PHONE = {"label": "phone", "xyxy": [10, 10, 20, 20]}


def make(name, **known):
    box = BoxLabel(label="phone", xyxy=(10, 10, 20, 20), attributes={"held": True})
    fields = {"phash": "0" * 16, "group": "clip:me/c", "clip": "c", "labelled": ("phone",), "boxes": (box,)} | known
    return FrameRecord(
        id=f"s/{name}", file=f"s/{name}.png", sha256="0", width=64, height=48, source="me", licence="CC0", view="first",
        **fields,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path):
    """Curate two frames with the given decisions (dicts or raw text)."""

    def go(*decisions, bits=None, frames=None, files=()):
        path = tmp_path / "decisions.jsonl"
        path.write_text("\n".join(d if isinstance(d, str) else json.dumps({"why": "seen"} | d) for d in decisions))
        frames = frames or (make("a"), make("b", phash="f" * 16))
        Manifest(tuple(frames), tmp_path / "images").save(tmp_path / "raw")
        recipe = Recipe.model_validate(
            {
                "name": "test",
                "ingest": {"sources": [{"name": "s", "format": "images", "path": "."}]},
                "curate": {"decisions": files or (str(path) if decisions else ""), "near_duplicate_bits": bits},
                "scene": {"epochs": 1, "batch": 1, "learning_rate": 1e-3},
                "head": {"epochs": 1, "batch": 1, "learning_rate": 1e-3},
                "thresholds": dict.fromkeys(DETECTOR_NAMES, 0.5),
                "pack": {"version": "0"},
            }
        )
        manifest = curate(recipe, tmp_path / "raw", tmp_path / "curated")
        return {frame.id: frame for frame in manifest}, json.loads((tmp_path / "curated/curation.json").read_text())

    return go


def test_curate__without_decisions_changes_nothing(run, tmp_path):
    frames, report = run()
    assert list(frames.values()) == [make("a"), make("b", phash="f" * 16)]
    assert (report["frames_before"], report["frames_after"], report["decisions"]) == (2, 2, [])
    assert Manifest.load(tmp_path / "curated").images_root.resolve() == (tmp_path / "images").resolve()


def test_curate__every_action(run):
    frames, report = run(
        "# a comment",
        {"id": "s/b", "action": "drop", "why": "blurred", "who": "R1"},
        "",
        {"id": "s/a", "action": "tag", "tags": {"light": "dim"}},
        {"id": "s/a", "action": "view", "to": "second"},
        {"id": "s/a", "action": "person", "to": "S3"},
        {"id": "s/a", "action": "labelled", "to": ["phone", "person"]},
        {"id": "s/a", "action": "split", "to": "val"},
        {"id": "s/a", "action": "add_box", "label": "person", "xyxy": [1, 1, 60, 40], "attributes": {"worn": False}},
        {"id": "s/a", "action": "add_box", "label": "cup", "xyxy": [1, 1, 9, 9]},
        {"id": "s/a", "action": "remove_box", "box": {"label": "cup", "xyxy": [1, 1, 9, 9]}},
        {"id": "s/a", "action": "attributes", "box": PHONE, "set": {"held": None, "tilt": 0.5}},
        {"id": "s/a", "action": "move", "box": PHONE, "to": [30, 10, 40, 20]},
        {"id": "s/a", "action": "relabel", "box": {"label": "phone", "xyxy": [30.4, 10, 40, 20]}, "to": "remote"},
    )
    (frame,) = frames.values()
    assert (frame.id, frame.tags, frame.view, frame.person) == ("s/a", {"light": "dim"}, "second", "S3")
    assert (frame.group, frame.labelled, frame.split) == ("person:S3", ("phone", "person"), "val")
    assert [(box.label, box.xyxy, box.attributes) for box in frame.boxes] == [
        ("remote", (30, 10, 40, 20), {"tilt": 0.5}),
        ("person", (1, 1, 60, 40), {"worn": False}),
    ]
    first = report["decisions"][0]
    assert first.pop("file") == "decisions.jsonl"
    assert first == {"line": 2, "id": "s/b", "action": "drop", "why": "blurred", "who": "R1", "result": "applied"}
    assert {entry["result"] for entry in report["decisions"]} == {"applied"}


def test_curate__replays_one_file_after_the_other(run, tmp_path):
    """The second file moves the box that the first one adds; each entry of the report says whose it is."""
    added, moved = tmp_path / "added.jsonl", tmp_path / "moved.jsonl"
    box = {"label": "phone", "xyxy": (1, 1, 9, 9)}
    added.write_text(json.dumps({"id": "s/a", "action": "add_box", "why": "seen", **box}))
    moved.write_text(json.dumps({"id": "s/a", "action": "move", "why": "seen", "box": box, "to": (2, 2, 9, 9)}))
    frames, report = run(files=(str(added), str(moved)))
    assert (2, 2, 9, 9) in [kept.xyxy for kept in frames["s/a"].boxes]
    assert [entry["file"] for entry in report["decisions"]] == ["added.jsonl", "moved.jsonl"]


def test_curate__a_file_that_repeats_itself_changes_nothing_more(run):
    decisions = [
        {"id": "s/a", "action": "move", "box": PHONE, "to": [30, 10, 40, 20]},
        {"id": "s/a", "action": "relabel", "box": {"label": "phone", "xyxy": [30, 10, 40, 20]}, "to": "remote"},
        {"id": "s/a", "action": "add_box", "label": "cup", "xyxy": [1, 1, 9, 9]},
        {"id": "s/a", "action": "person", "to": "S3"},
        {"id": "s/a", "action": "tag", "tags": {"light": "dim"}},
        {"id": "s/b", "action": "drop"},
    ]
    once, _ = run(*decisions)
    twice, report = run(*decisions, *decisions)
    assert once == twice
    assert [entry["result"] for entry in report["decisions"]] == ["applied"] * 6 + ["already so"] * 6


def test_curate__an_unknown_person_leaves_the_group_of_the_wrong_one(run):
    frames, _ = run({"id": "s/a", "action": "person", "to": None}, frames=[make("a", person="S1", group="person:S1")])
    assert (frames["s/a"].person, frames["s/a"].group) == (None, "clip:me/c")


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"id": "s/x", "action": "drop"}, "id: no frame 's/x' in the dataset"),
        ({"id": "s/a", "action": "delete"}, "action: expected one of drop, tag, .* got 'delete'"),
        ({"id": "s/a"}, "action: expected one of .* got None"),
        ("[1]", "action: expected one of"),
        ("{", "expected a JSON object"),
        ({"id": "s/a", "action": "drop", "why": ""}, "drop: why: String should have at least 1"),
        ({"id": "s/a", "action": "drop", "because": "x"}, "drop: because: Extra inputs"),
        ({"id": "s/a", "action": "split", "to": "left"}, "split: to: Input should be 'train', 'val' or 'test'"),
        ({"id": "s/a", "action": "view", "to": "third"}, "view: to: Input should be 'first', 'second' or 'other'"),
        (
            {"id": "s/a", "action": "labelled", "to": ["drone"]},
            "labelled of s/a: class: expected one of .* got 'drone'",
        ),
        (
            {"id": "s/a", "action": "remove_box", "box": {"label": "cup", "xyxy": [1, 1, 9, 9]}},
            r"remove_box of s/a: box: no cup at .* boxes of the frame: phone \[10\.0, 10\.0, 20\.0, 20\.0\]",
        ),
        ({"id": "s/a", "action": "relabel", "box": PHONE, "to": "drone"}, "relabel of s/a: class: .* got 'drone'"),
        ({"id": "s/a", "action": "move", "box": PHONE, "to": [50, 1, 70, 9]}, "xyxy: expected inside 64 x 48 px"),
        ({"id": "s/a", "action": "move", "box": PHONE, "to": [9, 1, 2, 9]}, "xyxy: expected x0 < x1"),
        ({"id": "s/a", "action": "add_box", "label": "drone", "xyxy": [1, 1, 9, 9]}, "label: expected one of"),
    ],
)
def test_curate__refuses_a_decision_by_line(run, tmp_path, decision, message):
    with pytest.raises(DataError, match=rf"decisions\.jsonl:2: {message}|decisions\.jsonl:2: .*{message}"):
        run("# first line", decision)
    assert not (tmp_path / "curated").exists()


def test_curate__refuses_a_missing_decisions_file(run, tmp_path):
    recipe = {"id": "s/a", "action": "drop"}
    run(recipe)
    from proctor_models.curation.decisions import read_decisions

    with pytest.raises(DataError, match=r"nowhere\.jsonl: no such decisions file"):
        read_decisions(tmp_path / "nowhere.jsonl")


def test_curate__thins_near_duplicates_and_says_which(run):
    frames = [make("a"), make("b", phash="0" * 15 + "1"), make("c", phash="0" * 15 + "7"), make("d", phash="f" * 16)]
    kept, report = run(bits=2, frames=frames)
    assert list(kept) == ["s/a", "s/c", "s/d"]  # c is near b, but b is gone
    assert report["thinned"] == [{"id": "s/b", "like": "s/a"}]


def test_thin__other_groups_sides_and_labels_stay():
    frames = [make("a"), make("b", group="clip:me/d"), make("c", boxes=()), make("d", labelled=("phone", "cup"))]
    frames.append(make("e", split="val"))
    assert thin(frames, 16) == (tuple(frames), [])
