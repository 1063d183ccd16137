"""Sides by person, clip and picture; leaks are refused."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.data.split import canonical, check_leaks, split
from proctor_models.errors import ConfigError, DataError


def make(name, **known):
    """A frame of its own picture whose hash is far from every other's."""
    phash = known.pop("phash", hashlib.sha256(name.encode()).hexdigest()[:16])
    person, clip = known.get("person"), known.get("clip")
    group = f"person:{person}" if person else f"clip:me/{clip}" if clip else f"picture:me/{name}"
    fields = {"source": "me", "licence": "CC0", "view": "first", "group": group, "labelled": ("person",)} | known
    return FrameRecord(id=f"s/{name}", file=f"s/{name}.png", sha256="0", phash=phash, width=64, height=48, **fields)


@pytest.fixture
def divide(tmp_path, recipe):
    def run(frames, **rules):
        Manifest(tuple(frames), tmp_path / "images").save(tmp_path / "curated")
        manifest = split(recipe(split=rules), tmp_path / "curated", tmp_path / "split")
        return {frame.id.removeprefix("s/"): frame.split for frame in manifest}

    return run


def test_split__persons_by_recipe_others_train(divide):
    frames = [make("a", person="S1"), make("b", person="S2"), make("c", person="S3")]
    assert divide(frames, val_persons=["S1"], test_persons=["S2"]) == {"a": "val", "b": "test", "c": "train"}


@pytest.mark.parametrize("named", ["S2", "S9"])
def test_split__two_codes_of_one_person_go_together(divide, named):
    frames = [make("a", person="S2"), make("b", person="S9"), make("room", group="person:S9"), make("c", person="S1")]
    sides = divide(frames, same_person={"S9": "S2"}, test_persons=[named])
    assert sides == {"a": "test", "b": "test", "room": "test", "c": "train"}


def test_split__sources_by_recipe_under_either_name(divide):
    frames = [make("a", source="x"), make("b", source="y", person="S1"), make("c", source="z")]
    sides = divide(frames, val_sources=["x"], test_sources=["y"], val_share=0, test_share=0)
    assert sides == {"a": "val", "b": "test", "c": "train"}
    assert set(divide(frames, test_sources=["s"]).values()) == {"test"}


def test_split__sources_left_out_of_a_side_move_no_other_frame(divide):
    frames = [make(f"{source}{i}", source=source) for source in ("real", "drawn") for i in range(60)]
    shares = {"val_share": 0.3, "test_share": 0.3}
    before = divide(frames, **shares)
    after = divide(frames, train_sources=["drawn"], measure_sources=["real"], **shares)
    expected = {name: side for name, side in before.items() if name.startswith("drawn") == (side == "train")}
    assert after == expected
    assert set(after.values()) == {"train", "val", "test"}


def test_split__shares_of_anonymous_pictures_do_not_move_when_frames_are_added(divide):
    frames = [make(f"f{i}") for i in range(600)]
    before = divide(frames[:400])
    after = divide(frames[::-1])
    assert before.items() <= after.items()
    counts = Counter(after.values())
    assert 35 < counts["val"] < 85
    assert 35 < counts["test"] < 85
    assert divide(frames, seed=1) != after


def test_split__clips_groups_and_near_identical_frames_stay_together(divide):
    frames = [make(f"c{i}", clip=f"clip{i % 40}") for i in range(120)]
    frames += [make(f"p{i}", group=f"picture:{i % 40}") for i in range(120)]
    frames += [make(f"n{i}", phash=f"{(i % 40) * 0x0103070F1F3F7FFF % 2**64 ^ (i // 40):016x}") for i in range(120)]
    sides = divide(frames, near_duplicate_bits=2, val_share=0.3, test_share=0.3)
    for kind in "cpn":
        assert all(sides[f"{kind}{i}"] == sides[f"{kind}{i % 40}"] for i in range(120))
    assert set(sides.values()) == {"train", "val", "test"}


def test_split__an_anonymous_copy_follows_the_person_it_looks_like(divide):
    frames = [
        make("a", person="S2", phash="00000000000000ff"),
        make("b", phash="00000000000000fe"),
        make("c", person="S1"),
    ]
    assert divide(frames, test_persons=["S2"])["b"] == "test"


def test_split__refuses_people_that_look_alike_on_two_sides(divide, tmp_path):
    frames = [make("a", person="S1", phash="0" * 16), make("b", person="S2", phash="0" * 15 + "1")]
    with pytest.raises(DataError, match=r"two sides: s/b \(person S2\) to test, s/a \(person S1\) to train"):
        divide(frames, test_persons=["S2"])
    with pytest.raises(DataError, match=r"s/a \(person S1\) to val, s/b \(person S2\) to test"):
        divide(frames, test_persons=["S2"], val_persons=["S1"])
    assert not (tmp_path / "split").exists()


