"""Recordings: real times at any rate, sampling by time, and files that are damaged or no recordings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from proctor_models.errors import TimestampError, VideoError
from proctor_models.runtime import video as video_module
from proctor_models.runtime.video import Recording, frames

VARYING_MS = [0, 40, 80, 500, 1000, 1033, 5000, 5040, 65_040, 65_080]


def write(path: Path, times_ms: Sequence[int], codec: str = "libx264", container: str | None = None) -> Path:
    """A recording whose frames are grey levels 0, 20, 40, ... shown at the given times; with B-frames."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"preset": "ultrafast", "bf": "2"} if codec == "libx264" else {}
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 20 % 240, np.uint8), format="bgr24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx")])
def test_frames__times_of_a_varying_rate(tmp_path: Path, name: str, codec: str) -> None:
    seen = list(frames(write(tmp_path / name, VARYING_MS, codec), rate_hz=1000))
    np.testing.assert_allclose([t for t, _ in seen], np.array(VARYING_MS) / 1000, atol=2e-3)
    # Each time comes with its own picture, in the order of showing.
    np.testing.assert_allclose([image.mean() for _, image in seen], np.arange(10) * 20, atol=6)


def test_frames__sampled_by_time(tmp_path: Path) -> None:
    times = [t for t, _ in frames(write(tmp_path / "a.mp4", range(0, 3000, 40)), rate_hz=2)]
    np.testing.assert_allclose(times, [0, 0.52, 1.0, 1.52, 2.0, 2.52], atol=2e-3)


def test_frames__a_gap_stays_a_gap(tmp_path: Path) -> None:
    recording = Recording(write(tmp_path / "a.mkv", VARYING_MS))
    times = [t for t, _ in recording.frames(rate_hz=2)]
    np.testing.assert_allclose(times, [0, 0.5, 1, 5, 65.04], atol=2e-3)
    assert recording.duration_s == pytest.approx(65.12, abs=0.01)


