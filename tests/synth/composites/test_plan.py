from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from proctor_models.synth.composites.exam import STORY, Event, times
from proctor_models.synth.composites.plan import EARS_VISIBLE, FIRST_VIEW, PERSONS, SECOND_VIEW, SIDES, draw_plan


def test_draw_plan__shows_every_activity_and_every_person() -> None:
    plan = draw_plan(200, seed=1)
    assert {(c.view, c.activity) for c in plan} == {("first", a) for a in FIRST_VIEW} | {
        ("second", a) for a in SECOND_VIEW
    }
    assert {c.person for c in plan} == set(PERSONS)
    assert len(PERSONS) >= 8
    assert "P003" not in PERSONS


def test_draw_plan__names_are_unique_and_seeds_differ() -> None:
    first, second = draw_plan(200, seed=1), draw_plan(200, seed=2)
    assert len({case.name for case in first}) == 200
    assert first != second


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_draw_plan__nobody_visits_across_a_split(seed: int) -> None:
    for case in draw_plan(300, seed):
        if case.visitor is not None:
            assert case.visitor != case.person
            assert any({case.visitor, case.person} <= set(side) for side in SIDES)


def test_draw_plan__earphones_only_where_ears_show() -> None:
    assert {c.person for c in draw_plan(400, seed=3) if c.activity == "earphones"} <= EARS_VISIBLE


def test_draw_plan__one_clip_is_one_person_in_one_view() -> None:
    seen: dict[str, set[tuple[str, str, int]]] = {}
    plan = draw_plan(300, seed=1)
    for case in plan:
        seen.setdefault(case.clip, set()).add((case.person, case.view, case.clip_seed))
    assert all(len(kinds) == 1 for kinds in seen.values())
    assert max(Counter(case.clip for case in plan).values()) <= 8


def test_times__stop_during_the_gap_and_nowhere_else() -> None:
    gap = next(event for event in STORY if event.event == "recording_gap")
    steps = [(a, b) for a, b in pairwise(times(gap.view)) if b - a > 0.3]
    assert steps == [(gap.start_s - 0.25, gap.end_s)]


@pytest.mark.parametrize("view", ["first", "second"])
def test_story__events_of_one_view_do_not_overlap(view: str) -> None:
    events = sorted((e for e in STORY if e.view == view), key=lambda e: e.start_s)
    assert all(a.end_s <= b.start_s for a, b in pairwise(events))
    assert all(e.end_s - e.start_s >= 5 for e in events)


def test_arriving__is_whole_at_both_ends() -> None:
    event = Event("phone", "first", 6.0, 12.0)
    assert [event.arriving(t) for t in (6.0, 9.0, 12.0)] == [1.0, 0.0, 1.0]
