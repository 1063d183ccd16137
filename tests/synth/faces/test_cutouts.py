from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor_models.errors import DataError
from proctor_models.synth.faces import cutouts
from proctor_models.synth.faces.ears import Ear
from synth.faces.people import SIZE_WH, head, look


def headphones() -> np.ndarray:
    picture = np.zeros((300, 300, 4), np.uint8)
    cv2.ellipse(picture, (150, 160), (120, 130), 0, 180, 360, (40, 40, 40, 255), 22)
    for x in (40, 260):
        cv2.ellipse(picture, (x, 210), (38, 60), 0, 0, 360, (60, 60, 60, 255), -1)
    return picture


def bud(tip_right: bool) -> np.ndarray:
    picture = np.zeros((400, 200, 4), np.uint8)
    cv2.ellipse(picture, (80, 60), (34, 40), 0, 0, 360, (30, 30, 30, 255), -1)
    cv2.circle(picture, (130, 60), 24, (90, 90, 90, 255), -1)
    cv2.line(picture, (80, 60), (80, 399), (20, 20, 20, 255), 8)
    return picture if tip_right else np.ascontiguousarray(picture[:, ::-1])


def write(folder: Path, **pictures: np.ndarray) -> Path:
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def test_read_cutouts__sorts_by_shape(tmp_path: Path) -> None:
    found = cutouts.read_cutouts(write(tmp_path, a=headphones(), b=bud(True), c=headphones()[:, :150]))
    assert len(found.headphones) == 1
    assert len(found.buds) == 1


@pytest.mark.parametrize("tip_right", [True, False])
def test_read_cutouts__turns_every_tip_to_the_right(tip_right: bool, tmp_path: Path) -> None:
    (found,) = cutouts.read_cutouts(write(tmp_path, a=bud(tip_right))).buds
    half = found.size_wh[0] // 2
    tip = (np.abs(found.bgr.mean(2) - 90) < 5) & (found.alpha > 0.5)
    assert tip[:, half:].sum() > 2 * tip[:, :half].sum()
    assert found.size_wh[1] < 200  # the cable is left out


@pytest.mark.parametrize("content", ["none", "grey", "broken"])
def test_read_cutouts__refuses(content: str, tmp_path: Path) -> None:
    if content == "grey":
        cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9), np.uint8))
    elif content == "broken":
        (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="found none" if content == "none" else r"a\.png: expected a PNG file with"):
        cutouts.read_cutouts(tmp_path)


def test_worn_headphones__hang_from_ear_to_ear(tmp_path: Path) -> None:
    (layer,) = cutouts.read_cutouts(write(tmp_path, a=headphones())).headphones
    worn = cutouts.worn_headphones(layer, head(), look(), 11.0, SIZE_WH)
    assert worn.alpha[112, 160] == 0
    assert worn.alpha[105, 160 - 44] > 0.5
    assert worn.alpha[105, 160 + 44] > 0.5
    assert worn.alpha[:70, 160].max() > 0.5


@pytest.mark.parametrize("side", [-1, 1])
def test_worn_bud__points_its_tip_into_the_ear(side: int, tmp_path: Path) -> None:
    (layer,) = cutouts.read_cutouts(write(tmp_path, a=bud(True))).buds
    worn, cable_from = cutouts.worn_bud(layer, Ear(side, 0.0), head(), look(), SIZE_WH)
    rows, columns = np.nonzero(worn.alpha > 0.5)
    assert abs(columns.mean() - (160 + side * 37)) < 6
    assert cable_from[1] > rows.mean()
    assert side * (cable_from[0] - columns.mean()) > 0
