"""A model pack: what a proctoring system consumes, checked in full before a byte of a model is parsed."""

from __future__ import annotations

import copy
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.errors import PackError, shown
from proctor_models.runtime import strict_json
from proctor_models.runtime.model import Net
from proctor_models.runtime.plain_files import is_plain, read_plain
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import NETS

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "model.sig"
"""Signs every other file, the manifest included, so that no manifest can list it; `audit verify-pack` reads it."""
MAX_SIGNATURE_BYTES = 1 << 20
SCHEMA = "proctor-pack/1"
MAX_FILES = 1_000
"""Files and folders in a pack; ours hold 15."""
MAX_FILE_BYTES = 512 << 20
MAX_PACK_BYTES = 1 << 30
_MAX_MANIFEST_BYTES = 1 << 20
_MAX_DEPTH = 8  # folders in folders
_TYPES: dict[str, type] = {
    "schema": str,
    "version": str,
    "files": dict,
    "models": dict,
    "rules": dict,
    "thresholds": dict,
    "licence": str,
    "wheel": str,
    "created_by": str,
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
# One name on every system: no way up, no drive, no stream, no sign that another system folds, drops or draws alike.
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?"
_PATH = re.compile(rf"{_PART}(?:/{_PART}){{0,{_MAX_DEPTH}}}")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # names Windows keeps


@dataclass(frozen=True)
class Pack:
    """A checked pack with its nets loaded; make one with `Pack.load`."""

    folder: Path
    manifest: dict[str, Any]
    """What `manifest.json` says, every hash in it found true."""
    _predictor: Predictor
    _rules: Mapping[str, dict[str, Any]]

    @staticmethod
    def load(folder: Path, threads: int = 1) -> Pack:
        """Check every file of a pack against its manifest, then load its nets.

        Each file is read once: what is hashed is what is parsed, whoever writes to the folder meanwhile.

        Args:
            folder: the pack.
            threads: threads one inference may use.

        Raises:
            PackError: no manifest or one of another schema; a file that is missing, changed, not listed, a
                link, or outside the folder; more or larger files than a pack holds; nets that disagree with
                each other or with the manifest.
            ModelError: a net is as the manifest says, and still not one the runtime may run.
        """
        manifest = _read_manifest(folder)
        _check_listing(folder, manifest["files"])
        needed = {*manifest["models"].values(), *manifest["rules"].values()}
        contents = {}
        for name, entry in manifest["files"].items():
            content = _read_listed(folder, name, entry)
            if name in needed:
                contents[name] = content
        rules = {name: _json_object(folder / file, contents[file]) for name, file in manifest["rules"].items()}
        nets = {
            net: Net.from_bytes(contents[name], str(folder / name), threads) for net, name in manifest["models"].items()
        }
        _check_agreement(folder, manifest, nets)
        return Pack(folder, manifest, Predictor(**nets), rules)

    @property
    def version(self) -> str:
        """Version of the pack; all nets carry the same."""
        return str(self.manifest["version"])

    @property
    def thresholds(self) -> dict[str, float]:
        """Shipped threshold by detector."""
        return dict(self.manifest["thresholds"])

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hash of each net's file, by net."""
        return self._predictor.model_sha256

    @property
    def rule_names(self) -> tuple[str, ...]:
        """Names `rules` takes."""
        return tuple(sorted(self._rules))

    def predictor(self) -> Predictor:
        """All nets, ready to run; the same object every time, as it holds no state."""
        return self._predictor

    def rules(self, name: str) -> dict[str, Any]:
        """A copy of the rule set called `name`, as written in the pack.

        Raises:
            PackError: the pack has no such rule set; the message names those it has.
        """
        if name not in self._rules:
            raise PackError(f"{self.folder}: rules: expected one of {', '.join(self.rule_names)}, got {name!r}")
        return copy.deepcopy(self._rules[name])

    def rules_sha256(self, name: str) -> str:
        """Hash of the file of the rule set called `name`.

        Raises:
            PackError: the pack has no such rule set.
        """
        self.rules(name)
        return str(self.manifest["files"][self.manifest["rules"][name]]["sha256"])


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST_FILE
    if not is_plain(path) or path.is_symlink():
        raise PackError(
            f"{path}: no such manifest; name a pack folder: `proctor pack` makes one, `dvc pull` brings ours"
        )
    manifest = _json_object(path, _read(path, _MAX_MANIFEST_BYTES))
    if manifest.get("schema") != SCHEMA:
        raise PackError(
            f"{path}: schema: expected {SCHEMA!r}, got {shown(manifest.get('schema'))}; use a pack of this version"
        )
    for key, kind in _TYPES.items():
        if not isinstance(manifest.get(key), kind):
            raise PackError(f"{path}: {key}: expected {kind.__name__}, got {shown(manifest.get(key))}; pack again")
    _check_files(path, manifest["files"])
    _check_references(path, manifest)
    return manifest


def _check_references(path: Path, manifest: Mapping[str, Any]) -> None:
    got = ", ".join(manifest["models"])[:80] or "none"
    if not {"scene", "head"} <= manifest["models"].keys():
        raise PackError(f"{path}: models: expected scene and head, got {got}")
    if not manifest["models"].keys() <= set(NETS):
        raise PackError(f"{path}: models: expected some of {', '.join(NETS)}, got {got}; update the runtime")
    files = [(f"{key}.{name}", file) for key in ("models", "rules") for name, file in manifest[key].items()]
    for key, file in (*files, ("wheel", manifest["wheel"])):
        if not isinstance(file, str) or file not in manifest["files"]:
            raise PackError(f"{path}: {key[:80]}: expected a path in `files`, got {shown(file)}; pack again")


def _check_files(path: Path, files: Mapping[str, Any]) -> None:
    """Listed paths stay inside the folder and differ on every system; entries are a hash and a bearable size."""
    if len(files) > MAX_FILES:
        raise PackError(f"{path}: files: expected at most {MAX_FILES}, got {len(files)}; do not use this pack")
    seen = {MANIFEST_FILE, SIGNATURE_FILE}
    for name, entry in files.items():
        parts = name.split("/")
        if not _PATH.fullmatch(name) or any(_DEVICE.fullmatch(part) for part in parts) or name.lower() in seen:
            raise PackError(
                f"{path}: files: expected relative paths inside the pack, of ASCII letters, digits and ._+-, which "
                f"differ in more than case; got {shown(name)}; do not use this pack"
            )
        seen.add(name.lower())
        if not isinstance(entry, dict) or type(entry.get("bytes")) is not int or entry["bytes"] < 0:
            raise PackError(f"{path}: files.{name}: expected sha256 and bytes, got {shown(entry)}; pack again")
        if not isinstance(entry.get("sha256"), str) or not _SHA256.fullmatch(entry["sha256"]):
            raise PackError(
                f"{path}: files.{name}.sha256: expected 64 hexadecimal digits, got {shown(entry.get('sha256'))}"
            )
    largest = max((entry["bytes"] for entry in files.values()), default=0)
    total = sum(entry["bytes"] for entry in files.values())
    if largest > MAX_FILE_BYTES or total > MAX_PACK_BYTES:
        raise PackError(
            f"{path}: files: expected at most {MAX_FILE_BYTES} bytes in a file and {MAX_PACK_BYTES} in all, "
            f"got {largest} and {total}; do not use this pack"
        )


def _check_listing(folder: Path, files: Mapping[str, Any]) -> None:
    """The folder holds what is listed and nothing else; no links, whatever they point to."""
    there = set()
    try:
        for count, (path, is_folder) in enumerate(_walk(folder, 0)):
            if count > MAX_FILES:
                raise PackError(f"{folder}: expected at most {MAX_FILES} files and folders, got more")
            name = path.relative_to(folder).as_posix()
            if name == SIGNATURE_FILE:
                _read(path, MAX_SIGNATURE_BYTES)  # a plain file of bearable size, and nothing more is asked here
            elif not is_folder and name != MANIFEST_FILE:
                there.add(name)
    except OSError as error:
        raise PackError(f"{folder}: cannot be listed ({error}); fetch the pack again") from None
    missing, extra = sorted(files.keys() - there), sorted(there - files.keys())
    if missing:
        raise PackError(f"{folder / missing[0]}: listed in the manifest, but not there; fetch the pack again")
    if extra:
        raise PackError(f"{folder / extra[0]}: not listed in the manifest; remove it or fetch the pack again")


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, bool]]:
    """Everything below `folder` as (path, whether it is a folder), one by one: it may hold millions."""
    if depth > _MAX_DEPTH:
        raise PackError(f"{folder}: expected folders at most {_MAX_DEPTH} deep; do not use this pack")
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.is_symlink():
                raise PackError(f"{path}: expected plain files and folders, got a link; do not use this pack")
            is_folder = entry.is_dir(follow_symlinks=False)
            yield path, is_folder
            if is_folder:
                yield from _walk(path, depth + 1)


