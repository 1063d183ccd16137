"""The decisions file: one JSON object a line, each one correction that a person made.

Every line has `id` (the frame), `action`, `why` and, if wished, `who`; the action says what else it needs:

=============  ===============================================  ==================================================
action         further keys                                     effect
=============  ===============================================  ==================================================
`drop`                                                          the frame is left out
`tag`          `tags`: {name: text, or null to remove}          slices of the frame
`view`         `to`: first | second | other                     the frame's view
`person`       `to`: code, or null for unknown                  who is in it; its group follows
`labelled`     `to`: [class, ...]                               the classes labelled exhaustively
`split`        `to`: train | val | test                         the side of the frame and all that must stay with it
`add_box`      `label`, `xyxy`, `attributes` (optional)         a forgotten box
`remove_box`   `box`: {label, xyxy}                             a wrong box
`relabel`      `box`, `to`: class                               a box of the wrong class
`move`         `box`, `to`: [x0, y0, x1, y1]                    a box in the wrong place
`attributes`   `box`, `set`: {name: value, or null to remove}   what a box says beyond its class
=============  ===============================================  ==================================================

A `box` is named by its class and its corners (within 1 px). Blank lines and lines that begin with ``#`` are skipped.
A line that says what already holds changes nothing, so a file may repeat itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictStr, TypeAdapter, ValidationError

from proctor_models.data.manifest import SplitName
from proctor_models.errors import DataError

Value = StrictStr | StrictBool | StrictFloat
Corners = tuple[float, float, float, float]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class BoxName(_Strict):
    """Which box of the frame is meant."""

    label: str
    xyxy: Corners


class _Decision(_Strict):
    id: str
    why: str = Field(min_length=1)
    who: str | None = None


class Drop(_Decision):
    """The frame is left out."""

    action: Literal["drop"]


class Tag(_Decision):
    """Tags are set or removed."""

    action: Literal["tag"]
    tags: dict[str, str | None] = Field(min_length=1)


class SetView(_Decision):
    """The frame's view is another."""

    action: Literal["view"]
    to: Literal["first", "second", "other"]


class SetPerson(_Decision):
    """Somebody else, or an unknown person, is in the frame."""

    action: Literal["person"]
    to: str | None


class SetLabelled(_Decision):
    """Other classes are labelled exhaustively."""

    action: Literal["labelled"]
    to: tuple[str, ...]


class SetSplit(_Decision):
    """The frame, and all frames that must stay with it, belong on one side of the split."""

    action: Literal["split"]
    to: SplitName


class AddBox(_Decision):
    """A box was forgotten."""

    action: Literal["add_box"]
    label: str
    xyxy: Corners
    attributes: dict[str, Value] = {}


class RemoveBox(_Decision):
    """A box is wrong."""

    action: Literal["remove_box"]
    box: BoxName


class Relabel(_Decision):
    """A box is of another class."""

    action: Literal["relabel"]
    box: BoxName
    to: str


class Move(_Decision):
    """A box is elsewhere."""

    action: Literal["move"]
    box: BoxName
    to: Corners


class SetAttributes(_Decision):
    """Attributes of a box are set or removed."""

    action: Literal["attributes"]
    box: BoxName
    set: dict[str, Value | None] = Field(min_length=1)


Decision = (
    Drop | Tag | SetView | SetPerson | SetLabelled | SetSplit | AddBox | RemoveBox | Relabel | Move | SetAttributes
)
ACTIONS = tuple(get_args(kind.model_fields["action"].annotation)[0] for kind in get_args(Decision))
_ADAPTER: TypeAdapter[Decision] = TypeAdapter(Annotated[Decision, Field(discriminator="action")])


@dataclass(frozen=True)
class Line:
    """One decision and where it stands."""

    number: int
    where: str
    decision: Decision


def read_decisions(path: Path) -> tuple[Line, ...]:
    """Every decision of the file, in its order.

    Raises:
        DataError: no such file, or a line that is not a decision; file, line and key are named.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such decisions file; see `curate.decisions` in the recipe")
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            where = f"{path}:{number}"
            lines.append(Line(number, where, _decision(where, text)))
    return tuple(lines)


def parse(row: object, where: str) -> Decision:
    """One decision of a decoded line; `where` names its place in messages.

    Raises:
        DataError: it is not a decision; the key is named.

    >>> parse({"id": "s/1", "action": "drop", "why": "blurred"}, "here").action
    'drop'
    """
    action = row.get("action") if isinstance(row, dict) else None
    if action not in ACTIONS:
        raise DataError(f"{where}: action: expected one of {', '.join(ACTIONS)}, got {action!r}")
    try:
        return _ADAPTER.validate_json(json.dumps(row))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"][1:])
        raise DataError(f"{where}: {action}: {key}: {first['msg']}, got {str(first['input'])[:60]!r}") from None


def _decision(where: str, text: str) -> Decision:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: expected a JSON object, got {text[:60]!r} ({error.msg})") from None
    return parse(raw, where)
