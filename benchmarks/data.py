"""How fast frames come: made, read in, looked through, and fed to training.

    python benchmarks/data.py                        # all of it on the recipe `demo`, some minutes
    python benchmarks/data.py --quick                # a look: fewer repetitions, nothing synthetic
    python benchmarks/data.py --only loader --device cuda --out loader.json

Every figure is the median of several repetitions of one run, the first of which (imports, caches) does not count where
that is said. `loader` feeds the same batches to the same step that `proctor train` takes, forward, backward and
optimiser; keeping up means that a batch is ready before the step before it has ended. What cannot run here (another
environment, a device) is reported as such, never guessed.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from proctor_models.cli.parts import recipe_named
from proctor_models.config import Recipe
from proctor_models.errors import ProctorError
from proctor_models.files import write_json

PARTS = ("synth", "ingest", "video", "loader")
PACKAGES = ("torch", "torchvision", "opencv-python-headless", "av", "albumentations", "numpy")
CLIP_S, CLIP_HZ, CLIP_WH = 60, 10, (640, 480)


@dataclass(frozen=True)
class Figure:
    """One measurement: the median of `values`, or why there is none."""

    part: str
    what: str
    unit: str
    values: tuple[float, ...] = ()
    note: str = ""

    @property
    def median(self) -> float | None:
        """The figure."""
        return statistics.median(self.values) if self.values else None

    @property
    def line(self) -> str:
        """One row of the table."""
        said = "not measured" if self.median is None else f"{self.median:.4g}"
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}, n={len(self.values)}" if self.values else ""
        return f"{self.part:8} {self.what:44} {said:>12} {self.unit:16} {spread:26} {self.note}".rstrip()


@dataclass(frozen=True)
class Plan:
    """What a run measures."""

    recipe: Recipe
    quick: bool
    device: str
    synth_frames: tuple[int, int]
    """Two numbers of frames: the difference in time is that of the difference in frames, without the start."""
    repetitions: int
    work: Path = field(default_factory=Path)


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def synth(plan: Plan) -> Iterator[Figure]:
    """Seconds a synthetic frame takes, composites and 3-D scenes, by `proctor synth` as a person would run it."""
    for kind in ("composites", "scenes"):
        what, unit = kind, "s a frame"
        if plan.quick:
            yield Figure("synth", what, unit, note="left out by --quick")
            continue
        few, many = plan.synth_frames
        try:
            pairs = [(_synth(plan, kind, few), _synth(plan, kind, many)) for _ in range(plan.repetitions)]
        except subprocess.CalledProcessError as error:
            said = (error.stderr or "").strip().splitlines()
            yield Figure("synth", what, unit, note=f"`proctor synth --kind {kind}` failed: {said[-1] if said else '?'}")
            continue
        yield Figure("synth", what, unit, tuple(b / many for _, b in pairs), f"{many} frames, start included")
        more = tuple((b - a) / (many - few) for a, b in pairs)
        if min(more) > 0:
            yield Figure("synth", f"{kind}, each further frame", unit, more, f"{few} and {many} frames compared")
        else:
            yield Figure("synth", f"{kind}, each further frame", unit, note="the machine was too busy to tell")


def _synth(plan: Plan, kind: str, frames: int) -> float:
    with tempfile.TemporaryDirectory(dir=plan.work) as folder:
        words = ["synth", "--kind", kind, "--frames", str(frames), "--seed", "1", "--out", f"{folder}/out"]
        command = [sys.executable, "-m", "proctor_models.cli", *words]
        return timed(lambda: subprocess.run(command, check=True, capture_output=True, text=True))


def ingest(plan: Plan) -> Iterator[Figure]:
    """Frames a second that `proctor ingest` reads, checks and writes; leaves the dataset for `loader`."""
    from proctor_models.data.ingest import ingest as read

    frames: list[int] = []
    seconds = [
        _quietly(lambda: timed(lambda: frames.append(len(read(plan.recipe, plan.work / "raw")))))
        for _ in range(plan.repetitions + 1)
    ]
    yield Figure("ingest", f"recipe {plan.recipe.name}", "frames/s", tuple(frames[0] / s for s in seconds[1:]))


def video(plan: Plan) -> Iterator[Figure]:
    """Frames a second that pass while a recording is checked for damage and looked through for change."""
    from proctor_models.data.changes import Sampling
    from proctor_models.data.clips import clip_frames, inspect

    path = plan.work / "clip.mp4"
    count = _record(path, 6 if plan.quick else CLIP_S)
    seconds = [timed(lambda: inspect(path)) for _ in range(plan.repetitions)]
    note = f"{CLIP_WH[0]}x{CLIP_WH[1]} H.264"
    yield Figure("video", "check for damage", "frames/s", tuple(count / s for s in seconds), note)
    for what, sampling in (("1 s", Sampling()), ("1 s, min_change 0.02", Sampling(min_change=0.02))):
        seconds = [timed(lambda s=sampling: list(clip_frames(path, s))) for _ in range(plan.repetitions)]  # type: ignore[misc]
        yield Figure("video", f"check, then a frame every {what}", "frames/s", tuple(count / s for s in seconds), note)


def _record(path: Path, clip_s: int) -> int:
    """A clip of a square that wanders over a room, with a webcam's noise; returns its frames."""
    import av
    import cv2
    import numpy as np

    width, height = CLIP_WH
    rng = np.random.default_rng(0)
    room = cv2.resize(rng.integers(40, 200, (6, 8, 3), dtype=np.uint8), CLIP_WH, interpolation=cv2.INTER_CUBIC)
    noise = np.clip(room + rng.normal(0, 3, (8, height, width, 3)), 0, 255).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=CLIP_HZ)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(clip_s * CLIP_HZ):
            image = noise[number % len(noise)].copy()
            x = number % (width - 100)
            image[200:300, x : x + 100] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return clip_s * CLIP_HZ


