"""What goes into a pack, gathered once: for the card, the bill of materials, the licences and the instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proctor_models.config import Recipe
from proctor_models.export.cards import Measured
from proctor_models.export.licences import Licence, Part, own_parts, read_licence
from proctor_models.runtime.model import Net

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Origin:
    """Frames of one collection, as one source of the recipe brought them in."""

    name: str
    """The collection; with the source of the recipe behind it where that is another."""
    licence: Licence
    rights: str
    consent: str
    frames: int
    data_version: str
    """Dataset version the frames were counted in."""


@dataclass(frozen=True)
class Contents:
    """A pack before it is written down."""

    recipe: Recipe
    nets: Mapping[str, Net]
    parity: Mapping[str, Any]
    """What parity.json beside each net says."""
    measured: Measured
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Rule sets by name."""
    targets: Mapping[str, Any] | None = None
    """What `proctor targets` wrote of the recipe, if it is at hand."""
    files: Mapping[str, str] = field(default_factory=dict)
    """sha256 of the files that are written already, by path in the pack."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where the frames behind the nets come from: as the exports recorded it, else as the evaluation did."""
        recorded: dict[str, Origin] = {}
        for parity in self.parity.values():
            for row in parity.get("sources", ()):
                name = str(row["source"])
                if row["ingested_as"] != name:
                    name += f" (as {row['ingested_as']})"
                recorded[f"{name}: {row['licence']}"] = Origin(
                    name,
                    read_licence(str(row["licence"])),
                    str(row["rights"]),
                    str(row["consent"]),
                    int(row["frames"]),
                    str(parity["data_version"]),
                )
        return tuple(recorded[key] for key in sorted(recorded)) or self._measured_origins()

    def _measured_origins(self) -> tuple[Origin, ...]:
        about = self.measured.about
        return tuple(
            Origin(
                str(row["source"]),
                read_licence(str(row["licence"])),
                NOT_STATED,
                NOT_STATED,
                sum(int(row[split]) for split in ("train", "val", "test")),
                str(about["data_version"]),
            )
            for row in about["sources"]
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything the pack holds or was made from, with its licence."""
        return (*own_parts(self.recipe), *(Part(f"frames of {row.name}", row.licence) for row in self.origins))

    def detectors_of(self, net: str) -> tuple[str, ...]:
        """Detectors that read a net: all find things or heads by `scene`, some go on to what `head` says of a head."""
        names = tuple(self.recipe.thresholds)
        if net == "scene":
            return names
        attributes = self.nets[net].spec.names
        return tuple(name for name in names if any(said.startswith(name) for said in attributes))
