"""The one resize and the one normalise; and pictures of any kind made into frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.runtime.image import crop_square, letterbox, normalise, resize
from proctor_models.runtime.pixels import as_bgr, read_image


@pytest.mark.parametrize("wh", [(640, 480), (480, 640), (64, 64), (1920, 1080), (16, 2000), (31, 47)])
def test_letterbox__boxes_go_there_and_back(wh: tuple[int, int]) -> None:
    _, fit = letterbox(np.zeros((wh[1], wh[0], 3), np.uint8), (96, 64))
    boxes = np.array([[0, 0, *wh], [3, 4, 9, 10]], np.float32)
    there = fit.to_canvas(boxes)
    assert there[0].min() >= 0
    assert (there[0, 2:] <= np.array([96, 64]) + 0.5).all()
    np.testing.assert_allclose(fit.to_frame(there), boxes, atol=1e-2)


def test_letterbox__grey_around(picture: NDArray[np.uint8]) -> None:
    canvas, fit = letterbox(picture, (64, 64), pad_value=7)
    assert (fit.left, fit.top, fit.scale) == (0, 8, 0.5)
    assert (canvas[:8] == 7).all()
    assert (canvas[-8:] == 7).all()
    np.testing.assert_array_equal(canvas[8:-8], resize(picture, (64, 48)))


def test_resize__shrinks_by_area() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (resize(stripes, (4, 4)) == 100).all()


def test_resize__same_size_is_the_same_picture(picture: NDArray[np.uint8]) -> None:
    assert resize(picture, (128, 96)) is picture


def test_crop_square__inside(picture: NDArray[np.uint8]) -> None:
    crop = crop_square(picture, np.array([40, 30, 60, 50], np.float32), 2.0, 40)
    np.testing.assert_array_equal(crop, picture[20:60, 30:70])


def test_crop_square__past_the_edge_is_grey(picture: NDArray[np.uint8]) -> None:
    crop = crop_square(picture, np.array([0, 0, 20, 20], np.float32), 2.0, 40, pad_value=9)
    assert (crop[:10] == 9).all()
    assert (crop[:, :10] == 9).all()
    np.testing.assert_array_equal(crop[10:, 10:], picture[:30, :30])


def test_crop_square__all_outside_is_grey(picture: NDArray[np.uint8]) -> None:
    assert (crop_square(picture, np.array([500, 500, 520, 520], np.float32), 1.5, 16, pad_value=9) == 9).all()


def test_normalise__red_first() -> None:
    blue = np.zeros((2, 3, 3), np.uint8)
    blue[..., 0] = 255
    tensor = normalise(blue, (0.5, 0.5, 0.5), (0.5, 0.25, 0.5))
    assert tensor.shape == (3, 2, 3)
    assert tensor.dtype == np.float32
    assert tensor[:, 0, 0].tolist() == [-1.0, -2.0, 1.0]


def test_as_bgr__kinds(picture: NDArray[np.uint8]) -> None:
    grey = picture[:, :, 0]
    np.testing.assert_array_equal(as_bgr(grey), np.stack([grey] * 3, 2))
    np.testing.assert_array_equal(as_bgr(grey[:, :, None]), np.stack([grey] * 3, 2))
    np.testing.assert_array_equal(as_bgr(np.dstack([picture, grey])), picture)
    np.testing.assert_array_equal(as_bgr(picture.astype(np.uint16) * 257), picture)
    turned = as_bgr(picture[:, ::-1])
    assert turned.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "expected a numpy array, got NoneType"),
        (np.full((64, 64, 3), np.nan), "expected uint8 or uint16 pixels, got float64"),
        (np.zeros((0, 0, 3), np.uint8), "expected 16 to 20000 px a side, got 0x0"),
        (np.zeros((1, 1, 3), np.uint8), "got 1x1"),
        (np.zeros((16, 20_001), np.uint8), "got 20001x16"),
        (np.zeros((64, 64, 2), np.uint8), r"expected grey or 1, 3 or 4 channels last, got shape \(64, 64, 2\)"),
        (np.zeros((3, 64, 64), np.uint8), "channels last"),
        (np.zeros(64, np.uint8), "channels last"),
    ],
)
def test_as_bgr__refuses(image: object, message: str) -> None:
    with pytest.raises(DataError, match=f"^frame: .*{message}"):
        as_bgr(image, "frame")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_read_image__whole_and_cut_off(tmp_path: Path, picture: NDArray[np.uint8], suffix: str) -> None:
    whole = cv2.imencode(suffix, picture)[1].tobytes()
    path = tmp_path / f"图片 1{suffix}"
    path.write_bytes(whole)
    assert read_image(path).shape == picture.shape
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be decoded"):
        read_image(path)


@pytest.mark.parametrize(("content", "message"), [(b"", "got 0"), (b"not a picture", "cannot be decoded")])
def test_read_image__refuses(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_image(path)


def test_read_image__missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such image"):
        read_image(tmp_path / "a.png")


def test_read_image__turned_by_its_exif(tmp_path: Path, picture: NDArray[np.uint8]) -> None:
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    # One EXIF entry: orientation 6, "turn a quarter clockwise".
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    segment = b"Exif\0\0" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:])
    assert read_image(path).shape == (128, 96, 3)
