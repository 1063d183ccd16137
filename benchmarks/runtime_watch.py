"""Part `watch` of `runtime.py`: the sample exam through the whole runtime, against its nets and its decoding alone.

Every frame goes first through the runtime (reader, monitor: nets, detectors, rules, camera, evidence pictures) and
at once, on the same inputs, through what cannot be saved: every `session.run` and OpenCV's decoding. So whatever
else the machine does hits both alike. CPU time is the whole process's; nets and OpenCV run on one thread.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from runtime_figures import Figure, Plan, bare_frames, cpu, exam_frames

from proctor_models.detectors import DETECTORS
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.monitor import Monitor

WINDOW = 16
"""Frames a round: eight of each view."""


class Noting:
    """A session that keeps what it was run on."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.noted: list[tuple[list[str], dict[str, NDArray[np.float32]]]] = []

    def run(self, names: list[str], feeds: dict[str, NDArray[np.float32]]) -> Any:
        """As the session does."""
        self.noted.append((names, feeds))
        return self.session.run(names, feeds)

    def again(self) -> None:
        """The same runs once more, bare, and forget them."""
        for names, feeds in self.noted:
            self.session.run(names, feeds)
        self.noted.clear()


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one frame."""

    decode: float
    monitor: float
    bare_decode: float
    nets: dict[str, float]
    """By net."""
    crops: dict[str, int]
    """Pictures each net was given."""

    @property
    def runtime(self) -> float:
        """All of the runtime."""
        return self.decode + self.monitor

    @property
    def bare(self) -> float:
        """What cannot be saved."""
        return self.bare_decode + sum(self.nets.values())


def watch(plan: Plan) -> Iterator[Figure]:
    """Overhead and frames a second, over rounds of `WINDOW` frames."""
    cv2.setNumThreads(1)
    costs: list[Cost] = []
    for _ in range(1 if plan.quick else 2):
        costs += exam(plan)
    rounds = [costs[i : i + WINDOW] for i in range(0, len(costs) - WINDOW + 1, WINDOW)] or [costs]

    def each(of: Any) -> tuple[float, ...]:
        return tuple(of(chunk) for chunk in rounds)

    def ms(of: Callable[[Cost], float]) -> tuple[float, ...]:
        return each(lambda chunk: 1e3 * statistics.fmean(of(cost) for cost in chunk))

    read = {name: statistics.fmean(cost.crops[name] for cost in costs) for name in costs[0].crops if name != "scene"}
    crops = " and ".join(f"{count:.2f} {name}s" for name, count in read.items())
    said = f"{len(costs)} frames, {crops} read in each, {len(DETECTORS)} detectors, rules {plan.rules}"
    yield Figure("watch", "runtime over nets and decoding", "ratio", each(_ratio), at_most=1.15, note=said)
    yield Figure("watch", "frames a second a core", "1/s", each(_frames_a_second), at_least=16)
    yield Figure("watch", "runtime, a frame", "CPU ms", ms(lambda cost: cost.runtime))
    for name in costs[0].nets:
        yield Figure("watch", f"  {name} net", "CPU ms", ms(lambda cost, name=name: cost.nets[name]))
    decoding = ms(lambda cost: cost.bare_decode)
    yield Figure("watch", "  decoding of 640x480 H.264, those skipped too", "CPU ms", decoding)
    yield Figure("watch", "  all else: the runtime's own", "CPU ms", ms(lambda cost: cost.runtime - cost.bare))


def exam(plan: Plan) -> list[Cost]:
    """The sample exam once through: what each frame cost, the first two left out (caches, first pictures)."""
    pack = plan.load()
    predictor = pack.predictor()
    sessions = {name: Noting(net._session) for name, net in predictor.nets.items()}
    for name, net in predictor.nets.items():
        net._session = sessions[name]
    ruleset = replace(ruleset_from_dict(pack.rules(plan.rules), plan.rules), sha256=pack.rules_sha256(plan.rules))
    monitor = Monitor(predictor, ruleset, pack.thresholds, 1 / plan.rate_hz)
    frames, bare, costs = exam_frames(plan), bare_frames(plan), []
    while True:
        start = process_time()
        frame = next(frames, None)
        decoded = process_time()
        if frame is None:
            return costs[2:]
        timestamp_s, view, image = frame
        monitor.observe(image, timestamp_s, view)
        seen = process_time()
        crops = {name: sum(len(f["images"]) for _, f in session.noted) for name, session in sessions.items()}
        bare_decode = cpu(lambda: next(bare))
        nets = {name: cpu(session.again) for name, session in sessions.items()}
        costs.append(Cost(decoded - start, seen - decoded, bare_decode, nets, crops))
        if plan.quick and len(costs) == WINDOW + 2:
            return costs[2:]


def _ratio(chunk: Sequence[Cost]) -> float:
    return sum(cost.runtime for cost in chunk) / sum(cost.bare for cost in chunk)


def _frames_a_second(chunk: Sequence[Cost]) -> float:
    return len(chunk) / sum(cost.runtime for cost in chunk)
