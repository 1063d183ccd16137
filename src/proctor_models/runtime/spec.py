"""What a net needs to be run, stamped in its ONNX file and read back when it is loaded."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields

from proctor_models.errors import ModelError
from proctor_models.types import NetName

METADATA_KEY = "proctor"
SCHEMA = 1


@dataclass(frozen=True)
class NetSpec:
    """All that a net's pre- and post-processing depend on."""

    net: NetName
    """Which of the two nets this is."""
    version: str
    """Version of the pack the net was exported for."""
    resolution_wh: tuple[int, int]
    """Input size in pixels."""
    names: tuple[str, ...]
    """Class names (`scene`) or attribute names (`head`), in output order."""
    mean: tuple[float, float, float]
    """Mean of red, green, blue, after division by 255."""
    std: tuple[float, float, float]
    """Standard deviation of red, green, blue, after division by 255."""
    pad_value: int
    """Grey level around a letterboxed frame or a crop that leaves it."""
    crop_scale: float
    """`head` only: side of the crop over the longer side of the face box; 0 for `scene`."""
    min_face_px: int
    """`head` only: faces with a longer side under this many pixels are not read; 0 for `scene`."""
    nms_iou: float
    """`scene` only: boxes of one class that overlap more than this are one; 0 for `head`."""
    min_score: float
    """`scene` only: boxes scored lower are dropped; 0 for `head`."""
    thresholds: dict[str, float]
    """By detector: the score from which a frame counts as positive (the shipped threshold)."""
    data_version: str
    """Hash of the dataset version the net was trained on."""
    recipe: str
    """Name and hash of the recipe, ``name@sha256``."""
    schema: int = SCHEMA

    def to_json(self) -> str:
        """The metadata text that `from_json` reads back."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @staticmethod
    def from_json(text: str, where: str) -> NetSpec:
        """Read a spec back; `where` names the file in messages.

        Raises:
            ModelError: the text is not a spec of this schema; the message names the field.
        """
        try:
            raw = json.loads(text)
        except json.JSONDecodeError as error:
            raise ModelError(
                f"{where}: metadata '{METADATA_KEY}' is not JSON ({error}); export the net again"
            ) from None
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
            raise ModelError(f"{where}: metadata schema: expected {SCHEMA}, got {found!r}; use a pack of this version")
        expected = {f.name for f in fields(NetSpec)}
        if raw.keys() != expected:
            wrong = sorted(raw.keys() ^ expected)
            raise ModelError(f"{where}: metadata fields missing or unknown: {', '.join(wrong)}; export the net again")
        for name in ("resolution_wh", "names", "mean", "std"):
            if not isinstance(raw[name], list):
                raise ModelError(f"{where}: metadata {name}: expected a list, got {raw[name]!r}; export the net again")
            raw[name] = tuple(raw[name])
        spec = NetSpec(**raw)
        spec._check(where)
        return spec

    def _check(self, where: str) -> None:
        if self.net not in ("scene", "head"):
            raise ModelError(f"{where}: metadata net: expected 'scene' or 'head', got {self.net!r}")
        if len(self.resolution_wh) != 2 or not all(isinstance(s, int) and 32 <= s <= 2048 for s in self.resolution_wh):
            raise ModelError(
                f"{where}: metadata resolution_wh: expected two sizes of 32 to 2048 px, got {self.resolution_wh}"
            )
        named = all(isinstance(name, str) for name in self.names)
        if not self.names or not named or len(set(self.names)) != len(self.names):
            raise ModelError(f"{where}: metadata names: expected distinct names, got {self.names}")
        numbers = (
            *self.mean,
            *self.std,
            self.pad_value,
            self.crop_scale,
            self.min_face_px,
            self.nms_iou,
            self.min_score,
        )
        if not all(isinstance(number, int | float) and math.isfinite(number) and number >= 0 for number in numbers):
            raise ModelError(f"{where}: metadata: expected numbers from 0 up, got {numbers}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise ModelError(f"{where}: metadata mean and std: expected three each, std above 0")
        if self.pad_value > 255 or (self.net == "head" and not 1 < self.crop_scale <= 10):
            raise ModelError(
                f"{where}: metadata pad_value and crop_scale: expected at most 255 and, for head, 1 to 10, "
                f"got {self.pad_value} and {self.crop_scale}"
            )
        thresholds = self.thresholds.items() if isinstance(self.thresholds, dict) else [("", None)]
        for detector, value in thresholds:
            if not isinstance(value, int | float) or not 0 < value < 1:
                raise ModelError(
                    f"{where}: metadata thresholds {detector}: expected a number between 0 and 1, got {value!r}"
                )
