"""What `peers.py` computes of what each net saw, and how it is written down.

Every figure has an interval by resampling people, and a paired difference to our nets: all peers are resampled with
the same draws, so an interval of a difference that excludes 0 means more than the draw of people.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers_nets import BOX_CLASSES, Peer, Sight

from proctor_models.data.manifest import FrameRecord
from proctor_models.evaluation.bootstrap import Floats, Resamples, each, interval, rate_interval, resample
from proctor_models.evaluation.matching import Bools, match
from proctor_models.evaluation.precision import box_ap, frame_ap
from proctor_models.evaluation.thresholds import recall_with_few_false
from proctor_models.evaluation.truth import frame_truth
from proctor_models.types import Boxes

TIMES, SEED = 1000, 0
BOX_TITLES = {
    "phone": "Phone, boxes",
    "person": "Person, boxes",
    "book_paper": "Book or paper, boxes",
    "face": "Face with or without a mask, boxes",
    "face_masked": "Face with a mask, boxes",
}
FRAME_TITLES = {
    "phone": "Phone, frames",
    "multiple_faces": "Several persons, frames",
    "seat_absence": "Nobody, frames",
}


@dataclass(frozen=True)
class Drawn:
    """A figure, the same of every resample, and how many groups it stands on if it is a rate."""

    value: float
    resampled: Floats
    units: int = 0

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %."""
        return rate_interval(self.resampled, self.value, self.units) if np.isfinite(self.value) else None


def box_figures(truths: Sequence[Boxes], sights: Sequence[Sight], key: str, draws: Resamples) -> dict[str, Drawn]:
    """Average precision of the boxes of one class, over the frames that label it."""
    matches = match(truths, [sight.found[key] for sight in sights])
    ap50 = Drawn(box_ap(matches, 0.5), each(draws, lambda weights: box_ap(matches, 0.5, weights)))
    return {"AP50": ap50}


def frame_figures(scores: Floats, truth: Bools, detector: str, threshold: float, draws: Resamples) -> dict[str, Drawn]:
    """What the scores of frames are worth; the last figure depends on no threshold."""
    if detector == "phone":
        resampled = each(draws, lambda weights: recall_with_few_false(scores, truth, weights))
        return {"recall, false frames at most 2 %": Drawn(recall_with_few_false(scores, truth), resampled)}
    fired = scores >= threshold
    ap = Drawn(frame_ap(scores, truth), each(draws, lambda weights: frame_ap(scores, truth, weights)))
    return {"precision": _share(truth, fired, draws), "recall": _share(fired, truth, draws), "frame AP": ap}


def _share(part: Bools, whole: Bools, draws: Resamples) -> Drawn:
    """Of the frames in `whole`, the share that is in `part`; nan where there are none."""
    weights = draws.weights[:, draws.unit]
    above, below = weights @ (part & whole), weights @ whole
    resampled: NDArray[np.float64] = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
    value = float((part & whole).sum() / whole.sum()) if whole.any() else float("nan")
    return Drawn(value, resampled, len(np.unique(draws.unit[whole])))


def box_task(frames: Sequence[FrameRecord], seen: Mapping[str, Sequence[Sight]], key: str) -> dict[str, Any] | None:
    """Every peer that finds boxes of one class, compared on the frames that label it; None if there is no such box."""
    names = BOX_CLASSES[key]
    chosen = [i for i, frame in enumerate(frames) if set(names) <= set(frame.labelled)]
    labelled = [[box.xyxy for box in frames[i].boxes if box.label in names] for i in chosen]
    truths = [np.array(boxes, np.float32).reshape(-1, 4) for boxes in labelled]
    if not any(map(len, truths)):
        return None
    groups = _groups(frames, chosen)
    draws = resample(groups, TIMES, SEED)
    figures = {
        name: box_figures(truths, [sights[i] for i in chosen], key, draws)
        for name, sights in seen.items()
        if key in sights[0].found
    }
    return {"title": BOX_TITLES[key], "boxes": sum(map(len, truths))} | _task(draws, len(chosen), figures)


def frame_task(
    frames: Sequence[FrameRecord], seen: Mapping[str, Sequence[Sight]], detector: str, peers: Sequence[Peer]
) -> dict[str, Any] | None:
    """Every peer that scores frames for one detector; None if the frames are all of one kind."""
    answers = {i: said for i, frame in enumerate(frames) if (said := frame_truth(frame, detector)) is not None}
    truth = np.array(list(answers.values()), bool)
    if not truth.any() or truth.all():
        return None
    draws = resample(_groups(frames, list(answers)), TIMES, SEED)
    figures, thresholds = {}, {}
    for peer in peers:
        if detector in seen[peer.name][0].scores:
            scores = np.array([seen[peer.name][i].scores[detector] for i in answers], np.float64)
            threshold = thresholds[peer.name] = peer.thresholds.get(detector, float("nan"))
            figures[peer.name] = frame_figures(scores, truth, detector, threshold, draws)
    task = {"title": FRAME_TITLES[detector], "positives": int(truth.sum())} | _task(draws, len(truth), figures)
    return task | ({} if detector == "phone" else {"thresholds": thresholds})


