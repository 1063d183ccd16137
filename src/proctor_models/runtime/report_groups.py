"""Repeated findings that a person may judge in one go."""

from __future__ import annotations

from collections.abc import Sequence

CLOSE_S = 60.0
"""A rule that answers again within this time is most often the same deed."""

Occurrence = tuple[str, float, float]  # what was found, first and last second


def grouped(occurrences: Sequence[Occurrence], close_s: float = CLOSE_S) -> list[list[int]]:
    """Indices of occurrences that belong together: of the same thing, each within `close_s` of the one before.

    Args:
        occurrences: by rising start.
        close_s: seconds from one's end to the next one's start.

    >>> grouped([("phone", 0, 5), ("mask", 8, 9), ("phone", 50, 52), ("phone", 500, 501)])
    [[0, 2], [1], [3]]
    """
    groups: list[list[int]] = []
    latest: dict[str, tuple[list[int], float]] = {}  # by thing: its last group and where that ends
    for index, (thing, start_s, end_s) in enumerate(occurrences):
        group, ended_s = latest.get(thing, ([], 0.0))
        if not group or start_s - ended_s > close_s:
            group, ended_s = [], end_s
            groups.append(group)
        group.append(index)
        latest[thing] = (group, max(ended_s, end_s))
    return groups
