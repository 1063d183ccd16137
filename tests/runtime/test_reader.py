"""Cameras that go on, get lost and come back."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest

from cameras import Camera, Clock
from lives import reader, showing
from proctor_models.errors import VideoError
from proctor_models.runtime.events import Event
from proctor_models.runtime.pace import Pace, rates
from proctor_models.runtime.reader import FAILURES, HUNG_S, LONGEST_WAIT_S, Capture, Reader


def run(one: Reader, clock: Clock, until_s: float, taken: list[float] | None = None) -> list[Event]:
    """Step by step without a thread, waiting as it asks; frames are taken as they come, if `taken` is given."""
    events = []
    while clock.now_s < until_s:
        wait_s = one.step()  # it moves the clock, too
        clock.now_s += wait_s
        events += one.events()
        if taken is not None and (frame := one.take()) is not None:
            taken.append(round(frame.timestamp_s, 3))
    return events


def told(events: list[Event]) -> list[tuple[str, float]]:
    """All but what the view began with."""
    return [(event.kind, round(event.timestamp_s, 1)) for event in without_size(events)]


def without_size(events: list[Event]) -> list[Event]:
    assert [event.kind for event in events].count("picture_size") <= 1
    return [event for event in events if event.kind != "picture_size"]


def test_step__frames_come_at_the_pace(tmp_path: Path) -> None:
    clock, taken = Clock(), []
    (size,) = run(reader(clock, showing(5)), clock, 4.95, taken)
    assert (size.kind, size.detail) == ("picture_size", {"width_px": 64, "height_px": 48})
    np.testing.assert_allclose(taken, [0.1, *np.arange(0.5, 5.1, 0.5)], atol=1e-6)


def test_step__what_is_not_taken_is_overwritten_and_counted() -> None:
    clock = Clock()
    one = reader(clock, showing(200))
    events = without_size(run(one, clock, 150))
    assert one.dropped.total == 300
    assert one.take().timestamp_s == pytest.approx(149.5, abs=0.51)  # type: ignore[union-attr]
    assert one.take() is None
    assert [event.kind for event in events] == ["frames_dropped"] * 3  # at once, then once a minute
    assert sum(int(event.detail["count"]) for event in [*events, *one.events(end=True)]) == 300
    assert events[0].detail["reason"] == "not kept up with"


def test_step__a_camera_that_is_unplugged_and_comes_back() -> None:
    clock, taken = Clock(), []
    refused = [VideoError("camera 0: not there")] * 3
    one = reader(clock, showing(5), *refused, showing(5))
    events = run(one, clock, 15, taken)
    events = without_size(events)
    assert told(events) == [("camera_lost", pytest.approx(5.4)), ("camera_back", pytest.approx(13, abs=0.3))]
    assert events[0].detail == {"reason": "the camera gives no frames"}
    assert events[1].detail["away_s"] == pytest.approx(7.6, abs=0.3)
    assert events[1].detail["tries"] == 4
    assert taken[-1] > 14


def test_step__waits_grow_but_not_for_ever() -> None:
    clock = Clock()
    one = reader(clock, [])
    waits = [one.step() for _ in range(FAILURES + 12)][FAILURES - 1 :]
    assert waits[:5] == [0.5, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    assert [event.kind for event in one.events()] == ["camera_lost"]


def test_step__frames_that_cannot_be_used_are_counted_and_passed_over() -> None:
    clock, taken = Clock(), []
    shown = [(0.1, "torn" if i % 2 else np.zeros((48, 64, 3), np.float32)) for i in range(40)] + showing(2)
    events = run(reader(clock, shown), clock, 5.5, taken)
    events = without_size(events)
    assert told(events) == [("frame_unreadable", 0.1)]
    assert "expected uint8 or uint16 pixels" in str(events[0].detail["reason"])
    assert taken[0] == pytest.approx(4.5, abs=0.01)


def test_step__a_clock_that_jumps_is_told_and_changes_nothing() -> None:
    clock, taken = Clock(), []
    one = reader(clock, showing(60))
    events = run(one, clock, 5)
    one._capture.shift_s = 50.0  # type: ignore[union-attr]
    events = without_size([*events, *run(one, clock, 10, taken)])
    assert told(events) == [("frames_dropped", pytest.approx(0.5)), ("clock_wrong", pytest.approx(5.1, abs=0.2))]
    assert events[1].detail["reason"] == "50.000 s behind"
    np.testing.assert_allclose(np.diff(taken), 0.5, atol=1e-6)


def test_step__another_size_of_pictures_is_told() -> None:
    clock, wide = Clock(), np.zeros((48, 96, 3), np.uint8)
    one = reader(clock, [*showing(2), *showing(2, wide), *showing(2)])
    one.resolution_wh = (64, 48)  # as a run before this one left it
    sizes = [event for event in run(one, clock, 5.9) if event.kind == "picture_size"]
    assert [(round(event.timestamp_s), event.detail["width_px"]) for event in sizes] == [(2, 96), (4, 64)]


def test_events__a_driver_that_hangs_is_told_once_and_its_return_too() -> None:
    clock = Clock()
    one = reader(clock, showing(5))
    run(one, clock, 1)
    clock.now_s += HUNG_S + 1
    (lost,) = [event for event in one.events() if event.kind == "camera_lost"]
    assert (one.is_lost, lost.detail["reason"]) == (True, f"the driver has not answered for {HUNG_S:g} s")
    assert one.events() == []
    one.step()
    (back,) = [event for event in one.events() if event.kind == "camera_back"]
    assert (one.is_lost, back.detail["away_s"]) == (False, pytest.approx(HUNG_S + 1.1, abs=0.01))


@pytest.mark.parametrize("broken", ["grab", "get"])
def test_run__an_error_nobody_foresaw_is_a_lost_camera(broken: str) -> None:
    def defect(*_: object) -> None:
        raise RuntimeError("a defect")

    clock, fresh = Clock(), Flag()

    def opened() -> Capture:
        camera = Camera(clock, showing(1))
        setattr(camera, broken, defect)
        return camera

    one = Reader("first", opened(), opened, Pace(rates("fixed", 2)), clock, fresh)
    one.start()
    assert fresh.wait(5)
    time.sleep(0.7)  # it is opened again after half a second, and is no better
    one.stop()
    assert (one.error, one.is_lost) == (None, True)
    assert [(each.kind, each.detail["reason"]) for each in one.events()] == [("camera_lost", "RuntimeError")]
