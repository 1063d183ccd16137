"""Exact 95 % intervals of a share and of a rate, for counts so small that resampling would prove anything."""

from __future__ import annotations

import math
from collections.abc import Callable

_TAIL = 0.025


def binomial_interval(hits: int, of: int) -> tuple[float, float] | None:
    """Clopper-Pearson interval of a share; None of nothing.

    >>> [tuple(round(bound, 3) for bound in binomial_interval(hits, 2)) for hits in (0, 1, 2)]
    [(0.0, 0.842), (0.013, 0.987), (0.158, 1.0)]
    """
    if of == 0:
        return None

    def at_most(count: int, share: float) -> float:
        return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count + 1))

    low = 0.0 if hits == 0 else _root(lambda share: at_most(hits - 1, share) - (1 - _TAIL), 0.0, 1.0)
    high = 1.0 if hits == of else _root(lambda share: at_most(hits, share) - _TAIL, 0.0, 1.0)
    return low, high


def poisson_interval(count: int, hours: float) -> tuple[float, float] | None:
    """Exact interval of a rate an hour (Garwood), from events counted over `hours`; None over no time.

    >>> [tuple(round(bound, 2) for bound in poisson_interval(count, 2.0)) for count in (0, 3)]
    [(0.0, 1.84), (0.31, 4.38)]
    """
    if not hours > 0:
        return None

    def at_most(count: int, mean: float) -> float:
        return sum(
            math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) if mean else k == 0 for k in range(count + 1)
        )

    most = count + 10 * math.sqrt(count + 1) + 10  # far above any bound
    low = 0.0 if count == 0 else _root(lambda mean: at_most(count - 1, mean) - (1 - _TAIL), 0.0, most)
    high = _root(lambda mean: at_most(count, mean) - _TAIL, 0.0, most)
    return low / hours, high / hours


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses 0."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
