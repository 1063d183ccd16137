"""Model cards as CycloneDX 1.6 knows them: what a net was made from, how well it sees, and what it is not for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from proctor_models.export.cards import INTENDED, NOT_FOR, open_questions
from proctor_models.export.contents import Contents, Origin
from proctor_models.export.licences import architecture
from proctor_models.types import UNTAUGHT_NETS, NetName

_FIGURES = ("precision", "recall", "false_frame_rate", "ap50")
_GAP = re.compile(r"(recall|false_frame_rate)_gap_by_(\w+)")
_USERS = "People who review recorded exams, and those who answer for such reviews"
_TRADEOFF = (
    "A lower threshold finds more and marks more moments at which nothing is; the shipped ones were chosen on "
    "validation frames, and rules over time come after them."
)


_TASKS: dict[NetName, str] = {
    "scene": "object detection",
    "head": "multi-label classification of a head crop",
    "thing": "classification of the crop around a detected thing",
    "outline": "object detection in the crop around a detected thing",
}


def data_ref(origin: Origin) -> str:
    """Name of a collection of frames in the bill; one may come with two licences."""
    return f"frames:{origin.name}:{hashlib.sha256(origin.licence.stated.encode()).hexdigest()[:8]}"


def model_card(contents: Contents, net: NetName) -> dict[str, Any]:
    """What the bill says of a net; empty lists where there is nothing to say."""
    recipe, spec = contents.recipe, contents.nets[net].spec
    draws = net in ("scene", "outline")
    taught = () if net in UNTAUGHT_NETS else contents.origins
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": _TASKS[net],
            "architectureFamily": "convolutional neural network",
            "modelArchitecture": architecture(recipe, net),
            "datasets": [{"ref": data_ref(origin)} for origin in taught],
            "inputs": [{"format": "RGB picture, {} x {} px".format(*spec.resolution_wh)}],
            "outputs": [{"format": f"{'boxes with scores' if draws else 'scores'}: {', '.join(spec.names)}"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": list(_metrics(contents, net))},
        "considerations": {
            "users": [_USERS],
            "useCases": [INTENDED],
            "technicalLimitations": open_questions(contents.measured),
            "performanceTradeoffs": [_TRADEOFF],
            "ethicalConsiderations": [
                {
                    "name": f"Not for {use}",
                    "mitigationStrategy": "Every finding is for a person to review; the card says so.",
                }
                for use in NOT_FOR
            ],
            "fairnessAssessments": list(_fairness(contents, net)),
        },
    }


def _metrics(contents: Contents, net: str) -> Iterator[dict[str, Any]]:
    """Figures of the detectors that read the net, each with its 95 % interval where the frames give one."""
    nets = (
        "" if contents.measured.same_nets else f", by the nets of {contents.measured.about['recipe'].partition('@')[0]}"
    )
    for split, detector, row in _rows(contents, net):
        where = f"{detector}, {row['frames']} {split} frames, threshold {contents.recipe.thresholds[detector]:g}{nets}"
        for figure in _FIGURES:
            value, low, high = (row.get(f"{figure}{end}") for end in ("", "_low", "_high"))
            if value is None:
                continue
            metric: dict[str, Any] = {"type": figure, "value": f"{value:.4f}", "slice": where}
            if low is not None and high is not None:
                metric["confidenceInterval"] = {"lowerBound": f"{low:.4f}", "upperBound": f"{high:.4f}"}
            yield metric


def _fairness(contents: Contents, net: str) -> Iterator[dict[str, str]]:
    """How far the figures of groups lie apart, where more than one group was measured."""
    for split, detector, row in _rows(contents, net):
        for key, gap in sorted(row.items()):
            found = _GAP.fullmatch(key)
            if found and gap is not None:
                figure, slice_name = found.groups()
                yield {
                    "groupAtRisk": f"{detector}, by {slice_name.replace('_', ' ')}",
                    "harms": f"{figure} of best and worst group differ by {gap:.3f} on {split} frames",
                    "mitigationStrategy": "A person looks at every finding; few people stand behind each figure.",
                }


def _rows(contents: Contents, net: str) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    detectors = contents.detectors_of(net)
    for split, rows in contents.measured.metrics.items():
        yield from ((split, detector, row) for detector, row in rows.items() if detector in detectors)
