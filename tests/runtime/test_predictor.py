"""The predictor: what goes in, what is kept, and where it lies in the frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from proctor_models.errors import DataError, ModelError
from proctor_models.runtime.image import crop_square, letterbox, normalise
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import MAX_CANDIDATES, Predictor, suppress
from proctor_models.types import HEAD_ATTRIBUTES

Writer = Callable[..., Path]
Image = NDArray[np.uint8]  # (96, 128, 3); canvas = frame / 2, 8 px further down


@pytest.fixture
def predictor(write_scene: Writer, write_head: Writer) -> Callable[..., Predictor]:
    def make(found: object, attributes: dict[str, float] | None = None, **changes: object) -> Predictor:
        scene = Net.load(write_scene(found))
        return Predictor(scene, None if attributes is None else Net.load(write_head(attributes, **changes)))

    return make


def test_observe__maps_boxes_to_the_frame(predictor: Callable[..., Predictor], picture: Image) -> None:
    seen = predictor([("phone", (10, 18, 20, 28), 0.9)]).observe(picture, timestamp_s=2.5, view="second")
    assert (seen.timestamp_s, seen.view, seen.resolution_wh) == (2.5, "second", (128, 96))
    assert seen.scene.xyxy.tolist() == [[20, 20, 40, 40]]
    assert seen.scene.of("phone").scores.tolist() == [np.float32(0.9)]
    assert seen.heads == ()


def test_observe__best_first_and_above_the_least_score(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [("cup", (0, 10, 9, 19), 0.3), ("phone", (20, 10, 29, 19), 0.8), ("mouse", (40, 10, 49, 19), 0.019)]
    scene = predictor(found).observe(picture).scene
    assert [scene.class_names[i] for i in scene.class_ids] == ["phone", "cup"]


def test_observe__one_anchor_may_be_two_classes(predictor: Callable[..., Predictor], picture: Image) -> None:
    box = (10, 18, 20, 28)
    scene = predictor([("phone", box, 0.6), ("remote", box, 0.7)]).observe(picture).scene
    assert [scene.class_names[i] for i in scene.class_ids] == ["remote", "phone"]


def test_observe__kinds_of_face_compete(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [("face", (10, 18, 30, 38), 0.6), ("face_masked", (11, 18, 30, 38), 0.7), ("face", (40, 18, 60, 38), 0.5)]
    scene = predictor(found).observe(picture).scene
    assert [scene.class_names[i] for i in scene.class_ids] == ["face_masked", "face"]


def test_observe__clips_and_drops_slivers(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [
        ("person", (-30, -30, 90, 90), 0.9),
        ("phone", (10, 18, 10.9, 28), 0.8),  # 1.8 px wide in the frame
        ("cup", (0, 0, 20, 7.5), 0.7),  # in the grey above the frame
        ("bottle", (30, 40, 20, 30), 0.6),  # inverted
    ]
    scene = predictor(found).observe(picture).scene
    assert scene.xyxy.tolist() == [[0, 0, 128, 96]]


def test_observe__nothing_found(predictor: Callable[..., Predictor], picture: Image) -> None:
    seen = predictor([], {"mask": 0.9}).observe(picture)
    assert seen.scene.xyxy.shape == (0, 4)
    assert seen.heads == ()


def test_observe__reads_heads_large_and_sure_enough(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [
        ("face", (0, 10, 10, 20), 0.9),  # 20 px in the frame
        ("face_masked", (20, 10, 35, 25), 0.5),
        ("face", (40, 10, 47, 17), 0.9),  # 14 px: smaller than the net reads
        ("face", (40, 30, 60, 50), 0.29),  # not sure
        ("person", (0, 10, 60, 50), 0.9),
    ]
    heads = predictor(found, {"mask": 0.75}).observe(picture).heads
    assert [head.xyxy.tolist() for head in heads] == [[40, 4, 70, 34], [0, 4, 20, 24]]
    assert heads[0].attributes["mask"] == 0.75
    assert tuple(heads[0].attributes) == HEAD_ATTRIBUTES


def test_observe__reads_at_most_eight_heads(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [("face", (6 * i, 10, 6 * i + 5, 20 + i), 0.9) for i in range(10)]
    heads = predictor(found, {}, min_face_px=8).observe(picture).heads
    assert len(heads) == 8
    assert heads[0].xyxy[3] > heads[-1].xyxy[3]


def test_read_heads__batch_is_the_crops(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("face", (10, 18, 30, 38), 0.9)], {"mask": 0.5})
    batches = []
    run = made.head.run
    made.head.run = lambda batch: batches.append(batch) or run(batch)  # type: ignore[method-assign]
    seen = made.observe(picture)
    crop = crop_square(picture, seen.scene.xyxy[0], 1.8, 32)
    np.testing.assert_array_equal(batches[0], normalise(crop, (0, 0, 0), (1, 1, 1))[None])


def test_preprocess__canvas_is_padded_and_normalised(write_scene: Writer, picture: Image) -> None:
    made = Predictor(Net.load(write_scene(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), pad_value=255)))
    batch, fit = made.preprocess(picture)
    assert batch.shape == (1, 3, 64, 64)
    assert (batch[0, :, :8] == 2).all()
    assert fit.top == 8


@pytest.mark.parametrize("size", [(64, 64), (96, 128), (64, 63), (32, 32)])
def test_preprocess__gives_the_letterbox_and_the_formula_bit_for_bit(
    write_scene: Writer, picture: Image, size: tuple[int, int]
) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    frame = np.asarray(np.ascontiguousarray(picture[: size[0], : size[1]]), np.uint8)
    canvas, placed = letterbox(frame, (64, 64))
    batch, fit = Predictor(Net.load(write_scene(mean=mean, std=std))).preprocess(frame)
    assert batch.tobytes() == normalise(canvas, mean, std).tobytes()
    assert fit == placed


def test_observe__other_pictures(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("phone", (10, 18, 20, 28), 0.9)])
    assert len(made.observe(picture[:, :, 0]).scene) == 1
    with pytest.raises(DataError, match="expected uint8 or uint16 pixels, got float32"):
        made.observe(picture.astype(np.float32))


def test_observe_many__one_by_one(predictor: Callable[..., Predictor], picture: Image) -> None:
    seen = list(predictor([("phone", (10, 18, 20, 28), 0.9)]).observe_many([picture, picture[:64]], view="second"))
    assert [s.resolution_wh for s in seen] == [(128, 96), (128, 64)]
    assert {s.view for s in seen} == {"second"}


def test_from_models__folder_of_export(tmp_path: Path, write_scene: Writer, write_head: Writer) -> None:
    write_scene(path=tmp_path / "scene" / "scene.onnx")
    with pytest.raises(ModelError, match=r"head\.onnx: no such model"):
        Predictor.from_models(tmp_path)
    write_head(path=tmp_path / "head" / "head.onnx")
    made = Predictor.from_models(tmp_path)
    assert made.head is not None
    assert made.model_sha256 == {"scene": made.scene.sha256, "head": made.head.sha256}
    assert made.thresholds == {"phone": 0.5, "earphone": 0.4}


def test_predictor__nets_in_the_wrong_place(write_scene: Writer, write_head: Writer) -> None:
    scene, head = Net.load(write_scene()), Net.load(write_head())
    with pytest.raises(ModelError, match="expected a scene net, got a head net"):
        Predictor(head)
    with pytest.raises(ModelError, match="expected a head net, got a scene net"):
        Predictor(scene, scene)


def test_predictor__names_it_does_not_know(tmp_path: Path, write_scene: Writer, write_head: Writer) -> None:
    with pytest.raises(ModelError, match="got 'drone'; update the runtime"):
        Predictor(Net.load(write_scene(names=("phone", "drone"))))
    with pytest.raises(ModelError, match="expected face or face_masked for the head net"):
        Predictor(Net.load(write_scene(names=("phone",), path=tmp_path / "b.onnx")), Net.load(write_head()))


def test_suppress__keeps_what_overlaps_little() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 5], [50, 50, 60, 60]], np.float32)
    scores = np.array([[0.5], [0.9], [0.4], [0.1]], np.float32)
    rows, classes = suppress(boxes, scores, [7], 0.05, 0.6)
    # 0 falls to 1 (0.8); 2 overlaps 1 by 0.625 and falls too.
    assert rows.tolist() == [1, 3]
    assert classes.tolist() == [7, 7]
    assert suppress(boxes, scores, [7], 0.05, 0.63)[0].tolist() == [1, 2, 3]


def test_suppress__a_fallen_box_suppresses_nothing() -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores = np.array([[0.9], [0.8], [0.7]], np.float32)
    assert suppress(boxes, scores, [0], 0.05, 0.4)[0].tolist() == [0, 2]


def test_suppress__takes_the_best_candidates() -> None:
    count = MAX_CANDIDATES + 50
    x = np.arange(count, dtype=np.float32)[:, None] * 20
    boxes = np.concatenate([x, x * 0, x + 10, x * 0 + 10], 1)
    scores = np.linspace(0.1, 0.9, count, dtype=np.float32)[:, None]
    rows, _ = suppress(boxes, scores, [0], 0.05, 0.5)
    assert rows.tolist() == list(range(count - 1, 49, -1))
