"""The measuring scripts run; what they measure is not judged here."""

from __future__ import annotations

import doctest
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from drawn import ROOT, recipe, write_coco, write_video
from packed import make_pack, reseal, write_head, write_scene  # noqa: F401 - fixtures
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import ConfigError


@pytest.mark.slow
def test_data__quick_measures_every_part_and_says_what_it_left_out(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco")
    (tmp_path / "drawn.yaml").write_text(yaml.safe_dump(recipe(tmp_path / "coco")))
    command = [sys.executable, str(ROOT / "benchmarks/data.py"), "--quick", "--recipe", str(tmp_path / "drawn.yaml")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out.json")], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = json.loads((tmp_path / "out.json").read_text())
    assert said["machine"]["torch"]
    figures = {(figure["part"], figure["what"]): figure for figure in said["figures"]}
    measured = {key for key, figure in figures.items() if figure["median"] is not None}
    assert {part for part, _ in measured} == {"ingest", "video", "loader"}
    for net in ("scene", "head"):
        loaded, trained = (figures["loader", f"{net}: {what}"]["median"] for what in ("loaded", "trained on"))
        assert figures["loader", f"{net}: loaded over trained on"]["median"] == pytest.approx(loaded / trained)
    assert figures["synth", "scenes"]["note"] == "left out by --quick"
    assert len(done.stdout.splitlines()) == 1 + len(figures)


def test_data__an_unknown_recipe_is_one_message(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/data.py"), "--quick", "--recipe", str(tmp_path / "absent.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no such recipe" in done.stderr
    assert "Traceback" not in done.stderr


def synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("synthetic", ROOT / "benchmarks" / "synthetic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["synthetic"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_synthetic__arms_differ_in_what_they_train_on_alone(tmp_path: Path) -> None:
    module = synthetic()
    plan = module.Plan(ROOT / "configs/evaluation.yaml", tmp_path, {"scenes": tmp_path}, {"faces": tmp_path})
    raw = {arm: yaml.safe_load(path.read_text()) for arm, path in module.recipes(plan).items()}
    assert {arm: one["split"].pop("train_sources") for arm, one in raw.items()} == {
        "real": ["curated", "webcam", "webcam_val"],
        "synthetic": ["scenes"],
        "both": ["curated", "webcam", "webcam_val", "scenes"],
        "all": ["curated", "webcam", "webcam_val", "scenes", "faces"],
    }
    assert {one.pop("name") for one in raw.values()} == set(plan.arms)
    assert raw["real"] == raw["both"] == raw["all"]
    assert raw["synthetic"]["split"] == raw["real"]["split"]


def test_synthetic__differences_are_paired_by_resample() -> None:
    drawn = np.linspace(0.0, 1.0, 101)
    said = synthetic().paired({"real": {"ap": (0.5, drawn)}, "both": {"ap": (0.6, drawn + 0.1)}})
    assert said["both"]["ap"]["interval"] == pytest.approx((0.125, 1.075))
    assert said["both"]["ap"]["difference_interval"] == pytest.approx((0.1, 0.1))
    assert said["real"]["ap"]["difference"] == 0


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`benchmarks/peers.py`, with what it sets for its own process undone afterwards."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return importlib.import_module("peers")


def frame(number: int, labelled: tuple[str, ...], *boxes: tuple[str, int]) -> FrameRecord:
    """A frame of one of four people, with boxes of 20 pixels at the given left edge."""
    labels = tuple(BoxLabel(label=name, xyxy=(x, 0, x + 20, 20)) for name, x in boxes)
    return FrameRecord(
        id=f"drawn/{number}",
        file=f"{number}.jpg",
        sha256="",
        phash="",
        width=100,
        height=50,
        source="drawn",
        licence="MIT",
        view="first",
        person=f"P{number % 4}",
        group=f"P{number % 4}",
        labelled=labelled,
        boxes=labels,
    )


def drawn_peer(module: ModuleType, name: str, sights: list[dict[str, list[tuple[int, float]]]]) -> Any:
    """A peer that says what it is told to, frame by frame; the warm-up is none of its frames."""
    nets, left = sys.modules["peers_nets"], iter(sights)

    def found(rows: list[tuple[int, float]]) -> tuple[Any, Any]:
        boxes = np.array([(x, 0, x + 20, 20) for x, _ in rows], np.float32).reshape(-1, 4)
        return boxes, np.array([score for _, score in rows], np.float32)

    def look(_: Any) -> Any:
        return nets.stock_sight({key: found(rows) for key, rows in next(left).items()}, cpu_s=0.001 * len(name))

    finds = tuple(sights[0])
    return module.Peer(name, "drawn", "1", "MIT", finds, nets.stock_thresholds(0.5), look)


def test_peers__only_frames_that_label_a_class_count_and_faces_stand_for_persons(
    peers: ModuleType, tmp_path: Path
) -> None:
    whole = ("person", "phone")
    frames = [
        frame(0, whole, ("person", 0), ("phone", 40)),
        frame(1, whole, ("person", 0), ("person", 30)),
        frame(2, whole),
        frame(3, ("phone",), ("phone", 40)),  # whether somebody is there is not labelled
    ]
    for one in frames:
        cv2.imwrite(str(tmp_path / one.file), np.zeros((50, 100, 3), np.uint8))
    person, phone = [(0, 0.9)], [(40, 0.8)]
    ours = drawn_peer(
        peers,
        "ours",
        [
            {"person": person, "phone": phone},
            {"person": [*person, (30, 0.7)], "phone": []},
            {"person": [], "phone": []},
            {"person": [(70, 0.99)], "phone": phone},
        ],
    )
    faces = drawn_peer(peers, "facesees", [{"face": person}, {"face": person}, {"face": person}, {"face": []}])
    result = peers.compare(Manifest(tuple(frames), tmp_path), [ours, faces])
    tasks = result["tasks"]
    assert set(tasks) == {"boxes_phone", "boxes_person", "frames_phone", "frames_multiple_faces", "frames_seat_absence"}
    assert (tasks["boxes_person"]["frames"], tasks["boxes_phone"]["frames"]) == (3, 4)
    for key in ("boxes_person", "boxes_phone"):
        assert tasks[key]["peers"]["ours"]["AP50"]["value"] == pytest.approx(1.0)
        assert list(tasks[key]["peers"]) == ["ours"]  # the other draws no such boxes
    nobody = tasks["frames_seat_absence"]["peers"]
    assert (nobody["ours"]["precision"]["value"], nobody["ours"]["recall"]["value"]) == (1.0, 1.0)
    assert (nobody["facesees"]["precision"]["value"], nobody["facesees"]["recall"]["value"]) == (None, 0.0)
    assert nobody["facesees"]["frame AP"]["difference"] == pytest.approx(1 / 3 - 1)
    assert tasks["frames_multiple_faces"]["peers"]["facesees"]["recall"]["value"] == 0.0
    assert result["cost"]["facesees"] == {"least_ms": 8.0, "median_ms": 8.0, "times_ours": 2.0}
    said = peers.table(result | {"notes": ["Drawn."], "skipped": {"absent": "not there"}})
    assert "Not measured, 1 of 3:" in said
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 8 for line in rows[:4])
    assert "| facesees | 0.50 | unknown | 0.000 (0.000 to 0.975) |" in said


def test_peers__a_peer_that_is_not_there_is_left_out_and_said(peers: ModuleType, tmp_path: Path) -> None:
    nets = sys.modules["peers_nets"]
    setup = nets.Setup(tmp_path, tmp_path / "python")
    for name in ("yolo26n-640", "yolox", "yunet", "blazeface"):
        with pytest.raises(nets.Missing, match=r"does not lie in the folder|no environment with MediaPipe"):
            peers.PEERS[name](setup)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("broken\nweights"), "it failed: broken weights"),
        (OSError("no such program"), "it failed: no such program"),
        (cv2.error("bad model"), "it failed: bad model"),
        (ImportError("no torch"), "not installed: no torch"),
    ],
)
def test_peers__one_that_does_not_run_is_left_out_with_its_reason(
    peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, reason: str
) -> None:
    def broken(_: Any) -> Any:
        raise error

    monkeypatch.setattr(peers, "ours", lambda _, name: drawn_peer(peers, name, [{"face": []}]))
    monkeypatch.setattr(peers, "Predictor", lambda scene: scene)
    monkeypatch.setitem(peers.PEERS, "yunet", broken)
    setup = sys.modules["peers_nets"].Setup(tmp_path, tmp_path)
    found, skipped = peers.gather(SimpleNamespace(scene=None), setup, ["yunet"])
    assert [peer.name for peer in found] == [peers.OURS, peers.ALONE]
    assert skipped == {"yunet": reason}


