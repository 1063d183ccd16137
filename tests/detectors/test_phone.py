from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.phone import Phone
from proctor_models.types import Observation

Observe = Callable[..., Observation]


def test_read__the_surest_phone(observe: Observe) -> None:
    reading = Phone().read(
        observe(("phone", (0, 0, 20, 40), 0.3), ("phone", (50, 0, 70, 40), 0.8), ("phone", (90, 0, 99, 40), 0.1))
    )
    assert reading.score == pytest.approx(0.8)
    assert reading.xyxy[:, 0].tolist() == [50, 0]


def test_read__a_weak_phone_is_shown_when_it_is_all(observe: Observe) -> None:
    reading = Phone().read(observe(("phone", (0, 0, 20, 40), 0.1), ("phone", (50, 0, 70, 40), 0.05)))
    assert reading.score == pytest.approx(0.1)
    assert reading.xyxy.tolist() == [[0, 0, 20, 40]]


@pytest.mark.parametrize("rival", ["remote", "mouse"])
def test_read__a_surer_rival_on_the_same_spot(observe: Observe, rival: str) -> None:
    spot = (0, 0, 20, 40)
    assert Phone().read(observe(("phone", spot, 0.5), (rival, spot, 0.6))).score == 0
    assert Phone().read(observe(("phone", spot, 0.5), (rival, spot, 0.4))).score == pytest.approx(0.5)
    assert Phone().read(observe(("phone", spot, 0.5), (rival, (0, 20, 20, 60), 0.9))).score == pytest.approx(0.5)


def test_read__a_rival_leaves_other_phones(observe: Observe) -> None:
    spot = (0, 0, 20, 40)
    reading = Phone().read(observe(("phone", spot, 0.5), ("remote", spot, 0.6), ("phone", (90, 0, 99, 40), 0.4)))
    assert reading.score == pytest.approx(0.4)


def test_read__other_things_are_no_rivals(observe: Observe) -> None:
    spot = (0, 0, 20, 40)
    assert Phone().read(observe(("phone", spot, 0.5), ("cup", spot, 0.9))).score == pytest.approx(0.5)
