"""Recordings: frames by change, damage, and a folder of them as one source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data_clips import record, spoil
from proctor_models.data.changes import Sampling
from proctor_models.data.clips import Grid, clip_frames, inspect
from proctor_models.data.ingest import ingest
from proctor_models.errors import DataError, VideoError


@pytest.fixture
def read(recipe, tmp_path):
    def run(path: Path, **keys: object):
        source = {"name": "v", "format": "video", "path": str(path), "licence": "own", **keys}
        return ingest(recipe(source), tmp_path / "raw")

    return run


def test_ingest__frames_of_a_video_by_change(tmp_path: Path, read: Callable) -> None:
    record(tmp_path / "in/a.mp4", [0] * 20 + [60] * 20 + [0] * 20)
    manifest = read(tmp_path / "in", every_s=0.1, min_change=0.05)
    assert [round(f.time_s or 0, 2) for f in manifest] == [0.0, 2.0]  # the empty scene again adds nothing
    manifest = read(tmp_path / "in", every_s=0.1, min_change=0.05, max_gap_s=1.5)
    assert [round(f.time_s or 0, 2) for f in manifest] == [0.0, 1.5, 2.0, 3.5, 5.0]


def test_ingest__a_folder_of_videos_with_a_person_each(tmp_path: Path, read: Callable) -> None:
    record(tmp_path / "in/mon.mp4", [0] * 10)
    record(tmp_path / "in/hall/tue.mkv", [0] * 10)
    record(tmp_path / "in/wed.mp4", [0] * 10)
    manifest = read(tmp_path / "in", persons={"mon": "P1", "hall/tue": "P2"}, person="P9")
    assert [(f.id, f.clip, f.person, f.group) for f in manifest] == [
        ("v/hall/tue/000000000ms", "hall/tue", "P2", "person:P2"),
        ("v/mon/000000000ms", "mon", "P1", "person:P1"),
        ("v/wed/000000000ms", "wed", "P9", "person:P9"),
    ]
    with pytest.raises(DataError, match=r"recipe: persons: no frame comes from 'mom'; known: hall/tue, mon, v, wed"):
        read(tmp_path / "in", persons={"mom": "P1"})


def test_ingest__a_damaged_video_is_refused_by_file_and_time(tmp_path: Path, read: Callable) -> None:
    levels = [i % 100 for i in range(60)]
    read(record(tmp_path / "in/a.mp4", levels))
    before = (tmp_path / "raw/manifest.jsonl").read_bytes()
    spoil(tmp_path / "in/a.mp4", 0.55)
    with pytest.raises(
        DataError, match=r"a\.mp4: damaged at 3\.\d+ to 3\.\d+ s: .*; 1 such places; fetch .*`damaged: keep`"
    ):
        read(tmp_path / "in")
    assert (tmp_path / "raw/manifest.jsonl").read_bytes() == before


def test_ingest__a_damaged_video_that_is_kept_loses_only_what_is_damaged(
    tmp_path: Path, read: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(record(tmp_path / "in/a.mp4", [i % 100 for i in range(60)]), 0.55)
    times = [f.time_s or 0 for f in read(tmp_path / "in", every_s=0.1, damaged="keep")]
    assert not [t for t in times if 3.3 < t < 3.95]
    assert {0.0, 3.0, 4.0, 5.9} <= {round(t, 2) for t in times}
    assert "a.mp4: damaged at 3." in capfd.readouterr().err


def test_ingest__a_video_cut_off_at_its_end_is_refused_or_kept(tmp_path: Path, read: Callable) -> None:
    path = record(tmp_path / "in/a.mkv", [i % 100 for i in range(60)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with pytest.raises(DataError, match=r"a\.mkv(.|\n)*`damaged: keep`"):
        read(tmp_path / "in")
    kept = read(tmp_path / "in", damaged="keep")
    assert 2 <= len(kept) <= 5


def test_inspect__a_sound_recording_has_no_damage(tmp_path: Path) -> None:
    seen = inspect(record(tmp_path / "a.mp4", [0] * 25))
    assert (seen.frames, seen.damages) == (25, ())


@pytest.mark.parametrize("content", [b"", b"no video", b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"])
def test_inspect__refuses_what_is_no_recording(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.mp4: expected a video"):
        inspect(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match=r"b\.mp4: no such recording"):
        inspect(tmp_path / "b.mp4")


def test_clip_frames__only_frames_a_task_showed(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mp4", [0] * 30)
    frames = list(clip_frames(path, Sampling(every_s=0.1), grid=Grid(4, 20, 5)))
    assert [f.index for f in frames] == [4, 9, 14, 19]
    assert [round(f.timestamp_s, 2) for f in frames] == [0.4, 0.9, 1.4, 1.9]
    assert [f.index for f in clip_frames(path, Sampling(every_s=1.0), grid=Grid(4, 20, 5))] == [4, 14]
