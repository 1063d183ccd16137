"""What was derived from frames: entries, rows, lines, pages and crops that name them, found and taken out.

What the project writes of a frame outside dataset folders: COCO predictions and figures by person (`proctor evaluate`),
what a teacher said while a training is under way (`taught.json`), looks kept for the curation app, copies of reports
in the training store, error galleries. Head crops are cut when they are needed and never written. None of these is
known here by its name: any JSON, table, text or page that names a frame by its id, its file or the hash of its bytes is
changed, or deleted where it cannot be.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.files import write_bytes

NETS = (".onnx", ".ckpt", ".pt", ".pth", ".whl")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
GONE = "(deleted)"
_PACK_SCHEMA = "proctor-pack/"


@dataclass(frozen=True)
class Marks:
    """How a person's frames are named."""

    ids: frozenset[str]
    files: frozenset[str]
    """Image files relative to their dataset's images folder."""
    sha256s: frozenset[str]
    codes: frozenset[str]
    """Codes of the person: rows of figures about them go too."""

    def __or__(self, other: Marks) -> Marks:
        return Marks(
            self.ids | other.ids, self.files | other.files, self.sha256s | other.sha256s, self.codes | other.codes
        )

    def to_json(self) -> dict[str, list[str]]:
        """For a file; `from_json` reads it back."""
        return {name: sorted(getattr(self, name)) for name in ("ids", "files", "sha256s", "codes")}

    @staticmethod
    def from_json(raw: dict[str, list[str]]) -> Marks:
        """What `to_json` wrote."""
        return Marks(*(frozenset(raw[name]) for name in ("ids", "files", "sha256s", "codes")))

    def name(self, value: object) -> bool:
        """Whether a value is one of the names."""
        if not isinstance(value, str):
            return False
        return value in self.ids or value in self.files or value.partition(":")[0] in self.sha256s

    def stand_in(self, text: str) -> bool:
        """Whether a text names one of the frames, as a word of its own."""
        wanted = (name for names in (self.ids, self.files, self.sha256s) for name in names if name in text)
        return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in wanted)


@dataclass(frozen=True)
class Trace:
    """A file that names the person's frames."""

    path: Path
    entries: int
    """Entries, rows or lines that go; 0 where the whole file goes."""


def traces(root: Path, marks: Marks) -> list[Trace]:
    """Every file under `root` that names the frames; packs are signed and left alone, and nets hold no frame."""
    found = []
    for path in _files(root):
        count, content = scrubbed(path, marks)
        if count:
            found.append(Trace(path, 0 if content is None else count))
    return found


def take_out(trace: Trace, marks: Marks) -> None:
    """Rewrite the file without the entries, or delete it; nothing where that is done already."""
    if not trace.path.is_file():
        return
    count, content = scrubbed(trace.path, marks)
    if count and content is None:
        trace.path.unlink()
    elif count and content is not None:
        write_bytes(trace.path, content)


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        if _is_pack(Path(folder)):
            folders.clear()
            continue
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names) if Path(name).suffix not in NETS)


def _is_pack(folder: Path) -> bool:
    try:
        raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(raw, dict) and str(raw.get("schema", "")).startswith(_PACK_SCHEMA)


def scrubbed(path: Path, marks: Marks) -> tuple[int, bytes | None]:
    """How many entries of the file name the frames, and its bytes without them; None for a file that has to go."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return int(_is_crop(path, marks)), None
    data = path.read_bytes()
    named = any(name.encode() in data for names in (marks.ids, marks.files, marks.sha256s) for name in names)
    if not named and suffix not in (".json", ".md", ".csv"):  # those may have rows about the person
        return 0, data
    try:
        if suffix in _WAYS:
            return _WAYS[suffix](data.decode("utf-8"), marks)
    except ValueError:
        pass  # not what its name says: judged as bytes
    return int(marks.stand_in(data.decode("latin-1"))), None


def _structure(text: str, marks: Marks) -> tuple[int, bytes]:
    count, raw = _json(json.loads(text), marks)
    return count, (json.dumps(raw, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _json_lines(text: str, marks: Marks) -> tuple[int, bytes]:
    return _lines(text, lambda line: _json([json.loads(line)], marks)[0] > 0)


def _prose(text: str, marks: Marks) -> tuple[int, bytes]:
    return _lines(text, lambda line: marks.stand_in(line) or _row_of_person(line, marks))


def _is_crop(path: Path, marks: Marks) -> bool:
    """Whether a picture's name is made from a frame's id: ``webcam-S1_0004.jpg``, ``webcam/S1_0004-2.png``."""
    flat = re.sub(r"[^A-Za-z0-9]+", "-", path.with_suffix("").as_posix())
    plain = (re.sub(r"[^A-Za-z0-9]+", "-", name) for name in marks.ids)
    return any(name in flat and re.search(rf"(^|-){re.escape(name)}(-|$)", flat) for name in plain)


def _json(value: Any, marks: Marks) -> tuple[int, Any]:
    """How many entries went, and the value without them."""
    if isinstance(value, list):
        kept = [_json(item, marks) for item in value if not _theirs(item, marks)]
        return len(value) - len(kept) + sum(count for count, _ in kept), [item for _, item in kept]
    if isinstance(value, dict):
        return _object(value, marks)
    return (1, GONE) if marks.name(value) else (0, value)


def _object(value: dict[str, Any], marks: Marks) -> tuple[int, dict[str, Any]]:
    gone_images: set[object] = set()
    if isinstance(value.get("images"), list) and isinstance(value.get("annotations"), list):  # COCO
        images = value["images"]
        gone_images = {image.get("id") for image in images if isinstance(image, dict) and _theirs(image, marks)}
    count, kept = 0, {}
    for key, item in value.items():
        if marks.name(key):
            count += 1
            continue
        if gone_images and key == "annotations":
            kept[key] = [row for row in item if not (isinstance(row, dict) and row.get("image_id") in gone_images)]
            count += len(item) - len(kept[key])
            continue
        changed, kept[key] = _json(item, marks)
        count += changed
    return count, kept


def _theirs(item: object, marks: Marks) -> bool:
    """Whether an element of a list is about one of the frames, or figures of the person."""
    if not isinstance(item, dict):
        return marks.name(item)
    if item.get("slice") == "person" and item.get("value") in marks.codes:
        return True
    return any(marks.name(value) for value in item.values())


def _lines(text: str, goes: Callable[[str], bool]) -> tuple[int, bytes]:
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not (line.strip() and goes(line))]
    return len(lines) - len(kept), "".join(kept).encode()


def _rows(text: str, marks: Marks) -> tuple[int, bytes]:
    rows = list(csv.reader(io.StringIO(text)))
    header = rows[0] if rows else []
    by_person = [i for i, name in enumerate(header) if name in ("person", "value")]
    kept = [
        row
        for row in rows
        if not any(marks.name(cell) for cell in row)
        and not any(row[i] in marks.codes for i in by_person if i < len(row))
    ]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(kept)
    return len(rows) - len(kept), out.getvalue().encode()


def _row_of_person(line: str, marks: Marks) -> bool:
    """Whether a line is a row of a Markdown table about the person: ``| phone, S1 | ...``."""
    if not line.lstrip().startswith("|"):
        return False
    first = line.strip().strip("|").split("|")[0].strip()
    return first.rpartition(", ")[2] in marks.codes


_WAYS: dict[str, Callable[[str, Marks], tuple[int, bytes]]] = {
    ".json": _structure,
    ".jsonl": _json_lines,
    ".csv": _rows,
    ".md": _prose,
    ".txt": _prose,
    ".log": _prose,
}
