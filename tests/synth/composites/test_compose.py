from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor_models.errors import ConfigError, DataError
from proctor_models.synth.composites import compose as module
from proctor_models.synth.composites import people
from proctor_models.synth.composites.compose import DEEDS, LICENCE, Painted, compose, labels_of, steps
from proctor_models.synth.composites.exam import sample_exam, write_video
from proctor_models.synth.composites.layers import CANVAS_WH, Canvas, blank
from proctor_models.synth.composites.plan import FIRST_VIEW
from proctor_models.synth.place import to_make

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = all(importlib.util.find_spec(name) for name in ("mediapipe", "openpeople"))
needs_studio = pytest.mark.skipif(not INSTALLED, reason="needs the environment of requirements-synth.txt")


@pytest.fixture
def no_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)


@pytest.mark.usefixtures("no_mediapipe")
@pytest.mark.parametrize("verb", ["synth", "synth-exam"])
def test_synth__names_the_requirements_file_and_leaves_nothing(verb: str, tmp_path: Path) -> None:
    out = tmp_path / "embedded"
    with pytest.raises(ConfigError, match=r"not installed.*requirements-synth\.txt"):
        compose(2, 1, out) if verb == "synth" else sample_exam(1, out)
    assert list(tmp_path.iterdir()) == []
    assert (ROOT / people.REQUIREMENTS).is_file()


def test_compose__refuses_no_frames(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--frames: expected 1 or more, got 0"):
        compose(0, 1, tmp_path / "out")


def test_compose__a_finished_folder_is_replaced_only_where_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "Studio", lambda: None)
    monkeypatch.setattr(
        module, "paint", lambda *_: Painted(np.zeros((480, 640, 3), np.uint8), (), "none", {"light": "day"})
    )
    monkeypatch.setattr(module, "licence_text", lambda: "none")
    compose(2, 1, tmp_path / "out")
    (tmp_path / "out" / "mine.txt").touch()
    compose(2, 1, tmp_path / "out")
    assert "finished already by the same plan, nothing to do" in capsys.readouterr().err
    for frames, seed in ((3, 1), (2, 2)):
        with pytest.raises(DataError, match=r"out: holds a finished result .*; name another --out, or say --fresh"):
            compose(frames, seed, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").is_file()
    compose(2, 2, tmp_path / "out", fresh=True)
    assert not (tmp_path / "out" / "mine.txt").exists()


def test_to_make__takes_its_own_kind_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert to_make(out, "mark", fresh=False)
    out.mkdir()
    assert to_make(out, "mark", fresh=False)
    (out / "mark").touch()
    assert to_make(out, "mark", fresh=True)
    assert not to_make(out, "mark", fresh=False, same=lambda: True)
    with pytest.raises(DataError, match="holds a finished result"):
        to_make(out, "mark", fresh=False)
    (out / "mark").rename(out / "other")
    with pytest.raises(DataError, match="expected a new folder or one with mark in it"):
        to_make(out, "mark", fresh=True)


def test_steps__are_deeds_that_exist() -> None:
    assert {step for activity in FIRST_VIEW for step in steps(activity)} == set(DEEDS)


def test_labels_of__drops_what_cannot_be_seen() -> None:
    canvas = Canvas(blank(*CANVAS_WH, (0, 0, 0)))
    mask = np.zeros((CANVAS_WH[1], CANVAS_WH[0]), np.float32)
    canvas.label("phone", mask)
    mask[100:200, 100:200] = 1
    canvas.label("earphone", mask, {"kind": "earbud", "worn": True})
    assert labels_of(canvas) == (("earphone", (50, 50, 100, 100), {"kind": "earbud", "worn": True}),)


def test_write_video__keeps_a_gap_in_time_and_repeats(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the extra train or requirements-synth.txt")
    rng = np.random.default_rng(1)
    shots = [(t, rng.integers(0, 255, (480, 640, 3)).astype(np.uint8)) for t in (0.0, 0.25, 0.5, 8.5, 8.75)]
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, iter(shots))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    capture = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    assert np.allclose(times, [0.0, 0.25, 0.5, 8.5, 8.75], atol=0.01)


@pytest.mark.slow
@needs_studio
def test_compose__same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        words = [
            sys.executable,
            "-m",
            "proctor_models.cli",
            "synth",
            "--kind",
            "composites",
            "--frames",
            "6",
            "--seed",
            "5",
        ]
        subprocess.run([*words, "--out", str(tmp_path / name)], check=True, capture_output=True)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) == 8
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    coco = json.loads((tmp_path / "a" / "annotations.json").read_text())
    for image in coco["images"]:
        assert (image["width"], image["height"], image["licence"]) == (640, 480, LICENCE)
    for box in coco["annotations"]:
        x, y, width, height = box["bbox"]
        assert 0 <= x < x + width <= 640
        assert 0 <= y < y + height <= 480
