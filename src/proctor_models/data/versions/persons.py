"""Which frames are a person's: those that show them, their room, their recordings, and copies of any of these.

A frame has one code. Somebody else in a frame (a second person behind the candidate) is not known by any code, and so
cannot be found here; that takes a person who looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from proctor_models.data.manifest import FrameRecord
from proctor_models.data.similar import mirrored_pairs, near_pairs

NEAR_BITS = 4  # as `split.near_duplicate_bits` counts frames as one picture unless a recipe says otherwise
ROOM_TAG = "room"


def codes_in(frame: FrameRecord) -> set[str]:
    """Codes of the person in the frame and of the person whose room or recording it shows.

    >>> frame = FrameRecord(id="s/a", file="a.png", sha256="", phash="0" * 16, width=9, height=9, source="s",
    ...                     licence="MIT", view="first", group="person:S2", labelled=())
    >>> codes_in(frame)
    {'S2'}
    """
    kind, _, code = frame.group.partition(":")
    named = {frame.person, code if kind == "person" else None, frame.tags.get(ROOM_TAG)}
    return {name for name in named if name}


def persons_of(frames: Iterable[FrameRecord]) -> Counter[str]:
    """Frames by code of a person, rooms included."""
    return Counter(code for frame in frames for code in codes_in(frame))


def alias_codes(person: str, same_person: Iterable[Mapping[str, str]]) -> set[str]:
    """Every code of the one person, by the alias tables of any number of recipes.

    >>> sorted(alias_codes("S2", [{"S9": "S2"}, {"S12": "S9", "S4": "S3"}]))
    ['S12', 'S2', 'S9']
    """
    pairs = [pair for table in same_person for pair in table.items()]
    codes = {person}
    while more := {end for pair in pairs if codes & set(pair) for end in pair} - codes:
        codes |= more
    return codes


def theirs(frames: Sequence[FrameRecord], codes: Collection[str]) -> dict[str, str]:
    """Id of every frame of the person with these codes, and why it is theirs.

    Beside frames that name them: frames without any person in one of their recordings, and frames without any
    person that are the same picture as one of theirs (same bytes, or nearly identical by perceptual hash, mirrored
    or not). A frame that names only somebody else is never theirs. Too much goes rather than too little.
    """
    wanted = set(codes)
    named = [codes_in(frame) for frame in frames]
    mine = [i for i, found in enumerate(named) if found & wanted]
    why = {frames[i].id: "theirs" if frames[i].person in wanted else "their room" for i in mine}
    free = [i for i, found in enumerate(named) if not found]
    clips = {(frames[i].source, frames[i].clip): frames[i].id for i in reversed(mine) if frames[i].clip}
    pictures = {frames[i].sha256: frames[i].id for i in reversed(mine) if frames[i].sha256}
    for i in free:
        frame = frames[i]
        if frame.clip and (frame.source, frame.clip) in clips:
            why[frame.id] = f"same recording as {clips[frame.source, frame.clip]}"
        elif frame.sha256 in pictures:
            why[frame.id] = f"same file as {pictures[frame.sha256]}"
    for i, j in _alike([frames[i] for i in mine], [frames[i] for i in free]):
        why.setdefault(frames[free[j]].id, f"nearly identical to {frames[mine[i]].id}")
    return {frame.id: why[frame.id] for frame in frames if frame.id in why}


def _alike(mine: Sequence[FrameRecord], free: Sequence[FrameRecord]) -> list[tuple[int, int]]:
    """Index pairs of one frame of each list that are the same picture by perceptual hash."""
    hashes = [frame.phash for frame in (*mine, *free)]
    pairs = near_pairs(hashes, NEAR_BITS) + mirrored_pairs(hashes, NEAR_BITS)
    return sorted((i, j - len(mine)) for i, j in pairs if i < len(mine) <= j)


def without(frames: Sequence[FrameRecord], codes: Collection[str], images: Path) -> list[FrameRecord]:
    """The frames that are not the excluded persons'; the image files of theirs are removed under `images`."""
    gone = theirs(frames, codes) if codes else {}
    for frame in frames:
        if frame.id in gone:
            (images / frame.file).unlink(missing_ok=True)
    return [frame for frame in frames if frame.id not in gone]
