"""What nets say of frames, kept between runs; embeddings from an exported net."""

from __future__ import annotations

import shutil

import numpy as np
import onnx
import pytest
from onnx import helper

from packed import SPECS, build, scene_outputs
from proctor_models.curation.embedding import tensor_to_pool
from proctor_models.curation.looks import Nets, look_at
from proctor_models.data.manifest import Manifest
from proctor_models.errors import ModelError
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import OUTLINE_CLASSES


@pytest.fixture(scope="module")
def nets(models):
    return Nets.from_models(models, threads=1)


def test_look_at__boxes_readings_and_embedding_of_every_frame(dataset, nets, tmp_path):
    manifest = Manifest.load(dataset)
    looks = look_at(manifest, nets, tmp_path)
    assert len(looks) == 24
    phone, cup = looks[0].found
    assert (phone.label, phone.xyxy, phone.score) == ("phone", (200, 20, 260, 80), pytest.approx(0.9))
    assert cup.label == "cup"
    assert looks[0].readings["phone"] == pytest.approx(0.9)
    assert len({look.embedding.tobytes() for look in looks}) == 24


def test_predictor__asks_every_net_that_the_runtime_asks(models, tmp_path):
    shutil.copytree(models, tmp_path / "models")
    outline = build(SPECS["outline"], scene_outputs((), OUTLINE_CLASSES))
    (tmp_path / "models" / "outline").mkdir()
    (tmp_path / "models" / "outline" / "outline.onnx").write_bytes(outline.SerializeToString())
    nets = Nets.from_models(tmp_path / "models", threads=1)
    assert list(nets.predictor.nets) == ["scene", "head", "outline"]


def test_look_at__goes_on_after_a_cut_off_line_and_looks_at_nothing_twice(dataset, nets, tmp_path, capsys):
    manifest = Manifest.load(dataset)
    few = manifest.with_frames(manifest.frames[:5])
    first = look_at(few, nets, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    capsys.readouterr()
    again = look_at(few, nets, tmp_path)
    said = capsys.readouterr().err
    assert "4 of 5 frames were seen before" in said
    assert "looked at 1 of 1 frames" in said
    for one, other in zip(first, again, strict=True):
        assert (one.found, one.readings, one.attributes) == (other.found, other.readings, other.attributes)
        assert np.array_equal(one.embedding, other.embedding)
    look_at(few, nets, tmp_path)
    assert "looked" not in capsys.readouterr().err


def test_nets__see_what_the_runtime_sees(dataset, models, nets):
    manifest = Manifest.load(dataset)
    image = read_image(manifest.image_path(manifest.frames[3]))
    plain, tapped = Predictor.from_models(models).observe(image), nets.predictor.observe(image)
    assert np.array_equal(plain.scene.xyxy, tapped.scene.xyxy)
    assert np.array_equal(plain.scene.scores, tapped.scene.scores)


def test_nets__embedding_is_the_average_of_what_goes_into_the_first_pooling(dataset, nets, models):
    manifest = Manifest.load(dataset)
    image = read_image(manifest.image_path(manifest.frames[3]))
    nets.predictor.observe(image)
    batch, _ = nets.predictor.preprocess(image)
    model = onnx.load(models / "scene" / "scene.onnx")
    weights = onnx.numpy_helper.to_array(model.graph.initializer[0])  # (6, 3, 16, 16), stride 16
    patches = batch[0].reshape(3, 16, 16, 20, 16).transpose(1, 3, 0, 2, 4).reshape(320, -1)
    assert np.allclose(nets.predictor.embedding, (patches @ weights.reshape(6, -1).T).mean(0), atol=1e-3)


def test_nets__name_the_sure_score_of_a_class_by_the_detector_that_asks_for_it(nets):
    assert nets.thresholds == {"phone": 0.4, "earphone": 0.5}


def test_tensor_to_pool__a_net_without_pooling_gives_its_last_convolution():
    nodes = [helper.make_node("Conv", ["a", "w"], ["b"]), helper.make_node("Relu", ["b"], ["c"])]
    graph = helper.make_graph(nodes, "g", [], [])
    assert tensor_to_pool(helper.make_model(graph), "net.onnx") == "b"
    with pytest.raises(ModelError, match=r"net\.onnx: expected a convolutional net"):
        tensor_to_pool(helper.make_model(helper.make_graph(nodes[1:], "g", [], [])), "net.onnx")
