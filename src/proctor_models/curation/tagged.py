"""Decisions a person makes in the app, as lines of a decisions file.

Tags on a frame (select it, press the tag button, choose "samples"):

========================  ==============================================================
`drop`                    leave the frame out
`split:SIDE`              train, val or test: the frame and all that must stay with it
`view:VIEW`               first, second or other
`person:CODE`             who is in it; `person:` for unknown
`tag:NAME=VALUE`          a slice; `tag:NAME=` removes it
`labelled:CLASS`          every box of the class is labelled here
`unlabelled:CLASS`        boxes of the class are missing here, and nobody will add them
`why:TEXT`                the reason for all decisions on this frame
========================  ==============================================================

Tags on a box ("labels"):

========================  ==============================================================
`wrong`                   on a label: remove it
`relabel:CLASS`           on a label: another class
`set:NAME=VALUE`          on a label: an attribute; `set:NAME=` removes it
`add`, `add:CLASS`        on a prediction: it becomes a label, of its own or another class
`why:TEXT`                the reason for the decisions on this box
========================  ==============================================================

Labels may also be edited in the app itself: drawn, deleted, moved, given another class or other attributes; what
differs from the manifest becomes a decision as well. Where no reason is given, the line says how it was decided.
Tags of other words are the person's own; they are left alone and named when decisions are saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from proctor_models.curation.shown import Fields, from_text
from proctor_models.data.manifest import AttributeValue, BoxLabel, FrameRecord, SplitName
from proctor_models.errors import DataError
from proctor_models.types import SCENE_CLASSES

MOVED_PX = 0.5
"""The app keeps corners as shares of the picture; a corner that comes back this near has not been moved."""
SIDES: tuple[SplitName, ...] = get_args(SplitName)
VIEW_NAMES = ("first", "second", "other")
FRAME_WORDS = ("drop", "split", "view", "person", "tag", "labelled", "unlabelled", "why")
LABEL_WORDS = ("wrong", "relabel", "set", "add", "why")

Row = dict[str, Any]
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class AppBox:
    """One box as the app holds it now."""

    label: str
    xyxy: Corners  # pixels
    fields: Mapping[str, AttributeValue] = field(default_factory=dict)  # as shown; see `shown.Fields`
    tags: tuple[str, ...] = ()
    was: int | None = None  # index in the frame's boxes; None for one drawn in the app, or a prediction
    note: str = ""  # what the comparison said of it


@dataclass(frozen=True)
class AppFrame:
    """One frame as the app holds it now."""

    tags: tuple[str, ...]
    labels: tuple[AppBox, ...]
    predictions: tuple[AppBox, ...] = ()


def decisions_of(frame: FrameRecord, app: AppFrame, fields: Fields) -> list[Row]:
    """What a person decided about one frame: keys and values of its lines, in a fixed order, without `who`.

    Raises:
        DataError: a tag that begins like one of ours and does not go on so, or two that contradict each other; the
            message names frame and tag.
    """
    said = _Tags.read(frame.id, app.tags, FRAME_WORDS)
    if "drop" in said.words:
        return [_row(frame, "drop", said.why("tagged in the app"))]
    rows = _frame_rows(frame, said)
    there: set[int] = set()
    for box in sorted(app.labels, key=_order):
        rows += _label_rows(frame, box, fields, said)
        there |= set() if box.was is None else {box.was}
    for i, gone in enumerate(frame.boxes):
        if i not in there:
            rows.append(_removed(frame, gone, said.why("deleted in the app")))
    for box in sorted(app.predictions, key=_order):
        rows += _prediction_rows(frame, box, said)
    return rows


def _order(box: AppBox) -> tuple[Any, ...]:
    """The manifest's order, then new boxes by class and place: the app's own order may change."""
    return (box.was is None, box.was or 0, box.label, box.xyxy)


def own_tags(app: AppFrame) -> set[str]:
    """Tags that are none of ours: perhaps slips."""
    frame = {tag for tag in app.tags if tag.partition(":")[0] not in FRAME_WORDS}
    boxes = [*app.labels, *app.predictions]
    return frame | {tag for box in boxes for tag in box.tags if tag.partition(":")[0] not in LABEL_WORDS}


@dataclass(frozen=True)
class _Tags:
    """Tags by word; each word's values in order of the alphabet."""

    where: str
    words: Mapping[str, tuple[str, ...]]

    @staticmethod
    def read(where: str, tags: Iterable[str], known: Sequence[str]) -> _Tags:
        words: dict[str, tuple[str, ...]] = {}
        for tag in sorted(set(tags)):
            word, _, value = tag.partition(":")
            if word not in known:
                continue
            bare = word in ("drop", "wrong") or (word == "add" and ":" not in tag)
            if bare != (":" not in tag):
                form = word if bare else f"{word}:..."
                raise DataError(f"{where}: tag: expected {form!r}, got {tag!r}; mend the tag in the app")
            words[word] = (*words.get(word, ()), value.strip())
        return _Tags(where, words)

    def one(self, word: str, allowed: Sequence[str] | None = None) -> str | None:
        """The only value of a word, None where it is not said."""
        values = self.words.get(word, ())
        if len(values) > 1:
            both = ", ".join(repr(f"{word}:{value}") for value in values)
            raise DataError(f"{self.where}: tags: expected one {word}, got {both}; keep one in the app")
        if values and allowed is not None and values[0] not in allowed:
            raise DataError(
                f"{self.where}: tag {word}:{values[0]}: expected {word}: and one of {', '.join(allowed)}; "
                "mend the tag in the app"
            )
        return values[0] if values else None

    def pairs(self, word: str) -> dict[str, str | None]:
        """``NAME=VALUE`` by name; None removes."""
        pairs: dict[str, str | None] = {}
        for text in self.words.get(word, ()):
            name, sign, value = text.partition("=")
            if not name.strip() or not sign or name.strip() in pairs:
                raise DataError(
                    f"{self.where}: tag {word}:{text}: expected {word}:NAME=VALUE, each name once; "
                    "mend the tag in the app"
                )
            pairs[name.strip()] = value.strip() or None
        return pairs

    def why(self, default: str) -> str:
        """The reason given, else the default."""
        return "; ".join(filter(None, self.words.get("why", ()))) or default