def test_split__refuses_a_frame_sent_to_two_sides(divide):
    with pytest.raises(DataError, match=r"frame s/a \(person S1, source me\) is sent to val and to test"):
        divide([make("a", person="S1")], val_sources=["me"], test_persons=["S1"])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"test_persons": ["S7"]}, r"split\.test_persons: 'S7' is not in the dataset; known: S1"),
        ({"same_person": {"s1": "S2"}}, r"split\.same_person: 's1' is not in the dataset"),
        ({"val_sources": ["you"]}, r"split\.val_sources: 'you' is not in the dataset; known: me, s"),
        ({"same_person": {"S1": "S2", "S2": "S1"}}, r"split\.same_person: expected no circle, got S1 -> S2 -> S1"),
    ],
)
def test_split__refuses_names_that_are_not_there(divide, rules, message):
    with pytest.raises(ConfigError, match=message):
        divide([make("a", person="S1")], **rules)


def test_split__a_decided_side_holds_for_all_that_must_stay_with_the_frame(divide):
    frames = [
        make("a", person="S1"), make("b", person="S1", split="val"), make("c", person="S2"), make("d", clip="k"),
        make("e", clip="k", split="test"), make("f", clip="k", split="test"), make("g", split="train"),
    ]  # fmt: skip
    sides = divide(frames, val_share=0.5, test_share=0.5)
    assert sides == {"a": "val", "b": "val", "c": "train", "d": "test", "e": "test", "f": "test", "g": "train"}


def test_split__a_decided_side_settles_people_that_look_alike(divide):
    frames = [make("a", person="S1", phash="0" * 16, split="val"), make("b", person="S2", phash="0" * 15 + "1")]
    assert divide(frames, val_persons=["S2"]) == {"a": "val", "b": "val"}


def test_split__refuses_two_decided_sides_of_one_cluster(divide, tmp_path):
    frames = [make("a", clip="k", split="val"), make("b", clip="k"), make("c", clip="k", split="test")]
    with pytest.raises(
        DataError, match=r"two sides: s/c to test by a decision, s/a to val by a decision; mend the deci"
    ):
        divide(frames)
    assert not (tmp_path / "split").exists()


@pytest.mark.parametrize("rules", [{"test_persons": ["S1"]}, {"test_sources": ["x"]}])
def test_split__refuses_a_decided_side_against_the_recipe_s(divide, rules):
    frames = [make("a", person="S1", split="val"), make("b", person="S1", source="x"), make("c", person="S2")]
    sent = r"s/[ab] \(person S1, source (me|x)\) to test by the recipe"
    with pytest.raises(DataError, match=rf"two sides: s/a to val by a decision, {sent}"):
        divide(frames, **rules)


def test_split__fit_all_trains_on_a_frame_whatever_was_decided(divide):
    assert divide([make("a", person="S1", split="test")], fit_all=True) == {"a": "train"}


def test_canonical__follows_aliases_to_their_end():
    assert canonical("S9", {"S9": "S5", "S5": "S2"}) == "S2"


def test_split__fit_all_trains_on_everyone_and_keeps_a_little_to_know_when_to_stop(divide):
    frames = [make(f"f{i}") for i in range(400)] + [make(f"s{i}", person=f"S{i % 3}") for i in range(30)]
    sides = divide(frames, fit_all=True, test_persons=["S2"], test_share=0.5)
    counts = Counter(sides.values())
    assert counts["test"] == 0
    assert 8 <= counts["val"] <= 35
    assert all(side == "train" for name, side in sides.items() if name.startswith("s"))


def test_split__reports_by_side_and_keeps_the_images_where_they_are(divide, tmp_path, capsys):
    box = BoxLabel(label="phone", xyxy=(1, 1, 9, 9))
    divide([make("a", person="S1", boxes=(box, box)), make("b", person="S2")], test_persons=["S2"])
    report = json.loads((tmp_path / "split/split.json").read_text())
    assert report["sides"]["train"]["classes"]["phone"] == {"boxes": 2, "frames_labelled": 0, "frames_with": 1}
    assert report["sides"]["test"]["frames_by_person"] == {"S2": 1}
    assert Manifest.load(tmp_path / "split").images_root.resolve() == (tmp_path / "images").resolve()
    assert "phone                   2         0         0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("shared", "why"),
    [
        ({"person": "S1"}, "person:S1"),
        ({"clip": "c"}, "clip:me/c"),
        ({"group": "picture:me/x"}, "picture:me/x"),
    ],
)
def test_check_leaks__names_both_frames(shared, why):
    frames = [make("a", split="train", **shared), make("b", split="train"), make("c", split="test", **shared)]
    with pytest.raises(DataError, match=rf"frame s/a is in train and frame s/c in test, but they share: {why}"):
        check_leaks(frames, [], {})


def test_check_leaks__sees_aliases_and_near_identical_pictures():
    frames = [make("a", split="train", person="S2"), make("b", split="val", person="S9")]
    check_leaks(frames, [], {})
    with pytest.raises(DataError, match=r"s/a is in train and frame s/b in val, but they share: person:S2"):
        check_leaks(frames, [], {"S9": "S2"})
    with pytest.raises(DataError, match=r"s/a .* s/b .* nearly identical"):
        check_leaks(frames, [(0, 1)], {})


def test_check_leaks__refuses_a_frame_without_a_side():
    with pytest.raises(DataError, match="frame s/a: split: expected train, val or test, got none"):
        check_leaks([make("a")], [], {})
