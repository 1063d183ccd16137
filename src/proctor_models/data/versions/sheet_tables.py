"""Tables of a datasheet, Markdown; every cell says something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from proctor_models.config import Source
from proctor_models.data.manifest import FrameRecord
from proctor_models.data.similar import mirrored_pairs, near_pairs
from proctor_models.data.versions.counts import many_valued, slices
from proctor_models.data.versions.persons import NEAR_BITS, codes_in, persons_of
from proctor_models.data.versions.read import NOT_STATED
from proctor_models.types import SCENE_CLASSES

SIDES = ("train", "val", "test")
_MOST_RESOLUTIONS = 12


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""A table; a cell that would break it is escaped, an empty one says so.

    >>> print(markdown(["a", "b"], [[1, "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    <BLANKLINE>
    """
    lines = [list(header), ["---"] * len(header), *([str(cell) for cell in row] for row in rows)]
    if len(lines) == 2:
        lines.append(["none", *["-"] * (len(header) - 1)])
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or NOT_STATED


def classes(frames: Sequence[FrameRecord]) -> str:
    """Boxes, frames with one, and frames that label the class, by class."""
    boxes = Counter(box.label for frame in frames for box in frame.boxes)
    shown = Counter(label for frame in frames for label in {box.label for box in frame.boxes})
    labelled = Counter(label for frame in frames for label in frame.labelled)
    rows = [
        (name, boxes[name], shown[name], labelled[name], f"{labelled[name] / max(1, len(frames)):.0%}")
        for name in SCENE_CLASSES
    ]
    return markdown(("class", "boxes", "frames with it", "frames that label it", "share"), rows)


def sides(frames: Sequence[FrameRecord]) -> str:
    """Frames, boxes and people by side of the split."""
    rows = []
    for side in (*SIDES, None):
        there = [frame for frame in frames if frame.split == side]
        if there or side:
            people = ", ".join(sorted(persons_of(there))) or "none known"
            rows.append((side or "not divided", len(there), sum(len(frame.boxes) for frame in there), people))
    return markdown(("side", "frames", "boxes", "people"), rows)


def by(frames: Sequence[FrameRecord], name: str) -> str:
    """Frames by value of one slice."""
    values = slices(frames)[name]
    counts = Counter(value for frame in frames for value in values(frame))
    return markdown((name, "frames"), sorted(counts.items()))


def resolutions(frames: Sequence[FrameRecord]) -> str:
    """Frames by size, the commonest first, the rest counted."""
    counts = Counter(f"{frame.width}x{frame.height}" for frame in frames)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[str, int]] = ranked[:_MOST_RESOLUTIONS]
    if rest := ranked[_MOST_RESOLUTIONS:]:
        rows = [*rows, (f"{len(rest)} other sizes", sum(count for _, count in rest))]
    return markdown(("width x height, px", "frames"), rows)


def people_words(frames: Sequence[FrameRecord]) -> str:
    """How many people are known, and how many frames are of nobody known."""
    unknown = sum(not codes_in(frame) for frame in frames)
    return f"{len(persons_of(frames))} by code; {unknown} frames show nobody or people nobody knows"


def people(frames: Sequence[FrameRecord]) -> str:
    """Frames, sides and sources by person."""
    rows = []
    for code, count in sorted(persons_of(frames).items()):
        there = [frame for frame in frames if code in codes_in(frame)]
        on = ", ".join(side for side in SIDES if any(frame.split == side for frame in there)) or "not divided"
        rows.append((code, count, on, ", ".join(sorted({frame.source for frame in there}))))
    return markdown(("person", "frames", "sides", "sources"), rows)


def tags(frames: Sequence[FrameRecord]) -> str:
    """Frames by value of every tag that is a slice, one line a tag."""
    rows: list[tuple[str, str]] = []
    for name, values in slices(frames).items():
        if name.startswith("tag "):
            counts = Counter(value for frame in frames for value in values(frame))
            rows.append((name.removeprefix("tag "), ", ".join(f"{v} {n}" for v, n in sorted(counts.items()))))
    rows += [(name, f"{count} values") for name, count in many_valued(frames).items()]
    return markdown(("tag", "frames by value"), rows)


def sources(frames: Sequence[FrameRecord], stated: Sequence[Source]) -> str:
    """Frames by source, collection and licence, with what the recipe states of rights and consent."""
    known = {source.name: source for source in stated}
    counts = Counter((frame.id.partition("/")[0], frame.source, frame.licence) for frame in frames)
    rows = []
    for (name, collection, licence), count in sorted(counts.items()):
        source = known.get(name)
        there = [f for f in frames if (f.id.partition("/")[0], f.source, f.licence) == (name, collection, licence)]
        rights = source.rights if source and source.rights else NOT_STATED
        consent = source.consent if source and source.consent else NOT_STATED
        clips = len({frame.clip for frame in there if frame.clip})
        rows.append((name, collection, licence, count, len(persons_of(there)), clips, rights, consent))
    header = ("source", "collection", "licence", "frames", "people known", "recordings", "further rights", "consent")
    return markdown(header, rows)


def near_duplicates(frames: Sequence[FrameRecord]) -> tuple[int, int]:
    """Pairs that are one picture by perceptual hash, and pairs that are so only mirrored."""
    hashes = [frame.phash for frame in frames]
    near = set(near_pairs(hashes, NEAR_BITS))
    return len(near), len(set(mirrored_pairs(hashes, NEAR_BITS)) - near)
