"""The whole road, in the environment that has Blender; left out where there is none."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
PYTHON = Path(os.environ.get("PROCTOR_SYNTH_PYTHON") or ROOT / ".venv-synth" / "bin" / "python")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.is_file(), reason="no .venv-synth: `make synth-env` makes it"),
]


def synth(out: Path, *more: str) -> None:
    words = [sys.executable, "-m", "proctor_models.cli", "synth", "--frames", "4", "--seed", "5", "--out", str(out)]
    environment = os.environ | {"PROCTOR_SYNTH_PYTHON": str(PYTHON)}
    subprocess.run([*words, "--resolution", "160x120", "--workers", "1", *more], check=True, env=environment, cwd=ROOT)


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".jpg", ".png") and p.parent != folder)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_synth__one_frame_alone_is_the_frame_of_the_whole(tmp_path: Path) -> None:
    synth(tmp_path / "all")
    synth(tmp_path / "one", "--only", "3")
    whole, one = hashes(tmp_path / "all"), hashes(tmp_path / "one")
    assert len(whole) == 8
    assert one == {name: whole[name] for name in ("images/s00001-second.jpg", "masks/s00001-second.png")}
    coco = json.loads((tmp_path / "all" / "annotations.json").read_text())
    assert any(label["category_id"] == 1 for label in coco["annotations"])
    names = {image["id"]: Path(image["file_name"]).stem for image in coco["images"]}
    for label in coco["annotations"]:
        if label["instance"]:
            mask = cv2.imread(str(tmp_path / "all" / "masks" / f"{names[label['image_id']]}.png"), cv2.IMREAD_UNCHANGED)
            x0, y0, width, height = label["bbox"]
            inside = int(np.count_nonzero(mask[y0 : y0 + height, x0 : x0 + width] == label["instance"]))
            assert inside >= 0.9 * np.count_nonzero(mask == label["instance"])
