"""`proctor synth --kind scenes`: many scenes at once, killed and continued as often as one likes."""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from proctor_models.errors import ConfigError, DataError
from proctor_models.files import building, write_json, write_text
from proctor_models.synth.place import to_make
from proctor_models.synth.scenes.coco import ANNOTATIONS_FILE, coco_of, licence_text
from proctor_models.synth.scenes.gallery import write_gallery
from proctor_models.synth.scenes.plans.jobs import Job, planned, resolution_wh
from proctor_models.synth.scenes.plans.plan import VIEWS_A_SCENE, scenes_of
from proctor_models.synth.scenes.plans.spec import SceneSpec
from proctor_models.synth.scenes.records import finished, frame_name

SCENES_A_PROCESS = 40
"""Then a fresh process takes over: Blender's memory grows."""
FAILED_SHARE = 0.02
"""More failed scenes than this are an error; fewer are left out, and said so."""
PLAN_FILE = "plan.jsonl"
FOLDERS = ("images", "masks", "records")


@dataclass
class _Run:
    """What the threads of one run share."""

    job: Job
    work: Path
    todo: queue.Queue[dict[str, Any]]
    total: int
    failed: dict[int, str] = field(default_factory=dict)
    done: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    started_s: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """What most runs leave as it is."""

    workers: int = 0
    """Processes of one thread each; 0 takes one for each processor."""
    only: int | None = None
    """Make this frame alone."""
    resolution: str = ""
    """Of all frames, ``640x480``; empty lets every camera have its own."""
    fresh: bool = False
    """Begin anew, and replace an earlier run's result."""


DEFAULTS = Options()


