"""The scene net in int8, made of a released file in a scratch folder; nothing of it ships."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx


def static_int8(model: Path, made: Path, batches: Iterable[Any]) -> None:
    """Write `model` to `made` with its convolutions in int8, their ranges read off `batches` (n, 3, h, w)."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Frames(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(batches)

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self.left, None)
            return None if batch is None else {"images": batch}

    with _quiet():
        quantize_static(
            _plain(model, made), made, Frames(), QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv"],
        )  # fmt: skip
    _with_spec_of(model, made)


def dynamic_int8(model: Path, made: Path) -> None:
    """The same with ranges read off each frame."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet():
        quantize_dynamic(_plain(model, made), made, op_types_to_quantize=["Conv"], weight_type=QuantType.QUInt8)
    _with_spec_of(model, made)


@contextmanager
def _quiet() -> Iterator[None]:
    """The converter warns of what is done on purpose."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _plain(model: Path, made: Path) -> Path:
    from onnxruntime.quantization.shape_inference import quant_pre_process

    plain = made.with_name(f"plain-{made.name}")
    quant_pre_process(str(model), str(plain), skip_symbolic_shape=True)
    return plain


def _with_spec_of(model: Path, made: Path) -> None:
    """Converters drop what the file says of itself, which the runtime reads, and name operator sets they do not use."""
    changed, whole = onnx.load(made), onnx.load(model, load_external_data=False)
    del changed.metadata_props[:]
    changed.metadata_props.extend(whole.metadata_props)
    standard = [one for one in changed.opset_import if one.domain in ("", "ai.onnx")]
    del changed.opset_import[:]
    changed.opset_import.extend(standard)
    onnx.save(changed, made)
