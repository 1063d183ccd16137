"""Packs, checkpoints and exported nets: whose frames they were trained on, by what their records say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.data.versions.record import Entry, names

NAMED = "names them"
BY_VERSION = "trained on a data version that held them"
MEASURED = "measured on them, not trained"
UNKNOWN = "does not say"
OTHERS = "not trained on them"
_STAMP = re.compile(rb'"data_version": ?"([0-9a-f]{64})"')

Sides = Mapping[str, Collection[str]]
"""Data version to the sides of the split on which it holds the person."""


@dataclass(frozen=True)
class TrainedNet:
    """One net where it lies, and what its record says."""

    folder: Path
    kind: str
    """`pack`, `checkpoint` or `exported`."""
    net: str
    data_version: str | None
    persons: frozenset[str] | None
    """Codes; None where the record is older than such records."""
    silent: tuple[str, ...] = ()
    """Starting checkpoints that do not say whom they were trained on."""


def nets_under(root: Path) -> list[TrainedNet]:
    """Every net under `root`, by folder."""
    return [net for folder, _, files in sorted(os.walk(root)) for net in _nets(Path(folder), set(files))]


def _nets(folder: Path, files: set[str]) -> Iterator[TrainedNet]:
    if {"manifest.json", "card.json"} <= files:
        for net, said in sorted((_read(folder / "card.json").get("nets") or {}).items()):
            yield _net(folder, "pack", net, said, (said.get("spec") or {}).get("data_version"))
    elif "model.ckpt" in files:
        yield _net(folder, "checkpoint", folder.name, _read(folder / "metrics.json"), _stamp(folder / "model.ckpt"))
    elif "parity.json" in files:
        said = _read(folder / "parity.json")
        net = str(said.get("net", folder.name))
        yield _net(folder, "exported", net, said, _stamp(folder / f"{net}.onnx"))


def _net(folder: Path, kind: str, net: str, said: Mapping[str, Any], version: object) -> TrainedNet:
    persons = said.get("persons")
    known = frozenset(map(str, persons)) if isinstance(persons, list) else None
    silent = tuple(map(str, said.get("persons_not_stated_by") or ()))
    return TrainedNet(folder, kind, net, str(version) if version else None, known, silent)


def _stamp(path: Path) -> str | None:
    """The data version in the spec that a net's file carries, as plain JSON; the file is not parsed."""
    found = _STAMP.search(path.read_bytes()) if path.is_file() else None
    return found[1].decode() if found else None


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def verdict(net: TrainedNet, codes: Collection[str], sides: Sides, records: Sequence[Entry]) -> str:
    """What can be said of the net and the person: one of the five phrases of this module.

    Args:
        net: the net.
        codes: codes of the person.
        sides: of the dataset versions that are there.
        records: earlier deletions, which tell of versions that are not there any more.
    """
    if net.persons is not None and net.persons & set(codes):
        return NAMED
    held = held_on(net.data_version, codes, sides, records) if net.data_version else None
    if held and set(held) - {"test"}:
        return BY_VERSION
    if net.silent or (net.persons is None and held is None):
        return UNKNOWN
    return MEASURED if held else OTHERS


def held_on(version: str, codes: Collection[str], sides: Sides, records: Sequence[Entry]) -> Collection[str] | None:
    """The sides on which a data version held the person; None where nothing is known of that version.

    A version that another person was deleted from became the next one, so what the next one holds it held too.
    """
    if version in sides:
        return sides[version]
    for line in records:
        for folder in line.get("folders", ()):
            if folder.get("before") == version:
                here = set(folder.get("sides", {})) if names(line, codes) else set()
                after = folder.get("after")
                rest = held_on(after, codes, sides, records) if after and after != version else None
                return here | set(rest or ()) if here or rest is not None else None
    return None
