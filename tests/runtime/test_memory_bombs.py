"""Nets that make gigabytes out of little: refused before onnxruntime sees them, or stopped while they run."""

import resource
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from packed import SPECS, build, scene_outputs
from proctor_models.errors import ModelError
from proctor_models.runtime.model import MAX_MEMORY, Net

MEASURED = Path(__file__).parents[2] / "export" / "proctor-pack-demo" / "models"
WEIGHTS = {
    "wide": np.ones((200_000, 3, 1, 1), np.float32),
    "sizes": np.array([1, 1, 400, 400], np.float32),
    "again": np.zeros(200_000, np.int64),
    "some": np.ones(1 << 12, np.float32),
    "column": np.ones((1 << 14, 1), np.float32),
    "row": np.ones((1, 1 << 14), np.float32),
    "square": np.ones((1, 1, 8, 8), np.float32),
}


def bomb(*nodes: onnx.NodeProto, at: str) -> bytes:
    """A sound scene net whose boxes depend on what `nodes` make, too."""
    model = build(SPECS["scene"], scene_outputs([]))
    used = {name for node in nodes for name in node.input}
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in WEIGHTS.items() if name in used
    )
    last = next(node for node in model.graph.node if "boxes" in node.output)
    renamed = ["boxes-alone" if name == "boxes" else name for name in last.output]
    del last.output[:]
    last.output.extend(renamed)
    mean = helper.make_node("ReduceMean", [at], ["bomb-mean"], keepdims=0)
    model.graph.node.extend([*nodes, mean, helper.make_node("Add", ["boxes-alone", "bomb-mean"], ["boxes"])])
    return model.SerializeToString()


def doubled(name: str, times: int) -> tuple[Sequence[onnx.NodeProto], str]:
    names = [name, *(f"doubled{i}" for i in range(times))]
    made = [helper.make_node("Concat", [one, one], [two], axis=0) for one, two in pairwise(names)]
    return made, names[-1]


def test_from_bytes__the_frame_of_the_bombs_is_sound() -> None:
    Net.from_bytes(bomb(helper.make_node("Relu", ["images"], ["same"]), at="same"), "net.onnx")


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Conv", ["images", "wide"], ["much"]),
        helper.make_node("Resize", ["images", "", "sizes"], ["much"]),
        helper.make_node("Gather", ["images", "again"], ["much"], axis=1),
    ],
    ids=lambda node: node.op_type,
)
def test_from_bytes__one_that_multiplies_the_picture_is_stopped(node: onnx.NodeProto) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match=r"net\.onnx: the net failed on a batch of 1: .*"):
        Net.from_bytes(bomb(node, at="much"), "net.onnx")
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    assert grown < MAX_MEMORY // 4  # what is refused is never touched


def test_from_bytes__constants_that_multiply_are_refused() -> None:
    nodes, last = doubled("some", 30)
    with pytest.raises(ModelError, match=r"net\.onnx: expected at most 67108864 numbers .* of a Concat"):
        Net.from_bytes(bomb(*nodes, at=last), "net.onnx")
    outer = helper.make_node("MatMul", ["column", "row"], ["much"])
    with pytest.raises(ModelError, match=r"got up to 268435456 of a MatMul"):
        Net.from_bytes(bomb(outer, at="much"), "net.onnx")
    resized = helper.make_node("Resize", ["square", "", "sizes"], ["much"])
    with pytest.raises(ModelError, match=r"expected constants to be folded at export, got a Resize of constants"):
        Net.from_bytes(bomb(resized, at="much"), "net.onnx")
    shape = helper.make_node("Shape", ["images"], ["shape"])
    nodes, last = doubled("shape", 30)
    cast = helper.make_node("Cast", [last], ["much"], to=1)
    with pytest.raises(ModelError, match="of a Concat"):
        Net.from_bytes(bomb(shape, *nodes, cast, at="much"), "net.onnx")


def test_from_bytes__nodes_out_of_order_hide_nothing() -> None:
    nodes, last = doubled("some", 30)
    with pytest.raises(ModelError, match=r"expected nodes in the order they run, got a Concat after what needs it"):
        Net.from_bytes(bomb(*reversed(nodes), at=last), "net.onnx")


@pytest.mark.parametrize("name", ["scene", "head", "thing", "outline"])
def test_load__the_nets_that_ship_stay_within_the_bounds(name: str) -> None:
    if not MEASURED.is_dir():
        pytest.skip("the demo's pack has not been made here")
    Net.load(MEASURED / f"{name}.onnx")
