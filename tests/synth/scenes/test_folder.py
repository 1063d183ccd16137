from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from proctor_models.config import Ingest, Recipe, Source, load_recipe
from proctor_models.data.ingest import ingest
from proctor_models.errors import ConfigError, DataError
from proctor_models.files import write_json
from proctor_models.synth.scenes import generate
from proctor_models.synth.scenes.coco import ANNOTATIONS_FILE, CATEGORIES, coco_of
from proctor_models.synth.scenes.gallery import counts, page, write_gallery
from proctor_models.synth.scenes.labels import Head, Label
from proctor_models.synth.scenes.plans.jobs import Job, planned
from proctor_models.synth.scenes.plans.plan import scene
from proctor_models.synth.scenes.plans.spec import SceneSpec
from proctor_models.synth.scenes.records import finished, frame_name, record, record_path, spec_hash

ROOT = Path(__file__).resolve().parents[3]
POSE = Head(1, np.zeros((1, 3)), np.ones(1), np.zeros((2, 3)), (12.5, -3.0, 0.5))


def drawn_record(spec: SceneSpec, view: int, folder: Path) -> dict[str, Any]:
    """A frame as the renderer leaves it: a grey picture with one bright person, phone and earbud."""
    width, height = spec.cameras[view].resolution_wh
    image = np.random.default_rng(spec.index * 2 + view).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((height, width), np.uint8)
    mask[40:, 60:200], mask[60:90, 20:40], mask[80:88, 70:76] = 1, 2, 3
    labels = []
    if spec.candidate is not None:
        labels += [Label("person", (60, 40, 200, height), int((mask == 1).sum()), 0.9, {}, 1)]
        labels += [Label("face_masked", (90, 50, 150, 120), 4200, 0.8, {"mask_incorrect": True}, 0)]
        labels += [Label("earphone", (70, 80, 76, 88), 48, 1.0, {"kind": "earbud", "worn": True}, 3)]
    labels += [Label("phone", (20, 60, 40, 90), 600, 1.0, {}, 2)]
    name = frame_name(spec, view)
    for part in ("images", "masks", "records"):
        (folder / part).mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), image)
    cv2.imwrite(str(folder / "masks" / f"{name}.png"), mask)
    made = record(spec, view, labels, [POSE] if spec.candidate else [], (True, False)) | {"spec": spec_hash(spec)}
    write_json(record_path(folder, name), made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    made = tmp_path / "scenes"
    made.mkdir()
    job = Job(3, "320x240")
    return made, [drawn_record(planned(job, index), view, made) for index in range(4) for view in (0, 1)]


def recipe_of(folder: Path) -> Recipe:
    recipe = load_recipe(ROOT / "configs" / "demo.yaml")
    return recipe.model_copy(update={"ingest": Ingest(sources=(Source(name="s", format="coco", path=str(folder)),))})


def test_coco_of__is_ingested_with_all_it_states(folder: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    out, records = folder
    write_json(out / ANNOTATIONS_FILE, coco_of(records, 8, 3))
    frames = list(ingest(recipe_of(out), tmp_path / "raw"))
    assert len(frames) == 8
    assert {f.view for f in frames} == {"first", "second"}
    assert all(set(f.labelled) == set(CATEGORIES) and f.tags["synthetic"] == "true" for f in frames)
    assert {f.group for f in frames} == {"person:D0001", "person:D0002"}
    masked = [b for f in frames for b in f.boxes if b.label == "face_masked"]
    assert masked
    assert all(b.attributes["mask_incorrect"] is True for b in masked)
    assert {"light", "activity", "monk_tone"} <= set(frames[0].tags)


def test_coco_of__boxes_hold_their_pixels(folder: tuple[Path, list[dict[str, Any]]]) -> None:
    out, records = folder
    coco = coco_of(records, 8, 3)
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    for label in coco["annotations"]:
        if not label["instance"]:
            continue
        mask = cv2.imread(str(out / "masks" / Path(names[label["image_id"]]).with_suffix(".png")), cv2.IMREAD_UNCHANGED)
        y, x = np.nonzero(mask == label["instance"])
        x0, y0, width, height = label["bbox"]
        assert (x0, y0) <= (x.min(), y.min())
        assert (x.max() - x0, y.max() - y0) == (width - 1, height - 1)


def test_write_gallery__shows_every_frame(folder: tuple[Path, list[dict[str, Any]]]) -> None:
    out, records = folder
    write_gallery(out, records)
    text = (out / "gallery.html").read_text()
    assert text.count("<figure") == 8
    assert "http" not in text
    sheet = cv2.imread(str(out / "contact.jpg"))
    assert sheet.shape == (900, 1920, 3)


def test_page__escapes_what_it_shows() -> None:
    spec = replace(scene(3, 0), activity="<b>")
    assert "<b>" not in page([record(spec, 0, [], [], (False, False))])


def test_counts__by_class_and_slice(folder: tuple[Path, list[dict[str, Any]]]) -> None:
    found = counts(folder[1])
    assert found["class"]["phone"] == 8
    assert found["view"] == {"first": 4, "second": 4}


def test_finished__only_by_the_same_plan(folder: tuple[Path, list[dict[str, Any]]]) -> None:
    out, records = folder
    spec = planned(Job(3, "320x240"), 1)
    assert finished(out, spec, 1) == records[3]
    assert finished(out, planned(Job(3), 1), 1) is None
    record_path(out, frame_name(spec, 1)).write_text('{"spec": "')
    assert finished(out, spec, 1) is None


@pytest.mark.parametrize(
    ("frames", "only", "words"), [(0, None, "--frames: expected 1"), (4, 4, "--only: expected 0 to 3")]
)
def test_generate__numbers_out_of_range(frames: int, only: int | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        generate.generate(frames, 1, tmp_path / "out", generate.Options(only=only))


def test_generate__leaves_a_strangers_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(DataError, match="letters: expected a new folder"):
        generate.generate(2, 1, tmp_path / "letters")
    assert (tmp_path / "letters" / "a.txt").read_text() == "dear"


def test_generate__takes_what_is_finished_and_needs_no_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate.importlib.util, "find_spec", lambda _name: True)
    work = tmp_path / ".out.work"
    work.mkdir()
    for index in range(2):
        for view in (0, 1):
            drawn_record(planned(Job(3, "320x240"), index), view, work)
    generate.generate(4, 3, tmp_path / "out", generate.Options(resolution="320x240"))
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == {
        "images", "masks", "annotations.json", "plan.jsonl", "gallery.html", "contact.jpg", "LICENCE.txt"
    }  # fmt: skip
    assert not work.exists()
    coco = json.loads((out / ANNOTATIONS_FILE).read_text())
    assert [image["file_name"] for image in coco["images"]] == sorted(p.name for p in (out / "images").iterdir())


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for the renderer: draws what is asked for, and lists it as seed/scene/view."""
    asked: list[str] = []

    def draw(job: Job, work: Path, orders: Sequence[dict[str, Any]], _workers: int) -> None:
        for order in orders:
            for view in order["views"]:
                drawn_record(planned(job, order["scene"]), view, work)
                asked.append(f"{job.seed}/{order['scene']}/{view}")

    monkeypatch.setattr(generate.importlib.util, "find_spec", lambda _name: True)
    monkeypatch.setattr(generate, "_make", draw)
    return asked


SMALL = generate.Options(resolution="320x240")


def test_generate__the_same_plan_again_is_nothing_to_do(
    rendered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        generate.generate(3, 3, tmp_path / "out", SMALL)
    assert rendered == ["3/0/0", "3/0/1", "3/1/0"]
    assert "out: finished already by the same plan, nothing to do; --fresh makes it anew" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("frames", "seed", "options"),
    [(3, 4, SMALL), (4, 3, SMALL), (3, 3, generate.Options()), (3, 3, replace(SMALL, only=1))],
)
def test_generate__another_plan_replaces_a_finished_folder_only_where_told(
    frames: int, seed: int, options: generate.Options, rendered: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    generate.generate(3, 3, out, SMALL)
    before = (out / ANNOTATIONS_FILE).read_bytes()
    rendered.clear()
    with pytest.raises(DataError, match=r"out: holds a finished result .*; name another --out, or say --fresh"):
        generate.generate(frames, seed, out, options)
    assert not rendered
    assert (out / ANNOTATIONS_FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    generate.generate(frames, seed, out, replace(options, fresh=True))
    assert (out / ANNOTATIONS_FILE).read_bytes() != before


def test_generate__a_stopped_run_that_may_replace_goes_on(
    rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    generate.generate(3, 3, out, SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(generate, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            generate.generate(2, 4, out, replace(SMALL, fresh=True))
    rendered.clear()
    generate.generate(2, 4, out, SMALL)
    assert not rendered
    assert json.loads((out / ANNOTATIONS_FILE).read_text())["info"]["description"].endswith(
        "seed 4: nobody in it exists"
    )
