"""`proctor split`: frames divided by person, clip and original picture, never by frame.

Frames are joined into *clusters*: of one person (codes of one person are one), one clip, one group, or nearly identical
by perceptual hash, mirrored or not. A whole cluster goes to one side:

1. to the side that a decision names for one of its frames, or to where the recipe sends one of its persons or sources
   (two answers are an error);
2. else to training where a person is known;
3. else by a hash of the seed and the cluster's first group, so that added frames do not move the others.

`train_sources` and `measure_sources` then leave frames out of a side; they never move one to another.

With `fit_all` (a release) every frame is for training, except for a random 5 % of the clusters without a known person:
they stay "val", only to know when to stop. No figure on such a dataset's frames says anything of unseen ones.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from proctor_models.config import Recipe, Split
from proctor_models.data.manifest import FrameRecord, Manifest, SplitName, data_version
from proctor_models.data.similar import mirrored_pairs, near_pairs
from proctor_models.data.summary import summarise
from proctor_models.data.versions.sheet import SHEET_FILE, datasheet, subject_of
from proctor_models.errors import ConfigError, DataError
from proctor_models.files import building, write_json, write_text

SIDES: tuple[SplitName, ...] = ("train", "val", "test")
REPORT_FILE = "split.json"
EARLY_STOP_SHARE = 0.05  # of the anonymous clusters, with `fit_all`

Pairs = Sequence[tuple[int, int]]


def split(recipe: Recipe, data: Path, out: Path) -> Manifest:
    """Give every frame of the dataset in `data` its side; write manifest, `split.json` and `datasheet.md` to `out`.

    Returns:
        The manifest as written.

    Raises:
        ConfigError: the recipe names a person or source that the dataset does not have.
        DataError: no manifest in `data`, a cluster is pulled to two sides, or a leak was found.
    """
    manifest = Manifest.load(data)
    frames, rules = manifest.frames, recipe.split
    _check_names(recipe.name, rules, frames)
    hashes = [frame.phash for frame in frames]
    pairs = near_pairs(hashes, rules.near_duplicate_bits) + mirrored_pairs(hashes, rules.near_duplicate_bits)
    clusters = _clusters(frames, rules, pairs)
    sides: dict[int, SplitName] = {}
    for members in clusters:
        side = _side([frames[i] for i in members], rules)
        sides |= dict.fromkeys(members, side)
    divided = manifest.with_frames(frame.model_copy(update={"split": sides[i]}) for i, frame in enumerate(frames))
    check_leaks(divided.frames, pairs, rules.same_person)
    divided = divided.with_frames(frame for frame in divided if _stays(frame, rules))
    report = _report(divided, rules, len(clusters), len(pairs))
    with building(out) as part:
        divided.save(part)
        write_json(part / REPORT_FILE, report)
        about = subject_of(recipe, divided.frames, data_version(part), data)
        write_text(part / SHEET_FILE, datasheet(about))
    print(table(divided.frames), flush=True)
    return Manifest.load(out)


def _stays(frame: FrameRecord, rules: Split) -> bool:
    """Whether the recipe wants the frame's source on the frame's side."""
    wanted = rules.train_sources if frame.split == "train" else rules.measure_sources
    return not wanted or bool(_origins(frame) & set(wanted))


def _origins(frame: FrameRecord) -> set[str]:
    """The names a recipe may call the frame's source by: the collection, and the source in the recipe."""
    return {frame.source, frame.id.partition("/")[0]}


def canonical(person: str, same_person: dict[str, str]) -> str:
    """The code that stands for the person, aliases followed to their end.

    Raises:
        ConfigError: the aliases run in a circle.

    >>> canonical("S9", {"S9": "S2"})
    'S2'
    """
    seen = [person]
    while person in same_person:
        person = same_person[person]
        if person in seen:
            raise ConfigError(f"split.same_person: expected no circle, got {' -> '.join([*seen, person])}")
        seen.append(person)
    return person


def check_leaks(frames: Sequence[FrameRecord], pairs: Pairs, same_person: dict[str, str]) -> None:
    """Prove that no person, clip, group or near-identical picture is on two sides.

    Raises:
        DataError: two frames that must be on one side are not; both are named.
    """
    first: dict[str, FrameRecord] = {}
    for frame in frames:
        if frame.split is None:
            raise DataError(f"frame {frame.id}: split: expected train, val or test, got none; run `proctor split`")
        for key in _keys(frame, same_person):
            other = first.setdefault(key, frame)
            if other.split != frame.split:
                raise _leak(other, frame, key)
    for i, j in pairs:
        if frames[i].split != frames[j].split:
            raise _leak(frames[i], frames[j], "nearly identical pictures")


def table(frames: Iterable[FrameRecord]) -> str:
    """Frames and boxes by class and side, as text.

    >>> print(table([]))
    class               train       val      test
    (frames)                0         0         0
    """
    boxes: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SIDES, 0))
    boxes["(frames)"] = dict.fromkeys(SIDES, 0)
    for frame in frames:
        side = frame.split or "train"
        boxes["(frames)"][side] += 1
        for box in frame.boxes:
            boxes[box.label][side] += 1
    lines = [f"{'class':<15}" + "".join(f"{side:>10}" for side in SIDES)]
    lines += [f"{name:<15}" + "".join(f"{counts[side]:>10}" for side in SIDES) for name, counts in boxes.items()]
    return "\n".join(lines)


def _leak(one: FrameRecord, other: FrameRecord, why: str) -> DataError:
    return DataError(
        f"leak: frame {one.id} is in {one.split} and frame {other.id} in {other.split}, but they share: {why}; "
        "split again, or say in the recipe where they belong"
    )


