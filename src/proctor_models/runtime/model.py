"""One ONNX file, checked before it is parsed and held to its spec ever after."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

# The official builds report to their maker unless told not to before they are loaded: a device's number, what models
# it runs, and when. A program that loaded them earlier has decided for itself; what can still be turned off is, below.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from proctor_models.errors import ModelError
from proctor_models.runtime.onnx_wire import check_model
from proctor_models.runtime.plain_files import is_plain, read_plain
from proctor_models.runtime.spec import METADATA_KEY, NetSpec

onnxruntime.disable_telemetry_events()

MIN_BYTES = 1 << 10
MAX_BYTES = 256 << 20
MAX_MEMORY = 2 << 30
"""Bytes that all nets of this process may take together, weights and what is computed from pictures; ours take about
0.1 GiB each. One that multiplies what it is given fails with a `ModelError` and does not take the machine's memory."""

INPUT = "images"
OUTPUTS = {
    "scene": ("boxes", "scores"),
    "head": ("attributes",),
    "thing": ("attributes",),
    "outline": ("boxes", "scores"),
}
RANGES = {"boxes": (-1e6, 1e6), "scores": (0.0, 1.0), "attributes": (0.0, 1.0)}

Output = NDArray[np.float32]


class Net:
    """A loaded net; make one with `Net.load`."""

    def __init__(self, session: Any, spec: NetSpec, sha256: str, where: str) -> None:
        self._session = session
        self._where = where
        self.spec = spec
        """What the file's metadata says the net needs."""
        self.sha256 = sha256
        """Hash of the file's bytes."""

    @staticmethod
    def load(path: Path, expected_sha256: str | None = None, threads: int = 1) -> Net:
        """Read an ONNX file, refuse what is not one of ours, and try it once on a grey picture.

        Args:
            path: the file.
            expected_sha256: hash the file must have; None takes any, for files just exported.
            threads: threads one inference may use.

        Raises:
            ModelError: no such file, a size no net of ours has, another hash, or what `from_bytes` refuses.
        """
        return Net.from_bytes(_read(path, expected_sha256), str(path), threads)

    @staticmethod
    def from_bytes(data: bytes, where: str, threads: int = 1) -> Net:
        """The net in `data`, refused unless it is one of ours, and tried once on a black picture.

        Args:
            data: the content of an ONNX file; nothing else is read.
            where: its name in messages.
            threads: threads one inference may use.

        Raises:
            ModelError: a size no net of ours has, operators or tensors `check_model` refuses, no spec in the
                metadata, or inputs and outputs that do not fit the spec.
        """
        _check_size(len(data), where)
        check_model(data, where)
        session = _session(data, threads, where)
        net = Net(session, NetSpec.from_json(_metadata(session, where), where), hashlib.sha256(data).hexdigest(), where)
        net._check_interface()
        width, height = net.spec.resolution_wh
        net.run(np.zeros((1, 3, height, width), np.float32))
        return net

    def run(self, batch: Output) -> dict[str, Output]:
        """Forward a batch (n, 3, height, width); outputs by name, first axis n.

        `scene` and `outline` give ``boxes`` (n, anchors, 4) and ``scores`` (n, anchors, classes); `head` and `thing`
        give ``attributes`` (n, names).

        Raises:
            ModelError: the batch or an output has another shape than the spec asks, or numbers out of `RANGES`.
        """
        width, height = self.spec.resolution_wh
        if batch.dtype != np.float32 or batch.ndim != 4 or batch.shape[1:] != (3, height, width):
            raise ModelError(
                f"{self._where}: input: expected float32 (n, 3, {height}, {width}), got {batch.dtype} {batch.shape}"
            )
        names = OUTPUTS[self.spec.net]
        try:
            values = self._session.run(list(names), {INPUT: batch})
        except Exception as error:  # onnxruntime's errors share no base of their own
            raise ModelError(
                f"{self._where}: the net failed on a batch of {len(batch)}: {_first_line(error)}"
            ) from None
        outputs = dict(zip(names, values, strict=True))
        self._check_outputs(outputs, len(batch))
        return outputs

    def _check_interface(self) -> None:
        """Names, ranks and fixed sizes as the file declares them, against the spec."""
        width, height = self.spec.resolution_wh
        last = len(self.spec.names)
        expected: dict[str, tuple[int | None, ...]] = {INPUT: (None, 3, height, width)}
        if "boxes" in OUTPUTS[self.spec.net]:
            expected |= {"boxes": (None, None, 4), "scores": (None, None, last)}
        else:
            expected |= {"attributes": (None, last)}
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        found = {port.name: port for port in (*inputs, *outputs)}
        if len(inputs) != 1 or found.keys() != expected.keys():
            raise ModelError(f"{self._where}: inputs and outputs: expected {list(expected)}, got {list(found)}")
        for name, sizes in expected.items():
            port = found[name]
            fits = len(port.shape) == len(sizes) and all(
                want is None or not isinstance(got, int) or got == want
                for want, got in zip(sizes, port.shape, strict=True)
            )
            if not fits or port.type != "tensor(float)":
                wanted = tuple("any" if size is None else size for size in sizes)
                raise ModelError(
                    f"{self._where}: {name}: expected float {wanted} by its metadata, got {port.type} {port.shape}"
                )
            if isinstance(port.shape[0], int):
                raise ModelError(f"{self._where}: {name}: expected a dynamic batch, got a fixed {port.shape[0]}")

    def _check_outputs(self, outputs: dict[str, Output], count: int) -> None:
        last = len(self.spec.names)
        if "boxes" in outputs:
            anchors = outputs["boxes"].shape[1:2]
            wanted = {"boxes": (count, *anchors, 4), "scores": (count, *anchors, last)}
        else:
            wanted = {"attributes": (count, last)}
        for name, shape in wanted.items():
            value = outputs[name]
            if value.shape != shape:
                raise ModelError(f"{self._where}: {name}: expected shape {shape}, got {value.shape}; export it again")
            low, high = RANGES[name]
            # NaN is in no range. Scores past 1 would open findings that no schema allows.
            if value.size and not (value.min() >= low and value.max() <= high):
                raise ModelError(
                    f"{self._where}: {name}: expected finite numbers of {low:g} to {high:g}, "
                    f"got {value.min():g} to {value.max():g}"
                )


