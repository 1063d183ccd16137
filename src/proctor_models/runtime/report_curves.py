"""Scores over time, thinned to what a chart can show without hiding a peak.

Two hours at two frames a second in two views are 29,000 points by detector; a chart is a few hundred
pixels wide. Each pixel's worth of time keeps its lowest and its highest score, so a single frame over
the threshold stays visible.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

Span = tuple[float, float]  # start and end in seconds of the exam
Point = tuple[float, float, float]  # time in seconds, lowest score, highest score

_GAP_INTERVALS = 3.0  # a frame or two may drop out of a recording without anything being amiss
GAP_MIN_S = 2.0
"""Shorter steps between two frames are none that a person is shown."""


class Curve(TypedDict):
    """What a chart draws of one detector in one view."""

    from_s: float
    to_s: float
    runs: list[list[Point]]
    """Stretches without a break: a line is drawn inside each and never between two."""
    unknown: list[Span]
    """Stretches in which most frames were not assessable."""


@dataclass(frozen=True)
class Track:
    """One detector's scores in one view, by rising time; None where a frame was not assessable."""

    times_s: Sequence[float]
    scores: Sequence[float | None]


def typical_interval_s(times_s: Sequence[float], rate_hz: float) -> float:
    """Seconds between two analysed frames: the asked rate, or what the recording really gave.

    >>> typical_interval_s([0.0, 0.5, 1.0], rate_hz=2.0)
    0.5
    >>> typical_interval_s([0.0, 2.0, 4.0, 6.0], rate_hz=2.0)
    2.0
    """
    steps = [later - earlier for earlier, later in pairwise(times_s)]
    return max(1 / rate_hz, statistics.median(steps) if steps else 0.0)


def gap_limit_s(interval_s: float) -> float:
    """Seconds without a frame from which time counts as unseen.

    >>> gap_limit_s(0.5), gap_limit_s(2.0)
    (2.0, 6.0)
    """
    return max(GAP_MIN_S, _GAP_INTERVALS * interval_s)


def gaps(times_s: Sequence[float], duration_s: float, limit_s: float) -> list[Span]:
    """Stretches of the exam, `limit_s` or longer, in which this view has no frame.

    >>> gaps([0.0, 0.5, 9.0, 9.5], duration_s=15.0, limit_s=2.0)
    [(0.5, 9.0), (9.5, 15.0)]
    >>> gaps([], duration_s=15.0, limit_s=2.0)
    [(0.0, 15.0)]
    """
    edges = [0.0, *times_s, max(duration_s, times_s[-1] if times_s else 0.0)]
    return [(start, end) for start, end in pairwise(edges) if end - start >= limit_s]


def told_apart(unseen: Sequence[Span], came: Sequence[Span], limit_s: float) -> tuple[list[Span], list[Span]]:
    """Stretches without an analysed frame, as (nothing came, frames came and were not analysed).

    Args:
        unseen: stretches, see `gaps`.
        came: spans by rising time in which frames came all the same; they do not overlap.
        limit_s: parts that are shorter are left out.

    >>> told_apart([(15.0, 40.0), (50.0, 60.0)], [(15.0, 20.0), (28.0, 28.5), (30.0, 40.0)], limit_s=2.0)
    ([(20.0, 28.0), (50.0, 60.0)], [(15.0, 20.0), (30.0, 40.0)])
    """
    nothing: list[Span] = []
    seen: list[Span] = []
    for start_s, end_s in unseen:
        inside = [(max(start_s, since_s), min(end_s, until_s)) for since_s, until_s in came]
        inside = [span for span in inside if span[0] <= span[1]]
        edges = [start_s, *(edge for span in inside for edge in span), end_s]
        nothing += zip(edges[::2], edges[1::2], strict=True)
        seen += inside
    return [s for s in nothing if s[1] - s[0] >= limit_s], [s for s in seen if s[1] - s[0] >= limit_s]


def curve(track: Track, window: Span, interval_s: float, buckets: int) -> Curve:
    """The part of `track` inside `window`, as at most `buckets` points.

    Args:
        track: scores by rising time.
        window: first and last second to show.
        interval_s: seconds between two frames, see `typical_interval_s`.
        buckets: how many points the chart can show; fewer frames than that are kept as they are.

    >>> made = curve(Track([0., 1., 2., 3.], [.1, .9, None, .2]), (0, 4), interval_s=1, buckets=10)
    >>> made["runs"]
    [[(0.0, 0.1, 0.1), (1.0, 0.9, 0.9)], [(3.0, 0.2, 0.2)]]
    >>> made["unknown"]
    [(2.0, 3.0)]
    >>> curve(Track([0., 1., 2., 3.], [.1, .9, .3, .2]), (0, 4), interval_s=1, buckets=2)["runs"]
    [[(0.5, 0.1, 0.9), (2.5, 0.2, 0.3)]]
    """
    first, last = bisect_left(track.times_s, window[0]), bisect_right(track.times_s, window[1])
    times, scores = track.times_s[first:last], track.scores[first:last]
    limit_s = gap_limit_s(interval_s)
    made = Curve(from_s=round(window[0], 2), to_s=round(window[1], 2), runs=[], unknown=[])
    previous_end_s: float | None = None
    joined = False
    for start, stop in _bucket_slices(times, window, buckets):
        if previous_end_s is not None and times[start] - previous_end_s >= limit_s:
            joined = False
        values = [score for score in scores[start:stop] if score is not None]
        if values:
            middle_s = round((times[start] + times[stop - 1]) / 2, 2)
            point = (middle_s, round(min(values), 3), round(max(values), 3))
            if joined:
                made["runs"][-1].append(point)
            else:
                made["runs"].append([point])
        joined = bool(values)
        previous_end_s = times[stop - 1]
        if 2 * len(values) < stop - start:
            after_s = times[stop] if stop < len(times) else times[stop - 1] + interval_s
            _extend(made["unknown"], times[start], min(after_s, times[stop - 1] + limit_s))
    return made


def unknown_share(track: Track) -> float:
    """Share of the frames that were not assessable, in [0, 1].

    >>> unknown_share(Track([0, 1, 2, 3], [.1, None, .2, .3]))
    0.25
    """
    return round(sum(score is None for score in track.scores) / max(1, len(track.scores)), 4)


def _bucket_slices(times_s: Sequence[float], window: Span, buckets: int) -> list[tuple[int, int]]:
    """Index ranges of the frames that share a point of the chart."""
    if len(times_s) <= buckets:
        return [(i, i + 1) for i in range(len(times_s))]
    width_s = (window[1] - window[0]) / buckets
    bucket = [min(int((time_s - window[0]) / width_s), buckets - 1) for time_s in times_s]
    starts = [i for i in range(len(bucket)) if i == 0 or bucket[i] != bucket[i - 1]]
    return list(zip(starts, [*starts[1:], len(bucket)], strict=True))


def _extend(spans: list[Span], start_s: float, end_s: float) -> None:
    """Append a span, or lengthen the last one where they touch."""
    start_s, end_s = round(start_s, 2), round(end_s, 2)
    if spans and start_s <= spans[-1][1]:
        spans[-1] = (spans[-1][0], end_s)
    else:
        spans.append((start_s, end_s))
