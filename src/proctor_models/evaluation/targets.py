"""`proctor targets`: one table over the held-out people of all folds, each figure beside what the project wants of it.

The folder it writes::

    targets.json   every target with its figure and verdict; figures by slice, gaps, thresholds, calibration
    targets.md     the same as tables
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor_models.config import DETECTOR_NAMES
from proctor_models.evaluation.calibration import Calibration, calibration
from proctor_models.evaluation.chosen import FIRED, choose
from proctor_models.evaluation.folds import Fold, HeldOut, hold_out
from proctor_models.evaluation.measures import NOTHING, Draws, Measured, Rate, rate
from proctor_models.evaluation.seen import Seen, judge
from proctor_models.evaluation.tables import Tables, tabulate
from proctor_models.evaluation.target_events import read_events
from proctor_models.evaluation.target_rows import TARGETS, Stand, Target, everywhere, is_sure, verdict
from proctor_models.evaluation.targets_page import HELD_OUT, render_targets
from proctor_models.evaluation.thresholds import suggest, threshold_table
from proctor_models.files import building, write_json, write_text

_RATES: tuple[Rate, ...] = ("recall", "false_frame_rate")
SCHEMA = "proctor-targets/1"
FALSE_COSTS = (1.0, 10.0)
"""What a false frame costs beside a missed one."""


def write_targets(folds: Sequence[Fold], out: Path, draws: Draws, events: Sequence[Path] = ()) -> dict[str, Any]:
    """Measure the held-out people of all folds and write the folder `out`, or nothing.

    Args:
        folds: the recipes that share one measurement; a frame that two of them measured counts as the first one's.
        out: folder to write.
        draws: how intervals are made.
        events: files that `evaluate-events` wrote, of the folds' packs.

    Returns:
        What targets.json holds.

    Raises:
        DataError: a fold or an events file is not whole, or not what this table may stand on; see `hold_out` and
            `read_events`.
    """
    held = hold_out(folds)
    counts = read_events(events, held) if events else None
    content = measure_targets(held, draws, counts)
    with building(out) as part:
        write_json(part / "targets.json", content)
        write_text(part / "targets.md", render_targets(content))
    missed = sum(row["verdict"] == "missed" for row in content["targets"])
    print(f"targets: {missed} missed; the table is {out / 'targets.md'}", file=sys.stderr, flush=True)
    return content


def measure_targets(held: HeldOut, draws: Draws, events: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What targets.json holds of some held-out frames."""
    tables = tabulate({HELD_OUT: held.seen}, held.thresholds, draws.times, draws.seed, held.lights)
    stand = Stand(held, tables.judgements[HELD_OUT], draws, events)
    val, test = held.of("val"), held.of("test")
    return {
        "schema": SCHEMA,
        "folds": list(held.folds),
        "bootstrap": draws.times,
        "seed": draws.seed,
        "frames": {"all": len(held.seen), "val": len(val), "test": len(test)},
        "persons": held.persons,
        "targets": [_target(target, target.measure(stand), held) for target in TARGETS],
        "people": _of_persons(tables),
        "slices": [row for row in tables.slices if row["slice"] != "person"],
        "gaps": tables.gaps,
        "thresholds": {detector: _advice(val, detector, held.thresholds[detector]) for detector in DETECTOR_NAMES},
        "chosen": [_chosen(stand, detector, cost) for detector in DETECTOR_NAMES for cost in FALSE_COSTS],
        "calibration": {detector: _calibration(val, test, detector) for detector in DETECTOR_NAMES},
    }


def _target(target: Target, measured: Measured, held: HeldOut) -> dict[str, Any]:
    people = sorted(measured.groups & set(held.persons) if measured.by != "event" else measured.groups)
    return {
        "detector": target.detector,
        "figure": target.figure,
        "sense": target.sense,
        "target": target.value,
        "value": measured.value,
        "low": measured.low,
        "high": measured.high,
        "interval_by": measured.by,
        "threshold": measured.threshold,
        "persons": people,
        "pictures": len(measured.groups) - len(people),
        "frames": measured.frames,
        "boxes": measured.boxes,
        "not_read": measured.unread,
        "verdict": verdict(target, measured),
        "sure": is_sure(target, measured),
    }


def _of_persons(tables: Tables) -> list[dict[str, Any]]:
    return [dict(row) for row in tables.slices if row["slice"] == "person"]


def _advice(val: Sequence[Seen], detector: str, shipped: float) -> dict[str, Any]:
    """Where the threshold could go, read on validation frames alone."""
    judged = judge(val, detector).judged
    sizes = {"frames": len(judged.truth), "positives": int(judged.truth.sum())}
    return {"shipped": shipped, **suggest(threshold_table(judged)), **sizes}


def _chosen(stand: Stand, detector: str, false_cost: float) -> dict[str, Any]:
    """Figures of every person at the threshold that the others choose at some cost; None where they cannot choose."""
    judged = stand.judged(detector, everywhere(stand.held))
    chosen = choose(judged, stand.held.persons, false_cost)
    said: dict[str, Any] = {"detector": detector, "false_cost": false_cost, "on_all": None, "least": None, "most": None}
    if chosen is not None:
        of_part = chosen.of_part.values()
        said |= {"on_all": chosen.on_all, "least": min(of_part), "most": max(of_part)}
        judged = chosen.judged
    for figure in _RATES:
        measured = rate(judged, figure, FIRED, stand.draws) if chosen is not None else NOTHING
        said |= {figure: measured.value, f"{figure}_low": measured.low, f"{figure}_high": measured.high}
        said |= {f"{figure}_by": measured.by}
    return said


def _calibration(val: Sequence[Seen], test: Sequence[Seen], detector: str) -> Calibration:
    return calibration(judge(val, detector).judged, judge(test, detector).judged)
