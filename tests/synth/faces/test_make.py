from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from drawn import recipe
from proctor_models.config import load_recipe
from proctor_models.errors import ConfigError, DataError
from proctor_models.synth.faces import bases
from proctor_models.synth.faces.cutouts import Cutouts
from proctor_models.synth.faces.finder import REQUIREMENTS, Finder
from proctor_models.synth.faces.make import Maker, Options, synth_faces
from proctor_models.synth.faces.scene import NotPlaced, Scene
from synth.faces.people import FACE, Found, coco_of, frame, head, picture, somebody, write_dataset

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = all(importlib.util.find_spec(name) for name in ("mediapipe", "openpeople"))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    frames = [frame(f"room/{i}", person=f"P{i}", clip=f"c{i}", group=f"person:P{i}") for i in range(6)]
    frames.append(frame("photos/1", person=None, clip=None, group="picture:street/a", source="street", view="other"))
    frames.append(frame("room/other-side", person="V", group="person:V", split="val"))
    write_dataset(tmp_path / "data", frames)
    return tmp_path / "data"


@pytest.fixture
def no_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_synth_faces__same_seed_same_bytes(dataset: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        synth_faces(dataset, 3, seed, tmp_path / name, finder=Found())  # type: ignore[arg-type]
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert tree(tmp_path / "a") != tree(tmp_path / "c")
    assert len(tree(tmp_path / "a")) == 3 + 2


def test_synth_faces__paints_only_what_is_asked_for(dataset: Path, tmp_path: Path) -> None:
    options = Options(deeds=("mask",))
    summary = synth_faces(dataset, 4, 1, tmp_path / "out", options, finder=Found())  # type: ignore[arg-type]
    assert isinstance(summary["painted"], dict)
    assert {painted.partition(":")[0] for painted in summary["painted"]} == {"mask"}
    with pytest.raises(ConfigError, match=r"--deeds: expected some of in_ear, .*, got 'hats'"):
        synth_faces(dataset, 4, 1, tmp_path / "other", Options(deeds=("hats",)), finder=Found())  # type: ignore[arg-type]


def test_synth_faces__is_ingested_and_stays_on_the_side_of_its_base(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("imagehash", reason="ingest runs in the main environment")
    from proctor_models.data.ingest import ingest

    summary = synth_faces(dataset, 5, 3, tmp_path / "out", finder=Found())  # type: ignore[arg-type]
    plan = recipe(tmp_path / "out") | {"ingest": {"sources": [_source(tmp_path / "out")]}}
    (tmp_path / "demo.yaml").write_text(yaml.safe_dump(plan))
    manifest = ingest(load_recipe(tmp_path / "demo.yaml"), tmp_path / "raw")
    assert len(manifest) == summary["frames"] == 5
    for one in manifest:
        assert one.tags["synthetic"] == "true"
        assert one.tags["synthetic_kind"] == "composite"
        base = one.tags["base"]
        assert one.group == ("picture:street/a" if base == "photos/1" else f"person:P{base[-1]}")
        assert one.source == ("synth-faces/street" if base == "photos/1" else "synth-faces/exam-room")
        assert one.licence == "CC0-1.0"
        assert set(one.labelled) == set(frame().labelled)


def _source(folder: Path) -> dict[str, str]:
    return {"name": "faces", "format": "coco", "path": str(folder)}


def test_synth_faces__changes_pixels_where_the_boxes_are(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 6, 5, tmp_path / "out", finder=Found())  # type: ignore[arg-type]
    coco = coco_of(tmp_path / "out")
    names = {one["id"]: one["name"] for one in coco["categories"]}
    seen = set()
    for image in coco["images"]:
        base = cv2.imread(str(dataset / "images" / f"{image['tags']['base']}.jpg")).astype(float)
        made = cv2.imread(str(tmp_path / "out" / "images" / image["file_name"])).astype(float)
        changed = np.abs(made - base).mean(2) > 12
        assert changed.mean() < 0.5
        for one in coco["annotations"]:
            if one["image_id"] == image["id"] and names[one["category_id"]] in ("earphone", "phone", "face_masked"):
                x, y, wide, high = (int(v) for v in one["bbox"])
                assert changed[y : y + high, x : x + wide].mean() > 0.15
                seen.add(names[one["category_id"]])
    assert "earphone" in seen


def test_synth_faces__never_takes_another_side(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 3, 1, tmp_path / "out", Options(("val",)), finder=Found())  # type: ignore[arg-type]
    assert {one["tags"]["base"] for one in coco_of(tmp_path / "out")["images"]} <= {"room/other-side"}


@pytest.mark.parametrize("made", [0, -3])
def test_synth_faces__refuses_no_frames(made: int, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"--frames: expected 1 or more, got {made}"):
        synth_faces(dataset, made, 1, tmp_path / "out")


def test_synth_faces__says_why_there_are_not_enough_and_keeps_the_last_result(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 2, 1, tmp_path / "out", finder=Found())  # type: ignore[arg-type]
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=r"found none for frame 5: .*fewer --frames"):
        synth_faces(dataset, 9, 1, tmp_path / "out", Options(("val",), fresh=True), finder=Found())  # type: ignore[arg-type]
    assert tree(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_synth_faces__replaces_a_finished_result_only_where_told(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 2, 1, tmp_path / "out", finder=Found())  # type: ignore[arg-type]
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=r"out: holds a finished result .*; name another --out, or say --fresh"):
        synth_faces(dataset, 2, 2, tmp_path / "out", finder=Found())  # type: ignore[arg-type]
    assert tree(tmp_path / "out") == before
    synth_faces(dataset, 2, 2, tmp_path / "out", Options(fresh=True), finder=Found())  # type: ignore[arg-type]
    assert tree(tmp_path / "out") != before


def test_synth_faces__refuses_a_sheet_in_the_folder_that_is_replaced(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--sheet: expected a file outside"):
        synth_faces(dataset, 2, 1, tmp_path / "out", Options(sheet=tmp_path / "out" / "s.jpg"))


def test_synth_faces__names_the_picture_that_is_gone(dataset: Path, tmp_path: Path) -> None:
    for path in (dataset / "images").rglob("*.jpg"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"\.jpg: cannot be decoded any more; run `proctor ingest` again"):
        synth_faces(dataset, 1, 1, tmp_path / "out", finder=Found())  # type: ignore[arg-type]


def test_synth_faces__draws_a_sheet(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 2, 1, tmp_path / "out", Options(sheet=tmp_path / "new/s.jpg"), finder=Found())  # type: ignore[arg-type]
    assert cv2.imread(str(tmp_path / "new/s.jpg")).shape == (240, 6 * 320, 3)


def test_maker__counts_what_it_could_not_place(tmp_path: Path) -> None:
    hairy = [frame(f"room/{i}", tags={"hair": "long"}) for i in range(3)]
    write_dataset(tmp_path, hairy)
    from proctor_models.data.manifest import Manifest

    maker = Maker(Manifest.load(tmp_path), hairy, Found(), Cutouts(), 1)  # type: ignore[arg-type]
    made = [maker.make(number).deed for number in range(1, 4)]
    assert "in_ear" not in made
    assert maker.not_placed["in_ear: hair or cloth over the ear"] > 0
    assert set(made) <= set(bases.DEEDS)


def scene(**changes: object) -> Scene:
    fields = {"base": frame(), "picture": picture(), "head": head(), "people": somebody(), "hands": (), "face": FACE}
    return Scene(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deed", "changes", "why"),
    [
        ("over_ear", {"head": head(70)}, "head turned too far"),
        ("over_ear", {"hands": [(100.0, 60.0, 140.0, 140.0)]}, "a hand or a thing is in front"),
        ("mask", {"head": head(40)}, "head turned too far"),
        ("glasses", {"hands": [(100.0, 60.0, 140.0, 140.0)]}, "a hand or a thing is in front"),
        ("glasses", {"people": np.zeros((240, 320), np.float32)}, "hair or cloth over the ear"),
        ("phone", {"hands": [(0.0, 0.0, 9.0, 9.0)] * 2}, "both hands are in sight"),
    ],
)
def test_scene__refuses_what_would_look_wrong(deed: str, changes: dict[str, object], why: str) -> None:
    changed = scene(**changes)
    deeds = {
        "over_ear": lambda: changed.over_ear(Cutouts()),
        "mask": lambda: changed.masked("right"),
        "glasses": lambda: changed.glasses(Cutouts()),
        "phone": lambda: changed.held("phone"),
    }
    with pytest.raises(NotPlaced, match=why):
        deeds[deed]()


def test_synth_faces__glasses_are_no_earphones_but_some_are_worn_beside_them(dataset: Path, tmp_path: Path) -> None:
    synth_faces(dataset, 9, 1, tmp_path / "out", Options(deeds=("glasses",)), finder=Found())  # type: ignore[arg-type]
    coco = coco_of(tmp_path / "out")
    names = {one["id"]: one["name"] for one in coco["categories"]}
    said = set()
    for image in coco["images"]:
        boxes = {names[b["category_id"]]: b for b in coco["annotations"] if b["image_id"] == image["id"]}
        assert boxes["face"]["attributes"] == {"glasses": "clear"}
        base = cv2.imread(str(dataset / "images" / f"{image['tags']['base']}.jpg")).astype(float)
        made = cv2.imread(str(tmp_path / "out" / "images" / image["file_name"])).astype(float)
        eyes = np.abs(made - base).mean(2)[96:112, 126:194]
        assert (eyes > 12).mean() > 0.02
        assert ("earphone" in boxes) == (" and " in image["tags"]["painted"])
        said.add("earphone" in boxes)
    assert said == {True, False}


@pytest.mark.usefixtures("no_mediapipe")
def test_synth_faces__names_the_environment_and_leaves_nothing(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mediapipe is not installed.*make synth-env.*requirements-synth\.txt"):
        synth_faces(dataset, 2, 1, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (ROOT / REQUIREMENTS).is_file()


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="needs the environment of requirements-synth.txt")
def test_finder__finds_a_made_up_face_twice_alike() -> None:
    import openpeople

    folder = Path(openpeople.__file__).parent / "data" / "curated" / "P001" / "assets"
    photograph = cv2.imread(str(folder / "studio_portrait.jpg"))
    small = cv2.resize(photograph, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    finder = Finder()
    found = finder.head(small)
    assert found is not None
    assert abs(found.yaw_deg) < 15
    low, high = found.landmarks[:, :2].min(0), found.landmarks[:, :2].max(0)
    again = finder.head(small, (*low.tolist(), *high.tolist()))
    assert again is not None
    assert np.abs(again.landmarks[:, :2] - found.landmarks[:, :2]).max() < 0.05 * found.face_px
    assert finder.head(small, (0.0, 0.0, 40.0, 40.0)) is None
    assert finder.people(small)[int(low[1] + 20), int(low[0] + 20)] > 0.5
    assert json.dumps(finder.hands(small)) == "[]"
