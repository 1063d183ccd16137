"""One live camera, read by a thread of its own that keeps only the newest frame worth analysing.

What is not taken in time is overwritten and counted, never queued. A camera that is lost is opened again, with growing
waits, until it is back or the watching stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event as Flag
from threading import Lock, Thread
from typing import Protocol

import cv2
import numpy as np

from proctor_models.errors import DataError, VideoError
from proctor_models.runtime.clocks import LiveClock
from proctor_models.runtime.events import Event, Tally
from proctor_models.runtime.pace import Pace
from proctor_models.runtime.pixels import as_bgr
from proctor_models.runtime.presence import Presence
from proctor_models.types import Image, View

FAILURES = 5
"""So many reads in a row that bring nothing: the camera is lost."""
HUNG_S = 15.0
"""A read that has not come back for so long: the camera is lost, whatever the driver says later."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
_RETRY_S = 0.05


class Capture(Protocol):
    """What is read: `cv2.VideoCapture`, or anything that does the same."""

    def grab(self) -> bool:
        """Wait for the next frame; False if there is none."""

    def retrieve(self) -> tuple[bool, Image | None]:
        """Decode the frame that was grabbed."""

    def get(self, key: int) -> float:
        """A property; of them only the time of the frame that was grabbed is asked for, in milliseconds."""

    def release(self) -> None:
        """Let go of the camera."""


@dataclass(frozen=True)
class Taken:
    """A frame worth analysing."""

    image: Image
    timestamp_s: float
    """On the exam's clock."""


