"""Labels held against found boxes."""

from __future__ import annotations

import pytest

from proctor_models.curation.suspicion import Found, Labelled, judge

A, B = (0.0, 0.0, 10.0, 10.0), (40.0, 40.0, 60.0, 60.0)
CLOSE, BESIDE = (0.0, 0.0, 10.0, 9.0), (0.0, 5.0, 10.0, 17.0)


def one(labels, found, exhaustive=("phone", "remote", "person"), **more):
    """One frame between ten others, in which every phone and every remote is found."""
    names, corners = [name for name, _ in labels], [xyxy for _, xyxy in labels]
    plain = Labelled(frozenset({"phone", "remote"}), ("phone", "remote"), (A, B))
    seen = [Found("phone", A, 0.9), Found("remote", B, 0.9)]
    frame = Labelled(frozenset(exhaustive), tuple(names), tuple(corners))
    boxes = [Found(label, xyxy, score) for label, xyxy, score in found]
    return judge([(frame, boxes), *[(plain, seen)] * 10], more.get("thresholds"))[0]


def kinds(judged):
    return [(s.kind, s.score, s.found, s.truth) for s in judged.suspicions]


def test_judge__what_is_found_where_it_is_labelled_raises_no_suspicion():
    judged = one([("phone", A)], [("phone", CLOSE, 0.8)])
    assert (judged.found, judged.truth) == (("hit",), ("hit",))
    assert (judged.suspicions, judged.mistakenness) == ((), 0.0)
    assert judged.doubt[0] == pytest.approx(0.2)


def test_judge__a_class_the_frame_does_not_label_says_nothing():
    judged = one([("phone", A)], [("phone", B, 0.99)], exhaustive=("person",))
    assert (judged.found, judged.truth, judged.suspicions) == (("not judged",), ("not judged",), ())


def test_judge__a_sure_box_where_nothing_is_labelled_may_be_a_missing_label():
    judged = one([], [("phone", A, 0.8), ("phone", B, 0.3)])
    assert judged.found == ("false alarm", "unsure")
    assert kinds(judged) == [("missing", 0.8, 0, None)]
    assert (judged.worst("missing"), judged.worst("class")) == (0.8, 0.0)


def test_judge__a_second_box_on_one_thing_is_no_missing_label():
    judged = one([("phone", A)], [("phone", A, 0.9), ("phone", CLOSE, 0.8)])
    assert judged.found == ("hit", "double")
    assert judged.suspicions == ()


def test_judge__another_class_on_a_missed_label_may_be_a_wrong_class():
    judged = one([("phone", A)], [("remote", CLOSE, 0.8), ("phone", A, 0.25)])
    assert (judged.found, judged.truth) == (("false alarm", "unsure"), ("miss",))
    assert kinds(judged) == [("class", 0.6, 0, 0)]  # 0.8 times the doubt that a weak hit leaves


def test_judge__another_class_on_a_label_that_was_found_is_a_missing_label():
    judged = one([("phone", A)], [("phone", A, 0.9), ("remote", CLOSE, 0.7)])
    assert kinds(judged) == [("missing", 0.7, 1, None)]


def test_judge__a_box_of_the_class_beside_a_missed_label_may_be_a_wrong_place():
    judged = one([("phone", A)], [("phone", BESIDE, 0.9)])
    assert kinds(judged) == [("place", 0.9, 0, 0)]


def test_judge__a_label_nothing_explains_may_be_spurious_where_the_class_is_found_as_a_rule():
    judged = one([("phone", A), ("person", B)], [])
    assert judged.truth == ("miss", "miss")
    # 10 of 11 phones are found, and no person ever: of that miss nothing follows
    assert kinds(judged) == [("spurious", pytest.approx(10 / 11, abs=1e-4), None, 0), ("spurious", 0.0, None, 1)]


def test_judge__the_class_threshold_says_what_is_sure():
    assert one([], [("phone", A, 0.45)]).found == ("unsure",)
    assert one([], [("phone", A, 0.45)], thresholds={"phone": 0.4}).found == ("false alarm",)


def test_judge__worst_suspicion_first_and_as_the_frame_s_figure():
    judged = one([], [("phone", A, 0.6), ("remote", B, 0.9)])
    assert [s.score for s in judged.suspicions] == [0.9, 0.6]
    assert judged.mistakenness == 0.9


def test_judge__best_scores_choose_first():
    judged = one([("phone", A)], [("phone", CLOSE, 0.6), ("phone", A, 0.9)])
    assert judged.found == ("double", "hit")