DYING_WORKER = """\
import json, sys
print(json.dumps({"mediapipe": "0"}), flush=True)
shape = json.loads(sys.stdin.buffer.readline())["shape"]
sys.stdin.buffer.read(shape[0] * shape[1] * shape[2])
print(json.dumps({"faces": [[0, 0, 0.2, 0.4, 0.9]], "cpu_s": 0.002}), flush=True)
sys.exit("out of memory")
"""


def test_peers__one_whose_process_dies_on_the_way_loses_no_other(
    peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "worker.py").write_text(DYING_WORKER)
    monkeypatch.setattr(sys.modules["peers_faces"], "WORKER", tmp_path / "worker.py")
    setup = sys.modules["peers_nets"].Setup(tmp_path, Path(sys.executable))
    frames = [frame(number, ("person",), *[("person", 0)] * (number % 2)) for number in range(4)]
    for one in frames:
        cv2.imwrite(str(tmp_path / one.file), np.zeros((50, 100, 3), np.uint8))
    sights = [{"person": [(0, 0.9)] * (number % 2)} for number in range(4)]
    named = [drawn_peer(peers, name, sights) for name in ("ours", "other")]
    result = peers.compare(Manifest(tuple(frames), tmp_path), [named[0], peers.blazeface(setup), named[1]])
    assert list(result["peers"]) == list(result["cost"]) == ["ours", "other"]
    assert result["tasks"]["boxes_person"]["peers"]["other"]["AP50"]["value"] == pytest.approx(1.0)
    reason = "dropped at frame 2 of 4: its process ended: out of memory"
    assert result["skipped"] == {"BlazeFace": reason}
    assert f"Not measured, 1 of 3:\n\n- BlazeFace: {reason}" in peers.table(result | {"notes": []})


