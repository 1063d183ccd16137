"""`proctor curate save`: what a person decided in the app, appended to a decisions file.

Tags and edits are read as `proctor_models.curation.tagged` says. Before a line is written, all of them are replayed on
the dataset that was opened: a file that was written can be replayed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from proctor_models.curation import decisions as d
from proctor_models.curation.app import mark
from proctor_models.curation.database import STORE, fiftyone_in
from proctor_models.curation.replay import replay
from proctor_models.curation.samples import LABELS, PREDICTIONS, absolute, attribute_fields
from proctor_models.curation.shown import FIFTYONES, OURS
from proctor_models.curation.tagged import AppBox, AppFrame, Row, decisions_of, own_tags
from proctor_models.data.manifest import FrameRecord, Manifest, data_version
from proctor_models.errors import DataError
from proctor_models.files import write_text

Key = tuple[object, ...]


def save_decisions(data: Path, name: str, out: Path, who: str | None = None, store: Path = STORE) -> int:
    """Append what was decided in the FiftyOne dataset `name` to the decisions file `out`; how many lines were added.

    Args:
        data: the dataset version that was opened.
        name: of the FiftyOne dataset.
        out: decisions file; what it holds stays, and what it says already is not said again.
        who: code of the person who decided, never a name; None leaves it out.
        store: folder of all that FiftyOne keeps.

    Raises:
        DataError: no such dataset, one of another version, a malformed decisions file, or tags that cannot be
            understood or applied; the file is then as it was before.
    """
    manifest = Manifest.load(data)
    before = [line.decision for line in d.read_decisions(out)] if out.exists() else []
    with fiftyone_in(store) as fo:
        dataset = _opened(fo, name, data)
        rows = list(_decided(dataset, manifest))
        new = unsaid(before, [d.parse(row | ({"who": who} if who else {}), f"dataset {name}") for row in rows])
        lines = [d.Line(number, f"dataset {name}", decision) for number, decision in enumerate(new, start=1)]
        replay(manifest.frames, lines)
        if new:
            append(out, new)
        dataset.info = {**dataset.info, "mark": mark(dataset)}
        dataset.save()
    print(f"curate: {out}: {len(new)} decisions added, {len(rows) - len(new)} were there already", file=sys.stderr)
    return len(new)


def append(out: Path, new: Sequence[d.Decision]) -> None:
    """Add decisions to the file, one JSON line each; all of them or none. Its folder is made if need be."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = out.read_text(encoding="utf-8") if out.exists() else ""
    text += "\n" if text and not text.endswith("\n") else ""
    lines = [json.dumps(_told(one), ensure_ascii=False) for one in new]
    write_text(out, text + "".join(f"{line}\n" for line in lines))


def _told(decision: d.Decision) -> Row:
    """Keys as one would say them: which frame, what, why, who."""
    row = decision.model_dump(mode="json", exclude_unset=True)
    first = {key: row.pop(key) for key in ("id", "action")}
    last = {key: row.pop(key) for key in ("why", "who") if key in row}
    return first | row | last


def unsaid(before: Sequence[d.Decision], decisions: Sequence[d.Decision]) -> list[d.Decision]:
    """The decisions that the last word on their subject, among `before`, does not say already.

    Who said it and why is not compared. A box that was removed, brought back and is removed again is a new decision.
    """
    last: dict[Key, object] = {}
    for decision in before:
        for key in _subjects(decision):
            last[key] = _content(decision)
    return [one for one in decisions if last.get(_subjects(one)[0]) != _content(one)]


def _subjects(decision: d.Decision) -> list[Key]:
    """What a decision is about; the first names it, any further one is touched by it."""
    frame = decision.id
    match decision:
        case d.AddBox(xyxy=xyxy) | d.RemoveBox(box=d.BoxName(xyxy=xyxy)):
            return [(frame, "there", xyxy)]
        case d.Move(box=box, to=to):
            return [(frame, "place", box.xyxy), (frame, "place", to)]
        case d.Relabel(box=box):
            return [(frame, "class", box.xyxy)]
        case d.SetAttributes(box=box):
            return [(frame, "attributes", box.xyxy, tuple(sorted(decision.set)))]
        case d.Tag(tags=tags):
            return [(frame, "tag", tuple(sorted(tags))), *((frame, "tag", (name,)) for name in sorted(tags))]
        case _:
            return [(frame, decision.action)]


def _content(decision: d.Decision) -> object:
    return decision.model_dump(exclude={"why", "who"})


def _opened(fo: Any, name: str, data: Path) -> Any:
    if not fo.dataset_exists(name):
        there = ", ".join(fo.list_datasets()) or "none"
        raise DataError(f"dataset {name}: not opened here; datasets: {there}; `proctor curate open` opens one")
    dataset = fo.load_dataset(name)
    opened, now = dataset.info.get("data_version"), data_version(data)
    if opened != now:
        raise DataError(
            f"dataset {name}: data version: expected that of {data} ({now[:12]}), got {str(opened)[:12]}; "
            "name the folder it was opened from, as it was then"
        )
    return dataset


def _decided(dataset: Any, manifest: Manifest) -> Iterator[Row]:
    """The decisions on all frames, in the manifest's order."""
    fields = attribute_fields(manifest)
    known = {frame.id: frame for frame in manifest}
    held = {sample["frame_id"]: _app_frame(sample, known) for sample in dataset.iter_samples()}
    own: set[str] = set()
    for frame in manifest:
        if frame.id not in held:  # deleted in the app
            yield {"id": frame.id, "action": "drop", "why": "deleted in the app"}
            continue
        own |= own_tags(held[frame.id])
        yield from decisions_of(frame, held[frame.id], fields)
    if own:
        print(f"curate: tags that are no decisions, left alone: {', '.join(sorted(own))}", file=sys.stderr)


def _app_frame(sample: Any, known: dict[str, FrameRecord]) -> AppFrame:
    frame = known.get(sample["frame_id"])
    if frame is None:
        raise DataError(f"sample {sample['frame_id']!r}: no such frame in the manifest; remove it in the app")
    labels, predictions = sample[LABELS], sample[PREDICTIONS] if sample.has_field(PREDICTIONS) else None
    return AppFrame(
        tuple(sample.tags),
        tuple(_app_box(box, frame) for box in (labels.detections if labels else ())),
        tuple(_app_box(box, frame) for box in (predictions.detections if predictions else ())),
    )


def _app_box(box: Any, frame: FrameRecord) -> AppBox:
    values = {name: box[name] for name in box.field_names if name not in (*FIFTYONES, *OURS)}
    shown = {name: _plain(value) for name, value in values.items() if value is not None}
    was = box["was"] if box.has_field("was") else None
    return AppBox(box.label, absolute(box.bounding_box, frame), shown, tuple(box.tags), was, _note(box))


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _note(box: Any) -> str:
    """What the comparison said of the box, for the reason of a decision."""
    if box.has_field("suspect") and box["suspect"]:
        return f"possible {_PLAIN[box['suspect']]} ({box['suspicion']:.2f})"
    return ""


_PLAIN = {"missing": "missing label", "class": "wrong class", "place": "wrong place", "spurious": "spurious label"}
