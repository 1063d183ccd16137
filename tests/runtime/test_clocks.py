"""Where frames lie on the exam's clock: recordings that start apart, and cameras with clocks of their own."""

import math

import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.runtime.clocks import LATE_S, LiveClock, Placed, start_offsets


def placed(clock: LiveClock, device_s: list[float], delay_s: list[float], shift_s: float = 1000.0) -> list[Placed]:
    """Frames taken at these exam times, that arrive so much later, by a device whose clock is shifted."""
    return [clock.place(t + shift_s, t + d) for t, d in zip(device_s, delay_s, strict=True)]


def test_place__frames_that_waited_keep_their_time() -> None:
    delays = [0.1, 0.1, 2.0, 1.5, 1.0, 0.5, 0.1]
    times = [t.timestamp_s for t in placed(LiveClock(), [i / 2 for i in range(7)], delays)]
    np.testing.assert_allclose(times, [i / 2 + 0.1 for i in range(7)])


def test_place__never_after_arrival_and_never_backwards() -> None:
    generator = np.random.default_rng(3)
    taken = np.cumsum(generator.uniform(0, 0.5, 500))
    arrival = np.maximum.accumulate(taken + generator.exponential(0.3, 500))
    found = [LiveClock.place(clock, t, a) for clock in [LiveClock()] for t, a in zip(taken, arrival, strict=True)]
    times = np.array([one.timestamp_s for one in found])
    assert (times <= arrival + 1e-9).all()
    assert (np.diff(times) >= 0).all()
    assert all(one.wrong_by_s is None for one in found)


@pytest.mark.parametrize("drift", [1e-3, -1e-3])
def test_place__a_clock_that_drifts_is_followed(drift: float) -> None:
    clock = LiveClock()
    for i in range(3600):  # an hour: 3.6 s apart at its end
        found = clock.place(i * (1 + drift) + 50, i + 0.1)
        assert found.wrong_by_s is None
        assert found.timestamp_s == pytest.approx(i + 0.1, abs=0.1)


@pytest.mark.parametrize("jump_s", [3600, 1.5, -3600, -0.7])
def test_place__a_clock_that_jumps_is_told_once_and_then_followed(jump_s: float) -> None:
    clock = LiveClock()
    before = placed(clock, [i / 2 for i in range(10)], [0.1] * 10)
    at_jump, *after = placed(clock, [5 + i / 2 for i in range(10)], [0.1] * 10, shift_s=1000 + jump_s)
    assert all(one.wrong_by_s is None for one in [*before, *after])
    assert at_jump == Placed(5.1, pytest.approx(jump_s))
    np.testing.assert_allclose([one.timestamp_s for one in after], [5.6 + i / 2 for i in range(9)])


def test_place__a_frame_stamped_much_too_early_is_put_at_its_arrival() -> None:
    clock = LiveClock()
    placed(clock, [0.0, 0.5], [0.1, 0.1])
    assert clock.place(1000.6, 1 + LATE_S) == Placed(1 + LATE_S, pytest.approx(-5.3, abs=0.1))


@pytest.mark.parametrize("device_s", [None, math.nan, 7.0])
def test_place__without_times_arrival_counts(device_s: float | None) -> None:
    clock = LiveClock()
    assert [clock.place(device_s, t).timestamp_s for t in (1.0, 1.5, 2.0)] == [1.0, 1.5, 2.0]


def test_place__nothing_before_the_start() -> None:
    clock = LiveClock(start_s=20.0)
    assert clock.place(5.0, 19.0).timestamp_s == 20.0


def test_forget__a_camera_opened_anew_counts_anew() -> None:
    clock = LiveClock()
    placed(clock, [0.0, 0.5], [0.1, 0.1])
    clock.forget()
    assert clock.place(0.0, 9.0) == Placed(9.0)


def test_start_offsets__refuses_what_is_no_number() -> None:
    with pytest.raises(ConfigError, match="--second-offset: expected seconds, got inf"):
        start_offsets(math.inf)
