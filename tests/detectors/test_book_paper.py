from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.book_paper import RIVALS, BookPaper
from proctor_models.types import VIEWS, Observation

Observe = Callable[..., Observation]
SPOT = (100, 300, 260, 400)


def test_read__the_surest_book_or_paper(observe: Observe) -> None:
    other, faint = ("book_paper", (400, 300, 500, 380), 0.3), ("book_paper", (10, 10, 60, 50), 0.1)
    reading = BookPaper().read(observe(("book_paper", SPOT, 0.8), other, faint))
    assert reading.score == pytest.approx(0.8)
    assert reading.xyxy[:, 0].tolist() == [100, 400]


def test_read__a_tidy_desk(observe: Observe) -> None:
    reading = BookPaper().read(observe(("laptop", SPOT, 0.9), ("cup", (10, 10, 40, 60), 0.8)))
    assert (reading.score, reading.why) == (0.0, "")
    assert reading.xyxy.shape == (0, 4)


@pytest.mark.parametrize(("view", "rival"), [(view, rival) for view, rivals in RIVALS.items() for rival in rivals])
def test_read__a_surer_rival_on_the_same_spot(observe: Observe, view: str, rival: str) -> None:
    book = ("book_paper", SPOT, 0.5)
    assert BookPaper().read(observe(book, (rival, SPOT, 0.6), view=view)).score == 0
    assert BookPaper().read(observe(book, (rival, SPOT, 0.4), view=view)).score == pytest.approx(0.5)
    assert BookPaper().read(observe(book, (rival, (100, 350, 260, 450), 0.9), view=view)).score == pytest.approx(0.5)


def test_read__a_notebook_held_before_the_webcam_may_look_like_a_laptop(observe: Observe) -> None:
    seen = ("book_paper", SPOT, 0.5), ("laptop", SPOT, 0.8)
    assert BookPaper().read(observe(*seen, view="first")).score == pytest.approx(0.5)
    assert BookPaper().read(observe(*seen, view="second")).score == 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("other", ["phone", "remote"])
def test_read__other_things_are_no_rivals(observe: Observe, view: str, other: str) -> None:
    seen = observe(("book_paper", SPOT, 0.5), (other, SPOT, 0.9), view=view)
    assert BookPaper().read(seen).score == pytest.approx(0.5)
