"""How far the worst group of a slice lies behind the best: the table that a mean over all frames hides.

Groups are compared where each has enough frames to speak of a rate: ten with the thing for recall, ten without it for
false frames. Best and worst are chosen by the rates themselves, so a gap is rather too large than too small, the more
so the more groups there are; its interval is of the difference between these two groups, whatever others there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from proctor_models.evaluation.bootstrap import FEWEST_GROUPS, Floats, Resamples, interval, rate_interval, resample
from proctor_models.evaluation.figures import Row
from proctor_models.evaluation.matching import Bools
from proctor_models.evaluation.seen import Judgement

FEWEST_FRAMES = 10
"""Frames that a group's rate must stand on to be compared."""
FIGURES = ("recall", "false_frame_rate")


@dataclass(frozen=True)
class _Group:
    """One value of a slice and the frames its rate stands on."""

    value: str
    fired: Bools  # (n,)
    persons: tuple[str, ...]  # (n,) person, or what else must stay together

    @property
    def rate(self) -> float:
        return float(self.fired.mean())


def group_gaps(
    judgement: Judgement, masks: Iterable[tuple[str, str, Bools]], threshold: float, times: int, seed: int
) -> list[Row]:
    """Worst to best gap of one detector, a row for each kind of slice and figure that can be compared.

    Args:
        judgement: the detector over all frames seen.
        masks: kind, value and mask (frames,) of every slice.
        threshold: shipped.
        times: bootstrap resamples.
        seed: of the resampling.
    """
    fired = np.nan_to_num(judgement.judged.scores, nan=-1.0) >= threshold
    kinds: dict[str, list[tuple[str, Bools]]] = {}
    for kind, value, keep in masks:
        kinds.setdefault(kind, []).append((value, keep[judgement.judged_frame]))
    return [
        {"slice": kind, "figure": figure, **_gap(groups, figure, times, seed)}
        for kind, values in kinds.items()
        for figure in FIGURES
        if len(groups := list(_groups(judgement, fired, values, figure))) >= 2
    ]


def _groups(judgement: Judgement, fired: Bools, values: Sequence[tuple[str, Bools]], figure: str) -> Iterator[_Group]:
    judged = judgement.judged
    base = judged.truth if figure == "recall" else ~judged.truth
    persons = np.array(judged.groups, dtype=object)
    for value, keep in values:
        chosen = base & keep
        if chosen.sum() >= FEWEST_FRAMES:
            yield _Group(value, fired[chosen], tuple(persons[chosen]))


def _gap(groups: Sequence[_Group], figure: str, times: int, seed: int) -> Row:
    falling = figure == "recall"  # a high recall is good, a high rate of false frames is bad
    ordered = sorted(groups, key=lambda group: (-group.rate if falling else group.rate, group.value))
    best, worst = ordered[0], ordered[-1]
    gap = abs(best.rate - worst.rate)
    span, by = _interval(best, worst, times, seed)
    low, high = span or (None, None)
    row: Row = {"groups_compared": len(groups), "gap": gap, "gap_low": low, "gap_high": high, "interval_by": by}
    for name, group in (("best", best), ("worst", worst)):
        row |= {name: group.value, f"{name}_rate": group.rate, f"{name}_frames": len(group.fired)}
        row[f"{name}_groups"] = len(set(group.persons))
    return row


def _interval(best: _Group, worst: _Group, times: int, seed: int) -> tuple[tuple[float, float] | None, str]:
    """95 % interval of the gap, and what was resampled for it: people, or frames where either side has too few."""
    by = "group" if min(len(set(group.persons)) for group in (best, worst)) >= FEWEST_GROUPS else "frame"
    names = [*best.persons, *worst.persons]
    # Together: a person who is in both groups is drawn for both.
    draws = resample(names if by == "group" else [str(i) for i in range(len(names))], times, seed)
    cut = len(best.persons)
    rates = [_rates(draws, best.fired, slice(0, cut)), _rates(draws, worst.fired, slice(cut, None))]
    sign = 1.0 if best.rate >= worst.rate else -1.0
    if not {best.rate, worst.rate} & {0.0, 1.0}:
        return interval(sign * (rates[0] - rates[1])), by
    # Resampling a rate of exactly 0 or 1 gives no width; the two intervals, each sound alone, are put together.
    units = [len(set(g.persons)) if by == "group" else len(g.persons) for g in (best, worst)]
    spans = [rate_interval(r, g.rate, n) for r, g, n in zip(rates, (best, worst), units, strict=True)]
    if spans[0] is None or spans[1] is None:
        return None, by
    return difference((best.rate, *spans[0]), (worst.rate, *spans[1]), sign), by


def difference(
    best: tuple[float, float, float], worst: tuple[float, float, float], sign: float = 1.0
) -> tuple[float, float]:
    """Interval of ``sign * (best - worst)`` from rate, lower and upper bound of each (square and add).

    >>> low, high = difference((1.0, 0.7, 1.0), (0.5, 0.3, 0.7))
    >>> round(low, 3), round(high, 3)
    (0.139, 0.7)
    """
    upper, lower = (best, worst) if sign > 0 else (worst, best)
    value = upper[0] - lower[0]
    return (
        value - math.hypot(upper[0] - upper[1], lower[2] - lower[0]),
        value + math.hypot(upper[2] - upper[0], lower[0] - lower[1]),
    )


def _rates(draws: Resamples, fired: Bools, part: slice) -> Floats:
    """Rate of one group in every resample (resamples,); nan where none of it was drawn."""
    unit, units = draws.unit[part], draws.weights.shape[1]
    true = draws.weights @ np.bincount(unit[fired], minlength=units)
    whole = draws.weights @ np.bincount(unit, minlength=units)
    rates: Floats = np.divide(true, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return rates


def render_gaps(rows: Sequence[Row], split: str) -> str:
    """The table of one split, Markdown; empty where no two groups can be compared."""
    lines = [_line(row) for row in rows if row["split"] == split]
    if not lines:
        return ""
    head = "| detector | by | figure | groups | best | worst | gap |\n| --- | --- | --- | --- | --- | --- | --- |"
    return f"\n### {split}, worst to best group gap\n\n{_READING}\n{head}\n" + "\n".join(lines) + "\n"


_READING = """\
Of groups with at least ten frames that the rate stands on. Best and worst are chosen by these rates, so a gap is rather
too large than too small; an interval that reaches 0 shows no difference. `†`: fewer than three people on a side, so
frames were resampled.
"""


def _line(row: Row) -> str:
    sides = [f"{row[side]}: {row[f'{side}_rate']:.3f} of {row[f'{side}_frames']}" for side in ("best", "worst")]
    low, high = row["gap_low"], row["gap_high"]
    span = "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    mark = "†" if row["interval_by"] == "frame" else ""
    figure = str(row["figure"]).replace("_rate", "s").replace("_", " ")
    cells = (row["detector"], row["slice"], figure, row["groups_compared"], *sides, f"{row['gap']:.3f}{span}{mark}")
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
