"""Which frames a data set gets: who, in which recording, doing what. Chosen before anything is painted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from proctor_models.types import View

# P003 looks like a person of public life and is left out. People of one side appear in each other's
# frames, of two sides never: a split that follows the sides leaks nobody.
SIDES: tuple[tuple[str, ...], ...] = (("P001", "P002", "P006", "P007", "P009"), ("P005", "P008"), ("P004", "P010"))
PERSONS: tuple[str, ...] = tuple(sorted(code for side in SIDES for code in side))
EARS_VISIBLE = frozenset({"P001", "P005", "P006", "P010"})

# Activity to its share of the frames.
FIRST_VIEW: Mapping[str, float] = {
    "quiet": 12, "phone_front": 10, "phone_ear": 7, "phone_shown": 6, "phone_desk": 8, "earphones": 9, "headphones": 8,
    "mask": 9, "mask_under_nose": 6, "mask_chin": 3, "book_held": 7, "paper_desk": 6, "second_person": 9, "empty": 7,
    "leaning": 5, "other_in_hand": 6, "other_on_desk": 4, "phone_mask": 3, "phone_headphones": 3,
}  # fmt: skip
SECOND_VIEW: Mapping[str, float] = {
    "quiet": 6, "phone_hand": 6, "phone_desk": 5, "paper_desk": 5, "headphones": 3, "second_person": 4, "empty": 4,
}  # fmt: skip
SECOND_VIEW_SHARE = 0.15
FRAMES_A_CLIP = 8


@dataclass(frozen=True)
class Case:
    """One frame to paint."""

    index: int
    view: View
    person: str
    """The candidate, or whose empty seat it is."""
    activity: str
    clip: str
    clip_seed: int
    frame_index: int
    """Position in the clip."""
    visitor: str | None = None

    @property
    def name(self) -> str:
        """File name without suffix."""
        return f"{self.clip}-{self.frame_index:03d}"

    @property
    def subject(self) -> str:
        """Who is there, or ``empty``."""
        return "empty" if self.activity == "empty" else self.person


def _spread(rng: np.random.Generator, shares: Mapping[str, float], count: int) -> list[str]:
    """`count` words, each as often as its share says, shuffled."""
    names, weights = list(shares), np.array(list(shares.values()), np.float64)
    exact = weights / weights.sum() * count
    times = np.floor(exact).astype(int)
    for i in np.argsort(times - exact, kind="stable")[: count - int(times.sum())]:
        times[i] += 1
    words = [name for name, many in zip(names, times.tolist(), strict=True) for _ in range(many)]
    return [words[i] for i in rng.permutation(count)]


def _visitor(rng: np.random.Generator, person: str) -> str:
    side = next(side for side in SIDES if person in side)
    others = [code for code in side if code != person]
    return others[int(rng.integers(len(others)))]


def draw_plan(frames: int, seed: int) -> tuple[Case, ...]:
    """The frames of a data set; the same numbers give the same plan.

    >>> plan = draw_plan(40, seed=1)
    >>> len(plan), sum(case.view == "second" for case in plan)
    (40, 6)
    >>> plan == draw_plan(40, seed=1)
    True
    """
    rng = np.random.default_rng([seed, 1])
    second = round(frames * SECOND_VIEW_SHARE)
    wanted: list[tuple[View, str]] = [("first", activity) for activity in _spread(rng, FIRST_VIEW, frames - second)]
    wanted += [("second", activity) for activity in _spread(rng, SECOND_VIEW, second)]
    seen: Counter[tuple[str, View]] = Counter()
    cases = []
    for index, (view, activity) in enumerate(wanted):
        person = PERSONS[index % len(PERSONS)]
        if activity == "earphones" and person not in EARS_VISIBLE:
            person = sorted(EARS_VISIBLE)[int(rng.integers(len(EARS_VISIBLE)))]
        number, frame_index = divmod(seen[person, view], FRAMES_A_CLIP)
        seen[person, view] += 1
        visitor = _visitor(rng, person) if activity == "second_person" else None
        clip = f"{person}-{view}-{chr(ord('a') + number % 26)}{number // 26 or ''}"
        clip_seed = int(np.random.default_rng([seed, PERSONS.index(person), number, len(view)]).integers(2**31))
        cases.append(Case(index, view, person, activity, clip, clip_seed, frame_index, visitor))
    return tuple(cases)