def generate(frames: int, seed: int, out: Path, options: Options = DEFAULTS) -> None:
    """Render `frames` labelled frames, two of each scene, as a COCO folder; the same seed gives the same bytes.

    Finished frames are kept beside `out` until all are, so that a run that was ended goes on where it was.

    Args:
        frames: how many.
        seed: what chooses everything.
        out: the folder: ``images/``, ``masks/``, ``annotations.json``, ``plan.jsonl``, ``gallery.html``,
            ``contact.jpg`` and ``LICENCE.txt``. It appears when it is complete.
        options: processes, one frame alone, resolution, and whether to begin anew.

    Raises:
        ConfigError: a number is out of range, or Blender's package is missing.
        DataError: `out` holds something else, or another plan's result and `options.fresh` is not set; or too many
            scenes failed.
    """
    only, resolution = options.only, options.resolution
    if frames < 1:
        raise ConfigError(f"--frames: expected 1 or more, got {frames}")
    if only is not None and not 0 <= only < frames:
        raise ConfigError(f"--only: expected 0 to {frames - 1}, the last of --frames {frames}, got {only}")
    if resolution:
        resolution_wh(resolution)
    job = Job(seed, resolution)
    wanted = range(frames) if only is None else range(only, only + 1)
    specs = {index: planned(job, index) for index in range(wanted[0] // VIEWS_A_SCENE, scenes_of(wanted[-1] + 1))}
    work = out.absolute().with_name(f".{out.name}.work")
    if not _begun(out, work, specs, wanted, fresh=options.fresh):
        return
    orders = _orders(work, specs, wanted)
    if orders:
        _make(job, work, orders, options.workers or os.cpu_count() or 1)
    with building(out) as folder:
        _assemble(work, folder, [specs[i] for i in sorted(specs)], wanted, seed)
    shutil.rmtree(work, ignore_errors=True)


def _begun(out: Path, work: Path, specs: Mapping[int, SceneSpec], wanted: range, *, fresh: bool) -> bool:
    """Make the folder in which frames are collected, or take the one a stopped run left; False: nothing is to do."""
    plan = _plan(specs.values())
    # A stopped run of this very plan was allowed to replace what is there.
    allowed = fresh or _text(work / PLAN_FILE) == plan
    if not to_make(out, ANNOTATIONS_FILE, fresh=allowed, same=lambda: _is_of(out, plan, specs, wanted)):
        return False
    if importlib.util.find_spec("bpy") is None:
        raise ConfigError("bpy (Blender) is not installed here; run `make synth-env`, then this again")
    if fresh:
        shutil.rmtree(work, ignore_errors=True)
    for name in FOLDERS:
        (work / name).mkdir(parents=True, exist_ok=True)
    write_text(work / PLAN_FILE, plan)
    return True


def _is_of(out: Path, plan: str, specs: Mapping[int, SceneSpec], wanted: range) -> bool:
    """Whether the folder holds the wanted frames of the plan, but for those that failed."""
    names = {frame_name(specs[i // VIEWS_A_SCENE], i % VIEWS_A_SCENE) for i in wanted}
    there = {path.stem for path in (out / "images").glob("*.jpg")}
    try:
        left_out = int(json.loads(_text(out / ANNOTATIONS_FILE))["info"]["left_out"])
    except (ValueError, KeyError, TypeError):
        return False  # composites, or a file that is damaged
    return _text(out / PLAN_FILE) == plan and there <= names and len(there) + left_out == len(names)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _plan(specs: Iterable[SceneSpec]) -> str:
    return "".join(json.dumps(spec.as_json(), sort_keys=True) + "\n" for spec in specs)


def _orders(work: Path, specs: dict[int, SceneSpec], wanted: range) -> list[dict[str, Any]]:
    """Scenes with the views that are still to be made."""
    orders: list[dict[str, Any]] = []
    left = 0
    for index, spec in specs.items():
        views = [v for v in range(VIEWS_A_SCENE) if index * VIEWS_A_SCENE + v in wanted]
        views = [v for v in views if finished(work, spec, v) is None]
        if views:
            orders.append({"scene": index, "views": views})
            left += len(views)
    if left < len(wanted):
        print(f"synth: {len(wanted) - left} of {len(wanted)} frames are finished already", file=sys.stderr, flush=True)
    return orders


def _make(job: Job, work: Path, orders: Sequence[dict[str, Any]], workers: int) -> None:
    """Hand the scenes out until all are made, or one is interrupted."""
    run = _Run(job, work, queue.Queue(), len(orders))
    for order in orders:
        run.todo.put(order)
    threads = [threading.Thread(target=_serve, args=(run,), daemon=True) for _ in range(min(workers, len(orders)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
    finally:
        run.stop.set()
        for process in run.processes:
            process.kill()
    for scene, error in sorted(run.failed.items()):
        print(f"synth: scene {scene} failed and is left out:\n{error}", file=sys.stderr, flush=True)
    if len(run.failed) > FAILED_SHARE * len(orders):
        last = run.failed[min(run.failed)].strip().splitlines()[-1]
        raise DataError(
            f"{len(run.failed)} of {len(orders)} scenes failed, first {min(run.failed)}: {last}; "
            "what is finished is kept, run again when it is mended"
        )


def _serve(run: _Run) -> None:
    """One thread: a process after the other, each with its share of scenes."""
    while not run.stop.is_set() and not run.todo.empty():
        with _started(run) as process:
            for _ in range(SCENES_A_PROCESS):
                try:
                    order = run.todo.get_nowait()
                except queue.Empty:
                    break
                if run.stop.is_set() or not _ordered(run, process, order):
                    break
            if process.stdin:
                process.stdin.close()
            process.wait()


def _started(run: _Run) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "proctor_models.synth.scenes.worker", str(run.work), json.dumps(asdict(run.job))]
    quiet = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with (run.work / "worker.log").open("ab") as log:  # Blender and MediaPipe talk a lot
        process = subprocess.Popen(  # noqa: S603 - our own module
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | quiet
        )
    run.processes.append(process)
    return process


def _ordered(run: _Run, process: subprocess.Popen[str], order: dict[str, Any]) -> bool:
    """Have a scene made; whether the process can go on."""
    answer: dict[str, Any] = {}
    try:
        if process.stdin and process.stdout:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or "{}")
    except (BrokenPipeError, ValueError):
        pass
    if run.stop.is_set():
        return False
    with run.lock:
        run.done += 1
        if "seconds" not in answer:
            run.failed[order["scene"]] = answer.get(
                "error", f"its process ended with code {process.wait()}; see {run.work / 'worker.log'}"
            )
        _tell(run)
    return "seconds" in answer


def _tell(run: _Run) -> None:
    if run.done % 5 and run.done != run.total:
        return
    spent = time.monotonic() - run.started_s
    left = spent / run.done * (run.total - run.done)
    print(
        f"synth: {run.done} of {run.total} scenes, {spent / run.done / VIEWS_A_SCENE:.1f} s a frame, "
        f"{left / 60:.0f} min left, {len(run.failed)} failed",
        file=sys.stderr,
        flush=True,
    )


def _assemble(work: Path, folder: Path, specs: list[SceneSpec], wanted: range, seed: int) -> None:
    records = []
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for spec in specs:
        for view in range(VIEWS_A_SCENE):
            made = finished(work, spec, view)
            if made is None or made["index"] not in wanted:
                continue
            name = frame_name(spec, view)
            for file in (f"images/{name}.jpg", f"masks/{name}.png"):
                shutil.copyfile(work / file, folder / file)
            records.append(made)
    if not records:
        raise DataError("no frame could be made; see the messages above")
    write_json(folder / ANNOTATIONS_FILE, coco_of(records, len(wanted), seed))
    write_text(folder / PLAN_FILE, _plan(specs))
    write_text(folder / "LICENCE.txt", licence_text())
    write_gallery(folder, records)