class Reader:
    """Reads one view. All but `step` and `run` may be called from the thread that analyses."""

    def __init__(
        self,
        view: View,
        opened: Capture | None,
        reopen: Callable[[], Capture],
        pace: Pace,
        clock: Callable[[], float],
        fresh: Flag | None = None,
    ) -> None:
        """Take over a camera.

        Args:
            view: where its frames belong.
            opened: the open camera; None if it is to be opened first.
            reopen: opens it again; raises VideoError when it cannot.
            pace: chooses the frames worth analysing.
            clock: seconds on the exam's clock, now.
            fresh: set whenever there is something new.
        """
        self.view = view
        self.pace = pace
        self.error: BaseException | None = None
        """What ended the thread against all expectation; the analysing thread raises it."""
        self.presence = Presence()
        """When frames came, analysed or not, on the exam's clock."""
        self.resolution_wh = (0, 0)
        """Of the latest frame, in pixels; set it before `start` where it is known already."""
        self.unreadable = Tally("frame_unreadable", view)
        self.dropped = Tally("frames_dropped", view)
        self._wrong_clock = Tally("clock_wrong", view)
        self._capture, self._reopen, self._clock = opened, reopen, clock
        self._fresh = fresh or Flag()
        self._place = LiveClock()
        self._lock = Lock()
        self._newest: Taken | None = None
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._failures, self._tries = 0, 0
        self._alive_s = clock()
        self._lost_s: float | None = None
        self._hung_s: float | None = None
        self._stop = Flag()
        self._thread: Thread | None = None

    @property
    def is_lost(self) -> bool:
        """Whether no frames come."""
        return self._lost_s is not None or self._hung_s is not None

    def start(self) -> None:
        """Read in a thread, until `stop`."""
        self._alive_s = self._clock()
        self._place = LiveClock(self._alive_s)
        # A daemon: a driver that never comes back must not keep the process from ending.
        self._thread = Thread(target=self.run, name=f"camera-{self.view}", daemon=True)
        self._thread.start()

    def stop(self, patience_s: float = 2.0) -> None:
        """End the thread, as far as the driver lets it end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(patience_s)
        elif self._capture is not None:  # the thread lets go of it, but there never was one
            self._capture.release()

    def run(self) -> None:
        """Read until `stop`."""
        try:
            while not self._stop.is_set():
                try:
                    wait_s = self.step()
                except Exception as error:  # a driver may raise anything; the other view is watched all the same
                    wait_s = self._lose(type(error).__name__)
                if wait_s:
                    self._stop.wait(wait_s)
        except BaseException as error:  # handed on: a thread that dies alone would be silence
            self.error = error
            self._fresh.set()
        finally:
            if self._capture is not None:
                self._capture.release()

    def step(self) -> float:
        """Read one frame, or try to open the camera; return how long to wait before the next step, in seconds."""
        if self._capture is None:
            return self._open()
        try:
            grabbed, why = self._capture.grab(), "the camera gives no frames"
        except cv2.error as error:
            grabbed, why = False, str(error.err)
        self._alive_s = arrival_s = self._clock()
        if not grabbed:
            self._failures += 1
            if self._failures < FAILURES:
                return _RETRY_S
            return self._lose(why)
        self._failures = 0
        self._frame(self._capture, arrival_s)
        if self.is_lost:  # only now: a camera whose frames raise is not back
            self._back(arrival_s)
        return 0.0

    def take(self) -> Taken | None:
        """The newest frame worth analysing; it is handed out once."""
        with self._lock:
            newest, self._newest = self._newest, None
            return newest

    @property
    def has_frame(self) -> bool:
        """Whether `take` has something to give."""
        return self._newest is not None

    def events(self, *, end: bool = False) -> list[Event]:
        """What happened since the last call; `end` adds what is counted and not told yet."""
        now_s = self._clock()
        found = []
        while not self._events.empty():
            found.append(self._events.get())
        if not self.is_lost and now_s - self._alive_s > HUNG_S:
            self._hung_s = self._alive_s
            reason = f"the driver has not answered for {HUNG_S:g} s"
            found.append(Event("camera_lost", now_s, self.view, {"reason": reason}))
        with self._lock:
            for tally in (self.unreadable, self.dropped, self._wrong_clock):
                found += tally.due(now_s, end=end)
        return found

    def count_unreadable(self, timestamp_s: float, reason: str) -> None:
        """Count a frame that could not be used."""
        with self._lock:
            self.unreadable.add(timestamp_s, reason=reason)

    def _open(self) -> float:
        try:
            self._capture = self._reopen()
        except VideoError as error:
            return self._lose(str(error))
        finally:
            self._alive_s = self._clock()
        self._place.forget()
        return 0.0

    def _lose(self, why: str) -> float:
        """Note that the camera is lost, once; return how long to wait before it is opened again."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
        self._failures = 0
        self._tries += 1
        if self._lost_s is None:
            self._lost_s = self._clock()
            if self._hung_s is None:  # else it is told already
                self._tell(Event("camera_lost", self._lost_s, self.view, {"reason": why}))
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self._tries - 1, 10))

    def _back(self, now_s: float) -> None:
        since_s = min(since_s for since_s in (self._lost_s, self._hung_s, now_s) if since_s is not None)
        detail: dict[str, str | int | float] = {"away_s": round(now_s - since_s, 3), "tries": self._tries}
        self._tell(Event("camera_back", now_s, self.view, detail))
        self._lost_s, self._hung_s, self._tries = None, None, 0

    def _frame(self, capture: Capture, arrival_s: float) -> None:
        device_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        placed = self._place.place(device_s if device_s > 0 else None, arrival_s)
        if placed.wrong_by_s is not None:
            with self._lock:
                way = "ahead" if placed.wrong_by_s > 0 else "behind"
                self._wrong_clock.add(arrival_s, reason=f"{abs(placed.wrong_by_s):.3f} s {way}")
        if not self.pace.candidate(placed.timestamp_s):
            self.presence.came(placed.timestamp_s)
            return
        try:
            decoded, picture = capture.retrieve()
            if not decoded or picture is None:
                raise DataError("it cannot be decoded")
            image = as_bgr(np.asarray(picture))
        except (DataError, cv2.error) as error:
            self.count_unreadable(placed.timestamp_s, str(error))
            return
        self.presence.came(placed.timestamp_s)
        self._measure(image, placed.timestamp_s)
        if self.pace.due(placed.timestamp_s, image):
            self._put(Taken(image, placed.timestamp_s))

    def _measure(self, image: Image, timestamp_s: float) -> None:
        """Tell what frames measure, at first and when it changes: another camera may have taken this one's place."""
        height, width = image.shape[:2]
        if (width, height) != self.resolution_wh:
            self.resolution_wh = (width, height)
            self._tell(Event("picture_size", timestamp_s, self.view, {"width_px": width, "height_px": height}))

    def _put(self, taken: Taken) -> None:
        with self._lock:
            if self._newest is not None:
                self.dropped.add(self._newest.timestamp_s, reason="not kept up with")
            self._newest = taken
        self._fresh.set()

    def _tell(self, event: Event) -> None:
        self._events.put(event)
        self._fresh.set()