def _read(path: Path, expected_sha256: str | None) -> bytes:
    """The bytes, read once, so that what is hashed is what is parsed."""
    if not is_plain(path):
        raise ModelError(f"{path}: no such model; `proctor export` makes one, `dvc pull` brings the released one")
    try:
        _check_size(path.stat().st_size, str(path))
        data = read_plain(path, MAX_BYTES)
    except (OSError, OverflowError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); fetch the file again") from None
    sha256 = hashlib.sha256(data).hexdigest()
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise ModelError(f"{path}: sha256: expected {expected_sha256}, got {sha256}; fetch the pack again")
    return data


def _check_size(size: int, where: str) -> None:
    if not MIN_BYTES <= size <= MAX_BYTES:
        raise ModelError(f"{where}: size: expected {MIN_BYTES} to {MAX_BYTES} bytes, got {size}; fetch the file again")


def _metadata(session: Any, where: str) -> str:
    try:
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    except UnicodeDecodeError:
        raise ModelError(f"{where}: metadata: expected UTF-8, got other bytes; export it again") from None
    if text is None:
        raise ModelError(f"{where}: metadata '{METADATA_KEY}': expected the net's spec, got none; export it again")
    return str(text)


def _bound_memory() -> None:
    """Let all nets share one arena that does not grow past `MAX_MEMORY`."""
    kind = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    usual = dict.fromkeys(("arena_extend_strategy", "initial_chunk_size_bytes", "max_dead_bytes_per_chunk"), -1)
    onnxruntime.create_and_register_allocator(kind, onnxruntime.OrtArenaCfg({"max_mem": MAX_MEMORY, **usual}))


_bound_memory()


def _session(data: bytes, threads: int, where: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Two nets in one process: threads that spin while they wait take the other net's cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # The arena keeps what the largest batch took, which `MAX_HEADS` bounds. Without it, activations come from the
    # heap at sizes that the C library splits between small objects: twice the memory after a hundred frames.
    options.enable_cpu_mem_arena = True
    options.add_session_config_entry("session.use_env_allocators", "1")  # of that one arena, which is bounded
    # Bytes that start like onnxruntime's own format would be read as that, past every check made here.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        # Without a fallback: it would print to stdout, and try what has just failed a second time.
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # onnxruntime's errors share no base of their own
        raise ModelError(f"{where}: expected an ONNX model the runtime can run: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
