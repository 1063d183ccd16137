"""The scores around a finding, as a drawing inside the page: no script, no picture file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from proctor_models.runtime.entries import SCORES_FILE
from proctor_models.runtime.findings import Finding

CONTEXT_S = 10.0
"""Seconds shown before and after."""
WIDTH, HEIGHT = 900, 120


@dataclass(frozen=True)
class ScoreCurve:
    """Points of a drawing of `WIDTH` by `HEIGHT`; a frame that could not be assessed breaks the line."""

    lines: tuple[str, ...]
    """Each as SVG's ``points``."""
    threshold_y: float
    span_x: tuple[float, float]
    """Where the finding begins and ends."""
    from_s: float
    to_s: float
    frames: int


def score_curve(folder: Path, finding: Finding) -> ScoreCurve | None:
    """The detector's scores in the finding's view; None where there are none on file, or it reads none."""
    if finding.threshold is None:
        return None
    from_s, to_s = max(0.0, finding.start_s - CONTEXT_S), finding.end_s + CONTEXT_S
    lines: list[list[str]] = [[]]
    frames = 0
    for timestamp_s, score in _scores(folder, finding):
        if not from_s <= timestamp_s <= to_s:
            continue
        frames += 1
        if score is None:
            lines.append([])
        else:
            lines[-1].append(f"{_x(timestamp_s, from_s, to_s)},{_y(score)}")
    drawn = tuple(" ".join(line) for line in lines if line)
    span = (_x(finding.start_s, from_s, to_s), _x(finding.end_s, from_s, to_s))
    return ScoreCurve(drawn, _y(finding.threshold), span, from_s, to_s, frames) if frames else None


def _scores(folder: Path, finding: Finding) -> list[tuple[float, float | None]]:
    """(timestamp_s, score) of the file, as far as it can be read: `audit verify` says what is wrong with it."""
    try:
        rows = [json.loads(line) for line in (folder / SCORES_FILE).read_text(encoding="utf-8").splitlines()]
        found = [(float(row["timestamp_s"]), row["scores"].get(finding.detector), row["view"]) for row in rows]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []
    return [(time_s, score) for time_s, score, view in found if view == finding.view]


def _x(timestamp_s: float, from_s: float, to_s: float) -> float:
    return round((timestamp_s - from_s) / max(to_s - from_s, 1e-9) * WIDTH, 1)


def _y(score: float) -> float:
    """From the top, as SVG counts.

    >>> _y(1.0), _y(0.0)
    (0.0, 120.0)
    """
    return round((1 - score) * HEIGHT, 1)
