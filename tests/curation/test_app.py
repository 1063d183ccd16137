"""FiftyOne itself, on drawn frames: opened, decided in, saved. One process, as its import and database take long."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from proctor_models.cli import main
from proctor_models.curation.app import default_name, open_dataset
from proctor_models.curation.database import check_port
from proctor_models.curation.decisions import read_decisions
from proctor_models.curation.replay import replay
from proctor_models.curation.save import save_decisions
from proctor_models.data.manifest import Manifest
from proctor_models.errors import DataError

ROUND = """
import json, socket, sys, urllib.request
from pathlib import Path
import psutil
from proctor_models.cli import QUIET
import os
os.environ.update(QUIET)
from proctor_models.curation.app import open_dataset
from proctor_models.curation.database import app_on, fiftyone_in
from proctor_models.curation.looks import Nets
from proctor_models.curation.save import save_decisions
from proctor_models.errors import DataError

data, models, top = map(Path, sys.argv[1:])
store, out, told = top / "store", top / "me.jsonl", {}
nets = Nets.from_models(models, 1)


def listening():
    children = psutil.Process().children(recursive=True)
    ports = [c.laddr for child in children for c in child.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    return sorted({address.ip for address in ports})


def said(action, *args, **more):
    try:
        action(*args, **more)
    except DataError as error:
        return str(error)


with fiftyone_in(store) as fo:
    told["views"] = open_dataset(data, nets, "drawn", port=None, store=store).views
    dataset = fo.load_dataset("drawn")
    told["fields"] = sorted(dataset.get_field_schema())
    told["brain"] = dataset.list_brain_runs()
    told["copied"] = [str(path) for path in store.rglob("*.png")]
    told["classes"] = dataset.label_schemas["ground_truth"]["classes"]

    def frame(number):
        return dataset.one(fo.ViewField("frame_id") == f"d/{number:02}")

    sample = frame(0)  # its labels: person, face, earphone
    told["shown"] = sample.ground_truth.detections[2]["worn"], sample.ground_truth.detections[2]["mask_"]
    sample.predictions.detections[0].tags.append("add")
    sample.ground_truth.detections[2].tags.append("wrong")
    sample.save()
    sample = frame(1)
    sample.tags += ["split:val", "why:for the figures", "mine"]
    sample.ground_truth.detections[0].bounding_box = [0.1, 0.1, 0.5, 0.5]
    sample.save()
    sample = frame(23)
    sample.tags.append("drop")
    sample.save()

    told["again"] = open_dataset(data, nets, "drawn", port=None, store=store).views
    told["lost"] = said(open_dataset, data, None, "drawn", port=None, store=store)
    told["saved"] = save_decisions(data, "drawn", out, "R1", store)
    told["twice"] = save_decisions(data, "drawn", out, "R1", store)
    sample.tags.append("split:left")
    sample.tags.remove("drop")
    sample.save()
    told["slip"] = said(save_decisions, data, "drawn", out, None, store)
    told["unknown"] = said(save_decisions, data, "drown", out, None, store)
    told["plain"] = open_dataset(data, None, "drawn", port=None, fresh=True, store=store).views

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with app_on(store, port):
        told["app"] = urllib.request.urlopen(f"http://127.0.0.1:{port}/datasets/drawn", timeout=60).status
        told["taken"] = said(open_dataset, data, None, "drawn", port=port, store=store)
        told["listening"] = listening()
told["left"] = [p.pid for p in psutil.process_iter() if str(store) in " ".join(p.cmdline()) and p.pid != os.getpid()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(dataset, models, tmp_path_factory):
    top = tmp_path_factory.mktemp("app")
    words = [sys.executable, "-c", ROUND, str(dataset), str(models), str(top)]
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600, cwd=top)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout.splitlines()[-1]) | {"top": top}


@pytest.mark.slow
@pytest.mark.xdist_group("fiftyone")
def test_open_dataset__views_fields_and_indexes(told):
    assert told["views"] == {
        "possible mistakes": 24, "possible missing labels": 24, "false alarms": 24, "misses": 24, "most unique": 24,
        "near-duplicates": 2, "split: train": 20, "tag light: dim": 23,
    }  # fmt: skip
    assert {"ground_truth", "predictions", "slices", "readings", "uniqueness", "mistakenness"} <= set(told["fields"])
    assert told["brain"] == ["alike", "map"]
    assert told["copied"] == []
    assert "earphone" in told["classes"]
    assert told["shown"] == ["true", "x"]  # worn is true here and text in another frame; `mask` is FiftyOne's own


