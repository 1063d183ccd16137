"""The table of targets as a page: what was wanted, what was measured, on whom, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor_models.evaluation.gaps import render_gaps
from proctor_models.evaluation.report import cell

HELD_OUT = "held out"
"""Name of all folds' held-out frames together, where a table wants a split."""
_READING = """\
- Frames of validation and test of every fold, by nets that were not trained on them; a frame that two folds measured
  counts once. Scores of several nets come together here, so a figure stands for the recipe, not for one net.
- `*`: a person of validation, on whose frames the epoch and the threshold were chosen: such figures are too good.
- Ranges are 95 % intervals by resampling the people (or pictures of nobody known) that the figure stands on; a rate of
  exactly 0 or 1 has the exact binomial bound. `†`: fewer than three stand behind it, so frames were resampled: it says
  nothing of other people. `‡`: exact, each event on its own.
- *Met* and *missed* go by the figure alone; `?`: its interval reaches over the target, so other people may turn it.
  *Cannot say*: there are no such frames. *No target*: no number was set, the figure is information.
- Figures are of single frames at the shipped threshold, unless they say otherwise. A frame that is not assessable
  raises no alarm: where the thing is there, it counts as missed.
- Balanced accuracy is of thresholds that other people chose; see *Thresholds chosen on other people*.
- Recall read off at 2 % false frames chose its threshold on these very frames: it shows what the scores could give.
- AP over masked heads is of labelled masked faces; a head that was not found or not read ranks last.
"""
_CHOSEN = """\
Each person is measured at the threshold that is cheapest on all others (pictures of nobody known in five parts), so no
frame chose the threshold it is measured at. Cost: the share of frames missed, and the share of false frames times what
a false one costs beside a miss. *Chosen by all* is what their frames together would ship.
"""
_CALIBRATION = """\
What a score means: the expected calibration error of frame scores on test frames (15 bins of equally many frames),
before and after one temperature fitted on validation frames (Guo et al., ICML 2017). For information: scores order
frames, and how often a thing is there in these frames is not how often it is there in an exam.
"""


def render_targets(content: Mapping[str, Any]) -> str:
    """The page, Markdown.

    Args:
        content: what targets.json holds.
    """
    frames = content["frames"]
    folds = "; ".join(
        f"`{fold['fold']}` ({fold['counted']['val']} of validation, {fold['counted']['test']} of test, data "
        f"`{str(fold['data_version'])[:12]}`)"
        for fold in content["folds"]
    )
    head = (
        f"{frames['all']} held-out frames, {frames['test']} of test and {frames['val']} of validation, from the folds "
        f"{folds}. People: {_people(content['persons'], content['persons'])}. For people who decide; no score is a "
        "verdict.\n"
    )
    people = [{**row, "value": _people([row["value"]], content["persons"])} for row in content["people"]]
    parts = [
        "# Targets\n",
        head,
        _READING,
        _targets(content),
        "\n## By person\n\n" + _figures(people, "person"),
        *_slices(content["slices"]),
        render_gaps(content["gaps"], HELD_OUT),
        _advice(content["thresholds"]),
        f"\n## Thresholds chosen on other people\n\n{_CHOSEN}\n" + _chosen(content["chosen"]),
        f"\n## Calibration\n\n{_CALIBRATION}\n" + _calibration(content["calibration"]),
    ]
    return "\n".join(part for part in parts if part)


def _targets(content: Mapping[str, Any]) -> str:
    columns = ("detector", "figure", "target", "measured (95 % interval)", "people", "frames / boxes", "")
    return _table(
        columns,
        (
            (
                row["detector"], row["figure"], _wanted(row), _measured(row), _stood_on(row, content["persons"]),
                _sizes(row), f"{row['verdict']}{'?' if row['sure'] is False else ''}",
            )
            for row in content["targets"]
        ),
    )  # fmt: skip


def _wanted(row: Mapping[str, Any]) -> str:
    return "-" if row["target"] is None else f"{row['sense']} {row['target']:g}"


def _measured(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "-"
    mark = {"frame": "†", "event": "‡"}.get(row["interval_by"], "")
    text = cell({"figure": row["value"], "figure_low": row["low"], "figure_high": row["high"]}, "figure")
    at = f" at {row['threshold']:.2f}" if row["threshold"] is not None else ""
    return text + mark + at


def _sizes(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "-"
    boxes = "" if row["boxes"] is None else f" / {row['boxes']}"
    unread = f", {row['not_read']:.1%} not read" if row["not_read"] is not None else ""
    return f"{row['frames']}{boxes}{unread}"


def _stood_on(row: Mapping[str, Any], sides: Mapping[str, str]) -> str:
    if row["value"] is None:
        return "-"
    pictures = [f"{row['pictures']} pictures"] if row["pictures"] else []
    return " + ".join(filter(None, [_people(row["persons"], sides), *pictures]))


def _people(codes: Iterable[str], sides: Mapping[str, str]) -> str:
    return ", ".join(f"{code}{'*' if sides.get(code) == 'val' else ''}" for code in codes)


def _slices(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    kinds = dict.fromkeys(row["slice"] for row in rows)
    return [f"\n## By {kind}\n\n" + _figures([row for row in rows if row["slice"] == kind], kind) for kind in kinds]


def _figures(rows: Iterable[Mapping[str, Any]], first: str) -> str:
    """A row a detector and value, those of one detector together."""
    columns = ("detector", first, "frames", "with", "precision", "recall", "false frames", "boxes", "AP50")
    lines = [
        (row["detector"], row["value"], f"{row['frames']}{'†' if row['interval_by'] == 'frame' else ''}",
         row["positives"], *(cell(dict(row), name) for name in ("precision", "recall", "false_frame_rate")),
         row["boxes"] or "-", cell(dict(row), "ap50"))
        for row in sorted(rows, key=lambda row: str(row["detector"]))
    ]  # fmt: skip
    return _table(columns, lines)


def _advice(rows: Mapping[str, Mapping[str, Any]]) -> str:
    columns = ("detector", "shipped", "best F1", "lowest with at most 2 % false frames", "frames", "with")
    lines = (
        (detector, _number(row["shipped"], 2), _number(row["best_f1"], 2), _number(row["lowest_with_few_false"], 2),
         row["frames"], row["positives"])
        for detector, row in rows.items()
    )  # fmt: skip
    head = "\n## Where thresholds could go\n\nRead on validation frames of all folds, never on test frames.\n\n"
    return head + _table(columns, lines)


def _chosen(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = ("detector", "a false frame costs", "chosen by all", "by the others", "recall", "false frames")
    marks = {"frame": "†"}
    lines = (
        (row["detector"], "a miss" if row["false_cost"] == 1 else f"{row['false_cost']:g} misses",
         _number(row["on_all"], 2), f"{_number(row['least'], 2)} to {_number(row['most'], 2)}",
         *(cell(dict(row), name) + marks.get(row[f"{name}_by"], "") for name in ("recall", "false_frame_rate")))
        for row in rows
        if row["on_all"] is not None
    )  # fmt: skip
    return _table(columns, lines)


def _calibration(rows: Mapping[str, Mapping[str, Any]]) -> str:
    columns = ("detector", "error", "after", "temperature", "test frames", "validation frames")
    lines = (
        (detector, _number(row["ece"], 3), _number(row["ece_after"], 3), _number(row["temperature"], 2),
         row["test_frames"], row["val_frames"])
        for detector, row in rows.items()
    )  # fmt: skip
    return _table(columns, lines)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(entry) for entry in line) + " |" for line in lines) + "\n"
