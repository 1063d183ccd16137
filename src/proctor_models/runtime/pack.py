"""A model pack: what a proctoring system consumes, checked in full before a byte of a model is parsed."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from proctor_models.errors import PackError
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import Predictor

MANIFEST_FILE = "manifest.json"
SCHEMA = "proctor-pack/1"
_MAX_MANIFEST_BYTES = 4 << 20
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

        Args:
            folder: the pack.
            threads: threads one inference may use.

        Raises:
            PackError: no manifest or one of another schema; a file that is missing, changed, not listed, a
                link, or outside the folder; nets that disagree with each other or with the manifest.
            ModelError: a net is as the manifest says, and still not one the runtime may run.
        """
        manifest = _read_manifest(folder)
        _check_listing(folder, manifest["files"])
        for name, entry in manifest["files"].items():
            _check_file(folder, name, entry)
        nets = {
            net: Net.load(folder / name, manifest["files"][name]["sha256"], threads)
            for net, name in manifest["models"].items()
        }
        _check_agreement(folder, manifest, nets)
        rules = {name: _read_rules(folder, file) for name, file in manifest["rules"].items()}
        return Pack(folder, manifest, Predictor(nets["scene"], nets["head"]), rules)

    @property
    def version(self) -> str:
        """Version of the pack; both nets carry the same."""
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
        """Both nets, ready to run; the same object every time, as it holds no state."""
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
    if not path.is_file() or path.is_symlink():
        raise PackError(
            f"{path}: no such manifest; name a pack folder: `proctor pack` makes one, `dvc pull` brings ours"
        )
    if path.stat().st_size > _MAX_MANIFEST_BYTES:
        raise PackError(f"{path}: size: expected at most {_MAX_MANIFEST_BYTES} bytes, got {path.stat().st_size}")
    manifest = _json_object(path)
    if manifest.get("schema") != SCHEMA:
        raise PackError(
            f"{path}: schema: expected {SCHEMA!r}, got {manifest.get('schema')!r}; use a pack of this version"
        )
    for key, kind in _TYPES.items():
        if not isinstance(manifest.get(key), kind):
            raise PackError(f"{path}: {key}: expected {kind.__name__}, got {manifest.get(key)!r}; pack again")
    for name, entry in manifest["files"].items():
        _check_entry(path, name, entry)
    _check_references(path, manifest)
    return manifest


def _check_references(path: Path, manifest: Mapping[str, Any]) -> None:
    if manifest["models"].keys() != {"scene", "head"}:
        raise PackError(f"{path}: models: expected scene and head, got {', '.join(manifest['models']) or 'none'}")
    for key in ("models", "rules"):
        for name, file in manifest[key].items():
            if file not in manifest["files"]:
                raise PackError(f"{path}: {key}.{name}: expected a path in `files`, got {file!r}; pack again")


def _check_entry(path: Path, name: str, entry: Any) -> None:
    """A listed path stays inside the folder, and its entry is a hash and a size."""
    pure = PurePosixPath(name)
    plain = not pure.is_absolute() and str(pure) == name and name not in (".", MANIFEST_FILE)
    if not plain or ".." in pure.parts or any(sign in name for sign in "\\:\0"):
        raise PackError(f"{path}: files: expected relative paths inside the pack, got {name!r}; do not use this pack")
    if not isinstance(entry, dict) or not isinstance(entry.get("bytes"), int):
        raise PackError(f"{path}: files.{name}: expected sha256 and bytes, got {entry!r}; pack again")
    if not _SHA256.fullmatch(str(entry.get("sha256"))):
        raise PackError(f"{path}: files.{name}.sha256: expected 64 hexadecimal digits, got {entry.get('sha256')!r}")


def _check_listing(folder: Path, files: Mapping[str, Any]) -> None:
    """The folder holds what is listed and nothing else; no links, whatever they point to."""
    there = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise PackError(f"{path}: expected plain files and folders, got a link; do not use this pack")
        if not path.is_dir() and name != MANIFEST_FILE:
            there.add(name)
    missing, extra = sorted(files.keys() - there), sorted(there - files.keys())
    if missing:
        raise PackError(f"{folder / missing[0]}: listed in the manifest, but not there; fetch the pack again")
    if extra:
        raise PackError(f"{folder / extra[0]}: not listed in the manifest; remove it or fetch the pack again")


def _check_file(folder: Path, name: str, entry: Mapping[str, Any]) -> None:
    path = folder / name
    if not path.is_file():
        raise PackError(f"{path}: expected a plain file; fetch the pack again")
    if path.stat().st_size != entry["bytes"]:
        raise PackError(
            f"{path}: size: expected {entry['bytes']} bytes, got {path.stat().st_size}; fetch the pack again"
        )
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if sha256 != entry["sha256"]:
        raise PackError(f"{path}: sha256: expected {entry['sha256']}, got {sha256}; fetch the pack again")


def _check_agreement(folder: Path, manifest: Mapping[str, Any], nets: Mapping[str, Net]) -> None:
    for place, net in nets.items():
        for field, expected, found in (
            ("net", place, net.spec.net),
            ("version", manifest["version"], net.spec.version),
            ("thresholds", manifest["thresholds"], net.spec.thresholds),
        ):
            if expected != found:
                raise PackError(
                    f"{folder / manifest['models'][place]}: {field}: expected {expected!r} as the manifest says, "
                    f"got {found!r}; export and pack both nets from one recipe"
                )


def _read_rules(folder: Path, name: str) -> dict[str, Any]:
    return _json_object(folder / name)


def _json_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PackError(f"{path}: expected JSON, got other bytes ({error}); fetch the pack again") from None
    if not isinstance(content, dict):
        raise PackError(f"{path}: expected a JSON object, got {type(content).__name__}; fetch the pack again")
    return content
