"""Which frames a row stands on, and what it says of them."""

from __future__ import annotations

import numpy as np
import pytest

from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES
from proctor_models.evaluation.events_page import TARGETS as EVENT_TARGETS
from proctor_models.evaluation.folds import HeldOut
from proctor_models.evaluation.measures import Draws, Measured
from proctor_models.evaluation.seen import Seen, judge
from proctor_models.evaluation.target_rows import (
    TARGETS,
    Stand,
    Target,
    earbuds,
    headphones,
    is_sure,
    look_alikes,
    verdict,
    webcam,
    worn_wrongly,
)
from proctor_models.types import SCENE_CLASSES

FACE, LARGE_FACE = (30.0, 10.0, 50.0, 30.0), (10.0, 0.0, 70.0, 80.0)
EAR = (60.0, 30.0, 70.0, 42.0)


def held(*seen: Seen, stating: frozenset[str] = frozenset({"made"})) -> HeldOut:
    return HeldOut(seen, {}, dict.fromkeys(DETECTOR_NAMES, 0.5), stating, (), frozenset({"W1"}))


def measured(row: str, *seen: Seen) -> Measured:
    """One row of the table, by `detector figure`."""
    together = held(*seen)
    stand = Stand(together, {name: judge(seen, name) for name in DETECTOR_NAMES}, Draws(50, 0))
    (target,) = (t for t in TARGETS if f"{t.detector} {t.figure}" == row)
    return target.measure(stand)


def ears(name: str, person: str, score: float | None, kind: str | None = None, worn: object = True) -> Seen:
    """A frame with a face of 80 px, an earphone on it or not, and what the detector says."""
    boxes = [label("face", LARGE_FACE), *([label("earphone", EAR, kind=kind, worn=worn)] if kind else [])]
    found = [("earphone", EAR, score)] if kind and score else []
    return saw(record(name, boxes, person=person), found, {"earphone": score})


def masked(name: str, said: float | None, wrongly: bool | None, shift: float = 0.0, **fields: str) -> Seen:
    """A masked head, labelled as worn wrongly or not, and what the head net reads `shift` pixels beside it."""
    attributes = {} if wrongly is None else {"mask_incorrect": wrongly}
    one = saw(record(name, [label("face_masked", FACE, **attributes)], **fields))
    row = {
        "category_id": SCENE_CLASSES.index("face") + 1,
        "bbox": [FACE[0] + shift, FACE[1], 20.0, 20.0],
        "score": 0.9,
        "attributes": {} if said is None else {"mask_incorrect": said},
    }
    return Seen(one.frame, (row,), one.scores)


def test_targets__every_detector_has_a_row() -> None:
    assert {target.detector for target in TARGETS} == set(DETECTOR_NAMES)
    named = [(target.detector, target.figure) for target in TARGETS]
    assert len(named) == len(set(named))


def test_targets__absence_asks_what_the_page_of_events_asks() -> None:
    asked = [target.value for target in TARGETS if target.figure.startswith("events")]
    assert asked == [EVENT_TARGETS["absence"][name] for name in ("precision", "recall", "onset_error_max_s")]


def test_targets__no_frame_no_figure() -> None:
    stand = Stand(held(), {name: judge([], name) for name in DETECTOR_NAMES}, Draws(50, 0))
    assert {verdict(target, target.measure(stand)) for target in TARGETS} == {"cannot say"}


def test_webcam__a_photograph_is_none() -> None:
    frames = held(saw(record("a")), saw(record("b", view="other")), saw(record("c", view="second")))
    assert webcam(frames).tolist() == [True, False, False]


def test_look_alikes__frames_without_a_phone_of_who_holds_up_others() -> None:
    def frame(name: str, score: float, there: bool = False, person: str = "W1") -> Seen:
        return saw(record(name, [label("phone")] if there else [], person=person), scores={"phone": score})

    seen = (frame("a", 0.9), frame("b", 0.1), frame("c", 0.1), frame("d", 0.1), frame("e", 0.9, there=True))
    other = frame("f", 0.9, person="S1")
    assert look_alikes(held(*seen, other)).tolist() == [True] * 5 + [False]
    found = measured("phone false frames, a wallet or a case held up", *seen, other)
    assert (found.value, found.frames, found.by) == (0.25, 4, "frame")


