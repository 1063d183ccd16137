"""Feeds mutated nets, pictures and recordings to the runtime, in a process of its own that may crash.

    python tests/fuzz/worker.py {net,picture,recording} SEED CASES SECONDS [NET ...]

Prints one line of JSON. A case that ends in another error than the documented one, takes longer than 20 s or kills the
process is in the file `case-SEED` of the working directory; its number is in `case-SEED.number`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import random
import resource
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY_BYTES = 5 << 30
CASE_S = 20.0
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)


def mangled(data: bytes, rng: random.Random) -> bytes:
    """One to six changes: bits, bytes, numbers of interest, runs taken away, doubled or brought from elsewhere."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        if not made:
            break
        at, size = rng.randrange(len(made)), rng.choice((1, 2, 4, 8, 16, 200))
        action = rng.randrange(7)
        if action == 0:
            made[at] ^= 1 << rng.randrange(8)
        elif action == 1:
            made[at : at + size] = rng.randbytes(len(made[at : at + size]))
        elif action == 2:
            width = rng.choice((1, 2, 4, 8))
            number = rng.choice(INTERESTING) & ((1 << 8 * width) - 1)
            made[at : at + width] = number.to_bytes(width, rng.choice(("little", "big")))
        elif action == 3:
            del made[at : at + size]
        elif action == 4:
            made[at:at] = made[at : at + size] * rng.choice((1, 2, 50))
        elif action == 5:
            source = rng.randrange(len(made))
            made[at : at + size] = made[source : source + size]
        else:
            del made[at + 1000 * rng.randrange(2) :]
    return bytes(made)


SIZES = (-1, 0, 1, 2, 3, 7, 1000, 1 << 31, -(1 << 63), (1 << 63) - 1)
OPERATORS = (
    *(
        "Concat",
        "Resize",
        "Gather",
        "Slice",
        "Split",
        "Reshape",
        "Conv",
        "MaxPool",
        "MatMul",
        "Gemm",
        "Transpose",
        "Cast",
    ),
    *(
        "Unsqueeze",
        "Squeeze",
        "Shape",
        "Softmax",
        "Clip",
        "Constant",
        "Flatten",
        "ReduceMean",
        "AveragePool",
        "Identity",
    ),
)


def mutated_net(whole: bytes, rng: random.Random) -> bytes:
    """A net that still parses, with operators, edges, attributes, shapes or numbers that do not belong together."""
    import onnx

    if rng.random() < 0.3:
        return mangled(whole, rng)
    model = onnx.ModelProto.FromString(whole)
    for _ in range(rng.choice((1, 1, 2, 4))):
        rng.choice((_node, _node, _constant, _constant, _ports))(model.graph, rng)
    return bytes(model.SerializeToString())


def _node(graph: Any, rng: random.Random) -> None:
    names = [name for node in graph.node for name in (*node.input, *node.output)] + ["", "images", "nowhere"]
    node, action = rng.choice(graph.node), rng.randrange(5)
    if action == 0:
        node.op_type = rng.choice([*(other.op_type for other in graph.node), *OPERATORS])
    elif action == 1 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif action == 2 and node.output:
        node.output[rng.randrange(len(node.output))] = rng.choice(names)
    elif action == 3 and node.attribute:
        attribute = rng.choice(node.attribute)
        for at in range(len(attribute.ints)):
            attribute.ints[at] = rng.choice((attribute.ints[at], *SIZES))
        attribute.i = rng.choice(SIZES)
    else:
        node.CopyFrom(rng.choice(graph.node))


