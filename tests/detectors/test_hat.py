from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from proctor_models.detectors.hat import Hat
from proctor_models.types import HeadReading, Observation

Observe = Callable[..., Observation]
FACE, OTHER = (200, 100, 300, 220), (450, 10, 530, 110)


def test_read__the_surest_head_with_its_region(observe: Observe) -> None:
    heads = [(FACE, {"hat": 0.1}), (OTHER, {"hat": 0.9})]
    reading = Hat().read(observe(("face", FACE, 0.9), ("face", OTHER, 0.9), heads=heads))
    assert reading.score == pytest.approx(0.9)
    # Half a face to each side and up over the crown, which the frame cuts off.
    assert reading.xyxy.tolist() == [[410, 0, 570, 110]]


def test_read__bare_heads(observe: Observe) -> None:
    assert Hat().read(observe(("face", FACE, 0.9), heads=[(FACE, {"hat": 0.03})])).score == pytest.approx(0.03)


def test_read__covered_ears_are_no_hat(observe: Observe) -> None:
    headscarf = {"hat": 0.02, "ears_covered": 0.99}
    assert Hat().read(observe(("face", FACE, 0.9), heads=[(FACE, headscarf)])).score == pytest.approx(0.02)


def test_read__no_head_was_read(observe: Observe) -> None:
    reading = Hat().read(observe(("person", (100, 50, 400, 480), 0.9), ("face", FACE, 0.9)))
    assert (reading.score, reading.why) == (None, "no head large enough to read")
    assert reading.xyxy.shape == (0, 4)


def test_read__the_net_of_an_older_pack_does_not_say(observe: Observe) -> None:
    seen = observe(("face", FACE, 0.9))
    old = Observation(0.0, "first", (640, 480), seen.scene, (HeadReading(np.array(FACE, np.float32), {"mask": 0.1}),))
    reading = Hat().read(old)
    assert (reading.score, reading.why) == (None, "the head net of this pack does not read hat")
