"""What the fuzz tests share: how long they run, JSON of every kind, and whole values with one thing wrong."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(count: int) -> settings:
    """So many examples, always the same ones; with HYPOTHESIS_PROFILE=long a hundred times as many, new each time."""
    return settings(
        max_examples=count * (100 if LONG else 1),
        derandomize=not LONG,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def told(error: Exception, place: str) -> None:
    """A message names its place, stays short, and can be printed."""
    message = str(error)
    assert place in message
    assert len(message) < 2000
    message.encode(errors="strict")


texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "..", "../x", "/etc/hostname", "C:x", "a\0b", "\ud800", "\u202e", "x" * 5000, "nul", "\ufeff"]
    ),
)
numbers = st.one_of(
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.sampled_from([2**63, -(2**64), 10**30, 10**400, 1e308, -0.0, 0.5, True, False]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path to everything inside `value`, itself included."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


@st.composite
def wrong(draw: st.DrawFn, whole: Any) -> Any:
    """A copy of `whole` in which up to three things are replaced, taken away or added."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        if not path:
            value = draw(values) if draw(st.integers(0, 9)) == 0 else value
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        action = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add", "rename"]))
        if action == "replace":
            holder[path[-1]] = draw(values)
        elif action == "remove":
            del holder[path[-1]]
        elif isinstance(holder, dict):
            holder[draw(texts)] = holder.pop(path[-1]) if action == "rename" else draw(values)
        else:
            holder.append(draw(values))
    return value


@st.composite
def mangled(draw: st.DrawFn, content: bytes) -> bytes:
    """A copy of `content` with up to four runs of bytes changed, taken away, put in or doubled."""
    made = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(made)))
        end = min(len(made), at + draw(st.integers(0, 8)))
        action = draw(st.integers(0, 3))
        if action == 0:
            made[at:end] = draw(st.binary(max_size=8))
        elif action == 1:
            del made[at:end]
        elif action == 2:
            made[at:at] = made[at:end] * draw(st.integers(1, 3))
        else:
            del made[at:]
    return bytes(made)
