"""The model card: what a pack is for, what it was trained on, how well it sees, and what is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from proctor_models.config import DETECTOR_NAMES, Recipe
from proctor_models.errors import PackError
from proctor_models.runtime.model import Net

SCHEMA = "proctor-card/1"
INTENDED = (
    "Marks moments of a remote exam or online interview, recorded or live, for a person to review: phone, earphone, "
    "mask, several people, empty seat, book or paper, hat, covered ears, covered face, second display, something "
    "handed over, a second view that shows no desk, no turn of the camera at the start, a camera that is covered, "
    "dark, frozen or moved, recording gaps. Every finding is for review, never a verdict."
)
NOT_FOR = (
    "deciding anything about a candidate without a person who looks at the evidence",
    "recognising who somebody is: no face embedding is computed or stored",
    "reading emotions, attention or character",
    "scoring a candidate's integrity with one number",
)
_FIGURES = ("precision", "recall", "false_frame_rate", "ap50")
_FEW_GROUPS = 10
_ALWAYS_OPEN = (
    "Age and sex are not labelled; skin tone, glasses, beard and head covering by eye on part of the heads only.",
    "Groups of a few people say little, whatever their figures.",
    "Figures are of single frames; how many findings an hour they make depends on the rules over time.",
)


@dataclass(frozen=True)
class Measured:
    """What an evaluation folder says, and whether it speaks of the nets that are packed."""

    metrics: Mapping[str, Mapping[str, Mapping[str, Any]]]
    about: Mapping[str, Any]
    slices: Sequence[Mapping[str, Any]]
    same_nets: bool


def read_evaluation(folder: Path, models: Mapping[str, str]) -> Measured:
    """Read what `proctor evaluate` wrote; `models` are the hashes of the nets to be packed.

    Raises:
        PackError: a file is not there or is not JSON.
    """
    content = {}
    for name in ("metrics", "about", "slices"):
        path = folder / f"{name}.json"
        try:
            content[name] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PackError(f"{path}: no such file; run `proctor evaluate` first") from None
        except json.JSONDecodeError as error:
            raise PackError(f"{path}: expected JSON ({error}); run `proctor evaluate` again") from None
    same = dict(content["about"]["models"]) == dict(models)
    return Measured(content["metrics"], content["about"], content["slices"], same)


def card(recipe: Recipe, nets: Mapping[str, Net], parity: Mapping[str, Any], measured: Measured) -> dict[str, Any]:
    """What `card.json` holds."""
    return {
        "schema": SCHEMA,
        "version": recipe.pack.version,
        "recipe": f"{recipe.name}@{recipe.sha256}",
        "licence": "AGPL-3.0-or-later",
        "intended_use": INTENDED,
        "not_for": list(NOT_FOR),
        "nets": {
            name: {"sha256": net.sha256, "spec": asdict(net.spec), "parity": parity[name], **people(parity[name])}
            for name, net in nets.items()
        },
        "thresholds": dict(recipe.thresholds),
        "trained_on_all_frames": recipe.split.fit_all,
        "metrics": measured.metrics,
        "measured": {"packed_nets": measured.same_nets, **measured.about},
        "open": open_questions(measured),
    }


def people(parity: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """Codes of the people a net was trained on, by its record; None where an older record does not say.

    >>> people({"persons": ["S1"], "persons_not_stated_by": []}), people({})
    ({'persons': ['S1'], 'persons_not_stated_by': []}, {'persons': None, 'persons_not_stated_by': None})
    """
    return {name: parity.get(name) for name in ("persons", "persons_not_stated_by")}


def open_questions(measured: Measured) -> list[str]:
    """What the figures do not tell, read from the figures."""
    found = []
    if not measured.same_nets:
        found.append(
            f"The figures are of other nets (recipe {measured.about['recipe'].partition('@')[0]}) than the packed ones."
        )
    for split, rows in measured.metrics.items():
        if split in measured.about["seen_in_training"]:
            found.append(f"The nets were trained on the {split} frames: their figures say nothing of new people.")
        for detector in DETECTOR_NAMES:
            row = rows.get(detector, {})
            with_it, groups = row.get("positives", 0), row.get("groups_with_positives", 0)
            if not with_it:
                found.append(f"{detector}: no {split} frame shows it; recall is not known there.")
            elif groups < _FEW_GROUPS:
                found.append(f"{detector}: {with_it} {split} frames show it, of only {groups} people or recordings.")
    views = {str(row["value"]) for row in measured.slices if row["slice"] == "view"}
    if "second" not in views:
        found.append("Second view: no labelled frame of it was measured on.")
    return [*found, *_ALWAYS_OPEN]


def card_page(content: Mapping[str, Any]) -> str:
    """The card for people, Markdown."""
    measured = content["measured"]
    parts = [
        f"# proctor pack {content['version']}\n",
        content["intended_use"] + "\n",
        "**Not for**\n\n" + "\n".join(f"- {line}" for line in content["not_for"]) + "\n",
        "## Nets\n",
        *(_net(name, net) for name, net in content["nets"].items()),
        "\n## Figures\n",
        measured_on(measured) + "\n",
    ]
    for split, rows in content["metrics"].items():
        seen = " (trained on)" if split in measured["seen_in_training"] else ""
        parts.append(f"### {split}{seen}: {measured['frames'][split]} frames\n")
        parts.append(metrics_table(rows, content["thresholds"]))
    parts += ["\n## Not known\n", "\n".join(f"- {line}" for line in content["open"]), "\n## Frames\n"]
    parts += [_sources(measured["sources"], trained_on_all=content["trained_on_all_frames"])]
    parts.append(
        f"\n## Licence\n\n{content['licence']}, see LICENSE: who offers a service with this pack owes its users"
    )
    parts.append("the source of what it is built into.\n")
    return "\n".join(parts)


def _net(name: str, net: Mapping[str, Any]) -> str:
    spec, parity = net["spec"], net["parity"]
    width, height = spec["resolution_wh"]
    proof = f"equal to its checkpoint on {parity['pictures']} pictures ({parity['frames_from']})"
    worst = f"largest score difference {parity['worst_score_difference']:.1e}"
    if parity["boxes"]:
        worst += f", smallest box overlap {parity['worst_box_iou']:.4f}"
    seen = ", ".join(net["persons"]) or "nobody known by a code" if net.get("persons") is not None else "not stated"
    if net.get("persons_not_stated_by"):
        seen += f", and whoever {', '.join(net['persons_not_stated_by'])} was trained on (not stated)"
    return (
        f"- `{name}`: {', '.join(spec['names'])}; {width}x{height} px, sha256 `{net['sha256']}`; {proof}, {worst}; "
        f"people trained on: {seen}"
    )


def measured_on(measured: Mapping[str, Any]) -> str:
    """One paragraph: on which nets and data the figures were measured, and how to read them."""
    nets = "the packed nets" if measured["packed_nets"] else "**other nets** than the packed ones"
    recipe = measured["recipe"].partition("@")[0]
    return (
        f"Measured on {nets} (recipe `{recipe}`, data `{measured['data_version'][:12]}`), "
        "exported, through the runtime, by single frame at the shipped threshold. Ranges are 95 % intervals, by "
        "resampling people; `-`: the frames cannot say."
    )


def metrics_table(rows: Mapping[str, Mapping[str, Any]], thresholds: Mapping[str, float]) -> str:
    """Figures of one side of the split by detector, a Markdown table."""
    header = ("detector", "threshold", "frames", "with", "precision", "recall", "false frames", "AP50 of boxes")
    lines = [table_line(header), table_line(["---"] * len(header))]
    for detector, row in rows.items():
        counts = [f"{thresholds[detector]:.2f}", str(row["frames"]), str(row["positives"])]
        lines.append(table_line([detector, *counts, *(_cell(row, figure) for figure in _FIGURES)]))
    return "\n".join(lines) + "\n"


def _cell(row: Mapping[str, Any], figure: str) -> str:
    value, low, high = (row.get(f"{figure}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}-{high:.3f})"


def _sources(sources: Sequence[Mapping[str, Any]], *, trained_on_all: bool) -> str:
    words = "The packed nets were trained on all of them.\n" if trained_on_all else "Trained on: `train`.\n"
    header = ("source", "licence", "train", "val", "test")
    lines = [words, table_line(header), table_line(["---"] * len(header))]
    lines += [table_line(str(row[name]) for name in header) for row in sources]
    return "\n".join(lines) + "\n"


def table_line(cells: Any) -> str:
    """A line of a Markdown table.

    >>> table_line(["phone", "0.40"])
    '| phone | 0.40 |'
    """
    return "| " + " | ".join(cells) + " |"
