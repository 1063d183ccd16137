"""`proctor curate replay`: the decisions people made are replayed, then near-duplicates are thinned.

The decisions file is described in `proctor_models.curation.decisions`. Decisions name frames and boxes of the dataset
as it was ingested, so the same file on the same frames gives the same dataset, however often it runs.
`curation.json` beside the manifest says what changed, line by line, and why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from proctor_models.config import Recipe, expand
from proctor_models.curation import decisions as d
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.data.similar import near_pairs
from proctor_models.data.summary import summarise
from proctor_models.errors import DataError
from proctor_models.files import building, write_json
from proctor_models.types import SCENE_CLASSES

REPORT_FILE = "curation.json"
T = TypeVar("T")

SAME_CORNER_PX = 1.0  # a box in a decision is the box whose corners all lie this near


def curate(recipe: Recipe, data: Path, out: Path) -> Manifest:
    """Apply the recipe's decisions to the dataset in `data`; write the manifest and `curation.json` to `out`.

    Returns:
        The manifest as written; its images stay where they are.

    Raises:
        DataError: no manifest in `data`, or a decision that is malformed or names a frame or box that is not there
            (file and line are named). `out` is then as it was before.
    """
    manifest = Manifest.load(data)
    frames = manifest.frames
    decided: list[dict[str, object]] = []
    for path in (expand(text, "curate.decisions") for text in recipe.curate.decisions):
        frames, report = replay(frames, d.read_decisions(path))
        decided += [{"file": path.name, **entry} for entry in report]
    thinned: list[dict[str, object]] = []
    if recipe.curate.near_duplicate_bits is not None:
        frames, thinned = thin(frames, recipe.curate.near_duplicate_bits)
    summary = {
        "frames_before": len(manifest),
        "frames_after": len(frames),
        "decisions": decided,
        "thinned": thinned,
        "after": summarise(frames),
    }
    with building(out) as part:
        manifest.with_frames(frames).save(part)
        write_json(part / REPORT_FILE, summary)
    return Manifest.load(out)


def replay(
    frames: Sequence[FrameRecord], lines: Iterable[d.Line]
) -> tuple[tuple[FrameRecord, ...], list[dict[str, object]]]:
    """The frames after all decisions, in order, and what each line did ("applied" or "already so").

    Raises:
        DataError: a decision names an unknown frame or box, or would make a frame unsound.
    """
    now: dict[str, FrameRecord | None] = {frame.id: frame for frame in frames}
    known = {frame.id: list(frame.boxes) for frame in frames}  # every box a frame ever had
    report: list[dict[str, object]] = []
    for line in lines:
        decision = line.decision
        if decision.id not in now:
            raise DataError(f"{line.where}: id: no frame {decision.id!r} in the dataset; mend or remove the line")
        frame = now[decision.id]
        after = None if frame is None else _decided(line, frame, known[decision.id])
        now[decision.id] = after
        known[decision.id] += after.boxes if after else ()
        entry = {"line": line.number, "id": decision.id, "action": decision.action, "why": decision.why}
        entry |= {"who": decision.who} if decision.who else {}
        report.append(entry | {"result": "already so" if after == frame else "applied"})
    return tuple(frame for frame in now.values() if frame is not None), report


def thin(frames: Sequence[FrameRecord], bits: int) -> tuple[tuple[FrameRecord, ...], list[dict[str, object]]]:
    """Only the first of frames with one group, side and labels and hashes at most `bits` apart; and what went."""
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, frame in enumerate(frames):
        labels = tuple(sorted(box.label for box in frame.boxes))
        alike[frame.group, labels, tuple(sorted(frame.labelled)), frame.split].append(i)
    gone: dict[int, int] = {}
    for members in alike.values():
        for a, b in sorted(near_pairs([frames[i].phash for i in members], bits)):
            if members[a] not in gone:  # a frame that went cannot stand for another
                gone.setdefault(members[b], members[a])
    kept = tuple(frame for i, frame in enumerate(frames) if i not in gone)
    return kept, [{"id": frames[i].id, "like": frames[j].id} for i, j in sorted(gone.items())]


def _decided(line: d.Line, frame: FrameRecord, known: Sequence[BoxLabel]) -> FrameRecord | None:
    try:
        changed = _apply(line.decision, frame, known)
        if changed is not None and changed != frame:
            _check_inside(changed)
    except ValidationError as error:
        raise DataError(f"{line.where}: {line.decision.action} of {frame.id}: {error.errors()[0]['msg']}") from None
    except ValueError as error:
        raise DataError(f"{line.where}: {line.decision.action} of {frame.id}: {error}") from None
    return changed


def _apply(  # noqa: PLR0911 - one return for each action
    decision: d.Decision, frame: FrameRecord, known: Sequence[BoxLabel]
) -> FrameRecord | None:
    """The frame after one decision, None for a dropped one.

    Raises:
        ValueError: the box is not there, or a class is not one of ours.
    """
    match decision:
        case d.Drop():
            return None
        case d.Tag(tags=tags):
            return frame.model_copy(update={"tags": _merged(frame.tags, tags)})
        case d.SetView(to=view):
            return frame.model_copy(update={"view": view})
        case d.SetPerson(to=person):
            return _with_person(frame, person)
        case d.SetLabelled(to=labelled):
            for name in labelled:
                _check_class(name)
            return frame.model_copy(update={"labelled": labelled})
        case d.SetSplit(to=side):
            return frame.model_copy(update={"split": side})
        case d.AddBox(label=label, xyxy=xyxy, attributes=attributes):
            new = BoxLabel(label=label, xyxy=xyxy, attributes=attributes)
            there = any(_near(box, label, xyxy) for box in frame.boxes)
            return frame if there else frame.model_copy(update={"boxes": (*frame.boxes, new)})
        case _:
            return _with_box(decision, frame, known)


def _with_box(
    decision: d.RemoveBox | d.Relabel | d.Move | d.SetAttributes, frame: FrameRecord, known: Sequence[BoxLabel]
) -> FrameRecord:
    """The frame with the named box changed; unchanged if an earlier decision changed it already."""
    label, xyxy = decision.box.label, decision.box.xyxy
    if isinstance(decision, d.Relabel):
        _check_class(decision.to)
    boxes = list(frame.boxes)
    for i, box in enumerate(boxes):
        if _near(box, label, xyxy):
            boxes[i : i + 1] = _changed(decision, box)
            return frame.model_copy(update={"boxes": tuple(boxes)})
    if any(_near(box, label, xyxy) for box in known):
        return frame
    there = "; ".join(f"{box.label} {list(box.xyxy)}" for box in frame.boxes) or "none"
    raise ValueError(f"box: no {label} at {list(xyxy)}; boxes of the frame: {there}")


def _changed(decision: d.RemoveBox | d.Relabel | d.Move | d.SetAttributes, box: BoxLabel) -> list[BoxLabel]:
    match decision:
        case d.RemoveBox():
            return []
        case d.Relabel(to=label):
            return [BoxLabel(label=label, xyxy=box.xyxy, attributes=box.attributes)]
        case d.Move(to=xyxy):
            return [BoxLabel(label=box.label, xyxy=xyxy, attributes=box.attributes)]
        case d.SetAttributes(set=values):
            return [BoxLabel(label=box.label, xyxy=box.xyxy, attributes=_merged(box.attributes, values))]


def _merged(old: Mapping[str, T], new: Mapping[str, T | None]) -> dict[str, T]:
    """`old` with the values of `new`; None removes a name."""
    kept = {name: value for name, value in old.items() if name not in new}
    return kept | {name: value for name, value in new.items() if value is not None}


def _with_person(frame: FrameRecord, person: str | None) -> FrameRecord:
    """Another person; the group was made from the person, so it follows."""
    if person == frame.person:
        return frame
    if person is not None:
        group = f"person:{person}"
    else:
        group = f"clip:{frame.source}/{frame.clip}" if frame.clip else f"frame:{frame.id}"
    return frame.model_copy(update={"person": person, "group": group})


def _near(box: BoxLabel, label: str, xyxy: d.Corners) -> bool:
    return box.label == label and all(abs(a - b) <= SAME_CORNER_PX for a, b in zip(box.xyxy, xyxy, strict=True))


def _check_class(name: str) -> None:
    if name not in SCENE_CLASSES:
        raise ValueError(f"class: expected one of {', '.join(SCENE_CLASSES)}, got {name!r}")


def _check_inside(frame: FrameRecord) -> None:
    for box in frame.boxes:
        x0, y0, x1, y1 = box.xyxy
        if min(x0, y0) < 0 or x1 > frame.width or y1 > frame.height:
            raise ValueError(f"xyxy: expected inside {frame.width} x {frame.height} px, got {box.xyxy}")
