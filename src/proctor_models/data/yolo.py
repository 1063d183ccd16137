"""YOLO folders: images/, labels/ and data.yaml, as Ultralytics and Roboflow lay them out.

Any folder called `images` below the source's path counts (``images/train/a.jpg`` or ``train/images/a.jpg``); its labels
are in the `labels` folder beside it. An image without a label file is a background: nothing of the named classes is in
it. By the same convention every class of data.yaml is labelled exhaustively, unless the recipe's `labelled` says which.
supervision reads the boxes (polygons become their enclosing box); the checks before it name every wrong line.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from PIL import Image as Pillow

from proctor_models.config import Source, expand
from proctor_models.data.drafts import (
    IMAGE_SUFFIXES,
    Draft,
    DraftBox,
    Problems,
    clip_of,
    group_of,
    our_class,
    person_of,
    view_of,
)

ORIENTATION_TAG = 0x0112


def read_yolo(source: Source, problems: Problems) -> Iterator[Draft]:
    """The frames of a YOLO source, sorted by path; whatever is wrong is added to `problems`."""
    top = expand(source.path, f"ingest.sources.{source.name}.path")
    names = _names(top / "data.yaml", problems)
    folders = _folders(top, problems)
    problems.need_licence(source.licence, str(top))
    classes = [our_class(source, name, problems, f"{top / 'data.yaml'}: class {name!r}") for name in names]
    for images, files in folders.items():
        _check_labels(top, images, files, len(names), problems)
    if problems:  # supervision would stop at the first of them, without the line
        return
    for images, files in folders.items():
        boxes = _boxes(top, images, files, classes, problems)
        for file in files:
            if file in boxes:
                yield _draft(source, top, file, boxes[file], classes)


def _names(path: Path, problems: Problems) -> list[str]:
    """Class names by index."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        names = raw["names"]
        ordered = list(names) if isinstance(names, list) else [names[i] for i in range(len(names))]
    except OSError as error:
        problems.add(str(path), f"expected the file that names the classes, got {error.strerror}")
    except (yaml.YAMLError, KeyError, TypeError) as error:
        problems.add(
            str(path), f"names: expected a list, or names by 0, 1, 2, ...; got {type(error).__name__}: {error}"
        )
    else:
        if ordered and all(isinstance(name, str) and name for name in ordered):
            return ordered
        problems.add(str(path), f"names: expected one text or more, got {names!r}")
    return []


def _folders(top: Path, problems: Problems) -> dict[Path, list[Path]]:
    """Image files by the folder they lie in; labels without an image and images of one name are problems."""
    files = sorted(p for p in top.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and "images" in _inside(top, p))
    if not files:
        problems.add(str(top), f"expected images ({', '.join(IMAGE_SUFFIXES)}) in a folder images/, found none")
        return {}
    labels = sorted(p for p in top.rglob("*.txt") if "labels" in _inside(top, p))
    if not labels:
        problems.add(str(top), "expected label files in labels/, found none; `format: images` is for images without")
    known = {_label_file(top, file) for file in files}
    for label in labels:
        if label not in known:
            problems.add(
                str(label), "label file with no image: expected an image of its name; add it, or remove the labels"
            )
    for name, count in Counter(_name(top, file) for file in files).items():
        if count > 1:
            problems.add(str(top), f"duplicate name {name!r}: expected one image, got {count}; rename one")
    folders: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        folders[file.parent].append(file)
    return folders


def _inside(top: Path, path: Path) -> tuple[str, ...]:
    return path.relative_to(top).parts[:-1]


def _swapped(top: Path, folder: Path) -> Path:
    """The labels folder of an images folder: the last part called images becomes labels."""
    parts = list(folder.relative_to(top).parts)
    last = len(parts) - 1 - parts[::-1].index("images")
    parts[last] = "labels"
    return top.joinpath(*parts)


def _label_file(top: Path, image: Path) -> Path:
    return _swapped(top, image.parent) / f"{image.stem}.txt"


def _name(top: Path, image: Path) -> str:
    """``train/images/a.jpg`` is train/a."""
    relative = image.relative_to(top).with_suffix("")
    return Path(*(part for part in relative.parts[:-1] if part != "images"), relative.name).as_posix()


