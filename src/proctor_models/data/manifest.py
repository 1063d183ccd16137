"""The manifest: one JSON line a frame, the same file from ingest to training.

A dataset folder holds `manifest.jsonl`. Its first line is a header that says where the images are,
relative to the folder, so that the curated and the split dataset do not copy what the raw one holds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from proctor_models.errors import DataError
from proctor_models.files import write_text
from proctor_models.types import SCENE_CLASSES

MANIFEST_FILE = "manifest.jsonl"
COCO_FILE = "annotations.json"  # of a COCO folder, which has no manifest before it is ingested
SCHEMA = "proctor-manifest/1"
SplitName = Literal["train", "val", "test"]

AttributeValue = str | bool | float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BoxLabel(_Strict):
    """One labelled box."""

    label: str
    """One of `SCENE_CLASSES`."""
    xyxy: tuple[float, float, float, float]
    """Corners in pixels of the stored image."""
    attributes: dict[str, AttributeValue] = {}
    """For example ``{"kind": "earbud", "worn": True}`` or ``{"mask_incorrect": True}``."""

    @model_validator(mode="after")
    def _sound(self) -> BoxLabel:
        if self.label not in SCENE_CLASSES:
            raise ValueError(f"label: expected one of {', '.join(SCENE_CLASSES)}, got {self.label!r}")
        x0, y0, x1, y1 = self.xyxy
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"xyxy: expected x0 < x1 and y0 < y1, got {self.xyxy}")
        return self


class FrameRecord(_Strict):
    """One frame and all that is known of it."""

    id: str
    """Unique in the manifest: ``source/name``."""
    file: str
    """Image file, relative to the header's `images_root`."""
    sha256: str
    """Hash of the image file's bytes."""
    phash: str
    """64-bit perceptual hash, 16 hexadecimal digits."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    source: str
    """Name of the source in the recipe, or of the collection it states."""
    licence: str
    """Licence or stated rights of the source."""
    view: Literal["first", "second", "other"]
    """`first` a webcam, `second` the phone beside the candidate, `other` any other picture."""
    person: str | None = None
    """Who is in it, a code and never a name; None where unknown."""
    clip: str | None = None
    """The recording it was taken from."""
    time_s: float | None = None
    """Seconds from the start of the clip."""
    group: str
    """Frames that must stay on one side of a split share it: person, else clip, else original picture."""
    labelled: tuple[str, ...]
    """Classes labelled exhaustively; every other class is unknown, not absent."""
    boxes: tuple[BoxLabel, ...] = ()
    tags: dict[str, str] = {}
    """Slices: light, activity, skin tone, synthetic, ..."""
    split: SplitName | None = None


@dataclass(frozen=True)
class Manifest:
    """Frames of one dataset version, with the folder their files are relative to."""

    frames: tuple[FrameRecord, ...]
    images_root: Path

    def __iter__(self) -> Iterator[FrameRecord]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def image_path(self, frame: FrameRecord) -> Path:
        """Where the frame's image file is."""
        return self.images_root / frame.file

    def of(self, split: SplitName) -> Manifest:
        """Only the frames of one side of the split."""
        return Manifest(tuple(f for f in self.frames if f.split == split), self.images_root)

    def with_frames(self, frames: Iterable[FrameRecord]) -> Manifest:
        """The same images folder, other frames."""
        return Manifest(tuple(frames), self.images_root)

    def save(self, folder: Path) -> None:
        """Write `manifest.jsonl` into `folder` (made if need be), all of it or nothing."""
        folder.mkdir(parents=True, exist_ok=True)
        root = Path(os.path.relpath(self.images_root.resolve(), folder.resolve())).as_posix()
        header = json.dumps({"schema": SCHEMA, "images_root": root})
        lines = [header, *(frame.model_dump_json(exclude_defaults=True) for frame in self.frames)]
        write_text(folder / MANIFEST_FILE, "\n".join(lines) + "\n")

    @staticmethod
    def load(folder: Path) -> Manifest:
        """Read the manifest in `folder`.

        Raises:
            DataError: no manifest there (what is there instead is named), another schema, a wrong field (file and
                line are named), or an id that occurs twice.
        """
        path = folder / MANIFEST_FILE
        if not path.is_file():
            raise DataError(_instead(folder))
        lines = path.read_text(encoding="utf-8").splitlines()
        images_root = folder / _header(path, lines[0] if lines else "")
        frames = tuple(_frame(path, number, line) for number, line in enumerate(lines[1:], start=2))
        seen: dict[str, int] = {}
        for number, frame in enumerate(frames, start=2):
            if frame.id in seen:
                raise DataError(
                    f"{path}:{number}: id {frame.id!r} is already on line {seen[frame.id]}; ids must be unique"
                )
            seen[frame.id] = number
        return Manifest(frames, images_root)


def data_version(folder: Path) -> str:
    """Hash of a dataset version: of its manifest, which holds every image's hash.

    Raises:
        DataError: no manifest there.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise DataError(_instead(folder))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _instead(folder: Path) -> str:
    """What a folder without a manifest is, and what to do."""
    if not folder.exists():
        return (
            f"{folder}: no such folder; mend the path, or make it: `proctor ingest`, `proctor curate replay` and "
            "`proctor split` write dataset folders (`make run` those of the demo)"
        )
    if not folder.is_dir():
        return f"{folder}: expected a dataset folder, got a file; name the folder that holds {MANIFEST_FILE}"
    if (folder / COCO_FILE).is_file():
        return (
            f"{folder}: expected a dataset folder ({MANIFEST_FILE}), got labels that are not ingested yet "
            f"({COCO_FILE}, as COCO folders have); name it as a source in a recipe, run `proctor ingest --recipe NAME "
            "--out FOLDER`, and name that FOLDER"
        )
    inner = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST_FILE}"))
    if inner:
        return (
            f"{folder}: expected {MANIFEST_FILE} in it, got it in folders there: {', '.join(inner)}; name one of them"
        )
    return (
        f"{folder}: expected {MANIFEST_FILE} in it, found none; name a dataset folder, as `proctor ingest` and "
        "`proctor split` write them"
    )


def _header(path: Path, line: str) -> str:
    try:
        header = json.loads(line)
        schema, images_root = header["schema"], header["images_root"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise DataError(f"{path}:1: expected a header with 'schema' and 'images_root', got {line[:80]!r}") from None
    if schema != SCHEMA:
        raise DataError(f"{path}:1: schema: expected {SCHEMA!r}, got {schema!r}; ingest the sources again")
    return str(images_root)


def _frame(path: Path, number: int, line: str) -> FrameRecord:
    try:
        return FrameRecord.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(
            f"{path}:{number}: {where or 'line'}: {first['msg']}, got {str(first['input'])[:80]!r}"
        ) from None
