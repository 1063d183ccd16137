"""What changed between two dataset versions, in words: a paragraph to read, then tables and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from proctor_models.data.versions.changes import BOX_KINDS, Changes, FrameChange
from proctor_models.data.versions.counts import Row, Table, class_tables, many_valued, slice_tables

SHOWN = 8  # names of frames a list gives before it counts the rest
_BOX_WORDS = {"attributes": "changed in attributes"}
_FACT_WORDS = {
    "time_s": "time",
    "labelled": "classes labelled exhaustively",
    "group": "group",
}


def many(count: int, thing: str) -> str:
    """A count with its noun.

    >>> many(1, "frame"), many(0, "box")
    ('1 frame', '0 boxes')
    """
    plural = f"{thing}es" if thing.endswith("x") else f"{thing}s"
    return f"{count} {thing if count == 1 else plural}"


def listed(names: Iterable[str], shown: int = SHOWN) -> str:
    """Names in a row, the rest counted.

    >>> listed(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    names = list(names)
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")


def words(changes: Changes) -> str:
    """The whole account as plain text."""
    a, b = changes.a, changes.b
    parts = [
        f"A  {a.name}  {many(len(a.manifest), 'frame')}, version {a.data_version[:12]}",
        f"B  {b.name}  {many(len(b.manifest), 'frame')}, version {b.data_version[:12]}",
        "",
        *(f"!! {line}" for line in alarms(changes)),
        paragraph(changes),
        *(f"({version.name}: {note})" for version in (a, b) for note in version.notes),
    ]
    if changes.nothing:
        return "\n".join(parts) + "\n"
    parts += ["", *tables(changes), "", *names(changes)]
    return "\n".join(parts).rstrip() + "\n"


def alarms(changes: Changes) -> list[str]:
    """What must not be overlooked: frames and people that changed side of the split."""
    found = []
    moves = Counter(change.side for change in changes.sides if change.side)
    for side, count in sorted(moves.items()):
        ids = [change.after.id for change in changes.sides if change.side == side]
        found.append(f"{many(count, 'frame').upper()} CHANGED SIDE, {side[0]} to {side[1]}: {listed(ids, 4)}")
    if changes.seen_before:
        found.append(
            f"A NET TRAINED ON A HAS SEEN {many(len(changes.seen_before), 'frame').upper()} THAT B MEASURES ON: "
            "its figures on B are not of unseen frames"
        )
    if changes.persons_seen_before:
        found.append(
            f"PEOPLE TRAINED ON IN A ARE MEASURED ON IN B: {listed(changes.persons_seen_before)}; "
            "figures of a net trained on A are not of unseen people there"
        )
    return found


def paragraph(changes: Changes) -> str:
    """What a person would say of it, in a few sentences."""
    if changes.nothing:
        return f"A and B hold the same {many(len(changes.a.manifest), 'frame')}, with the same labels and facts."
    said = [_frames(changes), _labels(changes), _classes(changes), _facts(changes), _persons(changes), _sides(changes)]
    return " ".join(sentence for sentence in said if sentence)


def _frames(changes: Changes) -> str:
    more = len(changes.b.manifest) - len(changes.a.manifest)
    size = f"{many(abs(more), 'frame')} {'more' if more > 0 else 'fewer'} than A" if more else "as many frames as A"
    moves = []
    for count, one, several in (
        (len(changes.added), "came", "came"),
        (len(changes.removed), "is gone", "are gone"),
        (len(changes.renamed), "has another id", "have another id"),
        (len(changes.pictures), "has another picture under its id", "have another picture under their id"),
    ):
        if count:
            moves.append(f"{count} {one if count == 1 else several}")
    return f"B has {size}: {', '.join(moves)}." if moves else f"B has {size}, the same ones."


def _labels(changes: Changes) -> str:
    counts = changes.box_counts
    kinds = [f"{counts[kind]} {_BOX_WORDS.get(kind, kind)}" for kind in BOX_KINDS if counts[kind]]
    if not kinds:
        return f"No label of the {many(len(changes.common), 'frame')} that both hold differs."
    became = Counter(str(box) for change in changes.common for box in change.boxes if box.kind == "relabelled")
    most = ", ".join(f"{count} {what}" for what, count in became.most_common(3))
    detail = f" ({most})" if most else ""
    return (
        f"In the {many(len(changes.common), 'frame')} that both hold, labels of {len(changes.relabelled)} differ: "
        f"{', '.join(kinds)}{detail}."
    )


def _classes(changes: Changes) -> str:
    boxes, labelled = class_tables(changes.a.manifest.frames, changes.b.manifest.frames)
    said = [f"{row.value} {row.before} to {row.after}" for row in boxes.changed]
    first = f"Boxes: {', '.join(said)}." if said else "No class has more or fewer boxes."
    if changes.facts["labelled"]:
        sets = ", ".join(f"{row.value} {row.before} to {row.after}" for row in labelled.changed)
        many_frames = many(changes.facts["labelled"], "common frame")
        first += f" {many_frames} label other classes exhaustively (frames that do: {sets or 'as many of each'})."
    return first


def _facts(changes: Changes) -> str:
    said = [
        f"{_FACT_WORDS.get(name, name)} of {many(count, 'frame')}"
        for name, count in sorted(changes.facts.items())
        if name != "labelled"
    ]
    return f"Also changed: {', '.join(said)}." if said else ""


def _persons(changes: Changes) -> str:
    came, gone = changes.persons
    said = [f"{word} {listed(codes)}" for word, codes in (("new:", came), ("gone:", gone)) if codes]
    return f"Persons {'; '.join(said)}." if said else ""


def _sides(changes: Changes) -> str:
    divided = [any(frame.split for frame in version.manifest) for version in (changes.a, changes.b)]
    if divided == [True, True] and not changes.sides:
        return "No frame changed its side of the split."
    if divided == [False, True]:
        return "B is divided into train, val and test, A is not."
    return "A is divided into train, val and test, B is not." if divided == [True, False] else ""


def tables(changes: Changes) -> list[str]:
    """Counts by class and by slice: every class, and of the slices what differs."""
    before, after = changes.a.manifest.frames, changes.b.manifest.frames
    lines: list[str] = []
    for table in class_tables(before, after):
        lines += [*_text(table, table.rows), ""]
    found = slice_tables(before, after)
    for table in found:
        if table.changed:
            lines += [*_text(table, table.changed), ""]
    same = [table.name for table in found if not table.changed]
    if same:
        lines.append(f"no difference by {', '.join(same)}")
    for name, count in many_valued((*before, *after)).items():
        lines.append(f"tag {name} has {count} values and is not counted by value")
    return lines


def _text(table: Table, rows: Sequence[Row]) -> list[str]:
    width = max([len(table.name), *(len(row.value) for row in rows)])
    lines = [f"{table.name:<{width}}  {'A':>7} {'B':>7} {'change':>7}"]
    for row in rows:
        change = f"{row.change:+d}" if row.change else "."
        lines.append(f"{row.value:<{width}}  {row.before:>7} {row.after:>7} {change:>7}")
    return lines


def names(changes: Changes) -> list[str]:
    """Which frames, by what happened to them; the first few of each."""
    groups: list[tuple[str, list[str]]] = [
        ("added", [frame.id for frame in changes.added]),
        ("removed", [frame.id for frame in changes.removed]),
        ("renamed", [f"{change.before.id} is now {change.after.id}" for change in changes.renamed]),
        ("other picture", [change.after.id for change in changes.pictures]),
        ("labels", [f"{change.after.id}: {told(change)}" for change in changes.relabelled]),
        ("side", [f"{c.after.id}: {c.side[0]} to {c.side[1]}" for c in changes.sides if c.side]),
    ]
    lines = []
    for title, ids in groups:
        if ids:
            lines.append(f"{title} ({len(ids)})")
            lines += [f"  {name}" for name in ids[:SHOWN]]
            lines += [f"  ... and {len(ids) - SHOWN} more"] if len(ids) > SHOWN else []
    return lines


def told(change: FrameChange) -> str:
    """What happened to a frame's labels."""
    return "; ".join(str(box) for box in change.labels) or "no label differs"
