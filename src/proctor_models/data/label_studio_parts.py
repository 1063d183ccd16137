"""Label Studio's files: which annotation of a task counts, and what its regions are."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from proctor_models.data.drafts import Problems

_MIN_KEYS = ("annotation_id", "annotator", "lead_time", "created_at", "updated_at", "id", "agreement")


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Value(_Part):
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    rotation: float = 0.0
    rectanglelabels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class _Result(_Part):
    id: str = ""
    type: str
    from_name: str = ""
    value: _Value = _Value()
    original_width: int | None = Field(default=None, gt=0)
    original_height: int | None = Field(default=None, gt=0)
    image_rotation: float = 0.0


class _Annotation(_Part):
    id: int | str
    result: tuple[_Result, ...]
    was_cancelled: bool = False
    ground_truth: bool = False
    completed_by: int | dict[str, Any] | None = None
    updated_at: datetime | None = None


class _Task(_Part):
    id: int | str | None = None  # a file to import has none yet
    data: dict[str, Any]
    annotations: tuple[_Annotation, ...] = ()
    predictions: tuple[Any, ...] = ()


class _MinRegion(_Value):
    original_width: int = Field(gt=0)
    original_height: int = Field(gt=0)


@dataclass(frozen=True)
class Region:
    """One thing an annotator said: a rectangle, or a choice for one or for the image."""

    where: str
    id: str
    type: str
    """`rectanglelabels` or `choices`."""
    name: str
    """Of the control that asked."""
    labels: tuple[str, ...]
    xywh: tuple[float, float, float, float] | None
    """Per cent of the image; None for what is said of the whole image."""
    resolution_wh: tuple[int, int]


@dataclass(frozen=True)
class Submitted:
    """A task with the annotation of it that counts."""

    where: str
    data: Mapping[str, Any]
    regions: tuple[Region, ...]


def read_tasks(path: Path, source: str, problems: Problems) -> list[Submitted]:
    """The tasks that people submitted; whatever is wrong is added to `problems`."""
    rows = _rows(path, problems)
    if rows is None:
        return []
    tasks = [_parsed(f"{path}: {i}", row, problems) for i, row in enumerate(rows)]
    merged = _merged([task for task in tasks if task is not None])
    submitted, left = [], {"skipped by their annotator": 0, "that nobody has submitted": 0}
    for task in merged:
        where = f"{path}: task {task.id}"
        kept = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        if not kept:
            left["skipped by their annotator" if task.annotations else "that nobody has submitted"] += 1
            continue
        chosen = _chosen(where, kept, problems)
        if chosen is not None:
            regions = (_region(f"{where}, region {r.id or i}", r, problems) for i, r in enumerate(chosen.result))
            submitted.append(Submitted(where, task.data, tuple(region for region in regions if region is not None)))
    if not submitted and not problems:
        guessed = " (it holds predictions of a model only)" if any(task.predictions for task in merged) else ""
        problems.add(
            str(path),
            f"annotations: expected tasks that people submitted, got none of {len(merged)}{guessed}; "
            "correct and submit them in Label Studio, then export again",
        )
    for why, count in left.items():
        if count and submitted:
            print(f"ingest {source}: {count} tasks {why} left out", file=sys.stderr, flush=True)
    return submitted


def _rows(path: Path, problems: Problems) -> list[Any] | None:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.add(str(path), f"expected Label Studio's export, got {error.strerror}; see `annotations`")
        return None
    except (ValueError, RecursionError) as error:
        problems.add(str(path), f"expected whole JSON, got {error}; export the labels again")
        return None
    if not isinstance(rows, list) or not rows:
        got = f"a list of {len(rows)}" if isinstance(rows, list) else type(rows).__name__
        problems.add(str(path), f"expected a list of tasks, got {got}; export as JSON or JSON-MIN")
        return None
    return rows


def _parsed(where: str, row: Any, problems: Problems) -> _Task | None:
    try:
        full = isinstance(row, dict) and isinstance(row.get("data"), dict)
        # As JSON, because its numbers and times are what strictness is about.
        return _Task.model_validate_json(json.dumps(row if full else _from_min(row)))
    except ValidationError as error:
        for one in error.errors():
            got = "" if one["type"] == "missing" else f", got {str(one['input'])[:60]!r}"
            problems.add(f"{where}.{'.'.join(str(part) for part in one['loc'])}", f"{one['msg']}{got}")
    except ValueError as error:
        problems.add(where, str(error))
    return None


def _from_min(row: Any) -> dict[str, Any]:
    """A row of JSON-MIN in the form of a task of JSON.

    Raises:
        ValueError: not such a row, or one that lacks what JSON would say.
    """
    if not isinstance(row, dict) or "id" not in row or "annotation_id" not in row:
        raise ValueError("expected a task with `data`, or a row of JSON-MIN with `annotation_id`; export again")
    data, result = {}, []
    for key, value in row.items():
        if key in _MIN_KEYS:
            continue
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            data[key] = value
            continue
        for region in TypeAdapter(list[dict[str, Any]]).validate_python(value):
            if "rectanglelabels" not in region:
                raise ValueError(f"{key}: expected rectangles, got {sorted(region)}; export as JSON, not JSON-MIN")
            size = {side: region.get(side) for side in ("original_width", "original_height")}
            result.append({"type": "rectanglelabels", "from_name": key, "value": region, **size})
    annotation = {"id": row["annotation_id"], "result": result}
    annotation |= {"completed_by": row.get("annotator"), "updated_at": row.get("updated_at")}
    return {"id": row["id"], "data": data, "annotations": [annotation] if row["annotation_id"] is not None else []}


def _merged(tasks: Sequence[_Task]) -> list[_Task]:
    """One task for all rows of JSON-MIN that speak of it."""
    by_id: dict[int | str, _Task] = {}
    for number, task in enumerate(tasks):
        key = f"at place {number}" if task.id is None else task.id
        known = by_id.get(key)
        if known is None:
            by_id[key] = task.model_copy(update={"id": key})
        else:
            by_id[key] = known.model_copy(update={"annotations": known.annotations + task.annotations})
    return list(by_id.values())


def _chosen(where: str, kept: Sequence[_Annotation], problems: Problems) -> _Annotation | None:
    """The annotation that counts."""
    truths = [annotation for annotation in kept if annotation.ground_truth] or list(kept)
    if len(truths) == 1:
        return truths[0]
    people = {json.dumps(annotation.completed_by, sort_keys=True) for annotation in truths}
    latest = sorted(truths, key=_time, reverse=True)
    if len(people) == 1 and _time(latest[0]) > _time(latest[1]):
        return latest[0]
    problems.add(
        where,
        f"annotations: expected one, or several by one person, got {len(truths)} by {len(people)} people; "
        "mark the right one as ground truth in Label Studio, or delete the others, and export again",
    )
    return None


def _time(annotation: _Annotation) -> float:
    return annotation.updated_at.timestamp() if annotation.updated_at else 0.0


def _region(where: str, result: _Result, problems: Problems) -> Region | None:
    """One result as a region; None for a relation, or after noting what is wrong."""
    value = result.value
    place = (value.x, value.y, value.width, value.height)
    wrong = ""
    if result.type == "relation":
        return None
    if result.type not in ("rectanglelabels", "choices"):
        wrong = f"type: expected rectanglelabels or choices, got {result.type!r}; draw rectangles"
    elif value.rotation % 360 or result.image_rotation % 360:
        turned = value.rotation or result.image_rotation
        wrong = f"rotation: expected 0 degrees, got {turned:g}; draw the box upright, on the image as it is stored"
    elif result.type == "rectanglelabels" and None in place:
        wrong = f"value: expected x, y, width and height in per cent, got {place}; export again"
    elif result.type == "rectanglelabels" and (result.original_width is None or result.original_height is None):
        wrong = "original_width, original_height: expected the image's size in pixels, got none; export again"
    if wrong:
        problems.add(where, wrong)
        return None
    size = (result.original_width or 0, result.original_height or 0)
    labels = value.rectanglelabels if result.type == "rectanglelabels" else value.choices
    xywh = None if None in place else tuple(float(number or 0) for number in place)
    return Region(where, result.id, result.type, result.from_name, labels, xywh, size)  # type: ignore[arg-type]
