"""Boxes drawn anew from close by: which are asked about, and where they end up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from packed import SPECS, build, scene_outputs
from proctor_models.boxes import square_around
from proctor_models.detectors.phone import Phone
from proctor_models.errors import ModelError
from proctor_models.runtime.image import crop_square, normalise
from proctor_models.runtime.model import Net
from proctor_models.runtime.outline import FULL_SCORE, SAME_IOU, drawn_anew, to_frame
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.predictor import MAX_THINGS, Predictor
from proctor_models.types import OUTLINE_CLASSES

Writer = Callable[..., Path]
Image = NDArray[np.uint8]  # (96, 128, 3); canvas = frame / 2, 8 px further down
FOUND = ("phone", (10, 18, 20, 28), 0.6)  # (20, 20, 40, 40) in the frame; its crop is (5, 5, 55, 55), shown on 32 px


def write_outline(path: Path, *found: tuple[tuple[float, ...], float]) -> Path:
    """A net that finds the same phones, in pixels of the crop, in every crop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    says = scene_outputs([("phone", xyxy, score) for xyxy, score in found], OUTLINE_CLASSES)
    path.write_bytes(build(SPECS["outline"], says).SerializeToString())
    return path


@pytest.fixture
def predictor(tmp_path: Path, write_scene: Writer) -> Callable[..., Predictor]:
    def make(found: object, *close: tuple[tuple[float, ...], float]) -> Predictor:
        outline = Net.load(write_outline(tmp_path / "outline.onnx", *close))
        return Predictor(Net.load(write_scene(found)), outline=outline)

    return make


def test_draw_again__takes_the_box_and_keeps_the_score(predictor: Callable[..., Predictor], picture: Image) -> None:
    scene = predictor([FOUND, ("cup", (30, 18, 40, 28), 0.5)], ((9.6, 9.6, 22.4, 16), 0.9)).observe(picture).scene
    # 32 px of the crop are 50 px of the frame.
    assert scene.xyxy.tolist() == [pytest.approx([20, 20, 40, 30], abs=1e-4), [60, 20, 80, 40]]
    assert scene.scores.tolist() == pytest.approx([0.6, 0.5])


def test_draw_again__an_unsure_box_counts_by_its_score(predictor: Callable[..., Predictor], picture: Image) -> None:
    scene = predictor([FOUND], ((9.6, 9.6, 22.4, 16), FULL_SCORE / 2)).observe(picture).scene
    assert scene.xyxy[0].tolist() == pytest.approx([20, 20, 40, 35], abs=1e-4)


@pytest.mark.parametrize(
    "close",
    [
        ((0.0, 0.0, 8.0, 8.0), 0.9),  # another phone
        ((9.6, 9.6, 22.4, 16.0), 0.01),  # nothing that anybody would call one
    ],
)
def test_draw_again__what_shows_something_else_changes_nothing(
    predictor: Callable[..., Predictor], picture: Image, close: tuple[tuple[float, ...], float]
) -> None:
    assert predictor([FOUND], close).observe(picture).scene.xyxy.tolist() == [[20, 20, 40, 40]]


def test_draw_again__stays_in_the_picture(predictor: Callable[..., Predictor], picture: Image) -> None:
    # In the corner: (0, 0, 20, 20) of the frame, its crop (-15, -15, 35, 35).
    scene = predictor([("phone", (0, 8, 10, 18), 0.6)], ((0, 0, 22.4, 22.4), 0.9)).observe(picture).scene
    assert scene.xyxy[0].tolist() == pytest.approx([0, 0, 20, 20], abs=1e-4)


def test_draw_again__leaves_what_is_unsure_small_or_one_too_many(
    predictor: Callable[..., Predictor], picture: Image
) -> None:
    close = ((9.6, 9.6, 22.4, 16), 0.9)
    scores = [0.6, 0.5, 0.4, 0.19]
    found = [("phone", (2 + 15 * i, 18, 12 + 15 * i, 28), score) for i, score in enumerate(scores)]
    heights = np.diff(predictor(found, close).observe(picture).scene.xyxy[:, 1::2])[:, 0]
    assert MAX_THINGS == 2
    assert heights.tolist() == pytest.approx([10, 10, 20, 20], abs=1e-3)
    tiny = predictor([("phone", (30, 18, 34, 22), 0.5)], close).observe(picture).scene  # 8 px in the frame
    assert tiny.xyxy.tolist() == [[60, 20, 68, 28]]


