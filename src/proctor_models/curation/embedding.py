"""Embeddings of whole frames from our own `scene` net: nothing is downloaded, and the pack's ONNX file is enough.

The exported graph gives boxes and scores only. A copy of it in memory gets one more output: what goes into the first
max-pooling, which in our net opens the pooling pyramid (SPPF) at the end of the backbone, before the neck mixes scales.
Averaged over the picture it is one number a channel (128 for YOLO26n). The pass that finds the boxes gives it for free.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import ModelError
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import Predictor

Embedding = NDArray[np.float32]  # (channels,)

_POOLS = ("MaxPool",)


class EmbeddingPredictor(Predictor):
    """The runtime's predictor, which keeps the embedding of the frame it saw last."""

    def __init__(self, predictor: Predictor, scene_file: Path, threads: int = 2) -> None:
        """Load the scene net of `predictor` once more, with the further output.

        Args:
            predictor: the nets, checked.
            scene_file: the ONNX file that the scene net was loaded from.
            threads: threads one inference may use.

        Raises:
            ModelError: the file changed since, or its graph has no picture-like tensor to average.
        """
        data = scene_file.read_bytes()
        if hashlib.sha256(data).hexdigest() != predictor.scene.sha256:
            raise ModelError(f"{scene_file}: changed while it was being read; run again")
        self._tapped = _TappedSession(data, threads, str(scene_file))
        spec, sha256 = predictor.scene.spec, predictor.scene.sha256
        tapped = Net(self._tapped, spec, sha256, str(scene_file))
        super().__init__(tapped, predictor.head, predictor.thing, predictor.outline)

    @property
    def embedding(self) -> Embedding:
        """Of the frame last observed."""
        return self._tapped.pooled


class _TappedSession:
    """An onnxruntime session that remembers the average of one inner tensor at every run."""

    def __init__(self, data: bytes, threads: int, where: str) -> None:
        import onnx
        import onnxruntime

        model = onnx.load_from_string(data)
        self.tensor = tensor_to_pool(model, where)
        model.graph.output.append(onnx.ValueInfoProto(name=self.tensor))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Fused nodes would swallow the tensor; that it is an output keeps it.
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.pooled: Embedding = np.zeros(0, np.float32)

    def run(self, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        """As the session's own `run`; the average is in `pooled` afterwards."""
        outputs: list[Any] = self._session.run([*names, self.tensor], feeds)
        tapped = outputs.pop()
        self.pooled = np.asarray(tapped[0], np.float32).mean((1, 2))
        return outputs


def tensor_to_pool(model: Any, where: str) -> str:
    """Name of the tensor of an ONNX model that is averaged: see the module.

    A net without pooling (a tiny one in a test) gives its last convolution.

    Raises:
        ModelError: neither is there; `where` names the file.
    """
    last = ""
    for node in model.graph.node:
        if node.op_type in _POOLS:
            return str(node.input[0])
        last = node.output[0] if node.op_type == "Conv" else last
    if not last:
        raise ModelError(f"{where}: expected a convolutional net, got none of Conv and MaxPool; open without a pack")
    return last
