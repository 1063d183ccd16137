"""Which slice a frame is in, and in none where nothing says it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.errors import DataError
from proctor_models.evaluation.slices import SLICES, measured_lights, slice_masks, slice_value
from proctor_models.evaluation.tables import tabulate


def face(**attributes: str | bool) -> FrameRecord:
    """A frame with one face of 30 px (of 80 px height) and a smaller one that is never asked."""
    small = label("face", (60.0, 10.0, 75.0, 25.0), tone="dark", glasses="sunglasses", beard=True, headwear="hat")
    return record("a", [small, label("face_masked", (10.0, 10.0, 35.0, 40.0), **attributes)])


@pytest.mark.parametrize(
    ("kind", "frame", "value"),
    [
        ("camera", record("a"), "to 320x240"),
        ("camera", record("a", tags={"camera": "1280x720"}), "to 1280x720"),
        ("camera", record("a", tags={"camera": "phone"}), "phone"),
        ("skin_tone", face(tone="medium"), "medium"),
        ("skin_tone", face(tone="green"), None),
        ("skin_tone", record("a", tags={"monk_tone": "3"}), "light"),
        ("skin_tone", record("a", tags={"monk_tone": "4"}), "medium"),
        ("skin_tone", record("a", tags={"monk_tone": "10"}), "dark"),
        ("skin_tone", record("a", tags={"monk_tone": "11"}), None),
        ("glasses", face(glasses="clear"), "clear"),
        ("glasses", record("a", tags={"glasses": "none"}), "none"),
        ("glasses", face(), None),
        ("beard", face(beard=False), "none"),
        ("beard", face(beard="full"), "full"),
        ("beard", face(beard="unknown"), None),
        ("beard", record("a", tags={"beard": "stubble"}), "stubble"),
        ("headwear", face(headwear="headscarf"), "headscarf"),
        ("headwear", record("a", tags={"headwear": "cap"}), "hat"),
        ("headwear", record("a", tags={"headwear": "none"}), "none"),
        ("headwear", record("a"), None),
        ("head_pose", record("a", tags={"yaw": "-29.9"}), "frontal"),
        ("head_pose", record("a", tags={"yaw": "-30.0"}), "turned"),
        ("head_pose", record("a", tags={"yaw": "left"}), None),
        ("head_pose", record("a"), None),
        ("distance", face(), "near"),
        ("distance", record("a", [label("face", (0.0, 0.0, 10.0, 20.0))]), "middle"),
        ("distance", record("a", [label("face", (0.0, 0.0, 10.0, 14.0))]), "far"),
        ("distance", record("a"), "no face"),
        ("distance", record("a", labelled=("person", "face")), None),
        ("light", record("a", tags={"light": "lamp"}), "lamp"),
        ("light", record("a"), None),
    ],
)
def test_slice_value__tags_and_labels_decide(kind: str, frame: FrameRecord, value: str | None) -> None:
    assert slice_value(frame, kind, {}) == value


def test_slice_masks__unknown_is_in_no_slice() -> None:
    seen = [saw(record("a", tags={"yaw": "0"}, person="S1")), saw(record("b"))]
    masks = {(kind, value): keep.tolist() for kind, value, keep in slice_masks(seen, {"made/b": "dark"})}
    assert masks["head_pose", "frontal"] == [True, False]
    assert masks["person", "S1"] == [True, False]
    assert masks["light", "dark"] == [False, True]
    assert {kind for kind, _ in masks} <= set(SLICES)
    assert not [kind for kind, _ in masks if kind in ("glasses", "beard", "skin_tone")]


def test_measured_lights__pixels_where_no_tag_says_it(tmp_path: Path) -> None:
    frames = (record("a"), record("b", tags={"light": "lamp"}), record("c"))
    window = np.full((80, 100, 3), 50, np.uint8)
    window[:, :20] = 255
    for frame, picture in zip(frames, (np.full((80, 100, 3), 20, np.uint8), window, window), strict=True):
        cv2.imwrite(str(tmp_path / frame.file), picture)
    assert measured_lights(Manifest(frames, tmp_path)) == {"made/a": "dark", "made/c": "backlit"}


def test_measured_lights__a_picture_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.png: expected a picture"):
        measured_lights(Manifest((record("a"),), tmp_path))


def test_tabulate__slices_of_light_only_where_it_was_measured() -> None:
    seen = {"val": [saw(record(str(i), [label("phone")])) for i in range(4)]}
    thresholds = dict.fromkeys(DETECTOR_NAMES, 0.5)
    for lights, values in (({}, set()), ({"made/0": "dark", "made/1": "bright"}, {"dark", "bright"})):
        rows = tabulate(seen, thresholds, times=20, seed=0, lights=lights).slices
        assert {row["value"] for row in rows if row["slice"] == "light"} == values
