"""What a net needs to be run, stamped in its ONNX file and read back when it is loaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from proctor_models.errors import ModelError, shown
from proctor_models.runtime import strict_json
from proctor_models.types import NETS, NetName

METADATA_KEY = "proctor"
SCHEMA = 1


@dataclass(frozen=True)
class NetSpec:
    """All that a net's pre- and post-processing depend on."""

    net: NetName
    """Which of the nets this is."""
    version: str
    """Version of the pack the net was exported for."""
    resolution_wh: tuple[int, int]
    """Input size in pixels."""
    names: tuple[str, ...]
    """Class names or, for `head`, attribute names, in output order."""
    mean: tuple[float, float, float]
    """Mean of red, green, blue, after division by 255."""
    std: tuple[float, float, float]
    """Standard deviation of red, green, blue, after division by 255."""
    pad_value: int
    """Grey level around a letterboxed frame or a crop that leaves it."""
    crop_scale: float
    """Side of the crop over the longer side of the box it is cut around; 0 for `scene`."""
    min_face_px: int
    """Boxes (faces for `head`, things for others) with a longer side of fewer pixels are not read; 0 for `scene`."""
    nms_iou: float
    """`scene` only: boxes of one class that overlap more than this are one; 0 for the others."""
    min_score: float
    """`scene` and `outline`: boxes scored lower are dropped; 0 for the others."""
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
            raw = strict_json.loads(text)
        except ValueError as error:
            raise ModelError(
                f"{where}: metadata '{METADATA_KEY}' is not JSON ({error}); export the net again"
            ) from None
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            found = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
            raise ModelError(
                f"{where}: metadata schema: expected {SCHEMA}, got {shown(found)}; use a pack of this version"
            )
        expected = {f.name for f in fields(NetSpec)}
        if raw.keys() != expected:
            wrong = sorted(raw.keys() ^ expected)
            raise ModelError(
                f"{where}: metadata fields missing or unknown: {', '.join(wrong)[:200]}; export the net again"
            )
        for name in ("resolution_wh", "names", "mean", "std"):
            if not isinstance(raw[name], list):
                raise ModelError(
                    f"{where}: metadata {name}: expected a list, got {shown(raw[name])}; export the net again"
                )
            raw[name] = tuple(raw[name])
        spec = NetSpec(**raw)
        spec._check(where)
        return spec

    def _check(self, where: str) -> None:
        for field, expected, sound in self._claims():
            if not sound:
                raise ModelError(f"{where}: metadata {field}: expected {expected}, got {shown(getattr(self, field))}")
        thresholds = self.thresholds.items() if isinstance(self.thresholds, dict) else [("", self.thresholds)]
        for detector, value in thresholds:
            if not _in(value, 0, 1) or value in (0, 1):
                raise ModelError(
                    f"{where}: metadata thresholds {detector[:80]}: expected a number between 0 and 1, "
                    f"got {shown(value)}"
                )

    def _claims(self) -> list[tuple[str, str, bool]]:
        """What must hold: (field, what is expected, whether it holds)."""
        crops = self.net != "scene"
        sizes = [isinstance(side, int) and _in(side, 32, 2048) for side in self.resolution_wh]
        named = all(isinstance(name, str) and name for name in self.names)
        std = len(self.std) == 3 and all(_in(number, 1e-6, 1e6) for number in self.std)
        return [
            ("net", " or ".join(map(repr, NETS)), isinstance(self.net, str) and self.net in NETS),
            ("version", "text", isinstance(self.version, str)),
            ("data_version", "text", isinstance(self.data_version, str)),
            ("recipe", "text", isinstance(self.recipe, str)),
            ("resolution_wh", "two sizes of 32 to 2048 px", len(sizes) == 2 and all(sizes)),
            ("names", "distinct names", bool(self.names) and named and len(set(self.names)) == len(self.names)),
            ("mean", "three numbers from 0 up", len(self.mean) == 3 and all(_in(n, 0, 1e6) for n in self.mean)),
            ("std", "three numbers above 0", std),
            ("pad_value", "a grey level of 0 to 255", isinstance(self.pad_value, int) and _in(self.pad_value, 0, 255)),
            ("crop_scale", "a scale of 1 to 10 (scene: 0 to 10)", _in(self.crop_scale, 1 if crops else 0, 10)),
            ("min_face_px", "pixels, 0 up", isinstance(self.min_face_px, int) and _in(self.min_face_px, 0, 1e6)),
            ("nms_iou", "a number of 0 to 1", _in(self.nms_iou, 0, 1)),
            ("min_score", "a number of 0 to 1", _in(self.min_score, 0, 1)),
        ]


def _in(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
