"""When the frames of a live view came, analysed or not: what was seen and not analysed is no gap in the recording.

The rules learn of it through `Monitor.present`, and whoever replays or reads the exam through the ledger's `present`.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from proctor_models.rules.policy import Rule
from proctor_models.runtime.report_curves import GAP_MIN_S, Span

PRESENT_FROM = "present_from_s"
"""Of the ledger's first line: from which step on (`told_from_s`) it says what came; ledgers before it say nothing."""
BREAK_S = 1.0
"""Frames further apart do not come without a break."""


def told_from_s(rules: Iterable[Rule]) -> float:
    """The least step between two analysed frames, in seconds, from which it matters what came between them.

    To a rule on gaps, or to the review page: shorter steps are told to nobody, so that a ledger grows by one line a
    view in this time at most.

    >>> told_from_s([])
    2.0
    """
    return min([GAP_MIN_S, *(rule.min_duration_s for rule in rules if rule.is_gap)])


class Presence:
    """Spans in which a view's frames came without a break; one thread puts them in, another takes them out.

    >>> seen = Presence()
    >>> for timestamp_s in (0.1, 0.6, 1.1, 8.0, 8.5, 9.0):
    ...     seen.came(timestamp_s)
    >>> seen.between(0.6, 9.0)
    [(0.6, 1.1), (8.0, 9.0)]
    >>> seen.came(9.5)
    >>> seen.between(9.0, 12.0)
    [(9.0, 9.5)]
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._spans: list[Span] = []

    def came(self, timestamp_s: float) -> None:
        """A frame came, in seconds on the exam's clock."""
        with self._lock:
            if self._spans and timestamp_s - self._spans[-1][1] <= BREAK_S:
                self._spans[-1] = (self._spans[-1][0], timestamp_s)
            else:
                self._spans.append((timestamp_s, timestamp_s))

    def between(self, after_s: float, before_s: float) -> list[Span]:
        """What came between two times, to the millisecond; what came earlier is forgotten.

        Args:
            after_s: the view's last frame that was analysed.
            before_s: the next one, or the end.
        """
        with self._lock:
            # The last one may go on: a frame that comes within a break of it belongs to it.
            self._spans = [span for span in self._spans[:-1] if span[1] > after_s] + self._spans[-1:]
            spans = tuple(self._spans)
        # As the ledger holds it: rules that heard another number would not replay byte for byte.
        cut = [(round(max(since_s, after_s), 3), round(min(until_s, before_s), 3)) for since_s, until_s in spans]
        return [(since_s, until_s) for since_s, until_s in cut if until_s > after_s and since_s < before_s]