def test_headphones__whole_people_but_no_other_kind_worn() -> None:
    neck = ears("neck", "P", 0.1, "headphone", worn="neck")
    frames = (neck, ears("bare", "P", 0.1), ears("bud", "P", 0.9, "earbud"), ears("other", "S1", 0.1))
    assert headphones(held(*frames)).tolist() == [True, True, False, False]


def test_headphones__boxes_on_another_kind_are_ignored() -> None:
    far = (10.0, 60.0, 20.0, 75.0)
    both = record("a", [label("earphone", EAR, kind="headphone"), label("earphone", far, kind="earbud", worn=False)])
    row = "earphone over-ear: AP50 of boxes"
    found = measured(row, saw(both, [("earphone", far, 0.9), ("earphone", EAR, 0.8)]))
    assert (found.value, found.boxes) == (pytest.approx(1.0), 1)
    beside = measured(row, saw(both, [("earphone", (80.0, 0.0, 90.0, 9.0), 0.9), ("earphone", EAR, 0.8)]))
    assert beside.value == pytest.approx(0.5)


def test_earbuds__only_where_an_ear_is_large_enough() -> None:
    small = saw(
        record("small", [label("face", (10.0, 0.0, 70.0, 79.0)), label("earphone", EAR, kind="earbud", worn=True)])
    )
    frames = (ears("bud", "S1", 0.9, "earbud"), ears("bare", "S1", 0.1), ears("over", "S1", 0.9, "headphone"), small)
    assert earbuds(held(*frames)).tolist() == [True, True, False, False]


def test_earbuds__figures_of_the_detector() -> None:
    seen = [ears(f"hit{i}", "S1", 0.9, "earbud") for i in range(3)] + [ears("miss", "S1", 0.2, "earbud")]
    seen += [ears("unseen", "S1", None, "earbud"), *(ears(p, p, 0.1) for p in "ABC"), ears("D", "D", 0.7)]
    recall = measured("earphone in-ear: recall, face of 80 px or higher", *seen)
    assert (recall.value, recall.frames, recall.by) == (pytest.approx(3 / 5), 5, "frame")
    false = measured("earphone in-ear: false frames, face of 80 px or higher", *seen)
    assert (false.value, false.by) == (pytest.approx(1 / 4), "group")
    unseen = measured("earphone in-ear: not assessable, face of 80 px or higher", *seen)
    assert unseen.value == pytest.approx(1 / 9)


def test_worn_wrongly__sources_that_state_it_state_it_of_all() -> None:
    seen = (
        masked("wrong", 0.9, True),
        masked("right", 0.2, None),
        masked("beside", 0.8, None, shift=9.0),
        masked("unread", None, True),
        masked("elsewhere", 0.7, None, source="other"),
        saw(record("bare", [label("face", FACE)])),
    )
    judged = worn_wrongly(held(*seen))
    assert judged.truth.tolist() == [True, False, False, True]
    np.testing.assert_allclose(judged.scores, [0.9, 0.2, np.nan, np.nan])
    assert judged.groups == ("wrong", "right", "beside", "unread")
    found = measured("mask worn wrongly: AP over masked heads", *seen)
    assert found.value == pytest.approx((1 + 2 / 4) / 2)
    assert (found.boxes, found.unread) == (4, 0.5)


@pytest.mark.parametrize(
    ("sense", "figure", "expected"),
    [
        ("at most", Measured(0.01, 0.0, 0.015), ("met", True)),
        ("at most", Measured(0.01, 0.0, 0.3), ("met", False)),
        ("at most", Measured(0.1, 0.05, 0.3), ("missed", True)),
        ("at least", Measured(0.02, 0.02, 0.3), ("met", True)),
        ("at least", Measured(0.01, 0.0, 0.3), ("missed", False)),
        ("at least", Measured(0.5), ("met", None)),
        ("at least", Measured(None), ("cannot say", None)),
    ],
)
def test_verdict__by_the_figure_and_sure_by_the_interval(
    sense: str, figure: Measured, expected: tuple[str, bool | None]
) -> None:
    target = Target("phone", "figure", sense, 0.02, lambda _: figure)  # type: ignore[arg-type]
    assert (verdict(target, figure), is_sure(target, figure)) == expected


def test_verdict__without_a_number_there_is_none() -> None:
    target = Target("phone", "figure", "at least", None, lambda _: Measured(0.9))
    assert (verdict(target, Measured(0.9, 0.8, 1.0)), is_sure(target, Measured(0.9, 0.8, 1.0))) == ("no target", None)