def _frame_rows(frame: FrameRecord, said: _Tags) -> list[Row]:
    why = said.why("tagged in the app")
    rows: list[Row] = []
    side, view = said.one("split", SIDES), said.one("view", VIEW_NAMES)
    if side:
        rows.append(_row(frame, "split", why, to=side))
    if view and view != frame.view:
        rows.append(_row(frame, "view", why, to=view))
    person = said.one("person")
    if person is not None and (person or None) != frame.person:
        rows.append(_row(frame, "person", why, to=person or None))
    changed = {name: value for name, value in said.pairs("tag").items() if frame.tags.get(name) != value}
    rows += [_row(frame, "tag", why, tags={name: value}) for name, value in sorted(changed.items())]
    more, fewer = set(said.words.get("labelled", ())), set(said.words.get("unlabelled", ()))
    for name in sorted(more | fewer):
        if name not in SCENE_CLASSES or name in more & fewer:
            raise DataError(
                f"{frame.id}: tag labelled or unlabelled {name!r}: expected one of {', '.join(SCENE_CLASSES)}, in one "
                "of the two; mend the tag in the app"
            )
    labelled = [name for name in frame.labelled if name not in fewer] + sorted(more - set(frame.labelled))
    if tuple(labelled) != frame.labelled:
        rows.append(_row(frame, "labelled", why, to=labelled))
    return rows


