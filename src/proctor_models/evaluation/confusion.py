"""Right and wrong by slice: the four counts of each detector, from slices.json, and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("view", "light", "headwear")


@dataclass(frozen=True)
class Confusion:
    """One detector over the frames of one slice, at its shipped threshold."""

    detector: str
    kind: str
    """Of slice, for example ``light``."""
    value: str
    missed: int
    """Frames where it should have fired and did not."""
    positives: int
    """Frames where it should have fired."""
    false: int
    """Frames where it fired and should not have."""
    negatives: int
    """Frames where it should not have fired."""


def confusions(rows: Iterable[Mapping[str, Any]], split: str, kinds: Sequence[str] = KINDS) -> list[Confusion]:
    """Counts behind the rates of slices.json, of one side of the split.

    Args:
        rows: of slices.json.
        split: ``val`` or ``test``.
        kinds: slices wanted; one that the frames do not state is left out.

    >>> row = {"split": "val", "detector": "phone", "slice": "view", "value": "second", "frames": 9, "positives": 4,
    ...        "recall": 0.25, "false_frame_rate": 0.2}
    >>> confusions([row], "val")
    [Confusion(detector='phone', kind='view', value='second', missed=3, positives=4, false=1, negatives=5)]
    """
    found = []
    for row in rows:
        if row["split"] == split and row["slice"] in kinds:
            positives, negatives = row["positives"], row["frames"] - row["positives"]
            missed = round((1 - (row["recall"] or 0.0)) * positives)
            false = round((row["false_frame_rate"] or 0.0) * negatives)
            found.append(Confusion(row["detector"], row["slice"], row["value"], missed, positives, false, negatives))
    return sorted(found, key=lambda each: kinds.index(each.kind))


def draw_confusions(cells: Sequence[Confusion]) -> Figure:
    """Two heat maps, slices by detectors: frames missed, and false frames; each cell says how many of how many.

    Sides of the split are added up. A cell without frames to say it stays empty.
    """
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    slices = sorted({(cell.kind, cell.value) for cell in cells}, key=lambda one: (kinds.index(one[0]), one[1]))
    detectors = list(dict.fromkeys(cell.detector for cell in cells))
    width = 1.4 + 0.56 * len(detectors)
    figure = Figure(figsize=(2 * width, 1.6 + 0.34 * max(1, len(slices))), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, part, whole, title in (
        (left, "missed", "positives", "missed"),
        (right, "false", "negatives", "false frames"),
    ):
        counts = np.zeros((len(slices), len(detectors), 2), np.int64)
        for cell in cells:
            where = slices.index((cell.kind, cell.value)), detectors.index(cell.detector)
            counts[where] += getattr(cell, part), getattr(cell, whole)
        _heat(axes, counts)
        axes.set_xticks(range(len(detectors)), detectors, rotation=40, ha="right")
        axes.set_title(f"{title}, of the frames that could show it")
    left.set_yticks(range(len(slices)), [f"{kind}: {value}" for kind, value in slices])
    return figure


def _heat(axes: Axes, counts: NDArray[np.int64]) -> None:
    """Rates of counts (slices, detectors, 2): part and whole."""
    part, whole = counts[..., 0], counts[..., 1]
    rates = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    if rates.size:
        axes.imshow(rates, cmap="OrRd", vmin=0, vmax=1, aspect="auto")
    for (y, x), rate in np.ndenumerate(rates):
        if np.isfinite(rate):
            colour = "white" if rate > 0.6 else "black"
            axes.text(x, y, f"{part[y, x]}/{whole[y, x]}", ha="center", va="center", fontsize=8, color=colour)
