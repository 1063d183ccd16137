"""Where data and programs of a run come from: DVC's hash of a folder, what brings it back, packages installed.

DVC's own hash is computed here from the files as they lie there: its lock file may be older than they are.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

LOCK_FILE = "dvc.lock"
REQUIREMENTS_FILE = "requirements.txt"
_CODE = ("src/", "configs/", "pyproject.toml", "LICENSE")


@dataclass(frozen=True)
class Source:
    """Data that a folder was made from and that no stage makes."""

    path: str
    """Relative to the folder of dvc.yaml."""
    md5: str
    """DVC's hash, as in its .dvc or lock file; a folder's ends with ``.dir``."""
    pull: str | None
    """Command that brings it back from DVC's store; None for what lies outside the repository."""


@dataclass(frozen=True)
class Origin:
    """What DVC knows of a folder."""

    md5: str
    """DVC's hash of the folder as it lies there."""
    stage: str | None
    """Stage of dvc.yaml that makes it; None outside a pipeline."""
    is_in_lock: bool
    """Whether dvc.lock holds the very hash: if not, the folder was made or changed without `dvc repro`."""
    sources: tuple[Source, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "sources": [asdict(source) for source in self.sources]}


def dvc_hash(path: Path) -> str:
    """DVC's hash of a file, or of a folder: of the sorted list of its files' hashes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     _ = (Path(top) / "a.txt").write_bytes(b"whole")
    ...     dvc_hash(Path(top) / "a.txt"), dvc_hash(Path(top))
    ('356c9ee60e9da05301adc3bd96f6b383', 'f3ea2524631936af97a41aae40fe9530.dir')
    """
    if path.is_file():
        return _md5(path)
    rows = [
        {"md5": _md5(file), "relpath": file.relative_to(path).as_posix()} for file in path.rglob("*") if file.is_file()
    ]
    rows.sort(key=lambda row: row["relpath"])
    return hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def origin(path: Path) -> Origin | None:
    """What DVC knows of a file or folder; None where nothing is there."""
    if not path.exists():
        return None
    md5 = dvc_hash(path)
    root = pipeline_root(path)
    if root is None:
        return Origin(md5, None, False)
    name = path.resolve().relative_to(root).as_posix()
    stages = _stages(root)
    made_by = {out["path"]: stage for stage, entry in stages.items() for out in entry.get("outs", ())}
    stage = made_by.get(name)
    outs = [] if stage is None else stages[stage].get("outs", ())
    in_lock = any(out["path"] == name and out.get("md5") == md5 for out in outs)
    return Origin(md5, stage, in_lock, tuple(_sources(root, name, stages, made_by)))


def pipeline_root(path: Path) -> Path | None:
    """The folder with dvc.yaml that `path` lies in; None where it is in none."""
    return next((folder for folder in path.resolve().parents if (folder / "dvc.yaml").is_file()), None)


def lock_file() -> Path | None:
    """The environment's lock: requirements.txt of the repository that the current folder lies in."""
    here = Path.cwd()
    return next((f / REQUIREMENTS_FILE for f in (here, *here.parents) if (f / REQUIREMENTS_FILE).is_file()), None)


def installed() -> str:
    """Interpreter and packages as they are, one a line, for a run's record."""
    packages = {f"{each.metadata['Name']}=={each.version}" for each in importlib.metadata.distributions()}
    return "\n".join([f"# Python {sys.version.split()[0]} on {sys.platform}", *sorted(packages, key=str.lower)]) + "\n"


def _sources(
    root: Path, name: str, stages: Mapping[str, Any], made_by: Mapping[str, str], seen: frozenset[str] = frozenset()
) -> Iterator[Source]:
    """Leaves of the road that leads to `name`, without our own code and recipes."""
    tracked = root / f"{name}.dvc"
    if tracked.is_file():
        yield Source(name, _md5_of(tracked), f"dvc pull {name}.dvc")
        return
    stage = made_by.get(name)
    if stage is None or stage in seen:
        return
    told: set[str] = set()
    for dependency in stages[stage].get("deps", ()):
        path = str(dependency["path"])
        if path.startswith(_CODE):
            continue
        if path not in made_by and not (root / f"{path}.dvc").is_file():
            yield Source(path, str(dependency.get("md5", "")), None)
            continue
        for source in _sources(root, path, stages, made_by, seen | {stage}):
            if source.path not in told:
                told.add(source.path)
                yield source


def _stages(root: Path) -> dict[str, Any]:
    path = root / LOCK_FILE
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    stages = raw.get("stages") if isinstance(raw, dict) else None
    return stages if isinstance(stages, dict) else {}


def _md5_of(path: Path) -> str:
    """The hash that a .dvc file holds; empty where it holds none."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return str(raw["outs"][0]["md5"])
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return ""


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
