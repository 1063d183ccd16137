"""Leaks planted in real files: the split stage keeps them together, or stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image as Pillow

from drawn import draw
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.data.similar import mirrored_pairs, near_pairs
from proctor_models.data.split import split
from proctor_models.errors import DataError
from proctor_models.types import Image

BITS = 6


def encoded_again(image: Image) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def cropped(image: Image) -> Image:
    return image[2:-2, 3:-3]


def smaller(image: Image) -> Image:
    return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(image: Image) -> Image:
    return image[:, ::-1].copy()


COPIES = [encoded_again, cropped, smaller, mirrored]


@pytest.fixture
def planted(tmp_path: Path, recipe: Any) -> Any:
    """A dataset of two sources: one picture of P1 in `one`, a copy of it in `two`; ingested, with keys by source."""

    def build(copy: Any, one: dict[str, Any], two: dict[str, Any], **rules: Any) -> Manifest:
        picture = draw(np.random.default_rng(3), "P1", holds="phone").image
        for name, image in (("one", picture), ("two", copy(picture))):
            (tmp_path / name).mkdir()
            assert cv2.imwrite(str(tmp_path / name / "a.png"), image)
        common = {"format": "images", "licence": "CC0", "labelled": ["person"]}
        sources = [{"name": n, "path": str(tmp_path / n), **common, **k} for n, k in (("one", one), ("two", two))]
        made = recipe(*sources, split={"near_duplicate_bits": BITS, **rules})
        ingest(made, tmp_path / "raw")
        return split(made, tmp_path / "raw", tmp_path / "split")

    return build


@pytest.mark.parametrize("copy", COPIES)
def test_split__a_copy_under_another_persons_code_stops_it(planted: Any, tmp_path: Path, copy: Any) -> None:
    with pytest.raises(DataError, match=r"one/a \(person P1\) to test, two/a \(person P2\) to train"):
        planted(copy, {"person": "P1"}, {"person": "P2"}, test_persons=["P1"])
    assert not (tmp_path / "split").exists()


@pytest.mark.parametrize("copy", COPIES)
def test_split__an_anonymous_copy_goes_to_the_same_side(planted: Any, copy: Any) -> None:
    frames = planted(copy, {"person": "P1"}, {}, test_persons=["P1"], val_share=0.0, test_share=0.0)
    assert {frame.split for frame in frames} == {"test"}


def test_split__one_person_in_two_sources_that_go_apart_stops_it(planted: Any) -> None:
    with pytest.raises(DataError, match=r"sent to two sides: one/a \(person P1\) to val, two/a \(person P1\) to test"):
        planted(mirrored, {"person": "P1"}, {"person": "P1"}, val_sources=["one"], test_sources=["two"])


def test_split__two_people_in_one_recording_who_go_apart_stop_it(tmp_path: Path, recipe: Any) -> None:
    same = {"source": "s", "licence": "CC0", "view": "first", "clip": "c", "labelled": (), "width": 9, "height": 9}
    frames = [
        FrameRecord(id=f"s/{p}", file=f"{p}.png", sha256=p, phash=h * 16, person=p, group=f"person:{p}", **same)
        for p, h in (("P1", "0"), ("P2", "7"))
    ]
    Manifest(tuple(frames), tmp_path).save(tmp_path / "raw")
    with pytest.raises(DataError, match=r"s/P2 \(person P2\) to test, s/P1 \(person P1\) to train"):
        split(recipe(split={"test_persons": ["P2"]}), tmp_path / "raw", tmp_path / "split")


def test_mirrored_pairs__knows_the_mirror_image_by_the_hash_alone() -> None:
    pictures = [draw(np.random.default_rng(seed), "P2", holds="book").image for seed in range(20)]
    hashes = [str(imagehash.phash(Pillow.fromarray(image))) for image in (*pictures, *map(mirrored, pictures))]
    found = {(i, j) for i, j in mirrored_pairs(hashes, BITS) if j == i + 20}
    assert len(found) >= 18
    assert near_pairs(hashes, BITS) == []
