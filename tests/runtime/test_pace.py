"""When a frame is analysed: by time and content alone; and how much of the processor that may take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from cameras import Clock, grey
from proctor_models.errors import ConfigError
from proctor_models.runtime.camera import thumbnail
from proctor_models.runtime.pace import FAST_S, FORGET_S, MOVED, OWED_S, Budget, Pace, movement, paced, rates
from proctor_models.types import Image

ADAPTIVE = rates("adaptive", 2)
NOBODY: frozenset[str] = frozenset()


def chosen(pace: Pace, times_s: list[float], suspected: frozenset[str] = NOBODY, moving: bool = False) -> list[float]:
    found = []
    for i, t in enumerate(times_s):
        image = grey(90 + 40 * (i % 2) if moving else 90)
        if pace.candidate(t) and pace.due(t, image):
            found.append(t)
            pace.tell(t, suspected)
    return found


def at(fps: float, seconds: float, start_s: float = 0.0) -> list[float]:
    return [start_s + i / fps for i in range(int(fps * seconds))]


@pytest.mark.parametrize(
    ("suspected", "moving", "hz"),
    [(NOBODY, False, 1), (NOBODY, True, 2), (frozenset({"phone"}), False, 4), (frozenset({"phone"}), True, 4)],
)
def test_due__by_what_goes_on(suspected: frozenset[str], moving: bool, hz: int) -> None:
    times = chosen(Pace(ADAPTIVE), at(30, 10), suspected, moving)
    assert len(times) == pytest.approx(10 * hz, abs=1)
    assert max(np.diff(times)) <= 1 / hz + 1 / 30 + 1e-6


def test_due__a_fixed_pace_looks_at_time_alone() -> None:
    times = chosen(Pace(rates("fixed", 2)), at(25, 3), frozenset({"phone"}), moving=True)
    np.testing.assert_allclose(times, [0, 0.52, 1.0, 1.52, 2.0, 2.52])


def test_due__something_that_moves_is_looked_at_within_half_a_second() -> None:
    pace = Pace(ADAPTIVE)
    chosen(pace, at(20, 5))
    hand = grey()
    hand[8:24, 8:24] = 160
    assert next(t for t in at(20, 2, 5.05) if pace.candidate(t) and pace.due(t, hand)) <= 5.5


def test_tell__a_suspicion_that_lasts_makes_no_haste_for_ever() -> None:
    times = chosen(Pace(ADAPTIVE), at(8, 2 * FAST_S), frozenset({"book"}))
    assert sum(t < FAST_S for t in times) == 4 * FAST_S
    assert sum(t >= FAST_S for t in times) == 2 * FAST_S


def test_tell__a_new_suspicion_beside_an_old_one_does() -> None:
    pace = Pace(ADAPTIVE)
    chosen(pace, at(8, FAST_S + 10), frozenset({"book"}))
    times = chosen(pace, at(8, 5, FAST_S + 10), frozenset({"book", "phone"}))
    assert len(times) == pytest.approx(20, abs=2)


def test_tell__one_that_flickers_does_not() -> None:
    pace, count = Pace(ADAPTIVE), 0
    for i, t in enumerate(at(8, 3 * FAST_S)):
        if pace.due(t, grey()):
            count += t > 2 * FAST_S
            pace.tell(t, frozenset({"book"} if i % 3 else ()))
    assert count <= 2.1 * FAST_S


def test_tell__one_that_was_gone_for_long_does() -> None:
    pace = Pace(ADAPTIVE)
    chosen(pace, at(8, FAST_S + 5), frozenset({"book"}))
    chosen(pace, at(8, FORGET_S + 5, FAST_S + 5))
    times = chosen(pace, at(8, 5, FAST_S + FORGET_S + 10), frozenset({"book"}))
    assert len(times) == pytest.approx(20, abs=4)


def test_due__twice_the_same() -> None:
    generator = np.random.default_rng(7)
    times = np.cumsum(generator.uniform(0.01, 0.4, 400)).tolist()
    runs = [chosen(Pace(ADAPTIVE), times, moving=True) for _ in range(2)]
    assert runs[0] == runs[1]


def test_paced__chooses_among_what_a_recording_gives() -> None:
    def frames(rate_hz: float) -> Iterator[tuple[float, Image]]:
        yield from ((t, grey()) for t in at(rate_hz, 4))

    assert [t for t, _ in paced(frames, Pace(ADAPTIVE))] == [0, 1, 2, 3]


def test_movement__sensor_noise_is_none_and_a_hand_is() -> None:
    generator = np.random.default_rng(1)
    noisy = [np.clip(90 + generator.normal(0, 15, (480, 640, 3)), 0, 255).astype(np.uint8) for _ in range(2)]
    assert movement(*map(thumbnail, noisy)) < MOVED / 2
    moved = noisy[1].copy()
    moved[200:260, 300:360] += 40
    assert movement(thumbnail(noisy[0]), thumbnail(moved)) > MOVED


def test_rates__refuses_what_is_none() -> None:
    with pytest.raises(ConfigError, match="--rate: expected frames a second above 0, got nan"):
        rates("adaptive", float("nan"))
    with pytest.raises(ConfigError, match="--pace: expected one of fixed, adaptive, got 'fast'"):
        rates("fast", 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate_hz", [0.5, 1.0, 1.5, 2.0, 8.0])
def test_rates__slow_is_never_slower_than_asked_or_than_once_a_second(rate_hz: float) -> None:
    found = rates("adaptive", rate_hz)
    assert found.slow_hz >= min(rate_hz, 1.0)
    assert found.slow_hz <= found.usual_hz <= found.fast_hz


def test_budget__work_takes_its_share_in_the_long_run() -> None:
    clock, cpu = Clock(), Clock()
    budget = Budget(0.25, clock=clock, cpu=cpu)
    frames = 0
    while clock.now_s < 60:
        if budget.wait_s() == 0:
            cpu.now_s += 0.1
            clock.now_s += 0.1
            frames += 1
        else:
            clock.now_s += 0.01
    assert cpu.now_s / clock.now_s == pytest.approx(0.25, abs=0.01)
    assert frames == pytest.approx(150, abs=3)


def test_budget__what_is_owed_is_bounded() -> None:
    clock, cpu = Clock(), Clock()
    budget = Budget(0.5, clock=clock, cpu=cpu)
    cpu.now_s = 1000
    assert budget.wait_s() == pytest.approx(OWED_S)


def test_budget__refuses_no_share() -> None:
    with pytest.raises(ConfigError, match=r"--cpu: expected a share of one core above 0, as 0\.5, got 0"):
        Budget(0)
