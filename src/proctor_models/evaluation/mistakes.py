"""`proctor evaluate-errors`: the frames a detector got most wrong, for people who look for the reason.

The folder it writes; it shows people, so it must be one that git ignores or outside any repository::

    errors.json      by detector: the worst misses and false alarms with score, threshold, source and person
    <detector>.png   these frames with labelled boxes in green and found boxes in red
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.data.manifest import Manifest
from proctor_models.errors import DataError
from proctor_models.evaluation.mistakes_sheet import draw_sheet
from proctor_models.evaluation.private import check_private
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.stored import read_about, read_object, read_seen
from proctor_models.evaluation.truth import frame_truth
from proctor_models.files import building, write_json

SCHEMA = "proctor-errors/1"
MOST_OF_A_CLIP = 3
"""Frames of one person in one clip that a list shows: the worst clip alone would fill it."""


@dataclass(frozen=True)
class Mistake:
    """One frame on which a detector was wrong at its threshold."""

    seen: Seen
    what: str
    """`missed` or `false alarm`."""
    score: float | None
    """None is not assessable."""


@dataclass(frozen=True)
class Mistakes:
    """The worst frames of one detector, worst first, and how many there are in all."""

    threshold: float
    misses: tuple[Mistake, ...]
    false_alarms: tuple[Mistake, ...]
    missed: int
    falsely_alarmed: int


def evaluate_errors(evaluation: Path, data: Path, out: Path, most: int = 12, split: str | None = None) -> None:
    """List and draw the worst misses and false alarms of every detector.

    Args:
        evaluation: folder that `evaluate` wrote.
        data: dataset folder it was measured on.
        out: folder to write; complete or absent, never half.
        most: frames of a kind and detector, at most.
        split: only frames of this side; None takes all that were measured.

    Raises:
        DataError: `out` is a folder git would take, the evaluation is not whole or is of other data, a picture
            cannot be read, or there is no frame of `split`.
    """
    check_private(out)
    about, metrics = read_about(evaluation, data), read_object(evaluation / "metrics.json")
    manifest = Manifest.load(data)
    seen = read_seen(evaluation, manifest)
    if split is not None and split not in metrics:
        raise DataError(f"{evaluation}: --split: expected one of {', '.join(metrics)}, got {split!r}")
    seen = tuple(one for one in seen if split in (None, one.frame.split))
    thresholds = {d: row["threshold"] for rows in metrics.values() for d, row in rows.items()}
    found = {detector: worst(seen, detector, threshold, most) for detector, threshold in thresholds.items()}
    head = {"schema": SCHEMA, "recipe": about.get("recipe"), "data_version": about["data_version"], "split": split}
    with building(out) as part:
        write_json(part / "errors.json", head | {"detectors": {d: as_dict(one) for d, one in found.items()}})
        for detector, one in found.items():
            if one.misses or one.false_alarms:
                draw_sheet(part / f"{detector}.png", detector, one, manifest)
    for detector, one in found.items():
        print(f"{detector:16} {one.missed:5} missed  {one.falsely_alarmed:5} false alarms", file=sys.stderr)
    print(f"evaluate-errors: the worst of them in {out}; they show people: do not pass them on", file=sys.stderr)


def worst(seen: Iterable[Seen], detector: str, threshold: float, most: int) -> Mistakes:
    """The frames on which the detector's score contradicts the labels most.

    A frame that is not assessable raises no alarm, so it is missed where the thing is there, and comes first.
    """
    misses, alarms = [], []
    for one in seen:
        if detector not in one.scores:
            continue
        truth, score = frame_truth(one.frame, detector), one.scores[detector]
        fired = score is not None and score >= threshold
        if truth is True and not fired:
            misses.append(Mistake(one, "missed", score))
        elif truth is False and fired:
            alarms.append(Mistake(one, "false alarm", score))
    misses.sort(key=lambda m: (-1.0 if m.score is None else m.score, m.seen.frame.id))
    alarms.sort(key=lambda m: (-(m.score or 0.0), m.seen.frame.id))
    return Mistakes(threshold, _few_of_a_clip(misses, most), _few_of_a_clip(alarms, most), len(misses), len(alarms))


def _few_of_a_clip(mistakes: Sequence[Mistake], most: int) -> tuple[Mistake, ...]:
    """The first `most`, with at most `MOST_OF_A_CLIP` of one person in one clip."""
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for mistake in mistakes:
        frame = mistake.seen.frame
        # Of unknown people in no clip nothing but what must stay together tells that they are alike.
        key = (frame.person or frame.group, frame.clip or "")
        taken[key] += 1
        if taken[key] <= MOST_OF_A_CLIP:
            chosen.append(mistake)
    return tuple(chosen[:most])


def as_dict(mistakes: Mistakes) -> dict[str, Any]:
    """What errors.json holds of one detector."""
    return {
        "threshold": mistakes.threshold,
        "missed": mistakes.missed,
        "falsely_alarmed": mistakes.falsely_alarmed,
        "worst_misses": [_as_dict(one, mistakes.threshold) for one in mistakes.misses],
        "worst_false_alarms": [_as_dict(one, mistakes.threshold) for one in mistakes.false_alarms],
    }


def _as_dict(mistake: Mistake, threshold: float) -> dict[str, Any]:
    frame = mistake.seen.frame
    named = {name: getattr(frame, name) for name in ("file", "split", "source", "person", "clip", "view")}
    return {"frame": frame.id, "what": mistake.what, "score": mistake.score, "threshold": threshold, **named}