def _keys(frame: FrameRecord, same_person: dict[str, str]) -> list[str]:
    """What a frame shares with every frame that must stay on its side."""
    kind, _, code = frame.group.partition(":")
    keys = [f"person:{canonical(code, same_person)}" if kind == "person" else frame.group]
    if frame.person:
        keys.append(f"person:{canonical(frame.person, same_person)}")
    if frame.clip:
        keys.append(f"clip:{frame.source}/{frame.clip}")
    return keys


def _clusters(frames: Sequence[FrameRecord], rules: Split, pairs: Pairs) -> list[list[int]]:
    """Indices of the frames that must stay together (union-find)."""
    parent = list(range(len(frames)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, frame in enumerate(frames):
        for key in _keys(frame, rules.same_person):
            parent[root(i)] = root(first.setdefault(key, i))
    for i, j in pairs:
        parent[root(j)] = root(i)
    clusters: dict[int, list[int]] = defaultdict(list)
    for i in range(len(frames)):
        clusters[root(i)].append(i)
    return list(clusters.values())


def _side(members: Sequence[FrameRecord], rules: Split) -> SplitName:
    if rules.fit_all:
        known = any(frame.person for frame in members)
        return "val" if not known and _draw(members, rules.seed) < EARLY_STOP_SHARE else "train"
    pulled: dict[SplitName, FrameRecord] = {}
    loose: list[FrameRecord] = []  # frames of people the recipe does not name
    for frame in members:
        wanted = _pull(frame, rules)
        if wanted:
            pulled.setdefault(wanted, frame)
        elif frame.person:
            loose.append(frame)
    people = {canonical(frame.person, rules.same_person) for frame in loose if frame.person}
    sent = {canonical(f.person, rules.same_person) for f in members if f.person and _pull(f, rules)}
    if loose and people - sent:
        pulled.setdefault("train", next(f for f in loose if canonical(f.person or "", rules.same_person) not in sent))
    decided = _decided(members, pulled, rules)
    if decided:
        return decided
    if len(pulled) > 1:
        said = ", ".join(f"{frame.id} (person {frame.person}) to {side}" for side, frame in pulled.items())
        raise DataError(
            f"split: frames that must stay together (one person, clip, picture, or nearly identical) are sent to two "
            f"sides: {said}; change the persons and sources in the recipe, or drop one of them in the decisions"
        )
    if pulled:
        return next(iter(pulled))
    draw = _draw(members, rules.seed)
    if draw < rules.test_share:
        return "test"
    return "val" if draw < rules.test_share + rules.val_share else "train"


def _decided(members: Sequence[FrameRecord], pulled: dict[SplitName, FrameRecord], rules: Split) -> SplitName | None:
    """The side that curation decided for the cluster; where the recipe names another, neither is right."""
    decided = {frame.split: frame for frame in reversed(members) if frame.split}
    sent = {side: frame for side, frame in pulled.items() if _pull(frame, rules)}
    if not decided:
        return None
    if len(decided) == 1 and sent.keys() <= decided.keys():
        return next(iter(decided))
    said = [f"{frame.id} to {side} by a decision" for side, frame in decided.items()]
    said += [f"{f.id} (person {f.person}, source {f.source}) to {side} by the recipe" for side, f in sent.items()]
    raise DataError(
        f"split: frames that must stay together are sent to two sides: {', '.join(said)}; "
        "mend the decisions file, or the persons and sources in the recipe"
    )


def _pull(frame: FrameRecord, rules: Split) -> SplitName | None:
    """The side the recipe names for the frame's person or source."""
    sent: set[SplitName] = set()
    origins = _origins(frame)
    person = canonical(frame.person, rules.same_person) if frame.person else None
    by_side: tuple[tuple[SplitName, tuple[str, ...], tuple[str, ...]], ...] = (
        ("val", rules.val_persons, rules.val_sources),
        ("test", rules.test_persons, rules.test_sources),
    )
    for side, persons, sources in by_side:
        if person in {canonical(name, rules.same_person) for name in persons} or origins & set(sources):
            sent.add(side)
    if len(sent) > 1:
        raise DataError(
            f"split: frame {frame.id} (person {frame.person}, source {frame.source}) is sent to val and to test; "
            "name its person or source on one side only"
        )
    return next(iter(sent), None)


def _draw(members: Sequence[FrameRecord], seed: int) -> float:
    """A number in [0, 1) that depends on the seed and the first group's name alone."""
    name = min(frame.group for frame in members)
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _check_names(recipe: str, rules: Split, frames: Sequence[FrameRecord]) -> None:
    """A person or source that is not there is a slip that would leak."""
    persons = {frame.person for frame in frames if frame.person}
    persons |= {canonical(person, rules.same_person) for person in persons}
    sources = set().union(*(_origins(frame) for frame in frames))
    for key, wanted, known in (
        ("same_person", tuple(rules.same_person), persons),
        ("val_persons", rules.val_persons, persons),
        ("test_persons", rules.test_persons, persons),
        ("val_sources", rules.val_sources, sources),
        ("test_sources", rules.test_sources, sources),
        ("train_sources", rules.train_sources, sources),
        ("measure_sources", rules.measure_sources, sources),
    ):
        for name in wanted:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise ConfigError(f"recipe {recipe}: split.{key}: {name!r} is not in the dataset; known: {there}")


def _report(divided: Manifest, rules: Split, clusters: int, pairs: int) -> dict[str, object]:
    sides = {side: summarise(divided.of(side)) for side in SIDES}
    return {"clusters": clusters, "near_identical_pairs": pairs, "fit_all": rules.fit_all, "sides": sides}
