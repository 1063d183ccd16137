"""A net as an MLflow model: the ONNX flavour, with signature and an example of the input.

MLflow writes examples as JSON, twice, number by number: 23 MB for one grey picture. So the example is a compressed
NumPy file beside the net, and the model's metadata names it: ``numpy.load(folder / INPUT_EXAMPLE)``.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proctor_models.runtime.spec import NetSpec

INPUT_EXAMPLE = "input_example.npz"
"""Arrays by the name of the input they are for, as the signature asks."""


def save_onnx(path: Path, spec: NetSpec, out: Path, metadata: Mapping[str, str]) -> None:
    """Write a net as an MLflow model in the ONNX flavour, with signature and `INPUT_EXAMPLE`."""
    import numpy as np
    import onnx

    width, height = spec.resolution_wh
    # Even grey: the example says shape and scale, and shows nobody.
    example = np.full((1, 3, height, width), 0.5, np.float32)
    with _quiet():
        import mlflow.onnx

        mlflow.onnx.save_model(
            onnx.load(str(path)),
            out,
            signature=_signature(path),
            pip_requirements=["onnxruntime"],
            metadata={**metadata, "input_example": INPUT_EXAMPLE},
            save_as_external_data=False,
        )
    np.savez_compressed(out / INPUT_EXAMPLE, images=example)


def _signature(path: Path) -> Any:
    """Names, types and shapes of what goes in and comes out; -1 is the batch."""
    import numpy as np
    import onnx
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    graph = onnx.load(str(path), load_external_data=False).graph

    def schema(ports: Any) -> Schema:
        specs = []
        for port in ports:
            tensor = port.type.tensor_type
            shape = [d.dim_value if d.HasField("dim_value") else -1 for d in tensor.shape.dim]
            kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
            specs.append(TensorSpec(kind, tuple(shape), port.name))
        return Schema(specs)

    return ModelSignature(schema(graph.input), schema(graph.output))


@contextmanager
def _quiet() -> Iterator[None]:
    """MLflow's hints are for people who write models; nothing of it is wrong here."""
    loggers = [logging.getLogger(name) for name in ("mlflow.models.model", "mlflow.onnx", "mlflow.types.utils")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
