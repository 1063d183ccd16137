"""Rules on the camera's turn at the start: each is asked once a view, when its time is up or the exam is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from proctor_models.rules.policy import Rule, RuleSet


class ScanLike(Protocol):
    """What is known of the camera's turn at the start; see `runtime.scan`."""

    @property
    def turn_deg(self) -> float | None:
        """Degrees turned through; None where the frames cannot tell."""

    @property
    def candidate_share(self) -> float:
        """Share of the turn in which the candidate was in the picture."""


class Turns:
    """Turns that are still to be judged, and what was last known of each."""

    def __init__(self, ruleset: RuleSet) -> None:
        rules = [rule for rule in ruleset.rules if rule.is_scan]
        self._known: dict[tuple[Rule, str], ScanLike | None] = {
            (rule, view): None for rule in rules for view in rule.views
        }

    def resume(self, last_s: Mapping[str, float]) -> None:
        """A turn that another process saw half of cannot be judged."""
        self._known = {key: known for key, known in self._known.items() if key[1] not in last_s}

    def judge(self, view: str, lasted_s: float, scan: ScanLike | None, *, over: bool = False) -> list[Rule]:
        """Rules whose time is up in a view and whose turn falls short; where it cannot be told, there is none.

        Args:
            view: the view.
            lasted_s: seconds since its first frame.
            scan: what is known by now; None where nothing new is.
            over: whether the exam is, so that nothing more will be known.
        """
        short = []
        for rule, at in [key for key in self._known if key[1] == view]:
            known = self._known[rule, at] if scan is None else scan
            self._known[rule, at] = known
            if lasted_s < rule.within_s and not over:
                continue
            del self._known[rule, at]
            if known is None or known.turn_deg is None:
                continue
            if known.turn_deg < rule.min_turn_deg or known.candidate_share < rule.min_candidate_share:
                short.append(rule)
        return short
