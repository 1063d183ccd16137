"""What `evaluate` wrote, read back: which data it is of, and what was said of every frame."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import FrameRecord, Manifest, data_version
from proctor_models.data.split import canonical
from proctor_models.errors import DataError
from proctor_models.evaluation.seen import Seen
from proctor_models.types import SCENE_CLASSES

AGAIN = "run `proctor evaluate` again"


def read_about(evaluation: Path, data: Path) -> dict[str, Any]:
    """The evaluation's about.json, which must be of the dataset in `data`.

    Raises:
        DataError: it cannot be read, or the evaluation is of other data.
    """
    path = evaluation / "about.json"
    about, version = read_object(path), data_version(data)
    if about.get("data_version") != version:
        raise DataError(
            f"{path}: data_version: expected that of {data} ({version[:12]}), got "
            f"{str(about.get('data_version'))[:12]}; name the dataset it was measured on, or {AGAIN}"
        )
    return about


def read_seen(evaluation: Path, manifest: Manifest, same_person: Mapping[str, str] | None = None) -> tuple[Seen, ...]:
    """What was said of every measured frame, from predictions.json, with the manifest's labels.

    Args:
        evaluation: folder that `evaluate` wrote.
        manifest: the dataset it was measured on.
        same_person: code to code of those who are one person.

    Raises:
        DataError: no such file, not what `evaluate` writes, or of frames the manifest does not hold.
    """
    path = evaluation / "predictions.json"
    content = read_object(path)
    frames = {frame.id: frame for frame in manifest}
    boxes: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    seen = []
    try:
        for row in content["annotations"]:
            _ = row["bbox"], row["score"], SCENE_CLASSES[row["category_id"] - 1]
            boxes[row["image_id"]].append({key: value for key, value in row.items() if key not in ("id", "image_id")})
        for image in content["images"]:
            if image["frame"] not in frames:
                raise DataError(f"{path}: frame {image['frame']!r} is not in the dataset; {AGAIN}")
            frame = one_person(frames[image["frame"]], same_person or {})
            scores = {name: image["scores"][name] for name in DETECTOR_NAMES if name in image["scores"]}
            seen.append(Seen(frame, tuple(boxes[image["id"]]), scores))
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(f"{path}: expected what `evaluate` writes, got another form ({error!r}); {AGAIN}") from None
    return tuple(seen)


def one_person(frame: FrameRecord, same_person: Mapping[str, str]) -> FrameRecord:
    """The frame with one code for one person; an empty seat counts with the person whose seat it is.

    >>> seat = FrameRecord(id="a/1", file="1.jpg", sha256="", phash="", width=9, height=9, source="a", licence="MIT",
    ...                    view="first", group="person:S9", labelled=("person",))
    >>> one_person(seat, {"S9": "S2"}).group, one_person(seat, {}).group
    ('S2', 'S9')
    """
    kind, _, code = frame.group.partition(":")
    person = canonical(frame.person, dict(same_person)) if frame.person else None
    group = canonical(code, dict(same_person)) if kind == "person" else frame.group
    return frame.model_copy(update={"person": person, "group": group})


def read_object(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object.

    Raises:
        DataError: it cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected a JSON file, it cannot be read ({type(error).__name__}); {AGAIN}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected a JSON object, got {type(content).__name__}; {AGAIN}")
    return content
