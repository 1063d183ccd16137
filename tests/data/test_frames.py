from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.config import Recipe
from proctor_models.data.frames import (
    HeadCrops,
    SceneFrames,
    Taught,
    collate_scene,
    head_labels,
    known_attributes,
    read_image,
)
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import DataError
from proctor_models.training.prepare import spec_of
from proctor_models.types import HEAD_ATTRIBUTES


def frame(*boxes: BoxLabel, labelled: tuple[str, ...] = ("face", "face_masked", "earphone")) -> FrameRecord:
    return FrameRecord(
        id="a/1", file="a/1.png", sha256="", phash="0" * 16, width=200, height=200, source="a", licence="CC0-1.0",
        view="first", group="g", labelled=labelled, boxes=boxes,
    )  # fmt: skip


FACE = BoxLabel(label="face", xyxy=(80, 80, 120, 130))
MUFFS = BoxLabel(label="earphone", xyxy=(70, 90, 85, 115), attributes={"kind": "headphone", "worn": "on_ears"})


def test_head_labels__a_worn_earphone_near_the_head_is_its_own() -> None:
    (head,) = head_labels(frame(FACE, MUFFS), 24, 1.8)
    assert head.attributes == {"mask": False, "earphone_over_ear": True, "earphone_in_ear": False}


def test_head_labels__round_the_neck_or_far_away_is_not_worn() -> None:
    neck = MUFFS.model_copy(update={"attributes": {"kind": "headphone", "worn": "neck"}})
    far = MUFFS.model_copy(update={"xyxy": (0, 0, 15, 20)})
    (head,) = head_labels(frame(FACE, neck, far), 24, 1.8)
    assert head.attributes["earphone_over_ear"] is False


def test_head_labels__what_a_frame_does_not_label_is_unknown() -> None:
    (head,) = head_labels(frame(FACE, labelled=("face", "face_masked")), 24, 1.8)
    assert head.attributes == {"mask": False}


def test_head_labels__what_is_worn_counts_where_earphones_are_not_labelled() -> None:
    bud = BoxLabel(label="earphone", xyxy=(78, 100, 84, 108), attributes={"kind": "earbud", "worn": True})
    (head,) = head_labels(frame(FACE, bud, labelled=("face", "face_masked")), 24, 1.8)
    assert head.attributes == {"mask": False, "earphone_in_ear": True}
    assert head.spots == {"earphone_in_ear": (bud.xyxy,)}


def test_head_labels__small_faces_are_left_out() -> None:
    assert head_labels(frame(FACE), 60, 1.8) == []


def test_head_labels__a_taught_head_takes_no_class_from_its_teacher() -> None:
    found = head_labels(frame(MUFFS, labelled=("earphone",)), 24, 1.8, [FACE])
    assert [h.attributes for h in found] == [{"earphone_over_ear": True, "earphone_in_ear": False}]


def test_head_labels__an_earphone_that_says_neither_kind_nor_place_is_unknown() -> None:
    bare, unkind = MUFFS.model_copy(update={"attributes": {}}), {"worn": True}
    (head,) = head_labels(frame(FACE, bare), 24, 1.8)
    assert head.attributes == {"mask": False}
    (head,) = head_labels(frame(FACE, MUFFS, MUFFS.model_copy(update={"attributes": unkind})), 24, 1.8)
    assert head.attributes == {"mask": False, "earphone_over_ear": True}


def test_head_labels__how_the_head_looks_comes_from_the_face_box() -> None:
    dressed = FACE.model_copy(update={"attributes": {"headwear": "hat", "ears": "covered", "occluded": False}})
    (head,) = head_labels(frame(dressed, labelled=("face", "face_masked")), 24, 1.8)
    assert head.attributes == {"mask": False, "hat": True, "ears_covered": True, "face_occluded": False}