@pytest.mark.parametrize("fps", [1, 2])
def test_frames__slow_recording_gives_each_frame_once(tmp_path: Path, fps: int) -> None:
    path = write(tmp_path / "a.mp4", range(0, 6000, 1000 // fps))
    recording = Recording(path)
    times = [t for t, _ in recording.frames(rate_hz=4)]
    np.testing.assert_allclose(times, np.arange(6 * fps) / fps, atol=2e-3)
    assert recording.duration_s == pytest.approx(6, abs=0.01)


def test_frames__what_is_remembered_of_time_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    recording = Recording(write(tmp_path / "a.mp4", [*range(0, 20_000, 40), *range(20_000, 30_000, 100)]))
    assert sum(1 for _ in recording.frames(rate_hz=1)) == 30
    assert len(recording._intervals_us) <= 6  # of 600
    assert recording._usual_s() == pytest.approx(0.04, abs=1e-3)


def test_recording__header(tmp_path: Path) -> None:
    recording = Recording(write(tmp_path / "a.mp4", range(0, 2000, 40)))
    assert recording.resolution_wh == (64, 48)
    assert recording.fps == pytest.approx(25, abs=0.1)
    assert recording.stated_duration_s == pytest.approx(2, abs=0.05)
    assert (recording.duration_s, recording.undecodable) == (0, 0)
    recording.close()


def test_frames__goes_on_behind_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", range(0, 9900, 33))
    content = bytearray(path.read_bytes())
    middle = len(content) // 3
    content[middle : middle + 5] = b"\xff" * 5
    path.write_bytes(content)
    recording = Recording(path)
    times = [t for t, _ in recording.frames(rate_hz=1000)]
    assert recording.undecodable >= 1
    assert len(times) + recording.undecodable == 300
    assert times[-1] == pytest.approx(9.867, abs=2e-3)


def test_frames__cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", range(0, 9900, 33))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    recording = Recording(path)
    times = [t for t, _ in recording.frames(rate_hz=10)]
    assert 1 < times[-1] < 8
    assert recording.decoded + recording.undecodable == pytest.approx(300, abs=3)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_frames__late_start_is_not_cut_off(tmp_path: Path, name: str) -> None:
    recording = Recording(write(tmp_path / name, range(5000, 8000, 40)))
    times = [t for t, _ in recording.frames(rate_hz=1000)]
    assert (times[0], len(times), recording.undecodable) == (0, 75, 0)


def test_recording__cut_off_before_its_index(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", range(0, 9900, 33))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VideoError, match="cannot be opened; is the upload whole"):
        Recording(path)


def test_recording__missing(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"a\.mp4: no such recording"):
        Recording(tmp_path / "a.mp4")


@pytest.mark.parametrize("content", [b"", b"not a recording" * 100])
def test_recording__no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match=f"expected a video file \\({len(content)} bytes found\\)"):
        Recording(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile a.ts\n"),
    ],
)
def test_recording__a_list_of_other_files(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / "a.ts", range(0, 1000, 40))
    (tmp_path / name).write_text(text)
    with pytest.raises(VideoError, match="cannot be opened"):
        Recording(tmp_path / name)


def test_recording__leaves_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.mp4", range(0, 1000, 40))
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.delenv(name, raising=False)
    Recording(path).close()
    assert name not in os.environ
    monkeypatch.setenv(name, "threads;1")
    Recording(path).close()
    assert os.environ[name] == "threads;1"


@pytest.mark.parametrize("rate_hz", [0, -1, float("nan")])
def test_frames__rate(tmp_path: Path, rate_hz: float) -> None:
    with pytest.raises(VideoError, match="rate_hz: expected a number above 0"):
        next(frames(write(tmp_path / "a.mp4", [0, 40]), rate_hz))


class Capture:
    """A decoder that tells the given times; None is a packet that cannot be decoded."""

    def __init__(self, times_s: Sequence[float | None], pictures: Sequence[bool] | None = None) -> None:
        self.times, self.at = list(times_s), -1
        self.pictures = list(pictures or [True] * len(self.times))

    def grab(self) -> bool:
        self.at += 1
        return self.at < len(self.times) and self.times[self.at] is not None

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        return (True, np.zeros((48, 64, 3), np.uint8)) if self.pictures[self.at] else (False, None)

    def get(self, key: int) -> float:
        known = {video_module.cv2.CAP_PROP_FRAME_WIDTH: 64.0, video_module.cv2.CAP_PROP_FRAME_HEIGHT: 48.0}
        if key == video_module.cv2.CAP_PROP_POS_MSEC:
            return float(self.times[self.at] or 0) * 1000
        return known.get(key, 0.0)

    def release(self) -> None:
        self.at = len(self.times)


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capture: Capture) -> Recording:
    monkeypatch.setattr(video_module, "_open", lambda _: capture)
    path = tmp_path / "told.avi"
    path.touch()
    return Recording(path)


def test_frames__time_runs_backwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recording = told(monkeypatch, tmp_path, Capture([0, 1, 2, 1.5]))
    with pytest.raises(TimestampError, match=r"frame 3: time runs backwards, from 2\.000 s to 1\.500 s"):
        list(recording.frames(10))


@pytest.mark.parametrize("count", [3, 200])
def test_frames__without_times(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int) -> None:
    recording = told(monkeypatch, tmp_path, Capture([0] * count))
    with pytest.raises(VideoError, match="frames carry no presentation times"):
        list(recording.frames(10))


def test_frames__one_frame(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert len(list(told(monkeypatch, tmp_path, Capture([0])).frames(10))) == 1


def test_frames__passes_over_what_cannot_be_decoded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recording = told(monkeypatch, tmp_path, Capture([0, None, 2, 3, 4], [True, True, False, True, True]))
    assert [t for t, _ in recording.frames(1)] == [0, 3, 4]
    assert recording.undecodable == 2


def test_frames__nothing_decodable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recording = told(monkeypatch, tmp_path, Capture([None] * 5))
    with pytest.raises(VideoError, match="expected at least one frame, none could be decoded"):
        list(recording.frames(1))
