"""Curves, as CSV for DVC and as pictures for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import Matches
from proctor_models.evaluation.seen import Judgement
from proctor_models.evaluation.thresholds import threshold_table
from proctor_models.files import write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 20
_MOST_POINTS = 400  # of a box curve in a file


def write_curves(folder: Path, split: str, judgements: Mapping[str, Judgement]) -> None:
    """Write ``<split>-<detector>-{thresholds,boxes,scores}.csv`` into `folder`, with headers.

    `thresholds`: figures of frames at every threshold; `boxes`: precision over recall of boxes at IoU 0.5, where
    there are any;
    `scores`: how many frames with and without the thing were given each score.
    """
    for detector, judgement in judgements.items():
        stem = f"{split}-{detector}"
        table = threshold_table(judgement.judged)
        write_csv(folder / f"{stem}-thresholds.csv", list(table[0]), [list(point.values()) for point in table])
        if curve := box_curve(judgement.matches):
            write_csv(folder / f"{stem}-boxes.csv", ["recall", "precision", "score"], curve)
        bins = ["score_from", "with", "without"]
        write_csv(folder / f"{stem}-scores.csv", bins, histogram(judgement.judged))


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; None is an empty cell, numbers have six digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row])
    write_text(path, text.getvalue())


def box_curve(matches: Matches) -> list[list[float]]:
    """Recall, precision and score after each found box at IoU 0.5, thinned; empty without labelled boxes."""
    positives = int(matches.truths.sum())
    if not positives or not len(matches.scores):
        return []
    true = np.cumsum(matches.hits[0])
    points = np.stack([true / positives, true / np.arange(1, len(true) + 1), matches.scores], 1)
    picks = np.unique(np.linspace(0, len(points) - 1, _MOST_POINTS).round().astype(int))
    rows: list[list[float]] = points[picks].tolist()
    return rows


def histogram(judged: Judged) -> list[list[float | int]]:
    """Start of each score bin, frames with the thing, frames without; not assessable frames are left out."""
    edges = np.linspace(0, 1, BINS + 1)
    known = ~np.isnan(judged.scores)
    counts = [np.histogram(judged.scores[known & side], edges)[0] for side in (judged.truth, ~judged.truth)]
    return [[float(edge), int(w), int(wo)] for edge, w, wo in zip(edges[:-1], *counts, strict=True)]


def draw_curves(split: str, judgements: Mapping[str, Judgement], thresholds: Mapping[str, float]) -> Figure:
    """One column a detector: above precision and recall over the threshold, below frames by score."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(judgements), 6), layout="constrained")
    columns = figure.subplots(2, len(judgements), squeeze=False)
    for column, (detector, judgement) in enumerate(judgements.items()):
        upper, lower = columns[0][column], columns[1][column]
        _draw_thresholds(upper, judgement.judged)
        _draw_histogram(lower, judgement.judged)
        upper.set_title(f"{detector}\n{int(judgement.judged.truth.sum())} of {len(judgement.judged.truth)} frames")
        for axes in (upper, lower):
            axes.axvline(thresholds[detector], color="black", linewidth=0.8, linestyle=":")
            axes.set_xlim(0, 1)
    figure.suptitle(f"{split} frames; dotted: shipped threshold")
    return figure


def _draw_thresholds(axes: Axes, judged: Judged) -> None:
    table = threshold_table(judged)
    at = [point["threshold"] for point in table]
    for name, values in (
        ("precision", [point["precision"] for point in table]),
        ("recall", [point["recall"] for point in table]),
        ("false frames", [point["false_frame_rate"] for point in table]),
    ):
        axes.plot(at, [np.nan if value is None else value for value in values], label=name)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("threshold")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _draw_histogram(axes: Axes, judged: Judged) -> None:
    rows = histogram(judged)
    starts = [row[0] for row in rows]
    axes.bar(starts, [row[2] for row in rows], 1 / BINS, align="edge", alpha=0.6, label="without")
    axes.bar(starts, [row[1] for row in rows], 1 / BINS, align="edge", alpha=0.6, label="with")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_xlabel("score")
    axes.set_ylabel("frames")
    axes.legend(fontsize="small")
