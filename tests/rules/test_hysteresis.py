"""Score series written by hand, with the spans they must give, and what holds for any series."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor_models.errors import ConfigError, TimestampError
from proctor_models.rules.hysteresis import Hysteresis, Limits, Transition

HALF = Limits(enter=0.5, leave=0.3, min_duration_s=1.0, max_gap_s=2.0, min_share=0.5, interval_s=0.5)
Series = Sequence[tuple[float, float | None]]


def limits(**changes: float) -> Limits:
    values = {name: getattr(HALF, name) for name in Limits.__dataclass_fields__}
    return Limits(**(values | changes))


def changes_of(series: Series, kept: Limits = HALF) -> list[Transition]:
    follow = Hysteresis(kept)
    return [c for t, score in series for c in follow.observe(t, score)] + follow.finish()


def spans_of(series: Series, kept: Limits = HALF) -> list[tuple[float, float]]:
    return [(c.span.start_s, c.span.end_s) for c in changes_of(series, kept) if c.kind == "closed"]


def every(step_s: float, scores: Sequence[float | None], start_s: float = 0.0) -> list[tuple[float, float | None]]:
    return [(start_s + i * step_s, score) for i, score in enumerate(scores)]


def test_observe__a_span_opens_after_min_duration_and_closes_at_its_last_positive_frame() -> None:
    series = every(0.5, [0.1, 0.6, 0.7, 0.9, 0.6, 0.1, 0.1, 0.1, 0.1, 0.1])
    opened, closed = changes_of(series)
    assert (opened.kind, opened.span.start_s, opened.span.end_s) == ("opened", 0.5, 1.5)
    assert (closed.kind, closed.span.start_s, closed.span.end_s) == ("closed", 0.5, 2.0)
    assert (closed.span.peak_s, closed.span.peak_score) == (1.5, 0.9)
    assert closed.span.duration_s == 1.5


def test_observe__closes_only_once_the_gap_is_longer_than_allowed() -> None:
    follow = Hysteresis(HALF)
    kinds = {t: [c.kind for c in follow.observe(t, s)] for t, s in every(0.5, [0.9] * 3 + [0.0] * 6)}
    assert kinds[1.0] == ["opened"]
    assert [t for t, kind in kinds.items() if kind == ["closed"]] == [3.5]


def test_observe__a_gap_within_the_limit_is_bridged() -> None:
    assert spans_of(every(0.5, [0.9] * 3 + [0.0] * 3 + [0.9] * 3)) == [(0.0, 4.0)]


def test_observe__a_longer_gap_makes_two_findings() -> None:
    assert spans_of(every(0.5, [0.9] * 3 + [0.0] * 5 + [0.9] * 3)) == [(0.0, 1.0), (4.0, 5.0)]


def test_observe__between_leave_and_enter_an_open_finding_goes_on_and_none_opens() -> None:
    assert spans_of(every(0.5, [0.9] * 3 + [0.4] * 20)) == [(0.0, 11.0)]
    assert spans_of(every(0.5, [0.4] * 20)) == []


def test_observe__a_score_that_hovers_around_the_threshold_is_one_finding() -> None:
    assert spans_of(every(0.5, [0.52, 0.51, 0.53] + [0.48, 0.52] * 20)) == [(0.0, 21.0)]


def test_observe__single_spikes_do_not_add_up() -> None:
    assert spans_of(every(0.5, [0.9, 0.1, 0.1] * 20)) == []
    assert spans_of(every(0.5, [0.9, 0.1, 0.1] * 20), limits(min_share=0.0)) == [(0.0, 28.5)]


def test_observe__every_second_frame_is_half_of_them_and_enough() -> None:
    flicker = every(0.5, [0.9, 0.1] * 4)
    assert spans_of(flicker) == [(0.0, 3.0)]
    assert spans_of(flicker, limits(min_share=0.6)) == []
    assert spans_of(every(0.5, [0.9] * 4), limits(min_share=1.0)) == [(0.0, 1.5)]


def test_observe__early_spikes_do_not_hide_what_follows() -> None:
    assert spans_of(every(0.5, [0.9, 0.1, 0.1] * 5 + [0.8] * 4)) == [(7.5, 9.0)]


def test_observe__one_frame_lasts_no_time() -> None:
    assert spans_of([(0.0, 0.9)]) == []
    assert spans_of([(0.0, 0.9)], limits(min_duration_s=0)) == [(0.0, 0.0)]


def test_observe__without_max_gap_one_miss_ends_the_finding() -> None:
    assert spans_of(every(0.5, [0.9] * 3 + [0.1] + [0.9] * 3), limits(max_gap_s=0)) == [(0.0, 1.0), (2.0, 3.0)]


def test_observe__not_assessable_is_neither_positive_nor_negative() -> None:
    # Two of two assessable frames are positive, so the two unknown ones do not stop it from opening.
    assert spans_of(every(0.5, [0.9, None, None, 0.9])) == [(0.0, 1.5)]
    assert spans_of(every(0.5, [0.9, 0.1, 0.1, 0.9])) == []
    assert spans_of(every(0.5, [None] * 20)) == []


def test_observe__not_assessable_keeps_a_finding_alive_no_longer_than_max_gap() -> None:
    assert spans_of(every(0.5, [0.9] * 3 + [None] * 3 + [0.9])) == [(0.0, 3.0)]
    assert spans_of(every(0.5, [0.9] * 3 + [None] * 40)) == [(0.0, 1.0)]
    assert spans_of(every(0.5, [0.9] * 3 + [None] * 40 + [0.9])) == [(0.0, 1.0)]


def test_observe__time_nobody_saw_is_no_duration() -> None:
    # A camera that is off for a minute between two pictures of a phone.
    assert spans_of([(0.0, 0.9), (60.0, 0.9)]) == []
    assert spans_of(every(0.5, [0.9] * 3) + every(0.5, [0.9] * 3, 61.0)) == [(0.0, 1.0), (61.0, 62.0)]


def test_observe__after_time_nobody_saw_the_bar_is_enter_again() -> None:
    assert spans_of(every(0.5, [0.9] * 3) + every(0.5, [0.4] * 9, 61.0)) == [(0.0, 1.0)]


def test_observe__one_missed_frame_is_not_time_nobody_saw() -> None:
    short = limits(max_gap_s=0)
    assert spans_of([(0.0, 0.9), (1.0, 0.9), (2.0, 0.9)], short) == [(0.0, 2.0)]
    assert spans_of([(0.0, 0.9), (0.5, 0.9), (1.0, 0.9), (2.2, 0.9)], short) == [(0.0, 1.0)]


def test_observe__frames_may_come_a_little_early_or_late() -> None:
    # 15 frames a second sampled twice a second: times are up to 0.067 s off.
    assert spans_of([(0.0, 0.9), (0.467, 0.9), (0.933, 0.9)]) == [(0.0, 0.933)]
    assert spans_of([(0.0, 0.9), (0.5, 0.9), (1.0, 0.9), (1.5, 0.1), (3.067, 0.9)]) == [(0.0, 3.067)]


def test_observe__one_frame_a_second_needs_two_frames() -> None:
    slow = limits(interval_s=1.0)
    assert spans_of(every(1.0, [0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1]), slow) == [(1.0, 2.0)]
    assert spans_of(every(1.0, [0.1, 0.9, 0.1, 0.1, 0.1, 0.1]), slow) == []


def test_observe__boxes_are_those_of_the_first_highest_frame() -> None:
    follow = Hysteresis(HALF)
    for i, score in enumerate([0.6, 0.9, 0.9, 0.7]):
        follow.observe(i / 2, score, [[i, i, i + 1, i + 1]])
    (closed,) = follow.finish()
    assert closed.span.boxes == ((1.0, 1.0, 2.0, 2.0),)
    assert closed.span.peak_s == 0.5


def test_observe__refuses_time_that_runs_backwards() -> None:
    follow = Hysteresis(HALF)
    follow.observe(2.0, 0.9)
    with pytest.raises(TimestampError, match=r"expected a time not before 2.0 s, got 1.5"):
        follow.observe(1.5, 0.9)
    with pytest.raises(TimestampError, match="got nan"):
        follow.observe(float("nan"), 0.9)


def test_finish__closes_what_is_open_once() -> None:
    follow = Hysteresis(HALF)
    for t, score in every(0.5, [0.9] * 4 + [0.1]):
        follow.observe(t, score)
    assert [(c.span.start_s, c.span.end_s) for c in follow.finish()] == [(0.0, 1.5)]
    assert follow.finish() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interval_s": 5.0}, r"min_duration_s: 1 s cannot be measured on frames 5 s apart"),
        ({"interval_s": 1.3}, r"max_gap_s: 2 s cannot bridge one missed frame on frames 1.3 s apart"),
        ({"max_gap_s": 0.5}, r"max_gap_s: 0.5 s cannot bridge"),
        ({"interval_s": 0.0}, r"interval_s: expected seconds above 0"),
        ({"leave": 0.6}, r"enter: expected 0 < leave <= enter <= 1"),
        ({"leave": 0.0}, r"enter: expected 0 < leave"),
    ],
)
def test_limits__refuses_what_cannot_be_kept(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        limits(**changes)


# Times in whole quarter seconds, so that sums are exact.
STEPS = st.sampled_from([0.25, 0.5, 0.5, 0.5, 0.75, 1.0, 1.5, 2.0, 2.25, 10.0])
SCORES = st.one_of(st.none(), st.floats(0, 1, width=16))


@st.composite
def any_series(draw: st.DrawFn) -> list[tuple[float, float | None]]:
    t, series = 0.0, []
    for step_s, score in draw(st.lists(st.tuples(STEPS, SCORES), max_size=60)):
        t += step_s
        series.append((t, score))
    return series


any_limits = st.builds(
    limits,
    min_duration_s=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    max_gap_s=st.sampled_from([0.0, 1.0, 2.0, 3.0]),
    min_share=st.sampled_from([0.0, 0.5, 1.0]),
)


# A busy machine is no reason to fail.
ANY = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@ANY
@given(any_series(), any_limits)
def test_spans__never_overlap_and_lie_on_positive_frames(series: Series, kept: Limits) -> None:
    scores = dict(series)
    last_end_s = -1.0
    for change in changes_of(series, kept):
        span = change.span
        if change.kind == "opened":
            continue
        assert last_end_s < span.start_s <= span.peak_s <= span.end_s
        assert span.duration_s >= kept.min_duration_s - kept.slack_s
        assert (scores[span.start_s] or 0) >= kept.enter
        assert (scores[span.end_s] or 0) >= kept.leave
        inside = [s for t, s in series if s is not None and span.start_s <= t <= span.end_s]
        assert span.peak_score == max(inside) == scores[span.peak_s]
        last_end_s = span.end_s


@ANY
@given(any_series(), any_limits)
def test_spans__hold_no_gap_longer_than_allowed(series: Series, kept: Limits) -> None:
    allowed_s = max(kept.max_gap_s, 2 * kept.interval_s) + kept.slack_s
    for start_s, end_s in spans_of(series, kept):
        positive = [t for t, s in series if start_s <= t <= end_s and s is not None and s >= kept.leave]
        assert all(later - earlier <= allowed_s for earlier, later in pairwise(positive))


@ANY
@given(any_series(), any_limits)
def test_changes__open_and_close_in_turn(series: Series, kept: Limits) -> None:
    changes = changes_of(series, kept)
    assert [c.kind for c in changes] == ["opened", "closed"] * (len(changes) // 2)
    for opened, closed in zip(changes[::2], changes[1::2], strict=True):
        assert opened.span.start_s == closed.span.start_s
        assert opened.span.peak_score <= closed.span.peak_score


@ANY
@given(any_series(), any_series(), any_limits)
def test_spans__a_long_break_is_as_good_as_two_recordings(first: Series, second: Series, kept: Limits) -> None:
    later = [(t + 1000.0, score) for t, score in second]
    assert spans_of([*first, *later], kept) == spans_of(first, kept) + spans_of(later, kept)


@ANY
@given(any_series(), any_limits, st.integers(0, 10_000))
def test_spans__move_with_the_clock(series: Series, kept: Limits, shift_s: int) -> None:
    moved = spans_of([(t + shift_s, score) for t, score in series], kept)
    assert moved == [(start + shift_s, end + shift_s) for start, end in spans_of(series, kept)]


@ANY
@given(any_series(), any_limits)
def test_spans__frames_under_both_thresholds_give_nothing(series: Series, kept: Limits) -> None:
    assert spans_of([(t, None if s is None else s * 0.29) for t, s in series], kept) == []
