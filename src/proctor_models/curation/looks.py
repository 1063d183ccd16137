"""What a pack says of every frame of a dataset, kept beside, so that a dataset opened again is seen at once.

Looks are kept by the frame's hash, the nets' hashes and this package's version, one JSON line each; a run that was
killed goes on where it was. They hold boxes, scores and embeddings of whole frames, no pictures and nothing of faces.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from proctor_models import __version__
from proctor_models.curation.embedding import Embedding, EmbeddingPredictor
from proctor_models.curation.suspicion import Found
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.detectors import TRAINED
from proctor_models.runtime.model import OUTPUTS
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predict import boxes_of
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import SCENE_CLASSES, VIEWS

KEPT_SCORE = 0.05
"""Boxes scored lower say nothing of a label."""
_EVERY_S = 10.0  # between two lines of progress


@dataclass(frozen=True)
class Look:
    """One frame, seen by the nets and read by the detectors."""

    found: tuple[Found, ...]  # best first
    attributes: tuple[Mapping[str, float | bool | str], ...]  # of each found box, as `proctor predict` writes them
    readings: Mapping[str, float | None]  # by detector; None is not assessable
    embedding: Embedding


@dataclass(frozen=True)
class Nets:
    """A pack, or a folder of exported nets, ready to look."""

    predictor: EmbeddingPredictor
    name: str

    @staticmethod
    def from_pack(folder: Path, threads: int = 2) -> Nets:
        """The nets of a pack.

        Raises:
            PackError, ModelError: it is not fit for use.
        """
        pack = Pack.load(folder, threads)
        file = folder / pack.manifest["models"]["scene"]
        return Nets(EmbeddingPredictor(pack.predictor(), file, threads), f"pack {pack.version}")

    @staticmethod
    def from_models(folder: Path, threads: int = 2) -> Nets:
        """Nets as `proctor export` wrote them.

        Raises:
            ModelError: one is not there, or not fit for use.
        """
        predictor = Predictor.from_models(folder, threads)
        return Nets(EmbeddingPredictor(predictor, folder / "scene" / "scene.onnx", threads), str(folder))

    @property
    def key(self) -> str:
        """What a look depends on besides the frame."""
        hashes = [self.predictor.model_sha256[net][:16] for net in OUTPUTS if net in self.predictor.model_sha256]
        return "-".join([*hashes, __version__])

    @property
    def thresholds(self) -> dict[str, float]:
        """Sure score by class of box: the shipped threshold of the detector that asks for that class alone."""
        shipped = self.predictor.thresholds
        return {name: shipped[name] for name in ("phone", "earphone", "book_paper") if name in shipped}


def look_at(manifest: Manifest, nets: Nets, store: Path) -> list[Look]:
    """A look at every frame, in the manifest's order; kept below `store`.

    Raises:
        DataError: an image cannot be read.
    """
    store.mkdir(parents=True, exist_ok=True)
    path = store / f"{nets.key}.jsonl"
    kept = _read(path)
    missing = [frame for frame in manifest if _key(frame) not in kept]
    if len(missing) < len(manifest):
        _say(f"{len(manifest) - len(missing)} of {len(manifest)} frames were seen before by these nets")
    with path.open("a", encoding="utf-8") as stream:
        _end_cut_line(path, stream)
        last = time.monotonic()
        for done, frame in enumerate(missing, start=1):
            kept[_key(frame)] = look = _look(manifest, frame, nets.predictor)
            stream.write(_line(_key(frame), look))
            if time.monotonic() - last > _EVERY_S or done == len(missing):
                stream.flush()
                last = time.monotonic()
                _say(f"looked at {done} of {len(missing)} frames")
    return [kept[_key(frame)] for frame in manifest]


def _look(manifest: Manifest, frame: FrameRecord, predictor: EmbeddingPredictor) -> Look:
    view = next((known for known in VIEWS if known == frame.view), VIEWS[0])
    observation = predictor.observe(read_image(manifest.image_path(frame)), frame.time_s or 0.0, view)
    rows = [row for row in boxes_of(observation) if row["score"] >= KEPT_SCORE]
    found = []
    for row in rows:
        x, y, width, height = row["bbox"]
        found.append(Found(SCENE_CLASSES[row["category_id"] - 1], (x, y, x + width, y + height), row["score"]))
    readings = {d.name: d.read(observation).score for d in TRAINED if view in d.views}
    return Look(tuple(found), tuple(row["attributes"] for row in rows), readings, predictor.embedding)


def _key(frame: FrameRecord) -> str:
    return f"{frame.sha256}:{frame.view}"


def _line(key: str, look: Look) -> str:
    content = {
        "key": key,
        "found": [[box.label, box.xyxy, box.score] for box in look.found],
        "attributes": look.attributes,
        "readings": look.readings,
        "embedding": base64.b64encode(look.embedding.astype("<f4").tobytes()).decode(),
    }
    return json.dumps(content) + "\n"


def _read(path: Path) -> dict[str, Look]:
    """Looks kept so far; a last line that was cut off does not count."""
    looks: dict[str, Look] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            raw: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        found = tuple(Found(label, tuple(xyxy), score) for label, xyxy, score in raw["found"])
        embedding = np.frombuffer(base64.b64decode(raw["embedding"]), "<f4").astype(np.float32)
        looks[raw["key"]] = Look(found, tuple(raw["attributes"]), raw["readings"], embedding)
    return looks


def _end_cut_line(path: Path, stream: IO[str]) -> None:
    if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        stream.write("\n")


def _say(text: str) -> None:
    print(f"curate: {text}", file=sys.stderr, flush=True)
