"""Part `options` of `runtime.py`: what else the scene net could cost, timed alone; nothing of it ships.

Settings of ONNX Runtime, another runtime, number formats and smaller inputs, against the released net in the same
rounds. Smaller inputs are the released architecture with untrained weights, which cost the same; int8 and fp16 are made
of the released file in a scratch folder. How well int8 still sees is `benchmarks/int8.py`; of the others it is not
measured: each would have to pass the accuracy gate of a release first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from quantised import dynamic_int8, static_int8
from runtime_figures import Figure, Plan, cpu, exam_frames

from proctor_models.runtime.predictor import Predictor
from proctor_models.runtime.spec import NetSpec

SIZES_WH = ((512, 384), (416, 320), (320, 256))
SHIPPED = "as shipped: fp32, 640x480"


def options(plan: Plan) -> Iterator[Figure]:
    """CPU milliseconds a run by variant, and its share of the shipped net's."""
    predictor = plan.load().predictor()
    scene = predictor.scene
    path = plan.pack_folder / plan.load().manifest["models"]["scene"]
    width, height = scene.spec.resolution_wh
    batch = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    arms: dict[str, Callable[[], object]] = {SHIPPED: _runs(scene._session, batch)}
    arms |= {name: _runs(session, batch) for name, session in _settings(path)}
    arms["two frames in one batch, each"] = _runs(scene._session, np.repeat(batch, 2, axis=0))
    left_out: dict[str, str] = {}
    for name, make in (("int8", _int8), ("fp16", _fp16), ("OpenVINO", _openvino), ("smaller", _smaller)):
        if plan.quick:
            left_out[name] = "left out by --quick"
            continue
        try:
            arms |= make(plan, path, predictor, batch)
        except Exception as error:  # whatever a converter says, the others are measured
            left_out[name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:80]}"
    yield from _figures(_spent(arms, 3 if plan.quick else 13))
    for name, note in left_out.items():
        yield Figure("options", name, "CPU ms", note=note)


def _spent(arms: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(rounds + 1):
        for name, arm in arms.items():
            seconds = cpu(arm) / (2 if name.startswith("two frames") else 1)
            if turn:  # the first allocates and fills caches
                spent[name].append(1e3 * seconds)
    return spent


def _figures(spent: dict[str, list[float]]) -> Iterator[Figure]:
    for name, values in spent.items():
        yield Figure("options", name, "CPU ms", tuple(values))
        if name != SHIPPED:
            shares = tuple(value / shipped for value, shipped in zip(values, spent[SHIPPED], strict=True))
            yield Figure("options", "  of the shipped", "ratio", shares)


def _runs(session: Any, batch: Any) -> Callable[[], object]:
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: batch})


def _session(model: str | bytes, change: Callable[[Any], None] = lambda _: None) -> Any:
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = chosen.inter_op_num_threads = 1
    chosen.log_severity_level = 3
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    change(chosen)
    return onnxruntime.InferenceSession(model, chosen, providers=["CPUExecutionProvider"])


def _settings(path: Path) -> Iterator[tuple[str, Any]]:
    def level(name: str) -> Callable[[Any], None]:
        value = getattr(onnxruntime.GraphOptimizationLevel, name)
        return lambda chosen: setattr(chosen, "graph_optimization_level", value)

    yield "arena off", _session(str(path), lambda chosen: setattr(chosen, "enable_cpu_mem_arena", False))
    yield "memory pattern off", _session(str(path), lambda chosen: setattr(chosen, "enable_mem_pattern", False))
    yield (
        "denormals as zero",
        _session(str(path), lambda chosen: chosen.add_session_config_entry("session.set_denormal_as_zero", "1")),
    )
    yield "graph optimisation: extended, not all", _session(str(path), level("ORT_ENABLE_EXTENDED"))


def _int8(plan: Plan, path: Path, predictor: Predictor, batch: Any) -> dict[str, Callable[[], object]]:
    images = [image for _, _, image in exam_frames(plan)][::32]
    static, dynamic = plan.work / "static.onnx", plan.work / "dynamic.onnx"
    static_int8(path, static, (predictor.preprocess(image)[0] for image in images))
    dynamic_int8(path, dynamic)
    names = {"int8, static, convolutions": static, "int8, dynamic, convolutions": dynamic}
    return {name: _runs(_session(str(made)), batch) for name, made in names.items()}


def _fp16(_: Plan, path: Path, __: Predictor, batch: Any) -> dict[str, Callable[[], object]]:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        half = convert_float_to_float16(onnx.load(path), keep_io_types=True)
    return {"fp16": _runs(_session(half.SerializeToString()), batch)}


def _openvino(_: Plan, path: Path, __: Predictor, batch: Any) -> dict[str, Callable[[], object]]:
    """The same file by another runtime, where somebody has installed it; it is no dependency of the project."""
    import openvino  # type: ignore[import-not-found]

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape(batch.shape)
    chosen = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", chosen).create_infer_request()
    return {f"OpenVINO {openvino.__version__.partition('-')[0]}, fp32": lambda: request.infer({0: batch})}


def _smaller(_: Plan, __: Path, predictor: Predictor, ___: Any) -> dict[str, Callable[[], object]]:
    from proctor_models.export.onnx import convert
    from proctor_models.nets.checkpoint import build_net

    def untrained(spec: NetSpec) -> Any:
        net = build_net(spec).eval()
        net.fuse()
        return _session(convert(net, spec, opset=17))

    arms: dict[str, Callable[[], object]] = {}
    for width, height in ((640, 480), *SIZES_WH):
        batch = np.random.default_rng(0).random((1, 3, height, width), np.float32)
        arms[f"fp32, {width}x{height}, untrained"] = _runs(
            untrained(replace(predictor.scene.spec, resolution_wh=(width, height))), batch
        )
    return arms