def test_peers__ours_that_fails_is_an_error(peers: ModuleType, tmp_path: Path) -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError("ours is broken")

    cv2.imwrite(str(tmp_path / "0.jpg"), np.zeros((50, 100, 3), np.uint8))
    ours = replace(drawn_peer(peers, "ours", [{"person": []}]), look=broken)
    with pytest.raises(RuntimeError, match="ours is broken"):
        peers.compare(Manifest((frame(0, ("person",)),), tmp_path), [ours])


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ("train", "**Our nets have learnt these very frames"),
        ("val", "**Our nets' epoch, averaging and thresholds were chosen on these frames"),
        ("test", None),
    ],
)
def test_peers__a_split_that_is_not_held_out_is_said(
    peers: ModuleType, tmp_path: Path, split: str, words: str | None
) -> None:
    spec = SimpleNamespace(recipe="r@0", version="1", data_version="d" * 64)
    predictor = SimpleNamespace(scene=SimpleNamespace(spec=spec))
    said = peers.notes(Manifest((frame(0, ()),), tmp_path), split, "d" * 64, predictor)
    bold = [line for line in said if line.startswith("**")]
    assert len(bold) == (words is not None)
    assert all(line.startswith(words or "") for line in bold)
    assert any("Ours was tuned on frames of these sources" in line for line in said)


def test_peers__examples_hold(peers: ModuleType) -> None:
    for name in ("peers_nets", "peers_faces", "peers_figures"):
        assert doctest.testmod(sys.modules[name]).failed == 0


