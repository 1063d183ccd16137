"""Reasons with numbers in them, as the program itself gives them, on the page in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from browser import Browser, browser, needs_browser
from cameras import Camera, Clock, grey
from proctor_models.errors import DataError, ModelError, VideoError
from proctor_models.runtime.pace import Pace, rates
from proctor_models.runtime.pixels import as_bgr
from proctor_models.runtime.reader import HUNG_S, Reader
from proctor_models.runtime.report import render
from proctor_models.runtime.scan import EnvironmentScan
from proctor_models.runtime.sources import open_live, source
from watched import event, write_exam, write_ledger

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as made:
        yield made


def reader(clock: Clock, camera: Camera) -> Reader:
    return Reader("first", camera, lambda: camera, Pace(rates("fixed", 2.0)), clock)


def clock_reasons() -> Iterator[str]:
    """Of a device's clock that is set ahead, one that is set back, and of a driver that hangs."""
    for jump_s in (30.0, -30.0):
        clock = Clock()
        camera = Camera(clock, [(0.5, grey())] * 40)
        one = reader(clock, camera)
        for _ in range(20):
            one.step()
        camera.shift_s += jump_s
        for _ in range(4):
            one.step()
        events = [*one.events(), *one.events(end=True)]
        yield from (str(each.detail["reason"]) for each in events if each.kind == "clock_wrong")
    hung = reader(clock, camera)
    clock.now_s += HUNG_S + 1
    yield from (str(each.detail["reason"]) for each in hung.events())


def picture_reasons() -> Iterator[str]:
    pictures = (
        np.zeros((48, 64, 3), np.float32),
        np.zeros((48, 64, 2), np.uint8),
        np.zeros((8, 64, 3), np.uint8),
        np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (19_000, 19_000, 3)),
    )
    for picture in pictures:
        with pytest.raises(DataError, match="image: expected") as refused:
            as_bgr(picture)
        yield str(refused.value)


def source_reasons() -> Iterator[str]:
    for text in ("63", "rtsp://127.0.0.1:9/none"):
        with pytest.raises(VideoError, match=r"is not there|cannot be opened") as refused:
            open_live(source(text))
        yield str(refused.value)
    # As a machine with cameras, and one with a camera in use, would say it.
    yield "camera 63: /dev/video63 is not there (cameras found: video0, video1); plug it in, or name a recording"
    yield "camera 0: /dev/video0 cannot be opened; close the program that uses it, or allow this user to read it"


def model_reasons(net_text: str) -> Iterator[str]:
    yield str(ModelError(f"{net_text}: scores: expected finite numbers of 0 to 1, got nan to nan"))
    yield str(ModelError(f"{net_text}: the net failed on a batch of 1: [ONNXRuntimeError] : 1 : FAIL"))


def test_reasons__with_numbers_are_told_in_the_language_of_the_page(page: Browser, tmp_path: Path) -> None:
    scan = EnvironmentScan(60.0).result().why
    reasons = [scan, *clock_reasons(), *picture_reasons(), *source_reasons(), *model_reasons("pack/models/scene.onnx")]
    assert len(reasons) == 14
    folder = write_exam(tmp_path / "exam", [])
    write_ledger(folder, *(event("camera_lost", float(i), reason=reason) for i, reason in enumerate(reasons)))
    rendered = render(folder).as_uri()
    read = "[...document.querySelectorAll('#events ol span')].map((each) => each.textContent)"
    page.open(f"{rendered}#lang=zh")
    shown = [line.removeprefix("原因: ") for line in page.run(read)]
    english = [text for text in shown if re.search(r"[a-z]{3,} [a-z]{3,}|ahead|behind", text)]
    assert english == []
    for reason, text in zip(reasons, shown, strict=True):
        lost = [number for number in re.findall(r"\d+\.\d+|\d{2,}", reason.split("; ")[0]) if number not in text]
        assert lost == [], (reason, text)
    page.open(f"{rendered}#lang=en")
    assert page.run(read) == [f"reason: {reason}" for reason in reasons]
