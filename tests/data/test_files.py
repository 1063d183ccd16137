"""What is written is whole or not there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proctor_models.data.ingest import ingest
from proctor_models.errors import ConfigError, DataError
from proctor_models.files import building, write_bytes, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_building__an_error_leaves_what_was_there(tmp_path):
    with building(tmp_path / "out") as part:
        (part / "good").write_text("1")
    with pytest.raises(FileNotFoundError, match="bad"), building(tmp_path / "out") as part:
        (part / "half" / "bad").write_text("2")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["good"]


def test_building__replaces_the_whole_folder(tmp_path):
    for name in ("one", "two"):
        with building(tmp_path / "out") as part:
            (part / name).write_text(name)
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["two"]


def test_building__a_failed_rename_puts_the_old_folder_back(tmp_path, monkeypatch):
    with building(tmp_path / "out") as part:
        (part / "good").write_text("1")
    replace = Path.replace

    def broken(self, target):
        if self.name == ".out.part":
            raise OSError("disk")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="disk"), building(tmp_path / "out"):
        pass
    assert names(tmp_path / "out") == ["good"]


def test_building__a_run_killed_between_the_renames_is_mended(tmp_path):
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.old/good").write_text("1")
    (tmp_path / ".out.part").mkdir()
    with pytest.raises(RuntimeError, match="again"), building(tmp_path / "out"):
        raise RuntimeError("again")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["good"]


def test_building__a_killed_process_leaves_what_was_there(tmp_path):
    with building(tmp_path / "out") as part:
        (part / "good").write_text("1")
    code = (
        "import os, signal, sys; from pathlib import Path; from proctor_models.files import building\n"
        "with building(Path(sys.argv[1])) as part:\n"
        "    (part / 'half').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    assert names(tmp_path / "out") == ["good"]
    with building(tmp_path / "out") as part:
        (part / "new").write_text("2")
    assert names(tmp_path) == ["out"]


def test_write_json__an_error_leaves_what_was_there(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1})
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(tmp_path / "a.json", {"b": object()})
    assert (tmp_path / "a.json").read_text() == '{\n  "b": 1\n}\n'


def test_write_bytes__processes_that_write_one_file_at_once_do_not_mix(tmp_path):
    path = tmp_path / "a.bin"
    contents = [letter * 300_000 for letter in (b"x", b"y", b"z")]
    seen = set()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        writing = pool.starmap_async(write_bytes, [(path, content) for content in contents * 30], chunksize=1)
        while not writing.ready():
            seen |= {path.read_bytes()} if path.exists() else set()
        writing.get()
    assert {*seen, path.read_bytes()} <= set(contents)
    assert names(tmp_path) == ["a.bin"]


def test_write_bytes__a_failed_rename_leaves_no_litter(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_bytes(tmp_path / "folder", b"1")
    assert names(tmp_path) == ["folder"]


def test_ingest__a_bad_source_leaves_the_dataset_that_was_there(coco, coco_recipe, tmp_path):
    before = ingest(coco_recipe(), tmp_path / "raw")
    coco.add("b.png", ((1, [60, 4, 40, 8]),))
    with pytest.raises(DataError, match="1 problem; nothing was written"):
        ingest(coco_recipe(), tmp_path / "raw")
    assert names(tmp_path) == ["raw", "source"]
    assert [frame.id for frame in before] == ["s/a"]
    assert before.image_path(before.frames[0]).is_file()


def test_ingest__an_interruption_leaves_the_dataset_that_was_there(coco_recipe, tmp_path, monkeypatch):
    ingest(coco_recipe(), tmp_path / "raw")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("proctor_models.data.ingest.store", stop)
    with pytest.raises(KeyboardInterrupt):
        ingest(coco_recipe(), tmp_path / "raw")
    assert names(tmp_path) == ["raw", "source"]
    assert names(tmp_path / "raw") == ["images", "manifest.jsonl", "summary.json"]


def test_ingest__the_same_frames_give_the_same_bytes(coco_recipe, tmp_path):
    files = [ingest(coco_recipe(), tmp_path / name) and tmp_path / name / "manifest.jsonl" for name in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_ingest__refuses_two_sources_of_one_name(recipe, tmp_path):
    source = {"name": "s", "format": "images", "path": "."}
    with pytest.raises(ConfigError, match="expected distinct plain names, got 's'"):
        ingest(recipe(source, source), tmp_path / "raw")


def test_ingest__only_the_named_sources_are_read_and_others_are_refused(coco, recipe, tmp_path):
    path = str(coco.save())
    both = recipe(*({"name": name, "format": "coco", "path": path, "classes": {"hat": ""}} for name in ("s", "t")))
    assert [frame.id for frame in ingest(both, tmp_path / "raw", ("t",))] == ["t/a"]
    with pytest.raises(ConfigError, match=r"--only: expected sources of recipe .* \(s, t\), got 'u'"):
        ingest(both, tmp_path / "raw", ("s", "u"))
