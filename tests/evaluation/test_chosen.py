from __future__ import annotations

import numpy as np
import pytest

from proctor_models.evaluation.chosen import balanced_elsewhere, cheapest, choose
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.measures import Draws


def judged(rows: list[tuple[str, float, bool]]) -> Judged:
    groups, scores, truth = zip(*rows, strict=True)
    return Judged(np.array(scores), np.array(truth, bool), groups)


def test_cheapest__a_false_frame_that_costs_more_asks_for_surer_scores() -> None:
    rows = [("a", score, True) for score in (0.3, 0.5, 0.7, 0.9)] + [
        ("b", score, False) for score in (0.05, 0.1, 0.1, 0.2, 0.4)
    ]
    assert cheapest(judged(rows)) == pytest.approx(0.25, abs=0.05)
    assert cheapest(judged(rows), false_cost=10) == pytest.approx(0.45, abs=0.05)


@pytest.mark.parametrize("truth", [True, False])
def test_cheapest__of_frames_of_one_kind_there_is_none(truth: bool) -> None:
    assert cheapest(judged([("a", 0.5, truth), ("b", 0.6, truth)])) is None


def test_cheapest__what_is_not_assessable_is_missed_and_never_false() -> None:
    sure = [("a", 0.9, True), ("b", 0.2, False)]
    unread = [("a", float("nan"), True), ("b", float("nan"), False)]
    assert cheapest(judged(sure + unread)) == cheapest(judged(sure))


def test_choose__no_frame_has_a_say_in_the_threshold_it_is_measured_at() -> None:
    """Whatever the scores of one person are, their threshold stays that of the others."""
    others = [("a", 0.8, True), ("a", 0.2, False), ("c", 0.7, True), ("c", 0.1, False)]
    thresholds = set()
    for own in (0.01, 0.3, 0.99):
        chosen = choose(judged([*others, ("b", own, True), ("b", 1 - own, False)]), {"a", "b", "c"})
        assert chosen is not None
        thresholds.add(chosen.of_part["b"])
        assert (chosen.judged.scores[4] == 1) == (own >= chosen.of_part["b"])
    assert len(thresholds) == 1


def test_choose__pictures_of_nobody_known_are_five_parts() -> None:
    rows = [(f"picture:{i}", 0.9 if i % 2 else 0.1, i % 2 == 1) for i in range(60)]
    chosen = choose(judged(rows), set())
    assert chosen is not None
    assert set(chosen.of_part) == {f"pictures {i}" for i in range(1, 6)}
    assert (chosen.judged.scores == chosen.judged.truth).all()


def test_choose__none_where_only_one_person_shows_the_thing() -> None:
    rows = [("a", 0.9, True), ("a", 0.1, False), ("b", 0.2, False)]
    assert choose(judged(rows), {"a", "b"}) is None
    assert balanced_elsewhere(judged(rows), {"a", "b"}, Draws(100, 0)).value is None


def test_balanced_elsewhere__is_below_what_its_own_threshold_would_give() -> None:
    """Each is told apart at a threshold of their own, and no one threshold serves both."""
    rows = [("a", 0.9, True), ("a", 0.7, False), ("b", 0.5, True), ("b", 0.3, False)] * 5
    measured = balanced_elsewhere(judged(rows), {"a", "b"}, Draws(100, 0))
    assert measured.value == pytest.approx(0.5)
    assert measured.threshold is None
    assert measured.frames == 20
