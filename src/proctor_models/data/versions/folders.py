"""Dataset folders a person is deleted from: what of theirs is in one, and the folder without it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from proctor_models.config import Recipe, Source
from proctor_models.data.drafts import IMAGE_SUFFIXES
from proctor_models.data.ingest import read_source
from proctor_models.data.manifest import COCO_FILE, MANIFEST_FILE, FrameRecord, Manifest, data_version
from proctor_models.data.summary import summarise
from proctor_models.data.versions.persons import persons_of, theirs
from proctor_models.data.versions.read import coco_source, is_coco
from proctor_models.data.versions.sheet import SHEET_FILE, Subject, datasheet, read_curation, subject_of
from proctor_models.data.versions.traces import Marks, scrubbed
from proctor_models.files import building

SIDES = ("train", "val", "test")
PLAN_FILE = "plan.jsonl"
Regenerate = Callable[[Mapping[str, Any], Manifest, int], dict[str, Any]]


@dataclass(frozen=True)
class DatasetFolder:
    """One dataset folder, read."""

    folder: Path
    frames: tuple[FrameRecord, ...]
    images_root: Path
    version: str | None
    """Hash of its manifest; None for a COCO folder."""
    prefix: str = ""
    """What ids of a COCO folder's frames begin with."""

    def sides(self, codes: Collection[str]) -> dict[str, int]:
        """Frames of the person by side of the split; ``none`` where it is not divided."""
        gone = theirs(self.frames, codes)
        counts = dict.fromkeys(("none", *SIDES), 0)
        for frame in self.frames:
            if frame.id in gone:
                counts[frame.split or "none"] += 1
        return {side: count for side, count in counts.items() if count}

    def marked(self, marks: Marks) -> list[FrameRecord]:
        """The frames of it that the marks name, by id or by the bytes of their image."""
        return [f for f in self.frames if (f.id in marks.ids) or (f.sha256 and f.sha256 in marks.sha256s)]


def marks_of(folders: Sequence[DatasetFolder], codes: Collection[str]) -> tuple[Marks, dict[str, str]]:
    """How the person's frames are named in all folders together, and why each is theirs, by id."""
    why: dict[str, str] = {}
    frames: list[FrameRecord] = []
    for one in folders:
        found = theirs(one.frames, codes)
        frames += [frame for frame in one.frames if frame.id in found]
        why |= {name: reason for name, reason in found.items() if name not in why}
    marks = Marks(
        frozenset(why),
        frozenset(frame.file for frame in frames),
        frozenset(frame.sha256 for frame in frames if frame.sha256),
        frozenset(codes),
    )
    return marks, why


def dataset_folders(root: Path, sources: Sequence[Source]) -> list[DatasetFolder]:
    """Every dataset folder under `root`: those with a manifest, and COCO folders, read as ingest reads them.

    Raises:
        DataError: one of them is damaged; nothing can be deleted for sure before it is mended.
    """
    return [_opened(folder, sources) for folder in _found(root)]


def settle(folder: Path) -> None:
    """Bring back a folder that a killed run had taken away, and clear what it left beside it."""
    old, part = folder.with_name(f".{folder.name}.old"), folder.with_name(f".{folder.name}.part")
    if old.exists() and not folder.exists():
        old.replace(folder)
    for leftover in (old, part):
        shutil.rmtree(leftover, ignore_errors=True)


def clean(one: DatasetFolder, marks: Marks, recipes: Mapping[str, Recipe]) -> None:
    """The folder without the person's frames, in place of what it was, all of it or nothing.

    Reports beside a manifest are made again from what is left; other files lose what names the frames.
    """
    gone = one.marked(marks)
    names, images = _names(gone, one), {one.images_root / frame.file for frame in gone}
    if one.version is None:  # beside a COCO file, masks, plans and galleries name a frame as the file does
        marks |= Marks(frozenset(names), frozenset(Path(f.file).name for f in gone), frozenset(), frozenset())
    with building(one.folder) as part:
        for path in _tree(one.folder):
            inside = path.relative_to(one.folder)
            is_image = one.images_root in path.parents
            if path in images or (one.version is None and _is_named(inside, names)):
                continue
            (part / inside).parent.mkdir(parents=True, exist_ok=True)
            if is_image or path.name in (MANIFEST_FILE, COCO_FILE):
                _link(path, part / inside)
                continue
            if one.version is None and gone and len(inside.parts) == 1 and path.suffix.lower() in IMAGE_SUFFIXES:
                continue  # a contact sheet: it shows whoever was there, and can be made again
            count, content = scrubbed(path, marks)
            if not count:
                _link(path, part / inside)
            elif content is not None:
                (part / inside).write_bytes(content)
        if one.version is None:
            _rewrite_coco(part, names)
            _rewrite_plan(part, marks.codes)
        else:
            _rewrite_manifest(one, part, gone, recipes)


