"""One dataset version as FiftyOne samples: what the manifest says, what the nets saw, and how the two compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proctor_models.curation.looks import Look
from proctor_models.curation.shown import Fields
from proctor_models.curation.suspicion import KINDS, Judgement, Labelled, Suspicion
from proctor_models.data.manifest import FrameRecord, Manifest

SHOWN_SCORE = 0.2
"""Predictions scored lower are not shown."""
LABELS, PREDICTIONS = "ground_truth", "predictions"


@dataclass(frozen=True)
class Extras:
    """What is known of one frame beyond the manifest; None where no pack was given."""

    look: Look | None = None
    judgement: Judgement | None = None
    uniqueness: float | None = None
    like: int | None = None  # first frame of its near-duplicates


def labelled_of(frame: FrameRecord) -> Labelled:
    """The frame's labels, as the comparison takes them."""
    names, corners = tuple(box.label for box in frame.boxes), tuple(box.xyxy for box in frame.boxes)
    return Labelled(frozenset(frame.labelled), names, corners)


def attribute_fields(manifest: Manifest) -> Fields:
    """Fields of the attributes of labelled boxes."""
    return Fields.of(box.attributes for frame in manifest for box in frame.boxes)


def slice_fields(manifest: Manifest) -> Fields:
    """Fields of the slices of frames."""
    return Fields.of(frame.tags for frame in manifest)


def samples(fo: Any, manifest: Manifest, extras: Sequence[Extras]) -> Iterator[Any]:
    """One sample a frame; images stay where they lie."""
    fields, slices = attribute_fields(manifest), slice_fields(manifest)
    seen = Fields.of(attributes for extra in extras if extra.look for attributes in extra.look.attributes)
    for frame, extra in zip(manifest, extras, strict=True):
        sample = fo.Sample(filepath=str(manifest.image_path(frame).resolve()), **_facts(frame))
        sample["metadata"] = fo.ImageMetadata(width=frame.width, height=frame.height)
        if frame.tags:
            sample["slices"] = fo.DynamicEmbeddedDocument(**slices.show(frame.tags))
        sample[LABELS] = fo.Detections(detections=list(_labels(fo, frame, extra.judgement, fields)))
        if extra.like is not None:
            sample["near_duplicate_of"] = manifest.frames[extra.like].id
        if extra.look is not None:
            _add_look(fo, sample, frame, extra, seen)
        yield sample


def _facts(frame: FrameRecord) -> dict[str, Any]:
    facts = {
        "frame_id": frame.id,
        "source": frame.source,
        "licence": frame.licence,
        "split": frame.split,
        "view": frame.view,
        "person": frame.person,
        "clip": frame.clip,
        "group": frame.group,
        "time_s": frame.time_s,
        "labelled": list(frame.labelled),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _labels(fo: Any, frame: FrameRecord, judgement: Judgement | None, fields: Fields) -> Iterator[Any]:
    suspicions = {s.truth: s for s in judgement.suspicions if s.truth is not None} if judgement else {}
    for i, box in enumerate(frame.boxes):
        more: dict[str, Any] = dict(fields.show(box.attributes)) | {"was": i}
        if judgement is not None:
            more |= {"outcome": judgement.truth[i]} | _suspected(suspicions.get(i))
        yield fo.Detection(label=box.label, bounding_box=relative(box.xyxy, frame), **more)


def _add_look(fo: Any, sample: Any, frame: FrameRecord, extra: Extras, fields: Fields) -> None:
    look, judgement = extra.look, extra.judgement
    if look is None or judgement is None:
        return
    suspicions = {s.found: s for s in judgement.suspicions if s.found is not None}
    boxes = []
    for j, box in enumerate(look.found):
        if box.score >= SHOWN_SCORE or judgement.found[j] == "false alarm":
            more: dict[str, Any] = (
                dict(fields.show(look.attributes[j])) | {"outcome": judgement.found[j]} | _suspected(suspicions.get(j))
            )
            place = relative(box.xyxy, frame)
            boxes.append(fo.Detection(label=box.label, bounding_box=place, confidence=box.score, **more))
    sample[PREDICTIONS] = fo.Detections(detections=boxes)
    readings = {name: score for name, score in look.readings.items() if score is not None}
    sample["readings"] = fo.DynamicEmbeddedDocument(**readings)
    sample["uniqueness"] = extra.uniqueness
    sample["mistakenness"] = judgement.mistakenness
    for kind in KINDS:
        sample[f"suspicion_{kind}"] = judgement.worst(kind)
    alarms = [box.score for box, said in zip(look.found, judgement.found, strict=True) if said == "false alarm"]
    misses = [doubt for doubt, said in zip(judgement.doubt, judgement.truth, strict=True) if said == "miss"]
    sample["false_alarm"], sample["miss"] = max(alarms, default=0.0), max(misses, default=0.0)


def _suspected(suspicion: Suspicion | None) -> dict[str, Any]:
    return {} if suspicion is None else {"suspect": suspicion.kind, "suspicion": suspicion.score}


def relative(xyxy: Sequence[float], frame: FrameRecord) -> list[float]:
    """Left, top, width and height as shares of the picture: FiftyOne's boxes."""
    x0, y0, x1, y1 = xyxy
    return [x0 / frame.width, y0 / frame.height, (x1 - x0) / frame.width, (y1 - y0) / frame.height]


def absolute(shares: Sequence[float], frame: FrameRecord) -> tuple[float, float, float, float]:
    """The way back from `relative`, in pixels."""
    x, y, width, height = shares
    return x * frame.width, y * frame.height, (x + width) * frame.width, (y + height) * frame.height
