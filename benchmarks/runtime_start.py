"""Parts `together` and `start` of `runtime.py`, which measure whole processes.

Nets that share a process could fight for its threads: workers, one with each net and one with all of them (loaded as
the runtime loads them), take turns on the same pictures, and the last is held against the sum of the others. The start
is a fresh interpreter each time, from the command to the first analysed frame of a recording.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime_figures import Figure, Plan

WORKER = """
import json, sys, time
from pathlib import Path
import numpy as np
from proctor_models.runtime.model import Net
names, threads = sys.argv[2].split("+"), int(sys.argv[3])
nets = [Net.load(Path(sys.argv[1]) / "models" / f"{name}.onnx", threads=threads) for name in names]
rng = np.random.default_rng(0)
sizes = [net.spec.resolution_wh for net in nets]
batches = [rng.random((1, 3, height, width), np.float32) for width, height in sizes]
for line in sys.stdin:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(int(line)):
        for net, batch in zip(nets, batches):
            net.run(batch)
    print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]), flush=True)
"""
STARTER = """
import json, sys, time
marks = [("interpreter", time.monotonic())]
from pathlib import Path
import cv2, numpy
import proctor_models.runtime.model
marks.append(("numpy, opencv, onnxruntime", time.monotonic()))
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.video import Recording
marks.append(("proctor_models", time.monotonic()))
pack = Pack.load(Path(sys.argv[1]))
monitor = Monitor(pack.predictor(), ruleset_from_dict(pack.rules(sys.argv[3]), "rules"), pack.thresholds, 0.5)
marks.append(("pack: checked, loaded, tried", time.monotonic()))
timestamp_s, frame = next(Recording(Path(sys.argv[2])).frames(2.0))
marks.append(("recording: opened, first frame", time.monotonic()))
step = monitor.observe(frame, timestamp_s, "first")
marks.append(("first frame analysed", time.monotonic()))
assert step.scores["seat_absence"] is not None
print(json.dumps([marks, time.process_time()]))
"""


class Worker:
    """A process with some of the nets."""

    def __init__(self, plan: Plan, nets: str, threads: int) -> None:
        words = [sys.executable, "-c", WORKER, str(plan.pack_folder), nets, str(threads)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, times: int) -> tuple[float, float]:
        """CPU and wall seconds for every net so many times."""
        assert self.process.stdin is not None  # noqa: S101 - asked for above
        assert self.process.stdout is not None  # noqa: S101
        print(times, file=self.process.stdin, flush=True)
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError("a worker has ended; what it said stands above")
        cpu_s, wall_s = json.loads(said)
        return cpu_s, wall_s

    def close(self) -> None:
        """No more pictures: it ends."""
        with self.process:
            pass


def together(plan: Plan) -> Iterator[Figure]:
    """All nets in one process over the sum of each alone, at one thread and at as many as there are cores."""
    rounds, times = (3, 1) if plan.quick else (15, 3)
    names = list(plan.load().model_sha256)
    for threads in sorted({1, min(4, len(os.sched_getaffinity(0)))}):
        workers = [Worker(plan, nets, threads) for nets in (*names, "+".join(names))]
        try:
            for worker in workers:
                worker.run(1)
            turns = [[worker.run(times) for worker in workers] for _ in range(rounds)]
        finally:
            for worker in workers:
                worker.close()
        for i, clock in enumerate(("CPU", "wall")):
            ratios = tuple(whole[i] / sum(one[i] for one in alone) for *alone, whole in turns)
            what = f"{clock} time, {threads} thread{'s' * (threads > 1)} a net"
            yield Figure("together", what, "ratio", ratios, at_most=1.1)


def start(plan: Plan) -> Iterator[Figure]:
    """Seconds from the command to the first result, and what they went into."""
    recording = next(iter(plan.recordings.values()))
    with tempfile.TemporaryDirectory() as compiled:
        # As installed: pip compiles what it installs, which some environments of developers leave out.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        words = [sys.executable, "-c", STARTER, str(plan.pack_folder), str(recording), plan.rules]
        runs = [_started(words, environment) for _ in range(2 if plan.quick else 8)][1:]
    totals = tuple(sum(run["parts"].values()) for run in runs)
    yield Figure("start", "command to first result", "s", totals, at_most=1.0, note="compiled modules, warm disk")
    for name in runs[0]["parts"]:
        yield Figure("start", f"  {name}", "s", tuple(run["parts"][name] for run in runs))
    yield Figure("start", "CPU time of it", "s", tuple(run["cpu"] for run in runs))


def _started(words: list[str], environment: dict[str, str]) -> dict[str, Any]:
    before = time.monotonic()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, cwd=Path.cwd())
    marks, cpu_s = json.loads(done.stdout)
    at = [before, *(mark for _, mark in marks)]
    parts = {name: later - earlier for (name, _), earlier, later in zip(marks, at, at[1:], strict=False)}
    return {"parts": parts, "cpu": cpu_s}
