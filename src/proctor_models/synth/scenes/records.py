"""What is known of a finished frame, as plain data: labels, head poses and slices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctor_models.synth.scenes.labels import Head, Label
from proctor_models.synth.scenes.plans.spec import PersonSpec, SceneSpec

VIEWS_A_SCENE = 2
NO_EARS = "nobody"
FAR_FACE, NEAR_FACE = 0.18, 0.34
"""Face height as a share of the frame's, below and above which a face counts as far or near."""


def frame_name(spec: SceneSpec, view: int) -> str:
    """File name without suffix; names sort in the order of the frames.

    >>> from proctor_models.synth.scenes.plans.plan import scene
    >>> frame_name(scene(7, 12), 1)
    's00012-second'
    """
    return f"s{spec.index:05d}-{spec.cameras[view].view}"


def record_path(folder: Path, name: str) -> Path:
    """Where a frame's record lies; it is written after the frame itself."""
    return folder / "records" / f"{name}.json"


def spec_hash(spec: SceneSpec) -> str:
    """Hash of all that the plan says of a scene."""
    return hashlib.sha256(json.dumps(spec.as_json(), sort_keys=True).encode()).hexdigest()[:16]


def finished(folder: Path, spec: SceneSpec, view: int) -> dict[str, Any] | None:
    """The record of a frame that an earlier run finished by the same plan; None where there is none."""
    try:
        made: dict[str, Any] = json.loads(record_path(folder, frame_name(spec, view)).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return made if made.get("spec") == spec_hash(spec) else None


def record(
    spec: SceneSpec, view: int, labels: Sequence[Label], heads: Sequence[Head], ears: tuple[bool, bool]
) -> dict[str, Any]:
    """A frame's record.

    Args:
        spec: its scene; the candidate as they were finally posed.
        view: 0 or 1.
        labels: its boxes.
        heads: all faces as the camera has them, the candidate's first.
        ears: whether the candidate's left and right ear are free.
    """
    camera = spec.cameras[view]
    return {
        "name": frame_name(spec, view),
        "index": spec.index * VIEWS_A_SCENE + view,
        "scene": spec.index,
        "view": camera.view,
        "clip": f"{spec.clip}-{camera.view}",
        "resolution_wh": list(camera.resolution_wh),
        "activity": spec.activity,
        "owner": spec.clip.partition("-")[0],
        "subject": spec.candidate.code if spec.candidate else "empty",
        "labels": [_label(label) for label in labels],
        "tags": _tags(spec, view, labels, heads, ears),
    }


def _label(label: Label) -> dict[str, Any]:
    return {
        "label": label.label,
        "xyxy": [int(v) for v in label.xyxy],
        "pixels": int(label.pixels),
        "share": float(label.share),
        "instance": int(label.instance),
        "attributes": dict(label.attributes),
    }


def _tags(
    spec: SceneSpec, view: int, labels: Sequence[Label], heads: Sequence[Head], ears: tuple[bool, bool]
) -> dict[str, str]:
    camera = spec.cameras[view]
    width, height = camera.resolution_wh
    tags = {
        "light": spec.light.kind,
        "room_kind": spec.room.kind,
        "camera": f"{width}x{height}",
        "scene": str(spec.index),
        "frame": str(spec.index * VIEWS_A_SCENE + view),
    }
    if camera.view == "second":
        tags["angle"] = "behind" if camera.at[1] > 0.15 else "beside"
    if camera.covered > 0:
        tags["covered"] = f"{camera.covered:.2f}"
    if spec.candidate is not None:
        tags |= _person_tags(spec.candidate, ears)
        if heads:
            tags |= dict(zip(("yaw", "pitch", "roll"), (f"{v:.1f}" for v in heads[0].pose_deg), strict=True))
        tags["distance"] = _distance(labels, height)
    return tags


def _person_tags(person: PersonSpec, ears: tuple[bool, bool]) -> dict[str, str]:
    free = {(True, True): "both", (True, False): "left", (False, True): "right", (False, False): "none"}
    tags = {
        "monk_tone": str(person.monk_tone),
        "sex": person.sex,
        "age": f"{person.age // 10 * 10}s",
        "hair": person.hair,
        "glasses": person.glasses,
        "headwear": person.headwear,
        "beard": person.beard,
        "posture": person.posture,
        "ears_seen": free[ears],
    }
    if person.mask is not None:
        tags["mask"] = f"{person.mask.kind}/{person.mask.place}"
    if person.earphones is not None:
        tags["earphones"] = person.earphones.kind
    return tags


def _distance(labels: Sequence[Label], height: int) -> str:
    """How large the largest face is in the frame."""
    tall = max((b.xyxy[3] - b.xyxy[1] for b in labels if b.label in ("face", "face_masked")), default=0) / height
    if not tall:
        return "no_face"
    return "far" if tall < FAR_FACE else ("near" if tall > NEAR_FACE else "middle")
