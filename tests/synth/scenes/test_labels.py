from __future__ import annotations

import cv2
import numpy as np
import pytest

from proctor_models.synth.scenes.labels import Head, Label, Part, instances, labels_of, tight_box
from proctor_models.synth.scenes.project import Pinhole, silhouette

WIDTH, HEIGHT = 320, 240
BODY, HAIR, MASK, PHONE, BUD = 1, 2, 3, 4, 5
FACE = (140, 60, 200, 140)


def head(mask: str = "", owner: int = 1) -> Head:
    """A flat face of 60x80 px, one metre away."""
    x, y = np.meshgrid(np.arange(FACE[0], FACE[2]) + 0.5, np.arange(FACE[1], FACE[3]) + 0.5)
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, 1.0)], 1)
    return Head(owner, points, np.ones(x.size), np.array([[205.0, 100, 1.0], [135.0, 100, 1.0]]), (0, 0, 0), mask)


def person() -> tuple[np.ndarray, np.ndarray]:
    """A body with a head at one metre before a wall at three."""
    indices, depth = np.zeros((HEIGHT, WIDTH), np.uint8), np.full((HEIGHT, WIDTH), 3.0, np.float32)
    for x0, y0, x1, y1 in (FACE, (100, 140, 240, 240)):
        indices[y0:y1, x0:x1], depth[y0:y1, x0:x1] = BODY, 1.0
    return indices, depth


def parts(*more: Part) -> tuple[Part, ...]:
    return (Part(BODY, "person", {}, 1, 24000.0), *more)


def by_label(labels: tuple[Label, ...]) -> dict[str, Label]:
    return {label.label: label for label in labels}


def test_labels_of__person_and_face_are_tight() -> None:
    indices, depth = person()
    indices[30:60, 150:190] = HAIR
    found = by_label(labels_of(indices, depth, parts(Part(HAIR, "hair", {}, 1)), [head()]))
    assert found["person"].xyxy == (100, 30, 240, 240)
    assert found["face"].xyxy == FACE
    assert found["face"].share == 1.0
    assert set(found) == {"person", "face"}


def test_labels_of__a_phone_before_the_face_hides_it() -> None:
    indices, depth = person()
    indices[60:130, 130:205], depth[60:130, 130:205] = PHONE, 0.8
    found = by_label(labels_of(indices, depth, parts(Part(PHONE, "phone", {}, 0, 5250.0)), [head()]))
    assert "face" not in found
    assert found["phone"].xyxy == (130, 60, 205, 130)


def test_labels_of__a_fringe_does_not_hide_a_face() -> None:
    indices, depth = person()
    indices[60:80, 140:200], depth[60:80, 140:200] = HAIR, 0.985
    assert by_label(labels_of(indices, depth, parts(Part(HAIR, "hair", {}, 1)), [head()]))["face"].xyxy == FACE


def test_labels_of__seen_from_behind_there_is_no_face() -> None:
    indices, depth = person()
    far = head()
    behind = Head(1, far.points + np.array([0, 0, 0.15]), far.weights, far.ears, (180, 0, 0))
    assert set(by_label(labels_of(indices, depth, parts(), [behind]))) == {"person"}


@pytest.mark.parametrize(("place", "incorrect"), [("right", False), ("under_nose", True), ("chin", True)])
def test_labels_of__masks(place: str, incorrect: bool) -> None:
    indices, depth = person()
    indices[100:140, 140:200], depth[100:140, 140:200] = MASK, 0.95
    found = by_label(labels_of(indices, depth, parts(Part(MASK, "mask", {}, 1)), [head(place)]))
    assert found["face_masked"].xyxy == FACE
    assert found["face_masked"].attributes["mask_incorrect"] is incorrect
    assert "face" not in found


def test_labels_of__a_mask_nobody_sees_is_none() -> None:
    indices, depth = person()
    assert "face" in by_label(labels_of(indices, depth, parts(Part(MASK, "mask", {}, 1)), [head("right")]))


def test_labels_of__too_little_left_is_not_labelled() -> None:
    indices, depth = person()
    indices[200:203, 10:14] = PHONE
    assert "phone" not in by_label(labels_of(indices, depth, parts(Part(PHONE, "phone", {}, 0, 12.0)), []))
    indices[200:210, 10:20] = PHONE
    assert "phone" not in by_label(labels_of(indices, depth, parts(Part(PHONE, "phone", {}, 0, 2000.0)), []))
    assert "phone" in by_label(labels_of(indices, depth, parts(Part(PHONE, "phone", {}, 0, 200.0)), []))


def test_labels_of__worn_things_are_their_own_and_the_persons() -> None:
    indices, depth = person()
    indices[96:106, 200:206] = BUD
    bud = Part(BUD, "earphone", {"kind": "earbud", "worn": True}, 1, 60.0)
    labels = labels_of(indices, depth, parts(bud), [head()])
    found = by_label(labels)
    assert found["earphone"].xyxy == (200, 96, 206, 106)
    assert found["earphone"].attributes == {"kind": "earbud", "worn": True}
    assert found["person"].pixels == int(np.isin(indices, (BODY, BUD)).sum())
    mask = instances(indices, parts(bud))
    for label in labels:
        if label.instance:
            box = tight_box(mask == label.instance)
            assert box is not None
            assert label.xyxy[:2] <= box[:2]


def test_tight_box__specks_do_not_widen_it() -> None:
    mask = np.zeros((100, 100), bool)
    mask[20:60, 20:60] = True
    mask[90, 90] = True
    assert tight_box(mask) == (20, 20, 60, 60)


def test_silhouette__is_the_projection_even_beyond_the_frame() -> None:
    level = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    camera = Pinhole(level, 90, (WIDTH, HEIGHT))
    square = np.array([[-0.5, 1, -0.5], [0.5, 1, -0.5], [0.5, 1, 0.5], [-0.5, 1, 0.5]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    covered = silhouette(camera, [(square + np.array([1.0, 0, 0]), triangles)])
    assert covered.shape == (3 * HEIGHT, 3 * WIDTH)
    assert cv2.countNonZero(covered) == pytest.approx(160 * 160, rel=0.03)
    assert silhouette(camera, [(square * (1, -1, 1), triangles)]).sum() == 0