def test_head_labels__a_rendered_frame_says_it_by_its_tags() -> None:
    tags = {"ears_seen": "none", "yaw": "4.0", "headwear": "headscarf", "posture": "typing"}
    (head,) = head_labels(frame(FACE, labelled=()).model_copy(update={"tags": tags}), 24, 1.8)
    assert head.attributes == {"mask": False, "hat": False, "ears_covered": True, "face_occluded": False}


def test_head_crops__attributes_nobody_wrote_are_not_known(tmp_path: Path) -> None:
    frames, plan = manifest(tmp_path)
    dressed = FACE.model_copy(update={"attributes": {"headwear": "hat"}})
    labels = head_labels(frames.frames[0].model_copy(update={"boxes": (dressed,)}), 24, 1.8)
    spec = spec_of(plan, "head", "v")
    _, targets, known, _ = HeadCrops(frames, labels, spec)[0]
    said = {name: bool(t) for name, t, k in zip(spec.names, targets, known, strict=True) if k}
    assert said == {"mask": False, "earphone_over_ear": False, "earphone_in_ear": False, "hat": True}


def earbud_crops(tmp_path: Path, seed: int | None) -> HeadCrops:
    """Of a head whose crop is 90 px wide in the frame, with an earbud at (84, 104)."""
    frames, plan = manifest(tmp_path)
    bud = BoxLabel(label="earphone", xyxy=(80, 100, 88, 108), attributes={"kind": "earbud", "worn": True})
    labels = head_labels(frames.frames[0].model_copy(update={"boxes": (FACE, bud)}), 24, 1.8)
    return HeadCrops(frames, labels, spec_of(plan, "head", "v"), augment_seed=seed)


def test_head_crops__the_map_says_where_in_the_crop_an_earbud_is(tmp_path: Path) -> None:
    _, _, known, maps = earbud_crops(tmp_path, None)[0]
    # The crop begins at (55, 60) and 64 px of it are 90 of the frame: the bud is at (20.6, 31.3), eight px a place.
    assert np.unravel_index(int(maps[0].argmax()), maps[0].shape) == (3, 2)
    assert float(maps.max()) == 1
    assert known[HEAD_ATTRIBUTES.index("earphone_in_ear")] == 1


def test_head_crops__an_earbud_beyond_the_crop_is_not_known(tmp_path: Path) -> None:
    crops = earbud_crops(tmp_path, 0)
    head = crops.labels[0]
    crops.labels[0] = replace(head, spots={"earphone_in_ear": ((300.0, 100.0, 308.0, 108.0),)})
    _, _, known, maps = crops[0]
    assert (known[HEAD_ATTRIBUTES.index("earphone_in_ear")], maps.max()) == (0, 0)


def test_head_crops__the_map_follows_the_augmentation(tmp_path: Path) -> None:
    """A white square on grey is where the map says it is, however the crop was turned."""
    crops = earbud_crops(tmp_path, 3)
    path = crops.manifest.image_path(crops.labels[0].frame)
    picture = np.full_like(cv2.imread(str(path)), 60)
    picture[98:110, 78:90] = 255
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    followed = 0
    for _ in range(20):
        image, _, _, maps = crops[0]
        row, column = np.unravel_index(int(maps[0].argmax()), maps[0].shape)
        bright = image.mean(0)
        if float(maps.max()) == 1 and float(bright.max() - bright.median()) > 1:
            near = bright[max(0, 8 * row - 4) : 8 * row + 12, max(0, 8 * column - 4) : 8 * column + 12]
            followed += 1
            assert float(near.max()) > float(bright.median()) + 0.5 * float(bright.max() - bright.median())
    assert followed >= 10


def test_head_crops__an_earbud_that_the_augmentation_takes_away_is_not_known(tmp_path: Path) -> None:
    crops = earbud_crops(tmp_path, 0)
    crops.augment = lambda image, **_: {"image": image, "bboxes": [], "class_ids": []}  # type: ignore[assignment]
    _, _, known, maps = crops[0]
    said = dict(zip(HEAD_ATTRIBUTES, known.tolist(), strict=True))
    assert (said["earphone_in_ear"], said["earphone_over_ear"], float(maps.max())) == (0, 1, 0)


