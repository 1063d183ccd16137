"""Fixtures that several test files share."""

from __future__ import annotations

import shutil
import signal
import sys

import pytest
import yaml

from drawn import ROOT, UNTAUGHT_AT, Miniature, demo_commands, recipe, write_coco, write_untaught, write_video

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: a signal that is ignored stays ignored in every process that a test
    # starts, and those that press Ctrl-C there would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _pillow_as_stages_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ultralytics replaces Pillow's `open`; the stages that read pictures do not load it, tests share a process."""
    patches = sys.modules.get("ultralytics.utils.patches")
    if patches is not None:
        monkeypatch.setattr("PIL.Image.open", patches._image_open)


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Miniature:
    """Runs every stage of dvc.yaml, in process, on drawn pictures."""
    from proctor_models.cli import main

    root = tmp_path_factory.mktemp("miniature")
    write_coco(root / "data" / "embedded")
    write_untaught(root / UNTAUGHT_AT)
    write_video(root / "data" / "sample-exam" / "first.mp4", seconds=40)
    write_video(root / "data" / "sample-exam" / "second.mp4", seconds=30, seed=2)
    shutil.copytree(ROOT / "configs" / "rules", root / "configs" / "rules")
    (root / "configs" / "demo.yaml").write_text(yaml.safe_dump(recipe(root / "data" / "embedded")))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root}/mlflow.db")
        patch.setenv("YOLO_CONFIG_DIR", str(root / ".ultralytics"))
        for stage, words in demo_commands():
            assert words[0] == "proctor", stage
            assert main(words[1:]) == 0, f"stage {stage} was refused; see its message on stderr"
    return Miniature(root)
