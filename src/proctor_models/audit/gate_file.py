"""configs/audit/gates.yaml: what a pack must show before it is promoted, by the state it is promoted to."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor_models.audit.promotions import STATES, State
from proctor_models.errors import ConfigError

GATES_FILE = Path("configs") / "audit" / "gates.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetGate(_Section):
    """Which targets of `proctor targets` must be met."""

    required: Literal["all"] | tuple[str, ...] = "all"
    """``detector/figure`` as the table names them, or ``detector/*``; `all`: every row that has a target."""
    bound: Literal["low", "value"] = "low"
    """`low`: the worse end of the 95 % interval must meet the target; `value`: the figure alone."""


class GapGate(_Section):
    """How far the worst group may lie behind the best."""

    at_most: dict[Literal["recall", "false_frame_rate"], float] = Field(min_length=1)
    """By figure, a difference of rates."""
    slices: tuple[str, ...] = Field(min_length=1)
    """Slices that count: view, light, skin_tone, ..."""
    bound: Literal["value", "high"] = "value"
    """`value`: the gap itself; `high`: the upper end of its interval."""


class ParityGate(_Section):
    """How ONNX and PyTorch must agree."""

    min_pictures: int = Field(ge=1)
    """Pictures they were compared on."""
    score_difference: float = Field(gt=0)
    box_iou: float = Field(gt=0, le=1)


class LicenceGate(_Section):
    """Licences a pack may come under and its frames may have had."""

    pack: tuple[str, ...]
    """Of the pack itself, exactly."""
    forbidden: tuple[str, ...] = ()
    """Patterns (``none stated*``) that no source of frames may match; upper and lower case are one."""


class Gates(_Section):
    """All gates of one state; what is left out is not asked."""

    figures: Literal["packed nets", "nets the card names"] | None = None
    """Whose figures the table must hold: those of the packed nets, or those of the nets that the card says it shows
    (a release is trained on everybody, so its figures are its siblings')."""
    targets: TargetGate | None = None
    slice_gap: GapGate | None = None
    parity: ParityGate | None = None
    licences: LicenceGate | None = None
    signature: Literal["required"] | None = None


class GateFile(_Section):
    """Gates by state."""

    schema_: Literal["proctor-gates/1"] = Field(alias="schema")
    candidate: Gates
    shipped: Gates
    retired: Gates = Gates()

    def of(self, state: State) -> Gates:
        """The gates before a state."""
        gates: Gates = getattr(self, state)
        return gates


def load_gates(path: Path) -> GateFile:
    """Read the gates.

    Raises:
        ConfigError: no such file, not YAML, or a wrong key; the message names it.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(f"{path}: no such file of gates; name it with --gates ({', '.join(STATES)})") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    try:
        return GateFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}, got {str(first['input'])[:80]!r}") from None