def loader(plan: Plan) -> Iterator[Figure]:
    """Frames a second from the training loaders of both nets, against the step they feed."""
    import torch

    from proctor_models.data.manifest import Manifest
    from proctor_models.data.split import split

    if plan.device == "cuda" and not torch.cuda.is_available():
        yield Figure("loader", "both nets", "frames/s", note="no GPU here")
        return
    if not (plan.work / "raw").is_dir():
        list(ingest(plan))
    _quietly(lambda: split(plan.recipe, plan.work / "raw", plan.work / "split"))
    manifest = Manifest.load(plan.work / "split")
    # Weights do not change how long a step takes, and without them no teacher has to run first.
    recipe = plan.recipe.model_copy(
        update={
            "scene": plan.recipe.scene.model_copy(update={"init": ""}),
            "head": plan.recipe.head.model_copy(update={"init": ""}),
        }
    )
    for net in ("scene", "head"):
        yield from _fed(plan, recipe, net, manifest)


def _fed(plan: Plan, recipe: Recipe, net: Any, manifest: Any) -> Iterator[Figure]:
    from proctor_models.training.prepare import prepare

    keep = plan.work / f"{net}.resume"
    keep.mkdir()
    prepared = _quietly(lambda: prepare(recipe, net, manifest, "benchmark", keep))
    settings = recipe.scene if net == "scene" else recipe.head
    steps = 3 if plan.quick else 12
    batches, loading = [], []
    entries = iter(prepared.train)
    for _ in range(steps):
        start = time.perf_counter()
        batch = next(entries, None)
        if batch is None:
            entries = iter(prepared.train)
            start = time.perf_counter()
            batch = next(entries)
        loading.append(time.perf_counter() - start)
        batches.append(batch)
    del entries
    stepping = _steps(prepared.module, batches, plan.device)
    workers, size = settings.workers, settings.batch
    note = f"batch {size}, {workers} loader processes"
    loaded = Figure("loader", f"{net}: loaded", "frames/s", tuple(size / s for s in loading[1:]), note)
    trained = Figure("loader", f"{net}: trained on", "frames/s", tuple(size / s for s in stepping), plan.device)
    yield loaded
    yield trained
    ratio = (loaded.median or 0) / (trained.median or 1)
    if workers == 0:
        said = f"one loader process would {'keep up' if ratio >= 1 else 'starve the training'}"
        waiting = 1 / (1 + ratio)  # the step waits for every batch
    else:
        said = "the loader keeps up" if ratio >= 1 else "the loader starves the training"
        waiting = max(0.0, 1 - ratio)
    yield Figure("loader", f"{net}: loaded over trained on", "ratio", (ratio,), said)
    yield Figure("loader", f"{net}: share of a step spent waiting", "share", (waiting,), note)


def _steps(module: Any, batches: list[Any], device: str) -> list[float]:
    """Seconds of each step but the first: forward, loss, backward, optimiser, as Lightning would run them."""
    import torch

    warnings.filterwarnings("ignore", message=".*self.trainer.*")
    warnings.filterwarnings("ignore", message=".*self.log.*")
    module.to(device)
    module.setup("fit")
    module.on_train_epoch_start()
    optimiser = torch.optim.AdamW([p for p in module.net.parameters() if p.requires_grad], lr=1e-5)
    seconds = []
    for index, batch in enumerate(batches):
        start = time.perf_counter()
        loss = module.training_step(_moved(batch, device), index)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def _moved(batch: Any, device: str) -> Any:
    if isinstance(batch, dict):
        return {key: value.to(device) for key, value in batch.items()}
    return [value.to(device) for value in batch]


def _quietly(work: Callable[[], Any]) -> Any:
    with redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        return work()


def machine(device: str) -> dict[str, object]:
    """What the figures were measured on."""
    import os

    import torch

    facts: dict[str, object] = {
        "system": platform.platform(),
        "processors": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 1),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if device == "cuda" and torch.cuda.is_available() else "cpu",
    }
    return facts | {package: version(package) for package in PACKAGES}


def main() -> int:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="demo", help="recipe whose frames and training are measured")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, nothing synthetic")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; more than once for several")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the training steps run")
    parser.add_argument("--synth-frames", type=int, nargs=2, default=(2, 8), metavar=("FEW", "MANY"))
    parser.add_argument("--repetitions", type=int, help="of each measurement (default: 3, quick: 1)")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    args = parser.parse_args()
    repetitions = args.repetitions or (1 if args.quick else 3)
    parts = {"synth": synth, "ingest": ingest, "video": video, "loader": loader}
    try:
        recipe, facts, figures = recipe_named(args.recipe), machine(args.device), []
        print(" ".join(f"{key}={value}" for key, value in facts.items()))
        with tempfile.TemporaryDirectory() as work:
            few, many = args.synth_frames
            plan = Plan(recipe, args.quick, args.device, (few, many), repetitions, Path(work))
            for name in args.only or PARTS:
                for figure in parts[name](plan):
                    print(figure.line, flush=True)
                    figures.append(asdict(figure) | {"median": figure.median})
        if args.out:
            write_json(args.out, {"machine": facts, "recipe": args.recipe, "quick": args.quick, "figures": figures})
    except ProctorError as error:
        print(f"benchmarks/data.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