def _read_listed(folder: Path, name: str, entry: Mapping[str, Any]) -> bytes:
    path = folder / name
    content = _read(path, MAX_FILE_BYTES, entry["bytes"])
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry["sha256"]:
        raise PackError(f"{path}: sha256: expected {entry['sha256']}, got {sha256}; fetch the pack again")
    return content


def _read(path: Path, max_bytes: int, expected_bytes: int | None = None) -> bytes:
    try:
        content = read_plain(path, max_bytes if expected_bytes is None else expected_bytes, links=False)
    except OSError as error:
        raise PackError(f"{path}: expected a plain file that can be read ({error}); fetch the pack again") from None
    except OverflowError as error:
        limit = f"at most {max_bytes}" if expected_bytes is None else str(expected_bytes)
        raise PackError(f"{path}: size: expected {limit} bytes, got {error}; fetch the pack again") from None
    if expected_bytes is not None and len(content) != expected_bytes:
        raise PackError(f"{path}: size: expected {expected_bytes} bytes, got {len(content)}; fetch the pack again")
    return content


def _check_agreement(folder: Path, manifest: Mapping[str, Any], nets: Mapping[str, Net]) -> None:
    for place, net in nets.items():
        for field, expected, found in (
            ("net", place, net.spec.net),
            ("version", manifest["version"], net.spec.version),
            ("thresholds", manifest["thresholds"], net.spec.thresholds),
        ):
            if expected != found:
                raise PackError(
                    f"{folder / manifest['models'][place]}: {field}: expected {shown(expected)} as the manifest says, "
                    f"got {shown(found)}; export and pack all nets from one recipe"
                )


def _json_object(path: Path, content: bytes) -> dict[str, Any]:
    try:
        value = strict_json.loads(content)
    except ValueError as error:
        raise PackError(f"{path}: expected JSON, got other bytes ({error}); fetch the pack again") from None
    if not isinstance(value, dict):
        raise PackError(f"{path}: expected a JSON object, got {type(value).__name__}; fetch the pack again")
    return value
