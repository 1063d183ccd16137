"""What options name, folders of pictures, cameras that are not there, and a real RTSP stream on this machine."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor_models.errors import ConfigError, VideoError
from proctor_models.runtime import sources
from proctor_models.runtime.pictures import PictureFolder
from proctor_models.runtime.sources import open_live, open_recorded, source
from streamed import free_port, push

HUSH = "hunter2"


def pictures(folder: Path, names: list[str]) -> Path:
    """Pictures that are brighter one after the other, 20 grey levels each."""
    folder.mkdir()
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), np.full((48, 64, 3), number * 20, np.uint8))
    return folder


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f"rtsp://guard:{HUSH}@10.0.0.7:554/live?token={HUSH}", "rtsp://10.0.0.7:554"),
        (f"RTSP://10.0.0.7/user=guard_password={HUSH}_channel=1.sdp", "rtsp://10.0.0.7"),
        (f"http://guard:{HUSH}@camera.example/video.mjpg#{HUSH}", "http://camera.example"),
        (f"https://gu%40rd:{HUSH}@[fe80::1]:8443/", "https://[fe80::1]:8443"),
    ],
)
def test_source__of_an_address_nothing_secret_is_kept_to_be_shown(text: str, label: str) -> None:
    found = source(text)
    assert (found.kind, found.label, found.is_live) == ("address", label, True)
    assert HUSH not in repr(found)


@pytest.mark.parametrize(
    "text", [f"file:///etc/{HUSH}", f"ftp://a:{HUSH}@b/c", f"rtsp://:{HUSH}@/x", f"rtsp://h:{HUSH}/"]
)
def test_source__refuses_other_addresses_and_shows_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected an address of rtsp://, http://, https:// with a host") as refused:
        source(text)
    assert HUSH not in str(refused.value)


def test_source__files_folders_and_numbers(tmp_path: Path) -> None:
    assert (source("2").kind, source("2").label) == ("device", "camera 2")
    assert (source(str(tmp_path)).kind, source(str(tmp_path)).is_live) == ("pictures", False)
    assert (source("exam/a.mp4").kind, source("exam/a.mp4").label) == ("video", "a.mp4")


def test_open_recorded__either_kind(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", ["0ms.png", "500ms.png"])
    assert isinstance(open_recorded(source(str(folder))), PictureFolder)
    with pytest.raises(VideoError, match="no such recording"):
        open_recorded(source(str(tmp_path / "a.mp4")))


@pytest.mark.parametrize("names", [["a-1000ms.png", "b-1500ms.png", "a-9000ms.png"], ["1s.png", "1.5s.jpg", "9s.png"]])
def test_picture_folder__times_from_names(tmp_path: Path, names: list[str]) -> None:
    folder = PictureFolder(pictures(tmp_path / "p", names))
    seen = list(folder.frames(rate_hz=4))
    assert [t for t, _ in seen] == [0, 0.5, 8]
    np.testing.assert_allclose([image.mean() for _, image in seen], [0, 20, 40], atol=2)
    assert (folder.resolution_wh, folder.stated_duration_s, folder.decoded) == ((64, 48), 15.5, 3)


def test_picture_folder__at_a_rate_in_the_order_of_numbers(tmp_path: Path) -> None:
    folder = PictureFolder(pictures(tmp_path / "p", [f"IMG_{i}.png" for i in range(12)]), pictures_hz=4)
    seen = list(folder.frames(rate_hz=2))
    assert [t for t, _ in seen] == [0, 0.5, 1, 1.5, 2, 2.5]
    assert [round(float(image.mean())) for _, image in seen] == [0, 40, 80, 120, 160, 200]
    assert (folder.fps, folder.duration_s) == (4, 3)


def test_picture_folder__goes_on_behind_a_picture_that_is_none(tmp_path: Path) -> None:
    path = pictures(tmp_path / "p", [f"{i}s.png" for i in range(4)])
    (path / "0s.png").write_bytes(b"no picture")
    (path / "notes.txt").write_text("not read")
    folder = PictureFolder(path)
    assert [t for t, _ in folder.frames(4)] == [1, 2, 3]
    assert (folder.undecodable, folder.resolution_wh) == (1, (64, 48))


@pytest.mark.parametrize(
    ("names", "rate", "match"),
    [
        ([], None, "expected pictures .* in this folder, got none"),
        (["IMG_1.png"], None, r"IMG_1\.png: expected a name that ends with its time.*--pictures-rate"),
        (["a-5s.png", "b-5000ms.png"], None, r"expected one picture a time, got a-5s\.png and b-5000ms\.png at 5 s"),
        (["1s.png"], 0.0, "--pictures-rate: expected pictures a second above 0, got 0"),
    ],
)
def test_picture_folder__refuses(tmp_path: Path, names: list[str], rate: float | None, match: str) -> None:
    path = pictures(tmp_path / "p", names)
    with pytest.raises(VideoError, match=match):
        PictureFolder(path, rate)


def test_picture_folder__refuses_a_folder_that_is_none_or_holds_no_picture_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no such folder of pictures"):
        PictureFolder(tmp_path / "none")
    path = pictures(tmp_path / "p", ["1s.png"])
    (path / "1s.png").write_bytes(b"")
    with pytest.raises(VideoError, match="none of 1 can be decoded"):
        PictureFolder(path)


def test_open_live__a_webcam_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"camera 63: /dev/video63 is not there \(cameras found: .*\); plug it in"):
        open_live(source("63"))


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_open_live__nobody_answers(
    scheme: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_port()
    with pytest.raises(VideoError, match=rf"{scheme}://127\.0\.0\.1:{port}: expected a video stream") as refused:
        open_live(source(f"{scheme}://guard:{HUSH}@127.0.0.1:{port}/{HUSH}"))
    said = capfd.readouterr()
    assert HUSH not in str(refused.value) + said.out + said.err + caplog.text


def test_open_live__rtsp(monkeypatch: pytest.MonkeyPatch) -> None:
    listening = sources._OPTIONS["rtsp"] + "|rtsp_flags;listen|listen_timeout;10"
    monkeypatch.setitem(sources._OPTIONS, "rtsp", listening)
    url = f"rtsp://guard:{HUSH}@127.0.0.1:{free_port()}/live"
    sender = threading.Thread(target=push, args=(url, 40), daemon=True)
    sender.start()
    capture = open_live(source(url))
    times, levels = [], []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        levels.append(capture.retrieve()[1].mean())
    capture.release()
    sender.join(5)
    assert len(times) >= 35
    np.testing.assert_allclose(np.diff(times), 0.1, atol=2e-3)
    assert np.corrcoef(times, levels)[0, 1] > 0.999


def test_open_live__http(tmp_path: Path) -> None:
    class Stream(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            for number in range(20):
                jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), number * 10, np.uint8))[1].tobytes()
                self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                self.wfile.write(jpeg + b"\r\n")

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with HTTPServer(("127.0.0.1", 0), Stream) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        capture = open_live(source(f"http://guard:{HUSH}@127.0.0.1:{server.server_port}/video"))
        levels = []
        while capture.grab():
            levels.append(float(capture.retrieve()[1].mean()))
        capture.release()
    np.testing.assert_allclose(levels, np.arange(len(levels)) * 10, atol=4)
    assert len(levels) >= 18
