"""Recordings that are none, that point elsewhere, or that lie about time: refused with the documented error."""

from __future__ import annotations

import os
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fuzzed import told
from proctor_models.errors import TimestampError, VideoError
from proctor_models.runtime.video import Recording


def write(path: Path, times_ms: list[int], codec: str = "mjpeg") -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 20 % 240, np.uint8), format="bgr24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


OTHER = "other.mkv"
LISTS = {
    "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{OTHER}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": f"ffconcat version 1.0\nfile {OTHER}\n",
    "stream.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
    f"<Representation><BaseURL>{OTHER}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "list.pls": f"[playlist]\nFile1={OTHER}\nNumberOfEntries=1\n",
    "list.asx": f'<asx version="3.0"><entry><ref href="{OTHER}"/></entry></asx>',
    "list.ism": f"<SmoothStreamingMedia><x>{OTHER}</x></SmoothStreamingMedia>",
    "list.rtsp": "RTSPtext\nrtsp://127.0.0.1:1/x",
    "list.ram": "http://127.0.0.1:1/x.rm\n",
    "list.cue": f'FILE "{OTHER}" BINARY\n',
    "script.avs": f'DirectShowSource("{OTHER}")\n',
    "filter.lavfi": f"movie={OTHER}",
    "a.y4m": "YUV4MPEG2 W64 H48 F30:1\nFRAME\n" + "x" * (64 * 48 * 3 // 2),
    "a.gif": "GIF89a\x20\x00\x20\x00" + "x" * 100,
    "a.ppm": "P6 64 48 255\n" + "x" * (64 * 48 * 3),
}


@pytest.mark.parametrize("name", sorted(LISTS))
@pytest.mark.parametrize("suffix", ["", ".mp4"])
def test_recording__no_plain_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str) -> None:
    monkeypatch.chdir(write(tmp_path / OTHER, [0, 40, 80]).parent)
    path = tmp_path / (name + suffix)
    path.write_bytes(LISTS[name].encode("latin-1"))
    started = time.perf_counter()
    with pytest.raises(VideoError, match="expected a video file"):
        Recording(path)
    assert time.perf_counter() - started < 5


NO_FILES = [
    *("concat:other.mkv|other.mkv", "file:other.mkv", "subfile,,start,0,end,0,,:other.mkv", "img%03d.mkv"),
    *("http://127.0.0.1:1/a.mp4", "data:video/mp4;base64,AAAA", "pipe:0", "-", "/dev/video0", "/dev/zero", "a\0b"),
]


@pytest.mark.parametrize("name", NO_FILES)
def test_recording__names_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(write(tmp_path / OTHER, [0, 40, 80]).parent)
    with pytest.raises(VideoError, match="no such recording"):
        Recording(Path(name))


@pytest.mark.parametrize("name", ["concat:other.mkv", "img%03d.mkv", "a?b*[c].mkv", "-i.mkv"])
def test_recording__odd_names_of_plain_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "other.mkv", [0, 40, 80]).rename(tmp_path / name)
    assert len(list(Recording(Path(name)).frames(1000))) == 3


def test_recording__pipes_do_not_keep_us_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match="no such recording"):
        Recording(tmp_path / "a.mp4")


def test_frames__times_of_centuries(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", [0, 40, 9_000_000_000_000])
    with pytest.raises(VideoError, match=r"frame 2: expected times up to 1e\+06 s, got 9e\+09 s"):
        list(Recording(path).frames(2))


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_recording__any_number_in_the_header(tmp_path: Path, suffix: str) -> None:
    """Each run of four bytes of the header set to the least, the largest and odd numbers."""
    whole = write(tmp_path / f"whole{suffix}", list(range(0, 400, 40))).read_bytes()
    path = tmp_path / f"a{suffix}"
    for at in range(0, 400, 12):
        for number in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x80"):
            path.write_bytes(whole[:at] + number + whole[at + 4 :])
            try:
                recording = Recording(path)
                assert 0 < recording.resolution_wh[0] * recording.resolution_wh[1] <= 1 << 26
                assert recording.fps is None or 0 < recording.fps <= 1e6
                assert recording.stated_duration_s is None or 0 <= recording.stated_duration_s <= 1e6
                times = [timestamp_s for timestamp_s, _ in recording.frames(10)]
                assert all(0 <= timestamp_s <= 1e6 for timestamp_s in times)
                assert 0 <= recording.duration_s <= 2e6
            except (VideoError, TimestampError) as error:
                told(error, f"a{suffix}")


@pytest.mark.parametrize("rate_hz", [float("inf"), 1e300, -1e300])
def test_frames__absurd_rate(tmp_path: Path, rate_hz: float) -> None:
    with pytest.raises(VideoError, match="rate_hz: expected a number above 0, 10000 at most"):
        next(Recording(write(tmp_path / "a.mkv", [0, 40])).frames(rate_hz))