def test_peers__a_mistyped_dataset_is_one_message(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/peers.py"), "--pack", str(tmp_path / "pack")]
    command += ["--data", str(tmp_path / "absent"), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "absent" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def load(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module(name)


@pytest.fixture
def exam(tmp_path: Path, request: pytest.FixtureRequest) -> list[str]:
    """Options that name a pack of tiny nets with the project's own rules, and two short recordings."""
    found = [("person", (10.0, 10.0, 60.0, 60.0), 0.9), ("face", (25.0, 15.0, 45.0, 35.0), 0.9)]
    thresholds = dict.fromkeys(DETECTOR_NAMES, 0.5)
    make, scene, head, seal = map(request.getfixturevalue, ("make_pack", "write_scene", "write_head", "reseal"))
    pack: Path = make()
    scene(found, pack / "models" / "scene.onnx", thresholds=thresholds)
    head({"mask": 0.2}, pack / "models" / "head.onnx", thresholds=thresholds)
    rules = yaml.safe_load((ROOT / "configs/rules/remote-exam.yaml").read_text(encoding="utf-8"))
    (pack / "rules" / "remote-exam.json").write_text(json.dumps(rules), encoding="utf-8")
    seal(pack, thresholds=thresholds)
    for seed, view in enumerate(("first", "second")):
        write_video(tmp_path / "exam" / f"{view}.mp4", seconds=12, seed=seed)
    return ["--pack", str(pack), "--exam", str(tmp_path / "exam")]


@pytest.mark.slow
def test_runtime__quick_measures_every_part_and_says_what_it_left_out(exam: list[str], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/runtime.py"), "--quick", *exam, "--weights", str(tmp_path)]
    done = subprocess.run([*command, "--out", str(tmp_path / "out.json")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "out.json").read_text())
    figures = {(figure["part"], figure["what"].strip()): figure for figure in said["figures"]}
    measured = {part for (part, _), figure in figures.items() if figure["median"] is not None}
    assert measured == {"watch", "together", "start", "options"}
    assert "yolo26n.pt does not lie in" in figures["stock", "stock YOLO26n and YuNet"]["note"]
    assert figures["options", "int8"]["note"] == "left out by --quick"
    whole = figures["watch", "runtime, a frame"]["median"]
    names = ("scene net", "head net", "decoding of 640x480 H.264, those skipped too", "all else: the runtime's own")
    assert whole == pytest.approx(sum(figures["watch", name]["median"] for name in names))
    assert figures["watch", "runtime over nets and decoding"]["at_most"] == 1.15
    assert "1.00 heads read in each" in figures["watch", "runtime over nets and decoding"]["note"]
    assert figures["watch", "frames a second a core"]["median"] == pytest.approx(1000 / whole)
    assert len(done.stdout.splitlines()) == 2 + len(said["figures"])


def test_runtime__a_pack_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/runtime.py"), "--quick", "--pack", str(tmp_path / "absent")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no such manifest" in done.stderr
    assert "Traceback" not in done.stderr


def test_runtime__both_arms_see_the_same_frames(
    monkeypatch: pytest.MonkeyPatch, exam: list[str], tmp_path: Path
) -> None:
    figures = load(monkeypatch, "runtime_figures")
    plan = figures.Plan(Path(exam[1]), Path(exam[3]), tmp_path, "remote-exam", quick=True)
    ours, bare = [image for _, _, image in figures.exam_frames(plan)], list(figures.bare_frames(plan))
    assert len(ours) == len(bare) == 48
    assert all(np.array_equal(one, other) for one, other in zip(ours, bare, strict=True))


@pytest.mark.slow
def test_soak__a_short_exam_with_a_restart_leaves_a_whole_folder_and_a_picture(exam: list[str], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/soak.py"), *exam, "--hours", "0.2", "--restart-every", "0.18"]
    done = subprocess.run([*command, "--out", str(tmp_path / "soak")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "soak" / "soak.json").read_text())
    assert (said["audit"], said["restarts"], said["hours"]) == ("whole", 1, 0.2)
    assert said["frames"] > 2500 > said["through_the_nets"] > 0
    assert said["findings_by_rule"]["recording-gap"] >= 1
    assert [reading["hour"] for reading in said["readings"]] == pytest.approx([i / 30 for i in range(6)], abs=0.02)
    assert cv2.imread(str(tmp_path / "soak" / "memory.png")) is not None


def test_soak__slope_of_a_line_is_known_and_of_noise_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = load(monkeypatch, "soak_memory")
    hours = np.arange(1, 8, 1 / 12)
    rng = np.random.default_rng(0)
    fitted, low, high = memory.slope(hours, 200 + 5 * hours + rng.normal(0, 1, len(hours)), hours > 3)
    assert low < 5 < high
    assert fitted == pytest.approx(5, abs=0.5)
    low, high = memory.slope(hours, 200 + 30 * (hours > 3) + rng.normal(0, 1, len(hours)), hours > 3)[1:]
    assert low < 0 < high
    assert np.isnan(memory.slope([1.0], [200.0], [0])).all()


def test_runtime__examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("runtime_figures", "soak_memory"):
        assert doctest.testmod(load(monkeypatch, name)).failed == 0


def test_runtime__a_page_gets_its_table_between_its_comments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    figures = load(monkeypatch, "runtime_figures")
    page = tmp_path / "page.md"
    page.write_text("# Speed\n\n<!-- it -->\nold\n<!-- end of it -->\n\nWords.\n", encoding="utf-8")
    rows = [
        figures.Figure("watch", "  head net", "CPU ms", (4.0, 5.0, 9.0)),
        figures.Figure("watch", "runtime over nets", "ratio", (1.1,), at_most=1.15),
        figures.Figure("stock", "YuNet", "CPU ms", note="not there"),
    ]
    for _ in range(2):  # again and again, with the same result
        figures.write_into(page, "it", figures.page_table(rows, {"cores": 2}))
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[:5] == ["# Speed", "", "<!-- it -->", "", "Measured on: cores 2."]
    assert lines[8:11] == [
        "| watch | - head net | 5.0 | CPU ms | 4.0 to 9.0, n=3 |  |",
        "| watch | runtime over nets | 1.100 | ratio | 1.100 to 1.100, n=1 | at most 1.15: met |",
        "| stock | YuNet | not there | CPU ms |  |  |",
    ]
    assert lines[-3:] == ["<!-- end of it -->", "", "Words."]
    with pytest.raises(ConfigError, match=r"expected the comments <!-- other --> and <!-- end of other -->"):
        figures.write_into(page, "other", "")


def test_audit_page__a_command_is_followed_by_what_it_prints_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    audit_page = load(monkeypatch, "audit_page")
    told = f"echo {tmp_path}/export/pack; echo refused >&2; exit 1"
    page = f"Words.\n\n```console\n$ {told}\nwhat it printed last year\n$ seq 40\n```\n\n```sh\n$ left alone\n```\n"
    lines = audit_page.follow(page, tmp_path).splitlines()
    assert lines[:6] == ["Words.", "", "```console", f"$ {told}", "export/pack", "refused"]
    assert lines[6:9] == ["exit code 1", "$ seq 40", "1"]
    assert lines[-7:] == ["30", "... and 10 more lines", "```", "", "```sh", "$ left alone", "```"]


def test_audit_page__pictures_fit_the_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    audit_page = load(monkeypatch, "audit_page")
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    audit_page.save(Image.fromarray(noise), tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size < 200_000
    with pytest.raises(ValueError, match=r"large.png: expected less than 200000 bytes, got \d+; show less of the page"):
        audit_page.save(Image.fromarray(np.tile(noise, (3, 3, 1))), tmp_path / "large.png")
    assert not (tmp_path / "large.png").exists()


@pytest.mark.slow
def test_scene_nets__the_share_of_what_coco_taught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch
    from ultralytics.nn.tasks import DetectionModel

    from proctor_models.nets.scene import COCO_ROWS, SceneNet
    from proctor_models.types import SCENE_CLASSES

    torch.manual_seed(0)
    coco = DetectionModel(cfg="yolo26n.yaml", ch=3, nc=80, verbose=False)
    torch.save({"model": coco}, tmp_path / "yolo26n.pt")
    net = SceneNet().eval()
    was = {key: value.clone() for key, value in net.yolo.state_dict().items()}
    load(monkeypatch, "scene_nets").mix_coco(net, tmp_path / "yolo26n.pt", 0.25)
    last = "model.23.cv3.0.2.weight"
    now, phone, face = net.yolo.state_dict(), SCENE_CLASSES.index("phone"), SCENE_CLASSES.index("face")
    stock = coco.state_dict()
    first = "model.0.conv.weight"
    assert torch.allclose(now[first], 0.75 * was[first] + 0.25 * stock[first], atol=1e-6)
    assert torch.allclose(now[last][phone], 0.75 * was[last][phone] + 0.25 * stock[last][COCO_ROWS["phone"]], atol=1e-6)
    assert torch.equal(now[last][face], was[last][face])