@pytest.mark.slow
@pytest.mark.xdist_group("fiftyone")
def test_save_decisions__what_was_decided_can_be_replayed(told, dataset):
    assert (told["saved"], told["twice"]) == (5, 0)
    lines = read_decisions(told["top"] / "me.jsonl")
    assert [(line.decision.id, line.decision.action, line.decision.who) for line in lines] == [
        ("d/00", "remove_box", "R1"), ("d/00", "add_box", "R1"), ("d/01", "split", "R1"), ("d/01", "move", "R1"),
        ("d/23", "drop", "R1"),
    ]  # fmt: skip
    assert lines[1].decision.why == "tagged in the app: possible missing label (0.90)"
    frames, report = replay(Manifest.load(dataset).frames, lines)
    assert {entry["result"] for entry in report} == {"applied"}
    assert [box.label for box in frames[0].boxes] == ["person", "face", "phone"]
    assert (frames[1].split, frames[1].boxes[0].xyxy, len(frames)) == ("val", (32.0, 24.0, 192.0, 144.0), 23)


@pytest.mark.slow
@pytest.mark.xdist_group("fiftyone")
def test_save_decisions__refusals_leave_the_file_as_it_was(told):
    assert "d/23: tag split:left: expected split: and one of train, val, test" in told["slip"]
    assert "dataset drown: not opened here; datasets: drawn" in told["unknown"]
    assert len(read_decisions(told["top"] / "me.jsonl")) == 5


@pytest.mark.slow
@pytest.mark.xdist_group("fiftyone")
def test_open_dataset__keeps_decisions_that_were_not_saved(told):
    assert told["again"] == {}  # opened as it was left
    assert "dataset drawn: holds decisions that were not saved" in told["lost"]
    assert told["plain"] == {"near-duplicates": 2, "split: train": 20, "tag light: dim": 23}


@pytest.mark.slow
@pytest.mark.xdist_group("fiftyone")
def test_open_dataset__listens_on_this_machine_alone_and_leaves_nothing_running(told):
    assert told["app"] == 200
    assert told["listening"] == ["127.0.0.1"]
    assert "cannot be used on 127.0.0.1" in told["taken"]
    assert told["left"] == []


def test_open_dataset__refuses_before_it_starts_anything(tmp_path, dataset):
    with pytest.raises(DataError, match=r"expected manifest\.jsonl in it, found none"):
        open_dataset(tmp_path)
    manifest = Manifest.load(dataset)
    Manifest((), tmp_path).save(tmp_path / "empty")
    with pytest.raises(DataError, match="expected frames, got a manifest without any"):
        open_dataset(tmp_path / "empty")
    Manifest(manifest.frames[:2], tmp_path).save(tmp_path / "bare")
    with pytest.raises(DataError, match=r"00\.png: no such image \(2 of 2 are missing\)"):
        open_dataset(tmp_path / "bare")


def test_save_decisions__refuses_before_it_starts_anything(tmp_path, dataset):
    (tmp_path / "me.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"me\.jsonl:1: action: expected one of"):
        save_decisions(dataset, "d", tmp_path / "me.jsonl")


def test_check_port__beyond_the_last_port():
    with pytest.raises(DataError, match="--port 70000: cannot be used"):
        check_port(70000)


def test_default_name__is_of_folder_and_parent(tmp_path):
    assert default_name(tmp_path / "demo" / "split") == "demo-split"


def test_main__without_fiftyone_the_remedy_is_named(monkeypatch, tmp_path, dataset, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    assert main(["curate", "open", "--data", str(dataset), "--no-app"]) == 1
    assert "needs fiftyone, which is not installed; run `make env`" in capsys.readouterr().err


def test_main__what_is_no_dataset_is_named_with_the_command_that_makes_one(tmp_path, dataset, capsys):
    (tmp_path / "coco").mkdir()
    (tmp_path / "coco" / "annotations.json").write_text("{}")
    told = {
        tmp_path / "coco": "got labels that are not ingested yet (annotations.json, as COCO folders have); name it",
        tmp_path / "absent": "no such folder; mend the path, or make it: `proctor ingest`",
        dataset / "manifest.jsonl": "expected a dataset folder, got a file",
        dataset.parent: "expected manifest.jsonl in it, got it in folders there: split; name one of them",
    }
    for folder, words in told.items():
        for verb in (["open", "--no-app"], ["save", "--out", str(tmp_path / "me.jsonl")]):
            assert main(["curate", *verb, "--data", str(folder)]) == 1
            message = capsys.readouterr().err
            assert message.startswith(f"proctor curate: {folder}: ")
            assert words in message
