"""The second look: which boxes it is asked about, and what becomes of their scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from packed import SPECS, build
from proctor_models.errors import ModelError, PackError
from proctor_models.runtime.image import crop_square, normalise
from proctor_models.runtime.model import Net
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.predictor import MAX_THINGS, THING_WEIGHT, Predictor, pooled

Writer = Callable[..., Path]
Image = NDArray[np.uint8]  # (96, 128, 3); canvas = frame / 2, 8 px further down


def write_thing(path: Path, score: float) -> Path:
    """A net that says `score` of every crop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build(SPECS["thing"], {"attributes": np.array([score], np.float32)}).SerializeToString())
    return path


@pytest.fixture
def predictor(tmp_path: Path, write_scene: Writer) -> Callable[..., Predictor]:
    def make(found: object, score: float) -> Predictor:
        return Predictor(Net.load(write_scene(found)), thing=Net.load(write_thing(tmp_path / "thing.onnx", score)))

    return make


def test_pooled__an_even_second_opinion_changes_nothing() -> None:
    scores = np.array([0.02, 0.3, 0.9], np.float32)
    np.testing.assert_allclose(pooled(scores, np.full(3, 0.5, np.float32), 0.75), scores, rtol=1e-5)


def test_pooled__is_never_quite_sure() -> None:
    sure = pooled(np.array([1, 0, 1], np.float32), np.array([1, 0, 0], np.float32), 1.0)
    assert np.isfinite(sure).all()
    assert 0 <= sure[1] < sure[2] < sure[0] <= 1


def test_look_again__pools_the_odds_and_sorts_anew(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [("phone", (10, 18, 20, 28), 0.6), ("cup", (30, 18, 40, 28), 0.5)]
    scene = predictor(found, 0.1).observe(picture).scene
    assert [scene.class_names[i] for i in scene.class_ids] == ["cup", "phone"]
    odds = (0.6 / 0.4) * (0.1 / 0.9) ** THING_WEIGHT
    assert scene.scores.tolist() == pytest.approx([0.5, odds / (1 + odds)], rel=1e-5)
    assert scene.xyxy.tolist() == [[60, 20, 80, 40], [20, 20, 40, 40]]


def test_look_again__leaves_what_it_does_not_know_alone(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [
        ("cup", (10, 18, 20, 28), 0.6),
        ("phone", (30, 18, 34, 22), 0.5),  # 8 px in the frame: too small for a crop
        ("phone", (40, 18, 50, 28), 0.19),  # not suspicious enough
    ]
    scene = predictor(found, 0.9).observe(picture).scene
    assert scene.scores.tolist() == pytest.approx([0.6, 0.5, 0.19])


def test_look_again__the_best_of_many(predictor: Callable[..., Predictor], picture: Image) -> None:
    found = [("phone", (2 + 9 * i, 18, 10 + 9 * i, 28), 0.35 + 0.05 * i) for i in range(6)]
    scene = predictor(found, 0.01).observe(picture).scene
    assert (scene.scores < 0.1).sum() == MAX_THINGS
    # The least sure were not asked about.
    assert scene.scores[: 6 - MAX_THINGS].tolist() == pytest.approx([0.5, 0.45, 0.4, 0.35])


def test_look_again__batch_is_the_crops(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("phone", (10, 18, 20, 28), 0.9)], 0.5)
    assert made.thing is not None
    batches = []
    run = made.thing.run
    made.thing.run = lambda batch: batches.append(batch) or run(batch)  # type: ignore[method-assign]
    seen = made.observe(picture)
    crop = crop_square(picture, seen.scene.xyxy[0], SPECS["thing"].crop_scale, 32)
    np.testing.assert_array_equal(batches[0], normalise(crop, (0, 0, 0), (1, 1, 1))[None])


@pytest.mark.parametrize(("seen", "share"), [(0.201, 0.01), (0.25, 0.5), (0.299, 0.99), (0.3, 1.0)])
def test_look_again__counts_more_the_surer_the_first_look(
    predictor: Callable[..., Predictor], picture: Image, seen: float, share: float
) -> None:
    made = predictor([("phone", (10, 18, 20, 28), seen)], 0.9)
    odds = seen / (1 - seen) * 9 ** (THING_WEIGHT * share)
    assert float(made.observe(picture).scene.scores[0]) == pytest.approx(odds / (1 + odds), abs=1e-3)


def test_look_again__nothing_to_ask(predictor: Callable[..., Predictor], picture: Image) -> None:
    made = predictor([("cup", (10, 18, 20, 28), 0.6)], 0.5)
    assert made.thing is not None
    made.thing.run = None  # type: ignore[method-assign, assignment]  # a call would fail
    assert len(made.observe(picture).scene) == 1


def test_predictor__a_thing_net_in_the_wrong_place(tmp_path: Path, write_scene: Writer, write_head: Writer) -> None:
    scene, head = Net.load(write_scene()), Net.load(write_head())
    with pytest.raises(ModelError, match="expected a thing net, got a head net"):
        Predictor(scene, head, head)
    blind = Net.load(write_scene(names=("face",), path=tmp_path / "blind.onnx"))
    with pytest.raises(ModelError, match=r"expected \('phone',\) for the thing net"):
        Predictor(blind, head, Net.load(write_thing(tmp_path / "thing.onnx", 0.5)))


def test_from_models__takes_the_third_net_where_there_is_one(
    tmp_path: Path, write_scene: Writer, write_head: Writer
) -> None:
    write_scene(path=tmp_path / "scene" / "scene.onnx")
    write_head(path=tmp_path / "head" / "head.onnx")
    assert list(Predictor.from_models(tmp_path).nets) == ["scene", "head"]
    write_thing(tmp_path / "thing" / "thing.onnx", 0.5)
    made = Predictor.from_models(tmp_path)
    assert list(made.model_sha256) == ["scene", "head", "thing"]


def test_pack__with_three_nets(make_pack: Writer, reseal: Callable[..., None], picture: Image) -> None:
    folder = make_pack([("phone", (10, 18, 20, 28), 0.6)])
    write_thing(folder / "models" / "thing.onnx", 0.1)
    models = {name: f"models/{name}.onnx" for name in ("scene", "head", "thing")}
    reseal(folder, models=models)
    pack = Pack.load(folder)
    assert list(pack.model_sha256) == ["scene", "head", "thing"]
    assert float(pack.predictor().observe(picture).scene.scores[0]) < 0.3
    reseal(folder, models={**models, "hand": "models/thing.onnx"})
    with pytest.raises(PackError, match=r"expected some of scene, .*, outline, got .*hand; update the runtime"):
        Pack.load(folder)