def test_read_image__a_file_cut_off_since_ingest_is_refused_not_grey(tmp_path: Path) -> None:
    frames, _ = manifest(tmp_path)
    path = frames.image_path(frames.frames[0])
    whole = cv2.imread(str(path))
    path.write_bytes(cv2.imencode(".jpg", whole)[1].tobytes()[:-400])
    with pytest.raises(DataError, match=r"cannot be decoded.* run `proctor ingest` again"):
        read_image(frames, frames.frames[0])
    path.unlink()
    with pytest.raises(DataError, match=r"no such image; ingest read it whole"):
        read_image(frames, frames.frames[0])


def test_known_attributes__masks_of_a_source_that_states_the_fault_are_worn_well_unless_stated() -> None:
    wrong = BoxLabel(label="face_masked", xyxy=(10, 10, 60, 60), attributes={"mask_incorrect": True})
    right = BoxLabel(label="face_masked", xyxy=(110, 110, 160, 160))
    heads = known_attributes(head_labels(frame(wrong, right, FACE), 24, 1.8))
    assert [h.attributes.get("mask_incorrect") for h in heads] == [True, False, None]


def manifest(tmp_path: Path) -> tuple[Manifest, Recipe]:
    write_coco(tmp_path / "coco", frames_a_person=3)
    plan = Recipe.model_validate(drawn_recipe(tmp_path / "coco"))
    return ingest(plan, tmp_path / "raw"), plan


def test_scene_frames__boxes_are_in_canvas_pixels_and_known_follows_labels_and_teacher(tmp_path: Path) -> None:
    frames, plan = manifest(tmp_path)
    first = frames.frames[0]
    partly = frames.with_frames([first.model_copy(update={"labelled": ("person",)})])
    taught = {first.id: Taught((BoxLabel(label="cup", xyxy=(0, 0, 32, 24)),), frozenset({"cup"}))}
    sample = SceneFrames(partly, spec_of(plan, "scene", "v"), taught)[0]
    assert sample["image"].shape == (3, 64, 96)
    names = spec_of(plan, "scene", "v").names
    assert [n for n, k in zip(names, sample["known"], strict=True) if k] == ["person", "cup"]
    # 320x240 fits 96x64 at 64/240: 85 pixels wide, 5 from the left
    scale = 64 / 240
    expected = np.array([5, 0, 5 + 32 * scale, 24 * scale], np.float32)
    assert np.allclose(sample["xyxy"][-1], expected, atol=0.01)


def test_collate_scene__boxes_are_shares_of_the_canvas() -> None:
    sample = {
        "image": torch.zeros(3, 50, 100),
        "xyxy": torch.tensor([[10.0, 10.0, 30.0, 20.0]]),
        "class_ids": torch.tensor([3]),
        "known": torch.tensor([True, False]),
    }
    empty = {**sample, "xyxy": torch.zeros(0, 4), "class_ids": torch.zeros(0, dtype=torch.long)}
    batch = collate_scene([empty, sample])
    assert batch["batch_idx"].tolist() == [1.0]
    assert torch.allclose(batch["bboxes"], torch.tensor([[0.2, 0.3, 0.2, 0.2]]))
    assert batch["known"].shape == (2, 2)


def test_head_crops__the_same_seed_of_torch_gives_the_same_crop(tmp_path: Path) -> None:
    frames, plan = manifest(tmp_path)
    labels = [h for f in frames for h in head_labels(f, 24, 1.8)]
    crops = HeadCrops(frames, labels, spec_of(plan, "head", "v"))
    image, targets, known, maps = crops[0]
    assert image.shape == (3, 64, 64)
    assert maps.shape == (1, 8, 8)
    assert torch.equal(image, crops[0][0])
    assert float(known.sum()) >= 3
    assert targets.tolist() == [0.0] * len(HEAD_ATTRIBUTES)
