from __future__ import annotations

from pathlib import Path

import pytest

from proctor_models.cli import main, synth


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python of another environment that notes what it is asked, and fails if a file ``fail`` lies beside it."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked\ntest ! -e {tmp_path}/fail || exit 3\n')
    script.chmod(0o755)
    monkeypatch.setenv("PROCTOR_SYNTH_PYTHON", str(script))
    monkeypatch.setattr(synth.importlib.util, "find_spec", lambda _name: None)
    return tmp_path


def test_synth__runs_again_where_blender_is(stand_in: Path) -> None:
    assert main(["synth", "--frames", "6", "--seed", "2", "--only", "5", "--out", str(stand_in / "out")]) == 0
    asked = (stand_in / "asked").read_text().split()
    assert asked[:5] == ["-m", "proctor_models.cli", "synth", "--kind", "scenes"]
    assert dict(zip(asked[3::2], asked[4::2], strict=True)) == {
        "--kind": "scenes", "--frames": "6", "--seed": "2", "--only": "5", "--out": str(stand_in / "out"),
    }  # fmt: skip


def test_synth__its_failure_is_ours(stand_in: Path) -> None:
    (stand_in / "fail").touch()
    with pytest.raises(SystemExit, match="3"):
        main(["synth", "--frames", "6", "--out", str(stand_in / "out")])


def test_synth__inside_it_does_not_start_itself_again(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROCTOR_SYNTH_INSIDE", "1")
    assert main(["synth", "--frames", "6", "--out", str(stand_in / "out")]) == 1
    assert "bpy is not installed; run `make synth-env`" in capsys.readouterr().err


def test_synth__an_interpreter_that_is_not_there(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROCTOR_SYNTH_PYTHON", str(stand_in / "nowhere"))
    assert main(["synth-exam", "--out", str(stand_in / "out")]) == 1
    assert "PROCTOR_SYNTH_PYTHON: expected a Python interpreter" in capsys.readouterr().err


def test_synth__options_of_scenes_are_refused_for_composites(
    stand_in: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["synth", "--kind", "composites", "--out", str(stand_in / "out")]
    assert main([*words, "--only", "3", "--resolution", "320x240"]) == 1
    assert "--only, --resolution: expected with --kind scenes only, got --kind composites" in capsys.readouterr().err
    assert main([*words, "--workers", "0"]) == 1
    assert "--workers: expected with --kind scenes only" in capsys.readouterr().err
    assert not (stand_in / "asked").exists()
    assert main([*words, "--fresh"]) == 0
    assert (stand_in / "asked").read_text().split()[-1] == "--fresh"
