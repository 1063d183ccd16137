"""What the rules engine opened or closed, as a finding: numbers as they go on record, pictures by their paths."""

from __future__ import annotations

from collections.abc import Mapping

from proctor_models.rules.hysteresis import Box
from proctor_models.rules.tracks import Change
from proctor_models.runtime.entries import EVIDENCE_FOLDER
from proctor_models.runtime.findings import Finding


def finding_of(
    change: Change,
    model_sha256: Mapping[str, str],
    rules_sha256: str,
    evidence: tuple[str, ...] = (),
    marked: str | None = None,
) -> Finding:
    """The finding, for a person to review.

    Args:
        change: what the engine said.
        model_sha256: hash of each net's file, by net.
        rules_sha256: hash of the rule set.
        evidence: paths of its pictures.
        marked: path of the peak's picture with the boxes drawn in.
    """
    span, is_scored = change.span, change.rule.is_scored
    return Finding(
        id=f"F{change.number:04d}",
        rule=change.rule.id,
        detector=change.rule.detector,
        title=change.rule.title,
        article=change.rule.article,
        severity=change.rule.severity,
        view=change.view,
        start_s=round(span.start_s, 3),
        end_s=round(span.end_s, 3),
        peak_s=round(span.peak_s, 3) if is_scored else None,
        peak_score=round(span.peak_score, 4) if is_scored else None,
        threshold=None if change.threshold is None else round(change.threshold, 4),
        boxes=tuple(_rounded(box) for box in span.boxes),
        evidence=evidence,
        marked=marked,
        model_sha256=dict(model_sha256),
        rules_sha256=rules_sha256,
    )


def picture_path(change: Change, kind: str) -> str:
    """Where the picture of a finding goes that shows `kind`, as ``peak``; relative to the session's folder."""
    return f"{EVIDENCE_FOLDER}/F{change.number:04d}-{kind}.jpg"


def _rounded(box: Box) -> Box:
    x0, y0, x1, y1 = (round(value, 1) for value in box)
    return x0, y0, x1, y1