def _found(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if MANIFEST_FILE in names or (COCO_FILE in names and is_coco(Path(folder))):
            folders.clear()
            yield Path(folder)


def _opened(folder: Path, sources: Sequence[Source]) -> DatasetFolder:
    if (folder / MANIFEST_FILE).is_file():
        manifest = Manifest.load(folder)
        images = Path(os.path.normpath(manifest.images_root))
        return DatasetFolder(folder, manifest.frames, images, data_version(folder))
    source, _ = coco_source(folder, sources, folder.name)
    with TemporaryDirectory(prefix="proctor-") as scratch:
        frames = read_source(source, Path(scratch))
    return DatasetFolder(folder, tuple(frames), folder / source.images, None, source.name)


def _tree(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(top) / name for name in sorted(names))


def _link(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy, follow_symlinks=False)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(path, copy, follow_symlinks=False)


def _names(frames: Sequence[FrameRecord], one: DatasetFolder) -> set[str]:
    """Names of COCO images, without suffix."""
    return {frame.id.removeprefix(f"{one.prefix}/") for frame in frames}


def _is_named(inside: Path, names: Collection[str]) -> bool:
    """Whether a file of a COCO folder is called like one of the images: the image, or its mask."""
    return len(inside.parts) > 1 and Path(*inside.parts[1:]).with_suffix("").as_posix() in names


def _rewrite_coco(part: Path, names: Collection[str]) -> None:
    path = part / COCO_FILE
    raw = json.loads(path.read_text(encoding="utf-8"))
    gone = {
        image.get("id")
        for image in raw["images"]
        if PurePosixPath(str(image.get("file_name"))).with_suffix("").as_posix() in names
    }
    raw["images"] = [image for image in raw["images"] if image.get("id") not in gone]
    raw["annotations"] = [row for row in raw["annotations"] if row.get("image_id") not in gone]
    path.unlink()  # a hard link: writing through it would change the folder that is still the good one
    path.write_text(json.dumps(raw, ensure_ascii=False) + "\n", encoding="utf-8")


def _rewrite_plan(part: Path, codes: Collection[str]) -> None:
    """What a rendered frame was meant to show names its person by code."""
    path = part / PLAN_FILE
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.unlink()  # as above
        named = re.compile("|".join(rf"\b{re.escape(code)}\b" for code in sorted(codes)))
        path.write_text("".join(line for line in lines if not named.search(line)), encoding="utf-8")


def _rewrite_manifest(
    one: DatasetFolder, part: Path, gone: Sequence[FrameRecord], recipes: Mapping[str, Recipe]
) -> None:
    names = {frame.id for frame in gone}
    inside = one.images_root.is_relative_to(one.folder)
    images = part / one.images_root.relative_to(one.folder) if inside else one.images_root
    left = Manifest(tuple(frame for frame in one.frames if frame.id not in names), images)
    (part / MANIFEST_FILE).unlink()
    left.save(part)
    for name, again in _REPORTS.items():
        if (part / name).is_file():
            before = json.loads((one.folder / name).read_text(encoding="utf-8"))
            now = json.loads((part / name).read_text(encoding="utf-8"))
            report = again(now, left, _dropped(before) - _dropped(now) + len(gone))
            (part / name).unlink()
            (part / name).write_text(
                json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    if (part / SHEET_FILE).is_file():
        name, curated = one.folder.parent.name, one.folder.with_name("curated")
        about = Subject(name, left.frames, data_version(part), (), read_curation(curated))
        if name in recipes:
            about = subject_of(recipes[name], left.frames, data_version(part), curated)
        (part / SHEET_FILE).unlink()
        (part / SHEET_FILE).write_text(datasheet(about), encoding="utf-8")


def _dropped(report: Mapping[str, Any]) -> int:
    """Frames that curation took out, by its report."""
    drops = [d for d in report.get("decisions", ()) if d.get("action") == "drop" and d.get("result") == "applied"]
    return len(drops) + len(report.get("thinned", ()))


def _summary(report: Mapping[str, Any], left: Manifest, _gone: int) -> dict[str, Any]:
    return {**report, **summarise(left)}


def _split(report: Mapping[str, Any], left: Manifest, _gone: int) -> dict[str, Any]:
    sides = {side: summarise(left.of(side)) for side in report.get("sides", {}) if side in SIDES}
    return {**report, "clusters": None, "near_identical_pairs": None, "sides": sides}  # the stage counts them again


def _curation(report: Mapping[str, Any], left: Manifest, gone: int) -> dict[str, Any]:
    before = int(report.get("frames_before", 0)) - gone
    return {**report, "frames_before": before, "frames_after": len(left), "after": summarise(left)}


_REPORTS: dict[str, Regenerate] = {"summary.json": _summary, "split.json": _split, "curation.json": _curation}


def persons_by_version(folders: Sequence[DatasetFolder], codes: Collection[str]) -> dict[str, dict[str, int]]:
    """Data version of every folder with a manifest to the person's frames by side."""
    return {one.version: one.sides(codes) for one in folders if one.version is not None}


def known_codes(folders: Sequence[DatasetFolder]) -> list[str]:
    """Codes of every person in any of the folders."""
    return sorted({code for one in folders for code in persons_of(one.frames)})
