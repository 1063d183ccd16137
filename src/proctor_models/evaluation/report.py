"""The figures as a page of tables: what was measured, on whom, and how far it may be off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from proctor_models.evaluation.figures import Row
from proctor_models.evaluation.gaps import render_gaps
from proctor_models.evaluation.slices import SLICES
from proctor_models.evaluation.tables import Tables
from proctor_models.evaluation.truth import BOX_CLASSES

_INTERVALS = ("precision", "recall", "f1", "false_frame_rate", "frame_ap")
_SEEN = "**These frames were trained on: the figures say how well the nets remember, not how well they see.**"
_READING = """\
- *Frames*: those whose labels decide whether the detector should fire; *with*: those where it should.
- *Precision, recall, F1, false frames* are of single frames at the shipped threshold; rules over time come after.
  A frame that is not assessable raises no alarm: where the thing is there, it counts as missed.
- *AP50, AP* are of boxes, over images that label the class exhaustively (COCO's 101 points; AP: mean over IoU
  0.50 to 0.95). The class is named beside each detector; one without a class draws no boxes of its own.
- Ranges are 95 % intervals, by resampling people (or what else belongs together). A rate of exactly 0 or 1 has the
  exact binomial bound over those instead.
  `†`: fewer than three of them, so frames were resampled: too few people for an interval by person.
- `-`: the frames cannot say (nothing to find, or nothing else).
"""


@dataclass(frozen=True)
class About:
    """What was measured, for the head of the report and for those who compare it with a pack."""

    recipe: str
    data_version: str
    models: Mapping[str, str]
    """Net to the sha256 of its ONNX file."""
    trained_on: Mapping[str, str]
    """Net to the data version it was trained on."""
    seen_in_training: Sequence[str]
    """Splits whose frames the nets were trained on."""
    frames: Mapping[str, int]
    """Split to frames measured on."""
    sources: Sequence[Mapping[str, str | int]]
    """Source, licence and frames by split of the whole dataset, for the model card."""


def render(tables: Tables, about: About, thresholds: Mapping[str, float]) -> str:
    """The whole report, Markdown."""
    parts = [
        "# Evaluation\n",
        f"Recipe `{about.recipe}`, data `{about.data_version[:12]}`, nets "
        + ", ".join(f"{net} `{sha256[:12]}`" for net, sha256 in about.models.items())
        + ". Measured on the exported nets, through the runtime. For people who decide; no score is a verdict.\n",
        _READING,
    ]
    for split, rows in tables.overall.items():
        parts.append(f"\n## {split}: {about.frames[split]} frames\n")
        if split in about.seen_in_training:
            parts.append(f"{_SEEN}\n")
        parts.append(_table(((detector, figures) for detector, figures in rows.items()), "detector", classes=True))
        parts += [_slice(tables, split, name) for name in SLICES]
        parts.append(render_gaps(tables.gaps, split))
    if tables.thresholds:
        parts.append(_thresholds(tables, thresholds))
    return "\n".join(parts)


def _slice(tables: Tables, split: str, name: str) -> str:
    rows = [row for row in tables.slices if row["split"] == split and row["slice"] == name]
    if not rows:
        return ""
    named = ((f"{row['detector']}, {row['value']}", row) for row in sorted(rows, key=lambda row: str(row["detector"])))
    return f"\n### {split}, by {name}\n\n" + _table(named, f"detector, {name}")


def _table(rows: Iterable[tuple[str, Row]], first: str, classes: bool = False) -> str:
    columns = (first, "frames", "with", "people", "precision", "recall", "F1", "false frames", "frame AP",
               "not assessable", "boxes", "AP50", "AP")  # fmt: skip
    lines = [_line(columns), _line("---" for _ in columns)]
    for name, row in rows:
        boxed = BOX_CLASSES[str(row.get("detector", name))]
        label = f"{name} ({'+'.join(boxed)})" if classes and boxed else name
        people = f"{row['groups']}{'†' if row['interval_by'] == 'frame' else ''}"
        cells = [label, str(row["frames"]), str(row["positives"]), people]
        cells += [cell(row, figure) for figure in _INTERVALS]
        cells += [cell(row, "not_assessable"), str(row["boxes"]) if boxed else "-", cell(row, "ap50"), cell(row, "ap")]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def cell(row: Row, figure: str) -> str:
    """A figure with its interval, or ``-``.

    >>> cell({"recall": 0.5, "recall_low": 0.251, "recall_high": 0.7}, "recall"), cell({"ap": None}, "ap")
    ('0.500 (0.251-0.700)', '-')
    """
    value, low, high = row.get(figure), row.get(f"{figure}_low"), row.get(f"{figure}_high")
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}-{high:.3f})"


def _thresholds(tables: Tables, shipped: Mapping[str, float]) -> str:
    columns = ("detector", "shipped", "best F1", "lowest with at most 2 % false frames")
    lines = [
        "\n## Where thresholds could go\n",
        "Read on validation frames, never on test frames.\n",
        _line(columns),
        _line("---" for _ in columns),
    ]
    for detector, (_, suggestion) in tables.thresholds.items():
        choices = (suggestion["best_f1"], suggestion["lowest_with_few_false"])
        lines.append(
            _line([detector, f"{shipped[detector]:.2f}", *("-" if c is None else f"{c:.2f}" for c in choices)])
        )
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
