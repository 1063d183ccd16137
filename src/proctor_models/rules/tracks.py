"""What the engine follows and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from proctor_models.rules.hysteresis import Span
from proctor_models.rules.policy import Rule


@dataclass(frozen=True)
class Track:
    """One rule followed in one view; the key of everything kept by finding."""

    rule: Rule
    view: str


@dataclass(frozen=True)
class Change:
    """A finding opened or closed.

    `span` of an opened finding is what is known so far. A gap in a recording, or a turn of the camera that is
    missing, is known only when it is over, so it is reported closed and never opened; it has no peak, and its
    `peak_score` of 1 means nothing.
    """

    kind: Literal["opened", "closed"]
    number: int
    """Counts the findings of a session from 1, in the order they opened."""
    rule: Rule
    view: str
    span: Span
    threshold: float | None
    """Score the rule opened at; None for a rule that reads no scores."""
