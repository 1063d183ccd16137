"""How long evidence is kept: days by what people decided and how serious the clause is.

YAML needs PyYAML; the same as JSON is read with the standard library alone, as the base install has it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.errors import ConfigError, shown
from proctor_models.rules.policy import SEVERITIES
from proctor_models.runtime.decisions import CHOICES

SCHEMA = "proctor-retention/1"
_KINDS = ("pictures", "clips")


@dataclass(frozen=True)
class Policy:
    """A retention policy, checked."""

    name: str
    """The file's name."""
    sha256: str
    """Of the file."""
    table: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    """Days by kind (`pictures`, `clips`), decision and severity; None keeps for ever."""
    snapshots_days: float | None

    def days(self, kind: str, decision: str, severity: str) -> float | None:
        """How long a finding's pictures or clips are kept; None for ever."""
        return self.table[kind][decision][severity]


def load_policy(path: Path) -> Policy:
    """Read a policy, by its suffix YAML or JSON.

    Raises:
        ConfigError: no such file, not YAML or JSON, or a field is missing, unknown or wrong; the message names it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name the policy with --policy") from None
    raw = _parsed(path, content)
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise ConfigError(f"{path}: schema: expected {SCHEMA!r}, got {shown(found)}")
    _keys(path, "", raw, ("schema", "snapshots", *_KINDS))
    table = {kind: _by_decision(path, kind, raw[kind]) for kind in _KINDS}
    snapshots = _days(path, "snapshots", raw["snapshots"])
    return Policy(path.name, hashlib.sha256(content).hexdigest(), table, snapshots)


def _parsed(path: Path, content: bytes) -> Any:
    if path.suffix == ".json":
        try:
            return json.loads(content)
        except ValueError as error:
            raise ConfigError(f"{path}: not JSON: {error}") from None
    import yaml

    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None


def _by_decision(path: Path, kind: str, raw: Any) -> dict[str, dict[str, float | None]]:
    _keys(path, kind, raw, CHOICES)
    found: dict[str, dict[str, float | None]] = {}
    for decision in CHOICES:
        where = f"{kind}.{decision}"
        _keys(path, where, raw[decision], SEVERITIES)
        found[decision] = {s: _days(path, f"{where}.{s}", raw[decision][s]) for s in SEVERITIES}
    return found


def _keys(path: Path, where: str, raw: Any, expected: tuple[str, ...]) -> None:
    if not isinstance(raw, dict) or set(raw) != set(expected):
        got = ", ".join(map(str, raw)) if isinstance(raw, dict) else shown(raw)
        raise ConfigError(f"{path}: {where or 'policy'}: expected exactly {', '.join(expected)}, got {got}")


def _days(path: Path, where: str, raw: Any) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or raw < 0:
        raise ConfigError(f"{path}: {where}: expected days from 0, or null for ever, got {shown(raw)}")
    return float(raw)
