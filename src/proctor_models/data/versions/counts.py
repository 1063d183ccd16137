"""Counts of two dataset versions side by side: classes, and every slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from proctor_models.data.manifest import FrameRecord
from proctor_models.data.versions.persons import codes_in
from proctor_models.types import SCENE_CLASSES

MOST_VALUES = 40  # a tag with more values than this is no slice: a seed, a file name
UNKNOWN = "unknown"

Values = Callable[[FrameRecord], Iterable[str]]


@dataclass(frozen=True)
class Row:
    """One value of a slice: how many before, how many after."""

    value: str
    before: int
    after: int

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Table:
    """Rows of one thing counted."""

    name: str
    counted: str
    """What is counted: frames, boxes."""
    rows: tuple[Row, ...]

    @property
    def changed(self) -> tuple[Row, ...]:
        """The rows whose counts differ."""
        return tuple(row for row in self.rows if row.change)


def class_tables(before: Sequence[FrameRecord], after: Sequence[FrameRecord]) -> tuple[Table, Table]:
    """Boxes by class, and frames by class they label exhaustively; classes in their usual order."""
    boxes = [Counter(box.label for frame in side for box in frame.boxes) for side in (before, after)]
    labelled = [Counter(name for frame in side for name in frame.labelled) for side in (before, after)]
    return (
        _table("boxes by class", "boxes", boxes[0], boxes[1], SCENE_CLASSES),
        _table("frames that label the class exhaustively", "frames", labelled[0], labelled[1], SCENE_CLASSES),
    )


def slice_tables(before: Sequence[FrameRecord], after: Sequence[FrameRecord]) -> list[Table]:
    """Frames by view, split, person, source, licence, resolution and every tag that is a slice."""
    return [
        _table(name, "frames", _counted(before, values), _counted(after, values))
        for name, values in slices([*before, *after]).items()
    ]


def slices(frames: Iterable[FrameRecord]) -> dict[str, Values]:
    """Name of every slice of the frames, and how a frame's values in it are found."""
    found: dict[str, set[str]] = {}
    for frame in frames:
        for name, value in frame.tags.items():
            found.setdefault(name, set()).add(value)
    known: dict[str, Values] = {
        "view": lambda frame: (frame.view,),
        "split": lambda frame: (frame.split or "none",),
        "person": lambda frame: codes_in(frame) or (UNKNOWN,),
        "source": lambda frame: (frame.source,),
        "licence": lambda frame: (frame.licence,),
        "resolution": lambda frame: (f"{frame.width}x{frame.height}",),
    }
    tags = [name for name in sorted(found) if len(found[name]) <= MOST_VALUES]
    return known | {f"tag {name}": _tag(name) for name in tags}


def many_valued(frames: Iterable[FrameRecord]) -> dict[str, int]:
    """Tags with too many values to be slices, and how many."""
    found: dict[str, set[str]] = {}
    for frame in frames:
        for name, value in frame.tags.items():
            found.setdefault(name, set()).add(value)
    return {name: len(values) for name, values in sorted(found.items()) if len(values) > MOST_VALUES}


def _tag(name: str) -> Values:
    return lambda frame: (frame.tags.get(name, "not stated"),)


def _counted(frames: Iterable[FrameRecord], values: Values) -> Counter[str]:
    return Counter(value for frame in frames for value in values(frame))


def _table(
    name: str, counted: str, before: Counter[str], after: Counter[str], order: Sequence[str] | None = None
) -> Table:
    names: Iterable[str] = sorted(before.keys() | after.keys())
    if order is not None:
        names = [value for value in order if value in before or value in after]
    return Table(name, counted, tuple(Row(value, before[value], after[value]) for value in names))
