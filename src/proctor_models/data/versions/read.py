"""A dataset version by its name: a folder, or a folder at a git revision.

``FOLDER``        a folder with `manifest.jsonl`, or a COCO folder (`annotations.json`, `images/`), read as ingest would
``FOLDER@REV``    the same folder as it was at a git revision: under a .dvc file, or in git itself

Outputs of the pipeline are not cached by DVC, so they have no history but a hash; keep a copy to compare with later.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from proctor_models.config import Source, expand
from proctor_models.data.ingest import read_source
from proctor_models.data.manifest import COCO_FILE, MANIFEST_FILE, FrameRecord, Manifest, data_version
from proctor_models.errors import ConfigError, DataError
from proctor_models.types import SCENE_CLASSES

COMMON_NAME = "frames"  # ids of two COCO folders begin alike, so that their frames can be told apart by name
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Version:
    """One dataset version, opened."""

    name: str
    """As it was asked for."""
    kind: str
    """`manifest` or `coco`."""
    manifest: Manifest
    data_version: str
    """Hash of the manifest; of a COCO folder, hash of the frames as ingest would read them."""
    notes: tuple[str, ...] = ()
    """What a reader must know: classes left out, say."""
    described: str = ""
    """What a COCO file says of itself."""


@contextmanager
def opened(*names: str, sources: Sequence[Source] = ()) -> Iterator[tuple[Version, ...]]:
    """Open dataset versions by name; pictures of COCO folders and of revisions live until the block ends.

    Args:
        names: see the module.
        sources: sources of a recipe; a COCO folder that one of them names is read as that source.

    Raises:
        DataError: no such folder or revision, not a dataset, or something is wrong with its frames.
    """
    with ExitStack() as stack:
        scratch = [Path(stack.enter_context(TemporaryDirectory(prefix="proctor-"))) for _ in names]
        folders = [_folder(name, place) for name, place in zip(names, scratch, strict=True)]
        plain = {i: Manifest.load(f) for i, f in enumerate(folders) if (f / MANIFEST_FILE).is_file()}
        prefixes = {frame.id.partition("/")[0] for manifest in plain.values() for frame in manifest}
        prefix = prefixes.pop() if len(prefixes) == 1 else COMMON_NAME
        versions = []
        for i, (name, folder, place) in enumerate(zip(names, folders, scratch, strict=True)):
            if i in plain:
                versions.append(Version(name, "manifest", plain[i], data_version(folder)))
            else:
                versions.append(_coco(name, folder, place / "images", prefix, sources))
        yield tuple(versions)


def is_coco(folder: Path) -> bool:
    """Whether the folder is a COCO dataset.

    A file that is cut short must not pass for one that is no dataset: what it holds would be passed over.

    >>> is_coco(Path("absent"))
    False

    Raises:
        DataError: its file cannot be read or is not JSON.
    """
    path = folder / COCO_FILE
    if not path.is_file():
        return False
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected JSON, got what ends early or is damaged ({error}); fetch it again, mend or remove it"
        ) from None
    return isinstance(raw, dict) and {"images", "annotations", "categories"} <= raw.keys()


def coco_source(folder: Path, sources: Sequence[Source], name: str = COMMON_NAME) -> tuple[Source, tuple[str, ...]]:
    """The recipe's source that reads this folder, else a plain one; with a note on classes it leaves out."""
    for source in sources:
        if source.format == "coco" and _same(source, folder):
            return source, ()
    raw = json.loads((folder / COCO_FILE).read_text(encoding="utf-8"))
    classes = [str(entry.get("name")) for entry in raw["categories"] if isinstance(entry, dict)]
    foreign = sorted(set(classes) - set(SCENE_CLASSES))
    note = (f"classes that are not ours are left out: {', '.join(foreign)}",) if foreign else ()
    return (
        Source(
            name=name,
            format="coco",
            path=str(folder),
            annotations=COCO_FILE,
            licence=NOT_STATED,
            classes=dict.fromkeys(foreign, ""),
            confirmed=True,  # to be looked at, not to be trained on
        ),
        note,
    )


def frames_version(frames: Collection[FrameRecord]) -> str:
    """Hash of frames that have no manifest: what they are and show, wherever their files lie.

    >>> frames_version([])[:12]
    'e3b0c44298fc'
    """
    lines = "".join(f"{frame.model_dump_json(exclude_defaults=True)}\n" for frame in frames)
    return hashlib.sha256(lines.encode()).hexdigest()


def _same(source: Source, folder: Path) -> bool:
    try:
        return expand(source.path, "path").resolve() == folder.resolve()
    except ConfigError:
        return False  # a variable that is not set names some other folder


def _coco(name: str, folder: Path, images: Path, prefix: str, sources: Sequence[Source]) -> Version:
    source, notes = coco_source(folder, sources, prefix)
    frames = read_source(source, images)
    raw = json.loads((folder / (source.annotations or COCO_FILE)).read_text(encoding="utf-8"))
    described = str((raw.get("info") or {}).get("description") or "")
    return Version(name, "coco", Manifest(tuple(frames), images), frames_version(frames), notes, described)


def _folder(name: str, scratch: Path) -> Path:
    """The folder itself, or what it was at the revision, brought into `scratch`."""
    if Path(name).is_dir():
        folder = Path(name)
    else:
        path, at, revision = name.rpartition("@")
        if not at:
            raise DataError(f"{name}: no such folder; name a dataset folder, or FOLDER@REVISION")
        folder = _at_revision(Path(path), revision, scratch / "at")
    if not (folder / MANIFEST_FILE).is_file() and not is_coco(folder):
        raise DataError(f"{name}: expected {MANIFEST_FILE} or a COCO {COCO_FILE} in it; name a dataset folder")
    return folder


def _at_revision(folder: Path, revision: str, scratch: Path) -> Path:
    """What git and DVC know of the folder at a revision, copied into `scratch`.

    Raises:
        DataError: not in a repository, no such revision, or its content is kept nowhere.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    asked = f"{folder}@{revision}"
    top = next((p for p in (folder.absolute(), *folder.absolute().parents) if (p / ".dvc").is_dir()), None)
    if top is None:
        raise DataError(f"{asked}: {folder} lies in no DVC repository; name a folder of one, or two folders")
    inside = folder.absolute().relative_to(top).as_posix()
    print(f"reading {inside} at {revision}", file=sys.stderr, flush=True)
    try:
        store = DVCFileSystem(str(top), rev=revision)
        if not store.isdir(inside):
            raise DataError(
                f"{asked}: not a folder that git or DVC keeps at {revision}; outputs of the pipeline are not kept: "
                "run it at that revision and compare two folders"
            )
        store.get(inside, str(scratch), recursive=True)
    except (DvcException, SCMError, OSError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"{asked}: cannot be read ({line}); `git rev-parse {revision}`, then `dvc fetch`") from None
    return scratch
