"""A pack over a folder of pictures: the COCO file, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from proctor_models.errors import DataError, PackError
from proctor_models.runtime.predict import image_paths, predict
from proctor_models.types import HEAD_ATTRIBUTES, SCENE_CLASSES

Writer = Callable[..., Path]
FOUND = [
    ("person", (10, 10, 50, 56), 0.9),
    ("face", (20, 14, 36, 30), 0.6),
    ("earphone", (34, 20, 38, 26), 0.7),  # on the face's side
    ("earphone", (2, 50, 8, 54), 0.5),  # on the desk
    ("phone", (0, 20, 8, 30), 0.8),
]
ATTRIBUTES = {"mask": 0.95, "earphone_in_ear": 0.8, "earphone_over_ear": 0.1}


@pytest.fixture
def images(tmp_path: Path, picture: NDArray[np.uint8]) -> Path:
    folder = tmp_path / "images"
    (folder / "房间").mkdir(parents=True)
    cv2.imencode(".png", picture)[1].tofile(folder / "房间" / "b.PNG")
    cv2.imencode(".jpg", picture[:64])[1].tofile(folder / "a.jpg")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_text("no picture")
    return folder


def run(pack: Path, images: Path, out: Path) -> dict[str, Any]:
    predict(pack, images, out, threads=1)
    coco: dict[str, Any] = json.loads(out.read_text())
    return coco


def test_predict__coco(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    coco = run(make_pack(FOUND, ATTRIBUTES), images, tmp_path / "out.json")
    assert [(i["id"], i["file_name"], i["width"], i["height"]) for i in coco["images"]] == [
        (1, "a.jpg", 128, 64),
        (2, "房间/b.PNG", 128, 96),
    ]
    assert [c["name"] for c in coco["categories"]] == list(SCENE_CLASSES)
    assert [c["id"] for c in coco["categories"]] == list(range(1, len(SCENE_CLASSES) + 1))
    assert coco["info"]["pack_version"] == "1.0"
    assert set(coco["info"]["model_sha256"]) == {"scene", "head"}
    rows = coco["annotations"]
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
    phone = next(row for row in rows if row["image_id"] == 2 and row["category_id"] == SCENE_CLASSES.index("phone") + 1)
    assert phone["bbox"] == [0, 24, 16, 20]
    assert (phone["area"], phone["iscrowd"], phone["score"]) == (320, 0, 0.8)


def test_predict__attributes(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    coco = run(make_pack(FOUND, ATTRIBUTES), images, tmp_path / "out.json")
    rows = [row for row in coco["annotations"] if row["image_id"] == 2]
    names = {row["score"]: SCENE_CLASSES[row["category_id"] - 1] for row in rows}
    attributes = {row["score"]: row["attributes"] for row in rows}
    # 0.6 x 0.95 by the head net, 0.4 x 0.2 by the scene net: masked after all.
    assert names[0.6] == "face_masked"
    assert attributes[0.6] == dict.fromkeys(HEAD_ATTRIBUTES, 0) | ATTRIBUTES
    assert attributes[0.7] == {"worn": True, "kind": "earbud"}
    assert attributes[0.5] == {"worn": False}
    assert attributes[0.8] == {}


def test_predict__scores_of_the_detectors(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    coco = run(make_pack([("phone", (0, 20, 8, 30), 0.8)]), images, tmp_path / "out.json")
    assert coco["images"][1]["scores"] == {
        "phone": 0.8,
        "earphone": None,
        "mask": None,
        "multiple_faces": 0,
        "seat_absence": 1,
        "book_paper": 0,
        "hat": None,
        "ears_covered": None,
        "face_occluded": None,
    }


def test_predict__read_by_pycocotools(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    from pycocotools.coco import COCO

    run(make_pack(FOUND, ATTRIBUTES), images, tmp_path / "out.json")
    coco = COCO(str(tmp_path / "out.json"))
    assert len(coco.getAnnIds(catIds=coco.getCatIds(catNms=["earphone"]))) == 3  # one is cut off in a.jpg


def test_predict__same_bytes_twice(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    pack = make_pack(FOUND, ATTRIBUTES)
    run(pack, images, tmp_path / "a.json")
    run(pack, images, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_predict__unreadable_images_by_name(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    (images / "broken.jpg").write_bytes((images / "a.jpg").read_bytes()[:300])
    (images / "empty.webp").write_bytes(b"")
    out = tmp_path / "out.json"
    out.write_text("before")
    with pytest.raises(DataError, match=r"(?s)2 of 4 images unreadable, nothing written.*broken\.jpg.*empty\.webp"):
        predict(make_pack(), images, out)
    assert out.read_text() == "before"


def test_predict__no_folder_for_out(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    pack = make_pack()
    for out in (tmp_path / "none" / "out.json", tmp_path):
        with pytest.raises(DataError, match="expected a file in a folder that exists"):
            predict(pack, images, out)


def test_predict__no_thread_to_run_on(tmp_path: Path, make_pack: Writer, images: Path) -> None:
    with pytest.raises(DataError, match="threads: expected 1 or more, got 0"):
        predict(make_pack(), images, tmp_path / "out.json", threads=0)


def test_predict__no_pack(tmp_path: Path, images: Path) -> None:
    with pytest.raises(PackError, match="no such manifest"):
        predict(tmp_path, images, tmp_path / "out.json")


def test_image_paths__none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected images .* found none in any depth"):
        image_paths(tmp_path)
    with pytest.raises(DataError, match="no such folder of images"):
        image_paths(tmp_path / "none")
