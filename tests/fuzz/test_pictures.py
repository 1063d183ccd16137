"""Pictures of any kind, from callers and from files: taken or refused with a reason, in bounded time and memory."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from fuzzed import LONG, examples, mangled, told
from proctor_models.errors import DataError
from proctor_models.runtime import pixels
from proctor_models.runtime.image import crop_square, resize
from proctor_models.runtime.image_header import image_header
from proctor_models.runtime.model import Net
from proctor_models.runtime.pixels import MAX_PIXELS, as_bgr, read_image
from proctor_models.runtime.predictor import Predictor

Writer = Callable[..., Path]
WORKER = Path(__file__).with_name("worker.py")
SUFFIXES = (".png", ".jpg", ".webp", ".bmp")

TYPES = ["u1", "u2", "<u2", ">u2", "i1", "i8", "f2", "f4", ">f8", "c8", "?", "O", "S3", "U2", "M8[s]", "u1,f4"]
VIEWS: list[Callable[[NDArray[Any]], Any]] = [
    lambda a: a,
    lambda a: a[::-1],
    lambda a: a[:, ::-1],
    lambda a: a[..., ::-1],
    lambda a: a[::2, ::3],
    lambda a: a.T,
    np.asfortranarray,
    lambda a: np.ma.masked_array(a, mask=np.zeros(a.shape, bool)),
    lambda a: a.view(type("Odd", (np.ndarray,), {"__rshift__": lambda *_: None})),
    lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),  # read-only
    lambda a: memoryview(a) if a.dtype.kind in "iuf" else a.tolist(),
]


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=70))
    likely = st.tuples(st.integers(15, 40), st.integers(15, 40), st.sampled_from([1, 2, 3, 4]))
    shape = draw(st.sampled_from([shape, shape[:2], draw(likely), draw(likely)[:2]]))
    if int(np.prod(shape)) > 200_000:
        shape = shape[:2]
    made = np.zeros(shape, draw(st.sampled_from(TYPES)))
    if made.dtype.kind in "fc":
        made[...] = draw(st.sampled_from([np.nan, np.inf, 0.5, 300.0]))
    try:
        return draw(st.sampled_from(VIEWS))(made)
    except (IndexError, TypeError, ValueError):
        return made


@given(arrays())
@examples(200)
def test_as_bgr__any_array(image: Any) -> None:
    try:
        made = as_bgr(image, "frame")
    except DataError as error:
        told(error, "frame: expected ")
        return
    assert (type(made), made.dtype, made.ndim, made.shape[2]) == (np.ndarray, np.uint8, 3, 3)
    assert made.flags["C_CONTIGUOUS"]
    assert made.shape[:2] == image.shape[:2]


@pytest.mark.parametrize(
    "shape", [(20_000, 20_000, 3), (20_000, 20_000), (8192, 8193), (10**9, 10**9, 3), (16, 10**12)]
)
def test_as_bgr__too_large_is_refused_without_a_copy(shape: tuple[int, ...]) -> None:
    image = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), shape, (0,) * len(shape))
    with pytest.raises(DataError, match="got"):
        as_bgr(image)  # what a first refusal loads is not measured
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=rf"expected (16 to 20000 px a side|at most {MAX_PIXELS} pixels), got"):
            as_bgr(image)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("wh", [(16, 16), (16, 20_000), (20_000, 16), (4000, 3000), (20_000, 3000)])
def test_observe__largest_and_smallest_in_bounded_memory(
    write_scene: Writer, write_head: Writer, wh: tuple[int, int]
) -> None:
    predictor = Predictor(Net.load(write_scene([("face", (0, 0, 64, 64), 0.9)])), Net.load(write_head({"mask": 0.5})))
    image = np.zeros((wh[1], wh[0], 3), np.uint8)
    tracemalloc.start()
    try:
        seen = predictor.observe(image)
        assert tracemalloc.get_traced_memory()[1] < 700 << 20
    finally:
        tracemalloc.stop()
    assert seen.resolution_wh == wh
    assert len(seen.heads) == 1


def test_crop_square__of_a_panorama_shows_what_a_smaller_copy_shows() -> None:
    coarse = np.random.default_rng(0).integers(0, 255, (3, 18, 3)).astype(np.uint8)
    image = cv2.resize(coarse, (9000, 1500), interpolation=cv2.INTER_CUBIC)
    box = np.array([0, 0, 9000, 1500], np.float32)
    crop = crop_square(image, box, 1.8, 64)
    small = crop_square(resize(image, (900, 150)), box / 10, 1.8, 64)
    assert np.abs(crop.astype(int) - small).max() <= 12


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *before: bytes) -> bytes:
    """A whole PNG of one colour; 60000 x 60000 takes some megabytes raw and a few kilobytes as a file."""
    lines = min(height, 2000)  # a decoder that starts is far too late already
    body = zlib.compress(b"\0" * ((min(width, 60_000) // 8 + 1) * lines), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpg(width: int, height: int, scans: int = 1) -> bytes:
    whole = bytearray(cv2.imencode(".jpg", np.zeros((32, 32, 3), np.uint8))[1].tobytes())
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    scan = whole.index(b"\xff\xda")
    return bytes(whole[:-2] + whole[scan:-2] * (scans - 1) + whole[-2:])


def bmp(width: int, height: int) -> bytes:
    whole = bytearray(cv2.imencode(".bmp", np.zeros((32, 32, 3), np.uint8))[1].tobytes())
    whole[18:26] = struct.pack("<ii", width, height)
    return bytes(whole)


def webp(width: int, height: int, flags: int = 0) -> bytes:
    frame = cv2.imencode(".webp", np.zeros((32, 32, 3), np.uint8))[1].tobytes()[12:]
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<II", 10, flags) + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bombs() -> dict[str, bytes]:
    return {
        "png": png(60_000, 60_000),
        "png of the largest number": png(0x7FFFFFFF, 0x7FFFFFFF),
        "png past the largest number": png(0xFFFFFFFF, 16),
        "png of too many pixels": png(8192, 8193),
        "png of no pixels": png(0, 0),
        "png of one pixel": png(1, 1),
        "png, animated": png(32, 32, chunk(b"acTL", struct.pack(">II", 1 << 30, 0))),
        "jpg": jpg(65_500, 65_500),
        "jpg of no lines": jpg(32, 0),
        "jpg of many scans": jpg(8000, 8000, scans=200),
        "jpg of no size": b"\xff\xd8\xff\xda\0\x02\xff\xd9",
        "jpg cut off": b"\xff\xd8\xff\xc0\0",
        "bmp": bmp(60_000, 60_000),
        "bmp upside down": bmp(60_000, -60_000),
        "bmp of the least number": bmp(-(1 << 31), -(1 << 31)),
        "webp": webp(1 << 24, 1 << 24),
        "webp, animated": webp(32, 32, flags=2),
        "webp that is a sound": b"RIFF\0\0\0\0WAVEfmt " + bytes(50),
        "gif": b"GIF89a" + struct.pack("<HH", 32, 32) + bytes(20),
        "empty": b"",
        **{
            f"of another kind: {suffix}": cv2.imencode(suffix, image)[1].tobytes()
            for suffix, image in (
                (".tiff", np.zeros((32, 32, 3), np.uint8)),
                (".hdr", np.zeros((32, 32, 3), np.float32)),
                (".jp2", np.zeros((32, 32, 3), np.uint8)),
                (".ppm", np.zeros((32, 32, 3), np.uint8)),
                (".pbm", np.zeros((32, 32), np.uint8)),
                (".ras", np.zeros((32, 32, 3), np.uint8)),
                (".gif", np.zeros((32, 32, 3), np.uint8)),
            )
        },
        **{
            f"that says it is {name}": start + bytes(100)
            for name, start in (
                ("exr", b"\x76\x2f\x31\x01"),
                ("avif", b"\0\0\0\x20ftypavif"),
                ("dicom", bytes(128) + b"DICM"),
                ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
                ("pdf", b"%PDF-1.7"),
                ("zip", b"PK\x03\x04"),
            )
        },
    }


BOMBS = bombs()


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_read_image__refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def decode(*_: Any) -> None:
        raise AssertionError("a decoder was given what should have been refused")

    monkeypatch.setattr(pixels.cv2, "imdecode", decode)
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[name])
    assert len(BOMBS[name]) < 1 << 20
    started = time.perf_counter()
    with pytest.raises(DataError, match=r"a\.png: (cannot be decoded: |expected )"):
        read_image(path)
    assert time.perf_counter() - started < 2


@given(st.integers(16, 90), st.integers(16, 90), st.sampled_from(SUFFIXES), st.sampled_from([1, 3, 4]), st.booleans())
@examples(60)
def test_image_header__says_what_the_decoder_says(
    width: int, height: int, suffix: str, channels: int, lossless: bool
) -> None:
    image = np.random.default_rng(width).integers(0, 255, (height, width, channels)).astype(np.uint8)
    options = {
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101 if lossless else 60],
        ".jpg": [cv2.IMWRITE_JPEG_PROGRESSIVE, int(lossless), cv2.IMWRITE_JPEG_RST_INTERVAL, 2],
    }
    data = cv2.imencode(suffix, image, options.get(suffix, []))[1].tobytes()
    assert image_header(data) == (suffix[1:], width, height)


def test_read_image__a_recording_behind_the_picture_is_no_part_of_it(
    tmp_path: Path, picture: NDArray[np.uint8]
) -> None:
    path = tmp_path / "a.jpg"  # as telephones write them
    path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes() + b"\xff\xda" * 1000)
    assert read_image(path).shape == (96, 128, 3)


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBPVP8X", b"BM"])
)
@examples(100)
def test_image_header__any_bytes(data: bytes, start: bytes) -> None:
    try:
        _, width, height = image_header(start + data)
    except ValueError as error:
        told(error, "")
        return
    assert min(width, height) >= 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_read_image__cut_off_anywhere(tmp_path: Path, picture: NDArray[np.uint8], suffix: str) -> None:
    whole = cv2.imencode(suffix, picture[:48, :64])[1].tobytes()
    path = tmp_path / f"a{suffix}"
    cuts = range(len(whole)) if LONG else [*range(40), *range(40, len(whole), len(whole) // 40)]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        try:
            image = read_image(path)
        except DataError:
            continue
        # What is missing was no pixels: a checksum, an end mark.
        assert cut >= len(whole) - 20
        np.testing.assert_array_equal(image, cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize("turn", [*range(10), 255, 65535])
def test_read_image__any_exif_turn(tmp_path: Path, picture: NDArray[np.uint8], turn: int) -> None:
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", turn, 0) + bytes(4)
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:])
    assert read_image(path).shape == ((128, 96, 3) if turn in (5, 6, 7, 8) else (96, 128, 3))


def test_read_image__any_exif(tmp_path: Path, picture: NDArray[np.uint8]) -> None:
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + bytes(4)
    path = tmp_path / "a.jpg"

    @given(mangled(exif))
    @examples(40)
    def check(content: bytes) -> None:
        segment = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
        path.write_bytes(whole[:2] + segment + whole[2:])
        assert sorted(read_image(path).shape) == [3, 96, 128]

    check()


def test_read_image__what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    names = ["pipe.png", "folder.png", "loop.png", "n" * 5000, "a\0b.png"]
    for path in (*(tmp_path / name for name in names), Path("/dev/zero")):
        with pytest.raises(DataError, match="no such image"):
            read_image(path)


def test_read_image__huge_file(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.write(png(32, 32))
        os.truncate(stream.fileno(), 900 << 30)
    with pytest.raises(DataError, match="expected an image file of 1 to 536870912 bytes"):
        read_image(tmp_path / "a.png")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["picture", "recording"])
def test_decode__mutated_files_in_a_process_of_their_own(tmp_path: Path, kind: str) -> None:
    cases, seconds = ("10000000", "600") if LONG else ("300", "10")
    words = [sys.executable, str(WORKER), kind, "1", cases, seconds]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, f"{tmp_path}/case-1: {done.stderr[-3000:]!r}"
    report = json.loads(done.stdout)
    assert report["said"].keys() <= {"DataError", "VideoError", "TimestampError", "taken"}
    assert report["peak_mb"] < 1500