def _label_rows(frame: FrameRecord, box: AppBox, fields: Fields, said: _Tags) -> list[Row]:
    tags = _Tags.read(_where(frame, box), box.tags, LABEL_WORDS)
    wished = tags.one("relabel", SCENE_CLASSES)
    new = {name: from_text(value) if value else None for name, value in tags.pairs("set").items()}
    if "add" in tags.words:
        raise DataError(
            f"{tags.where}: tag add: expected on a prediction, got it on a label; remove the tag in the app"
        )
    if "wrong" in tags.words and (wished or new):
        raise DataError(f"{tags.where}: tags: expected wrong alone, got more decisions; keep one in the app")
    label = wished or box.label
    if label not in SCENE_CLASSES:
        known = ", ".join(SCENE_CLASSES)
        raise DataError(f"{tags.where}: class: expected one of {known}, got {label!r}; mend it in the app")
    if "wrong" in tags.words:
        return [] if box.was is None else [_removed(frame, frame.boxes[box.was], _because(box, tags, said))]
    if box.was is None:
        attributes = {fields.name(name): value for name, value in box.fields.items()} | new
        kept = {name: value for name, value in attributes.items() if value is not None}
        why = tags.why(said.why("drawn in the app"))
        return [_row(frame, "add_box", why, label=label, xyxy=_inside(frame, box.xyxy), attributes=kept)]
    changes = _differing(frame.boxes[box.was], box.fields, fields) | new
    tagged, edited = _because(box, tags, said), tags.why(said.why("edited in the app"))
    return _changed_rows(
        frame, box, (label, tagged if wished else edited), (changes, tagged if new else edited), edited
    )


def _changed_rows(
    frame: FrameRecord, box: AppBox, label: tuple[str, str], changes: tuple[Row, str], edited: str
) -> list[Row]:
    """Class, place and attributes that differ from the manifest's, in an order in which each line finds its box."""
    was = frame.boxes[box.was or 0]
    rows: list[Row] = []
    if label[0] != was.label:
        rows.append(_row(frame, "relabel", label[1], box=_name(was.label, was.xyxy), to=label[0]))
    xyxy = list(was.xyxy)
    if max(abs(a - b) for a, b in zip(box.xyxy, was.xyxy, strict=True)) > MOVED_PX:
        xyxy = _inside(frame, box.xyxy)
        rows.append(_row(frame, "move", edited, box=_name(label[0], was.xyxy), to=xyxy))
    if changes[0]:
        rows.append(_row(frame, "attributes", changes[1], box=_name(label[0], xyxy), set=changes[0]))
    return rows


def _because(box: AppBox, tags: _Tags, said: _Tags) -> str:
    """The reason given on the box, else on the frame, else what the comparison said of it."""
    return tags.why(said.why(f"tagged in the app: {box.note}" if box.note else "tagged in the app"))


def _differing(was: BoxLabel, now: Mapping[str, AttributeValue], fields: Fields) -> dict[str, AttributeValue | None]:
    """Attributes that the app shows otherwise than the manifest says, as they are to be set."""
    before = fields.show(was.attributes)
    changed: dict[str, AttributeValue | None] = {}
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            value = now.get(name)
            real = fields.name(name)
            changed[real] = from_text(value) if isinstance(value, str) and real in fields.as_text else value
    return changed


def _prediction_rows(frame: FrameRecord, box: AppBox, said: _Tags) -> list[Row]:
    tags = _Tags.read(_where(frame, box), box.tags, LABEL_WORDS)
    wrong = sorted({"wrong", "relabel"} & set(tags.words))
    if wrong:
        raise DataError(
            f"{tags.where}: tag {wrong[0]}: expected on a label, got it on a prediction; a prediction takes add"
        )
    if "add" not in tags.words:
        return []
    label = tags.one("add", ("", *SCENE_CLASSES)) or box.label
    attributes = {name: from_text(value) for name, value in tags.pairs("set").items() if value}
    why = _because(box, tags, said)
    return [_row(frame, "add_box", why, label=label, xyxy=_inside(frame, box.xyxy), attributes=attributes)]


def _row(frame: FrameRecord, action: str, why: str, **keys: Any) -> Row:
    if not keys.get("attributes", True):
        del keys["attributes"]
    return {"id": frame.id, "action": action, **keys, "why": why}


def _name(label: str, xyxy: Sequence[float]) -> Row:
    return {"label": label, "xyxy": list(xyxy)}


def _inside(frame: FrameRecord, xyxy: Corners) -> list[float]:
    limits = (frame.width, frame.height, frame.width, frame.height)
    return [round(min(max(value, 0.0), float(limit)), 2) for value, limit in zip(xyxy, limits, strict=True)]


def _removed(frame: FrameRecord, box: BoxLabel, why: str) -> Row:
    return _row(frame, "remove_box", why, box=_name(box.label, box.xyxy))


def _where(frame: FrameRecord, box: AppBox) -> str:
    return f"{frame.id}: {box.label} at {[round(value) for value in box.xyxy]}"