def test_draw_again__batch_is_the_crops(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([FOUND], ((9.6, 9.6, 22.4, 16), 0.9))
    assert made.outline is not None
    batches = []
    run = made.outline.run
    made.outline.run = lambda batch: batches.append(batch) or run(batch)  # type: ignore[method-assign]
    made.observe(picture)
    crop = crop_square(picture, np.array([20, 20, 40, 40], np.float32), SPECS["outline"].crop_scale, 32)
    np.testing.assert_array_equal(batches[0], normalise(crop, (0, 0, 0), (1, 1, 1))[None])


@pytest.mark.parametrize("seed", range(20))
def test_to_frame__is_where_the_crop_was_cut(seed: int) -> None:
    x0, y0, width, height = np.random.default_rng(seed).uniform(0, 30, 4)
    box = np.array([x0, y0, x0 + 6 + width, y0 + 6 + height], np.float32)
    whole = to_frame(np.array([[0, 0, 64, 64]], np.float32), box, 2.5, 64)
    np.testing.assert_allclose(whole[0], square_around(box[None], 2.5)[0].round(), atol=1e-4)


def test_draw_again__a_less_sure_box_of_the_same_thing_goes(
    predictor: Callable[..., Predictor], picture: Image
) -> None:
    # The upper half of it is found, too, and not suppressed: an overlap of one half.
    found = [FOUND, ("phone", (10, 18, 20, 23), 0.15), ("cup", (10, 18, 20, 23), 0.1)]
    scene = predictor(found, ((9.6, 9.6, 22.4, 16), 0.9)).observe(picture).scene
    assert [scene.class_names[i] for i in scene.class_ids] == ["phone", "cup"]
    assert scene.xyxy[0].tolist() == pytest.approx([20, 20, 40, 30], abs=1e-4)


def test_draw_again__two_things_do_not_become_one(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("phone", (8, 18, 18, 28), 0.6), ("phone", (13, 18, 23, 28), 0.5)])
    assert made.outline is not None
    # Of the first nothing is found; the crop of the second is (11, 5) to (61, 55), and shows the first at its left.
    boxes = np.array([[[0, 0, 0, 0]], [[3.2, 9.6, 16, 22.4]]], np.float32)
    said = {"boxes": boxes, "scores": np.array([[[0.0]], [[0.9]]], np.float32)}
    made.outline.run = lambda _batch: said  # type: ignore[method-assign]
    assert made.observe(picture).scene.xyxy.tolist() == [[16, 20, 36, 40], [26, 20, 46, 40]]


def test_draw_again__a_surer_rival_keeps_its_word(predictor: Callable[..., Predictor], picture: Image) -> None:
    half = ((9.6, 9.6, 22.4, 16), 0.9)
    lost = predictor([FOUND, ("remote", (10, 18, 20, 28), 0.8)], half).observe(picture)
    assert lost.scene.of("phone").xyxy.tolist() == [[20, 20, 40, 40]]
    assert Phone().read(lost).score == 0.0
    won = predictor([FOUND, ("remote", (10, 18, 20, 28), 0.4)], half).observe(picture)
    assert won.scene.of("phone").xyxy[0].tolist() == pytest.approx([20, 20, 40, 30], abs=1e-4)
    assert Phone().read(won).score == pytest.approx(0.6)


def test_draw_again__nothing_to_ask(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("cup", (10, 18, 20, 28), 0.6)], ((0, 0, 9, 9), 0.9))
    assert made.outline is not None
    made.outline.run = None  # type: ignore[method-assign, assignment]  # a call would fail
    assert len(made.observe(picture).scene) == 1


def test_drawn_anew__the_best_of_those_that_show_it() -> None:
    box = np.array([0, 0, 10, 10], np.float32)
    found = np.array([[0, 0, 10, 8], [0, 0, 9, 10], [0, 0, 30, 30]], np.float32)
    scores = np.array([0.5, 0.8, 0.95], np.float32)
    assert drawn_anew(box, found, scores).tolist() == [0, 0, 9, 10]
    assert SAME_IOU > 100 / 900  # so that the third shows something else
    assert drawn_anew(box, found[:0], scores[:0]).tolist() == box.tolist()


def test_predictor__an_outline_net_in_the_wrong_place(tmp_path: Path, write_scene: Writer) -> None:
    outline = Net.load(write_outline(tmp_path / "outline.onnx"))
    with pytest.raises(ModelError, match="thing: expected a thing net, got a outline net"):
        Predictor(Net.load(write_scene()), thing=outline)
    blind = Net.load(write_scene(names=("face",), path=tmp_path / "blind.onnx"))
    with pytest.raises(ModelError, match=r"expected \('phone',\) for the outline net"):
        Predictor(blind, outline=outline)


def test_pack__without_a_thing_net(make_pack: Writer, reseal: Callable[..., None], picture: Image) -> None:
    folder = make_pack([FOUND])
    write_outline(folder / "models" / "outline.onnx", ((9.6, 9.6, 22.4, 16), 0.9))
    reseal(folder, models={name: f"models/{name}.onnx" for name in ("scene", "head", "outline")})
    pack = Pack.load(folder)
    assert list(pack.model_sha256) == ["scene", "head", "outline"]
    assert pack.predictor().observe(picture).scene.xyxy[0].tolist() == pytest.approx([20, 20, 40, 30], abs=1e-4)
