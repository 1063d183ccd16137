"""ONNX files of anybody: refused with a reason before onnxruntime sees them, or by it, without harm to the process."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fuzzed import LONG, examples, told
from packed import SPECS, build, scene_outputs
from proctor_models.errors import ModelError
from proctor_models.runtime.model import MAX_BYTES, Net
from proctor_models.runtime.onnx_wire import MAX_NODES, OPERATORS, check_model
from proctor_models.runtime.predictor import Predictor
from proctor_models.runtime.spec import NetSpec

Writer = Callable[..., Path]
WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
def net(write_scene: Writer) -> onnx.ModelProto:
    return onnx.load(write_scene([("phone", (1, 2, 3, 4), 0.5)]))


@pytest.fixture
def never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def session(*_: Any, **__: Any) -> None:
        raise AssertionError("onnxruntime was given a net that should have been refused")

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)


def size_of(net: onnx.ModelProto, *dims: int) -> None:
    del net.graph.initializer[1].dims[:]
    net.graph.initializer[1].dims.extend(dims)


def constant(net: onnx.ModelProto, tensor: TensorProto) -> None:
    net.graph.node.append(helper.make_node("Constant", [], ["more"], value=tensor))


def operator(net: onnx.ModelProto, name: str, domain: str = "") -> None:
    net.graph.node.append(helper.make_node(name, ["images"], ["more"], domain=domain))


def body(net: onnx.ModelProto) -> None:
    # A known operator with a body that it does not know of: the body is refused all the same.
    net.graph.node[0].attribute.append(helper.make_attribute("body", helper.make_graph([], "inside", [], [])))


def function(net: onnx.ModelProto) -> None:
    opset = [helper.make_opsetid("", 17)]
    net.functions.append(helper.make_function("ai.onnx", "Add", ["a"], ["b"], [], opset))


def outside(net: onnx.ModelProto) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.external_data.add(key="location", value="/etc/hostname")
    net.graph.initializer.append(tensor)


def located_outside(net: onnx.ModelProto) -> None:
    net.graph.initializer[0].data_location = TensorProto.EXTERNAL


def text(net: onnx.ModelProto) -> None:
    constant(net, helper.make_tensor("t", TensorProto.STRING, [1], [b"text"]))


def sparse(net: onnx.ModelProto) -> None:
    net.graph.sparse_initializer.add().dims.append(1 << 50)


def training(net: onnx.ModelProto) -> None:
    net.training_info.add()


HOSTILE: list[tuple[Callable[[onnx.ModelProto], None], str]] = [
    (lambda net: size_of(net, 1 << 40), "every tensor's numbers in the file, got 1099511627776 in"),
    (lambda net: size_of(net, 1 << 31, 1 << 31, 4), "every tensor's numbers in the file"),  # 0 modulo 2**64
    (lambda net: size_of(net, -1), "every tensor's numbers in the file"),
    (lambda net: size_of(net, *[1] * 100), "at most 8 dimensions"),
    (lambda net: constant(net, TensorProto(data_type=1, dims=[1 << 50])), "every tensor's numbers in the file"),
    (lambda net: operator(net, "Loop"), "operators that nets of ours use .*'Loop'"),
    (lambda net: operator(net, "ConstantOfShape"), "got 'ConstantOfShape'"),
    (lambda net: operator(net, "Add", "com.microsoft"), "operators of the ONNX standard alone, got 'com.microsoft'"),
    (lambda net: operator(net, "x" * 10_000), "got 'xxx"),
    (lambda net: net.opset_import.append(helper.make_opsetid("evil", 1)), "standard alone, got 'evil'"),
    (body, "got an operator with a body"),
    (function, "got functions of its own"),
    (training, "got training information"),
    (sparse, "got sparse weights"),
    (outside, "got weights kept in another file"),
    (located_outside, "got weights kept in another file"),
    (text, "got text|data type 8"),
]


@pytest.mark.parametrize(("make", "message"), HOSTILE)
def test_load__hostile(
    tmp_path: Path, net: onnx.ModelProto, never_parsed: None, make: Callable[[onnx.ModelProto], None], message: str
) -> None:
    make(net)
    path = tmp_path / "hostile.onnx"
    path.write_bytes(net.SerializeToString())
    with pytest.raises(ModelError, match=rf"hostile\.onnx: expected .*{message}"):
        Net.load(path)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(*dims: int, packed: bool = False) -> bytes:
    if packed:
        return field(1, b"".join(map(varint, dims))) + b"\x10\x01"
    return b"".join(b"\x08" + varint(size) for size in dims) + b"\x10\x01"


TRICKS = {
    "packed dimensions": (field(7, field(5, tensor(1 << 40, packed=True))), "every tensor's numbers"),
    "one attribute, two tensors that become one": (
        field(7, field(1, field(5, field(5, tensor(2) + b"\0" * 0) * 2))),
        "field 5 twice|every tensor's numbers",
    ),
    "two graphs that become one": (field(7, b"") * 2, "field 7 twice in one model"),
    "a number of a field that protobuf cuts down to 7": (
        varint(1 << 32 | 7 << 3 | 2) + b"\0", "other or damaged bytes .field",
    ),
    "a place of 2**32 + 1, cut down to 1": (
        field(7, field(5, tensor(0) + b"\x70" + varint((1 << 32) + 1))), "weights kept in another file",
    ),
    "the last of two operators counts": (
        field(7, field(1, field(4, b"Loop") + field(4, b"Add"))), "operators that nets of ours use",
    ),
    "a group": (b"\x3b\x3c", "wire type 3"),
    "a length past the end": (b"\x3a\xff\xff\xff\xff\x0f", "cut off"),
    "a length without end": (b"\x3a" + b"\xff" * 12, "number too long"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TRICKS))
def test_check_model__tricks_of_the_wire(name: str) -> None:
    data, message = TRICKS[name]
    with pytest.raises(ModelError, match=rf"^net: expected .*({message})"):
        check_model(data, "net")


@pytest.mark.parametrize(
    "data",
    [
        field(7, field(1, field(4, b"Add")) * 1_000_000),
        field(7, field(5, b"\x08\x01" * 2_000_000)),
        field(7, field(5, field(1, b"\x01" * 20_000_000))),
        b"\x08\x01" * 5_000_000,
        field(14, field(1, b"")) * 1_000_000,
    ],
    ids=["nodes", "dimensions", "packed", "fields", "metadata"],
)
def test_check_model__a_million_of_anything_is_refused_at_once(data: bytes) -> None:
    assert len(data) < MAX_BYTES
    started = time.perf_counter()
    with pytest.raises(ModelError, match=rf"at most ({MAX_NODES} nodes|8 dimensions|300000 fields)"):
        check_model(data, "net")
    assert time.perf_counter() - started < 10


@given(st.binary(max_size=60) | st.lists(st.sampled_from([tensor(1), b"\x08", varint(1 << 40)])).map(b"".join))
@examples(100)
def test_check_model__any_bytes(data: bytes) -> None:
    for whole in (data, field(7, data), field(7, field(1, data)), field(7, field(5, data))):
        try:
            check_model(whole, "net")
        except ModelError as error:
            told(error, "net: expected ")


def test_load__bytes_that_start_like_another_format(tmp_path: Path, net: onnx.ModelProto) -> None:
    # Where bytes 4 to 8 read ORTM onnxruntime would take the file for its own format, which nothing here checks.
    path = tmp_path / "both.onnx"
    path.write_bytes(field(6, b"\0\0ORTM" + b"\0" * 50) + net.SerializeToString())
    assert path.read_bytes()[4:8] == b"ORTM"
    assert Net.load(path).spec.net == "scene"


def test_load__metadata_that_is_no_text(
    tmp_path: Path, net: onnx.ModelProto, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "metadata.onnx"
    path.write_bytes(net.SerializeToString().replace(b'"test@0"', b'"\xff\xfest@0'))
    with pytest.raises(ModelError, match="metadata"):
        Net.load(path)
    assert capfd.readouterr().out == ""


def test_load__names_of_the_check_are_those_of_onnx() -> None:
    assert all(onnx.defs.has(name) for name in OPERATORS)


@given(
    hnp.arrays(np.float32, (3, 4), elements=st.floats(width=32)),
    hnp.arrays(np.float32, (3,), elements=st.floats(width=32) | st.floats(0, 1, width=32)),
)
@examples(60)
def test_observe__any_numbers_a_net_may_give(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
    net = build(SPECS["scene"], scene_outputs([("face", b, s) for b, s in zip(boxes.tolist(), scores, strict=True)]))
    try:
        with np.errstate(all="raise"):
            scene = Net.from_bytes(net.SerializeToString(), "net")
            seen = Predictor(scene, None).observe(np.zeros((96, 128, 3), np.uint8))
    except ModelError as error:
        told(error, "net: ")
        return
    assert ((seen.scene.scores >= 0) & (seen.scene.scores <= 1)).all()
    assert ((seen.scene.xyxy >= 0) & (seen.scene.xyxy <= 128)).all()


def grown(spec: NetSpec, nodes: list[onnx.NodeProto], constants: list[TensorProto]) -> bytes:
    """A net of two outputs whose forward pass asks for more memory than there is."""
    boxes, scores = (
        numpy_helper.from_array(np.zeros((1, 1, size), np.float32), name)
        for size, name in ((4, "b"), (len(spec.names), "s"))
    )
    nodes += [
        helper.make_node("ReduceMean", ["large"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "shape"], ["means"]),
        helper.make_node("Add", ["b", "means"], ["boxes"]),
        helper.make_node("Add", ["s", "means"], ["scores"]),
    ]
    constants += [numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "shape"), boxes, scores]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1, size])
        for name, size in (("boxes", 4), ("scores", len(spec.names)))
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 64, 64])
    graph = helper.make_graph(nodes, "net", [images], ports, constants, doc_string="x" * 1024)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"proctor": spec.to_json()})
    return model.SerializeToString()


def doubled(spec: NetSpec) -> bytes:
    names = ["images", *(f"x{i}" for i in range(40)), "large"]
    pairs = itertools.pairwise(names)
    return grown(spec, [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in pairs], [])


def enlarged(spec: NetSpec) -> bytes:
    scales = numpy_helper.from_array(np.array([1, 1, 3000, 3000], np.float32), "scales")
    return grown(spec, [helper.make_node("Resize", ["images", "", "scales"], ["large"], mode="nearest")], [scales])


LIMITED = """
import resource, sys
from pathlib import Path
from proctor_models.errors import ModelError
from proctor_models.runtime.model import Net
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    Net.load(Path(sys.argv[1]))
except ModelError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("make", [doubled, enlarged])
def test_load__more_memory_than_there_is(tmp_path: Path, specs: dict[str, NetSpec], make: Callable[..., bytes]) -> None:
    path = tmp_path / "grown.onnx"
    path.write_bytes(make(specs["scene"]))
    done = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True)
    assert "grown.onnx: " in done.stdout


@pytest.mark.slow
def test_load__mutated_nets_in_a_process_of_their_own(tmp_path: Path, write_scene: Writer, write_head: Writer) -> None:
    nets = [str(write_scene([("phone", (1, 2, 3, 4), 0.5)])), str(write_head())]
    cases, seconds = ("1000000", "600") if LONG else ("150", "15")
    words = [sys.executable, str(WORKER), "net", "1", cases, seconds, *nets]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, f"{tmp_path}/case-1: {done.stderr[-3000:]}"
    report = json.loads(done.stdout)
    assert report["said"].keys() == {"ModelError", "taken"}
    assert report["peak_mb"] < 2000