def _check_labels(top: Path, images: Path, files: Sequence[Path], classes: int, problems: Problems) -> None:
    labels = _swapped(top, images)
    for file in files:
        _check_image(file, problems)
        label = labels / f"{file.stem}.txt"
        if label.exists():
            for number, line in _lines(label, problems):
                wrong = _wrong(line.split(), classes)
                if wrong:
                    problems.add(f"{label}:{number}", wrong)


def _check_image(file: Path, problems: Problems) -> None:
    """Labels are fractions of the stored size, so an image that is shown turned has no certain boxes."""
    try:
        with Pillow.open(file) as opened:
            orientation = opened.getexif().get(ORIENTATION_TAG, 1)
    except (OSError, ValueError, SyntaxError) as error:
        problems.add(str(file), f"expected a complete image file, got {error}; fetch it again or leave it out")
        return
    if orientation > 1:
        problems.add(str(file), f"orientation: expected an upright image, got EXIF {orientation}; save it upright")


def _lines(label: Path, problems: Problems) -> list[tuple[int, str]]:
    """Number and text of the lines that are not blank."""
    try:
        lines = label.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.add(str(label), f"expected a text file of labels, got {error}")
        return []
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _wrong(values: list[str], classes: int) -> str:
    """What is wrong with one line, "" for nothing."""
    if len(values) != 5:
        return (
            f"expected 5 numbers (class, centre x, centre y, width, height), got {len(values)}; "
            "polygons and key points are to be converted to boxes"
        )
    if not values[0].isdecimal() or int(values[0]) >= classes:
        return f"class: expected 0 to {classes - 1} as in data.yaml, got {values[0]!r}"
    try:
        numbers = [float(value) for value in values[1:]]
    except ValueError:
        return f"box: expected numbers, got {' '.join(values[1:])!r}"
    if not all(math.isfinite(number) for number in numbers):
        return f"box: expected finite numbers, got {' '.join(values[1:])!r}"
    if min(numbers[2:]) <= 0:
        return f"box: expected a width and height above 0, got {numbers[2]:g} and {numbers[3]:g}"
    return ""


def _boxes(
    top: Path, images: Path, files: Sequence[Path], classes: Sequence[str], problems: Problems
) -> dict[Path, tuple[DraftBox, ...]]:
    """The boxes of every image of a folder, in pixels, read by supervision."""
    import supervision  # 2 s to import

    labels = _swapped(top, images)
    dataset = supervision.DetectionDataset.from_yolo(str(images), str(labels), str(top / "data.yaml"))
    by_file = {Path(name): found for name, found in dataset.annotations.items()}
    boxes: dict[Path, tuple[DraftBox, ...]] = {}
    for file in files:
        label = labels / f"{file.stem}.txt"
        numbers = [number for number, _ in _lines(label, problems)] if label.exists() else []
        found = by_file.get(file)
        if found is None or len(found) != len(numbers):
            problems.add(
                str(file), f"expected {len(numbers)} boxes, supervision read {found and len(found)}; mend {label}"
            )
            continue
        boxes[file] = tuple(
            DraftBox(f"{label}:{number}", classes[kind], (x0, y0, x1, y1))
            for number, kind, (x0, y0, x1, y1) in zip(
                numbers, found.class_id.tolist() if numbers else (), found.xyxy.tolist(), strict=True
            )
            if classes[kind]
        )
    return boxes


def _draft(source: Source, top: Path, file: Path, boxes: tuple[DraftBox, ...], classes: Sequence[str]) -> Draft:
    name = _name(top, file)
    clip, time_s = clip_of(name) or (source.clips.get(source.name), None)
    person = person_of(source, source.name, clip)
    named = tuple(dict.fromkeys(name for name in classes if name))
    return Draft(
        name=name,
        where=str(file),
        path=file,
        source=source.name,
        licence=source.licence or "",
        view=view_of(source, None),
        group=group_of(person, source.name, clip, file.relative_to(top).as_posix()),
        labelled=named if source.labelled == "all" else source.labelled or named,
        person=person,
        clip=clip,
        time_s=time_s,
        boxes=boxes,
    )