def _constant(graph: Any, rng: random.Random) -> None:
    from onnx import numpy_helper

    tensors = [*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t"))]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    if rng.random() < 0.3:
        dims = [rng.choice((d, d + 1, *SIZES)) for d in tensor.dims]
        del tensor.dims[:]
        tensor.dims.extend(dims)
        return
    try:
        array = numpy_helper.to_array(tensor).copy()
    except ValueError:  # of a shape it does not have any more
        return
    if array.size:
        change = rng.choice((0, -1, 1, 2, 1e6, 1e9, 1e30, float("nan"), float("inf")))
        array.flat[rng.randrange(array.size)] = change if array.dtype.kind == "f" else rng.choice(SIZES) % (1 << 31)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _ports(graph: Any, rng: random.Random) -> None:
    port = rng.choice([*graph.input, *graph.output])
    for dim in port.type.tensor_type.shape.dim:
        if rng.random() < 0.3:
            dim.dim_value = rng.choice(SIZES)


def mutated_picture(whole: bytes, rng: random.Random) -> bytes:
    """A file mangled anywhere; in a PNG the checks are made good again, so that the change gets through."""
    made = mangled(whole, rng)
    if not made.startswith(b"\x89PNG") or rng.random() < 0.3:
        return made
    out, at = [made[:8]], 8
    while at + 12 <= len(made):
        size = min(int.from_bytes(made[at : at + 4], "big"), len(made) - at - 12)
        body = made[at + 4 : at + 8 + size]
        out.append(size.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big"))
        at += 12 + size
    return b"".join(out)


def net_case(
    seeds: list[bytes], unchecked: bool = False
) -> tuple[Callable[[random.Random], bytes], Callable[[Path], None]]:
    from proctor_models.runtime import model

    if unchecked:  # what onnxruntime does with what the check refuses
        model.check_model = lambda *_: None

    def run(path: Path) -> None:
        model.Net.load(path)

    return lambda rng: mutated_net(rng.choice(seeds), rng), run


def picture_case() -> tuple[Callable[[random.Random], bytes], Callable[[Path], None]]:
    import cv2
    import numpy as np

    from proctor_models.runtime.pixels import read_image

    coarse = np.random.default_rng(0).integers(0, 255, (5, 6, 4)).astype(np.uint8)
    four = cv2.resize(coarse, (61, 47), interpolation=cv2.INTER_CUBIC)
    kinds = [four[..., 0], four[..., :3], four]
    seeds = [cv2.imencode(s, k)[1].tobytes() for s in (".png", ".jpg", ".webp", ".bmp") for k in kinds]
    seeds += [cv2.imencode(".png", four[..., :3].astype(np.uint16) * 257)[1].tobytes()]
    seeds += [cv2.imencode(".jpg", four[..., :3], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()]
    seeds += [cv2.imencode(".webp", four, [cv2.IMWRITE_WEBP_QUALITY, 40])[1].tobytes()]
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    jpg = seeds[4]
    seeds += [jpg[:2] + b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned + jpg[2:]]

    def run(path: Path) -> None:
        image = read_image(path)
        assert image.dtype == np.uint8
        assert image.ndim == 3

    return lambda rng: mutated_picture(rng.choice(seeds), rng), run


def recording_case() -> tuple[Callable[[random.Random], bytes], Callable[[Path], None]]:
    import av
    import numpy as np

    from proctor_models.runtime.video import Recording

    seeds = []
    codecs = {"mp4": "libx264", "mkv": "libx264", "ts": "libx264", "flv": "libx264", "webm": "libvpx"}
    for suffix, codec in (codecs | {"avi": "mpeg4", "mov": "mjpeg", "asf": "msmpeg4"}).items():
        name = f"a.{suffix}"
        with av.open(name, "w") as out:
            stream = out.add_stream(codec, rate=10)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(30):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 8, np.uint8), format="bgr24")
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        seeds.append(Path(name).read_bytes())

    def run(path: Path) -> None:
        recording = Recording(path)
        for taken, (timestamp_s, image) in enumerate(recording.frames(5)):
            assert 0 <= timestamp_s < 1e6
            assert image.dtype == np.uint8
            if taken > 200:
                break
        assert recording.duration_s < 1e7

    return lambda rng: mangled(rng.choice(seeds), rng), run


def main(kind: str, seed: str, cases: int, seconds: float, nets: list[str]) -> None:
    warnings.simplefilter("error")
    if kind.startswith("net"):
        make, run = net_case([Path(net).read_bytes() for net in nets], unchecked=kind == "net-unchecked")
    else:
        make, run = {"picture": picture_case, "recording": recording_case}[kind]()
    from proctor_models.errors import ProctorError

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, number = Path(f"case-{seed}"), os.open(f"case-{seed}.number", os.O_CREAT | os.O_WRONLY)
    said: Counter[str] = Counter()
    slowest, ends, done = 0.0, time.monotonic() + seconds, 0
    for done in range(1, cases + 1):
        path.write_bytes(make(random.Random(f"{kind}-{seed}-{done}")))
        os.pwrite(number, f"{done:12d}".encode(), 0)
        faulthandler.dump_traceback_later(CASE_S, exit=True)
        began = time.monotonic()
        try:
            run(path)
            said["taken"] += 1
        except ProctorError as error:
            said[type(error).__name__] += 1
        faulthandler.cancel_dump_traceback_later()
        slowest = max(slowest, time.monotonic() - began)
        if time.monotonic() > ends:
            break
    # Not ru_maxrss: that of a new process begins with what its parent held.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_mb = int(status.partition("VmHWM:")[2].split()[0]) >> 10
    print(json.dumps({"kind": kind, "cases": done, "said": said, "slowest_s": round(slowest, 2), "peak_mb": peak_mb}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
