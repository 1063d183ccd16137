"""How a dataset's names and values look in the app, and the way back.

FiftyOne gives each attribute of a box and each slice of a frame a typed field of its own. Ours may hold characters no
field may, take a name FiftyOne has already, or be true in one frame and "neck" in the next: then the app shows text.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proctor_models.data.manifest import AttributeValue

OURS = ("was", "outcome", "suspicion", "suspect")
"""Fields of a label that this package adds: which box of the manifest it was, and what the comparison says of it."""
FIFTYONES = (
    "id",
    "tags",
    "attributes",
    "label",
    "bounding_box",
    "mask",
    "mask_path",
    "confidence",
    "index",
    "instance",
)
"""Fields of a label that FiftyOne has."""
_METHODS = (
    "rotation",
    "clean",
    "copy",
    "save",
    "merge",
    "iter_fields",
    "field_names",
    "filepath",
    "metadata",
    "support",
)
_TAKEN = frozenset((*OURS, *FIFTYONES, *_METHODS))


@dataclass(frozen=True)
class Fields:
    """Field by name, and which names are shown as text because their values are of several kinds."""

    field: Mapping[str, str]
    as_text: frozenset[str]

    @staticmethod
    def of(items: Iterable[Mapping[str, AttributeValue]]) -> Fields:
        """The fields that show all of `items`; the same items give the same fields.

        >>> Fields.of([{"worn": True, "my kind": "a"}, {"worn": "neck", "label": 1.0}])
        Fields(field={'label': 'label_', 'my kind': 'my_kind', 'worn': 'worn'}, as_text=frozenset({'worn'}))
        """
        kinds: dict[str, set[type]] = {}
        for item in items:
            for name, value in item.items():
                kinds.setdefault(name, set()).add(type(value))
        fields: dict[str, str] = {}
        for name in sorted(kinds):
            field = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_") or "field"
            field = f"n{field}" if field[0].isdigit() else field
            while field in _TAKEN or field in fields.values() or keyword.iskeyword(field):
                field += "_"
            fields[name] = field
        return Fields(fields, frozenset(name for name, types in kinds.items() if len(types) > 1))

    def show(self, values: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        """What the app holds of one item, by field."""
        return {
            self.field[name]: as_text(value) if name in self.as_text else value
            for name, value in values.items()
            if name in self.field
        }

    def name(self, field: str) -> str:
        """The name behind a field; a field made in the app has its own."""
        return next((name for name, taken in self.field.items() if taken == field), field)


def as_text(value: AttributeValue) -> str:
    """A value as a person writes it.

    >>> as_text(True), as_text(2.0), as_text("neck")
    ('true', '2', 'neck')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else value


def from_text(text: str) -> AttributeValue:
    """What a person wrote, as true or false, a number, or text.

    >>> from_text("true"), from_text("0.5"), from_text("neck")
    (True, 0.5, 'neck')
    """
    if text in ("true", "false"):
        return text == "true"
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) else text