def _groups(frames: Sequence[FrameRecord], chosen: Sequence[int]) -> list[str]:
    return [frames[i].person or frames[i].group for i in chosen]


def _task(draws: Resamples, frames: int, figures: Mapping[str, Mapping[str, Drawn]]) -> dict[str, Any]:
    """Values, intervals and paired differences to the first peer, which is ours."""
    first = next(iter(figures.values()))
    rows = {
        name: {
            figure: {
                "value": _known(drawn.value),
                "interval": drawn.interval,
                "difference": _known(drawn.value - first[figure].value),
                "difference_interval": interval(drawn.resampled - first[figure].resampled),
            }
            for figure, drawn in its.items()
        }
        for name, its in figures.items()
    }
    return {"frames": frames, "groups": draws.groups, "interval_by": draws.by, "peers": rows}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def costs(cpu_s: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """CPU milliseconds a frame of every peer, least and median, and the median over that of the first.

    >>> costs({"ours": [0.002, 0.001, 0.003], "peer": [0.006, 0.006, 0.006]})["peer"]
    {'least_ms': 6.0, 'median_ms': 6.0, 'times_ours': 3.0}
    """
    medians = {name: statistics.median(values) for name, values in cpu_s.items()}
    ours = next(iter(medians.values()))
    return {
        name: {
            "least_ms": round(1000 * min(values), 2),
            "median_ms": round(1000 * medians[name], 2),
            "times_ours": round(medians[name] / ours, 2),
        }
        for name, values in cpu_s.items()
    }


def table(result: Mapping[str, Any]) -> str:
    """The whole result as Markdown: what ran, what did not, then a table for each task."""
    lines = ["# Our nets and others on the same frames", "", *(f"{note}  " for note in result["notes"]), ""]
    lines += _table(
        ("peer", "runs on", "version", "licence", "CPU ms a frame, least", "median", "median, times ours"),
        [
            (name, peer["library"], peer["version"], peer["licence"], *_cost(result["cost"][name]))
            for name, peer in result["peers"].items()
        ],
    )
    if result["skipped"]:
        lines += ["", f"Not measured, {len(result['skipped'])} of {len(result['skipped']) + len(result['peers'])}:", ""]
        lines += [f"- {name}: {why}" for name, why in result["skipped"].items()]
    for task in result["tasks"].values():
        lines += ["", f"## {task['title']}", "", _said(task), "", *_task_table(task, result["cost"])]
    return "\n".join(lines) + "\n"


def _task_table(task: Mapping[str, Any], cost: Mapping[str, Any]) -> list[str]:
    thresholds = task.get("thresholds")
    figures = list(next(iter(task["peers"].values())))
    head = ["peer", *(["threshold"] if thresholds else []), *figures, f"{figures[-1]}, less ours"]
    rows = [
        [
            name,
            *([f"{thresholds[name]:.2f}"] if thresholds else []),
            *(_value(its[figure]["value"], its[figure]["interval"]) for figure in figures),
            _value(its[figures[-1]]["difference"], its[figures[-1]]["difference_interval"], "+") if number else "",
            *_cost(cost[name])[1:],
        ]
        for number, (name, its) in enumerate(task["peers"].items())
    ]
    return _table([*head, "CPU ms", "times ours"], rows)


def _said(task: Mapping[str, Any]) -> str:
    what = f"{task['boxes']} boxes in" if "boxes" in task else f"{task['positives']} of"
    by = f"{task['groups']} people or pictures" if task["interval_by"] == "group" else "frame, as people are too few"
    return f"{what} {task['frames']} frames; intervals by {by}."


def _value(value: float | None, span: Sequence[float] | None, sign: str = "") -> str:
    if value is None:
        return "unknown"
    return f"{value:{sign}.3f} " + (f"({span[0]:{sign}.3f} to {span[1]:{sign}.3f})" if span else "(unknown)")


def _cost(cost: Mapping[str, float]) -> tuple[str, str, str]:
    return f"{cost['least_ms']:.1f}", f"{cost['median_ms']:.1f}", f"{cost['times_ours']:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
