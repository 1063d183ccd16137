"""`proctor synth-exam`: a sample exam of a made-up candidate, recorded in two views, with what happens in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from proctor_models.errors import ConfigError
from proctor_models.files import building
from proctor_models.synth.composites.camera import Look
from proctor_models.synth.composites.compose import licence_text
from proctor_models.synth.composites.first_view import Setting, Stage
from proctor_models.synth.composites.layers import FRAME_WH
from proctor_models.synth.composites.people import REQUIREMENTS, Studio
from proctor_models.synth.composites.second_view import SecondStage
from proctor_models.synth.composites.staging import HEIGHT, WIDTH, Pose
from proctor_models.synth.place import to_make
from proctor_models.types import VIEWS, Image, View

CANDIDATE, VISITOR = "P010", "P004"
EVENTS_FILE = "events.json"
DURATION_S, RATE_HZ = 52.0, 4
TICKS_A_SECOND = 1000
EASE_S = 0.75
"""How long it takes to raise a phone or to walk into the picture."""


@dataclass(frozen=True)
class Event:
    """Something that happens in one view between two times."""

    event: str
    view: View
    start_s: float
    end_s: float

    def at(self, time_s: float) -> bool:
        """Whether it is happening.

        >>> Event("phone", "first", 6, 12).at(12.0)
        False
        """
        return self.start_s <= time_s < self.end_s

    def arriving(self, time_s: float) -> float:
        """1 at its first and its last moment, 0 in between: how far what belongs to it still has to come.

        >>> event = Event("phone", "first", 6, 12)
        >>> event.arriving(6.0), event.arriving(9.0), round(event.arriving(11.9), 2)
        (1.0, 0.0, 0.87)
        """
        inside = min(time_s - self.start_s, self.end_s - time_s)
        return float(np.clip(1 - inside / EASE_S, 0, 1))


STORY: tuple[Event, ...] = (
    Event("phone", "first", 6.0, 12.0),
    Event("phone", "second", 6.0, 12.0),
    Event("second_person", "first", 15.5, 21.0),
    Event("second_person", "second", 15.5, 21.0),
    Event("mask", "first", 24.0, 30.0),
    Event("recording_gap", "second", 24.0, 32.0),
    Event("earphone", "first", 33.0, 39.0),
    Event("earphone", "second", 33.0, 39.0),
    Event("absence", "first", 42.0, 48.0),
    Event("absence", "second", 42.0, 48.0),
)


def sample_exam(seed: int, out: Path, *, fresh: bool = False) -> None:
    """Write ``first.mp4``, ``second.mp4`` and ``events.json`` to `out`, all of it or nothing.

    The recordings are 52 s long at 4 frames a second, H.264; the second view has a gap of 8 s in which
    its timestamps jump. Events are a list of {event, view, start_s, end_s}.

    Raises:
        ConfigError: openpeople, MediaPipe or PyAV is missing; the message names the requirements file.
        DataError: `out` holds something else, or an earlier exam and `fresh` is not set.
    """
    to_make(out, EVENTS_FILE, fresh=fresh)
    with building(out) as folder:
        studio = Studio()
        for view in VIEWS:
            frames = first_view(studio, seed) if view == "first" else second_view(studio, seed)
            write_video(folder / f"{view}.mp4", _told(frames, view))
        events = [vars(event) for event in STORY]
        (folder / EVENTS_FILE).write_text(json.dumps(events, indent=1) + "\n", encoding="utf-8")
        (folder / "LICENCE.txt").write_text(licence_text(), encoding="utf-8")


def times(view: View) -> list[float]:
    """When a view has a frame, in seconds; nothing while it is not recording.

    >>> len(times("first")), len(times("second"))
    (208, 176)
    """
    gaps = [e for e in STORY if e.event == "recording_gap" and e.view == view]
    every = [number / RATE_HZ for number in range(round(DURATION_S * RATE_HZ))]
    return [t for t in every if not any(gap.at(t) for gap in gaps)]


def _told(frames: Iterator[tuple[float, Image]], view: str) -> Iterator[tuple[float, Image]]:
    for number, frame in enumerate(frames, start=1):
        if number % 40 == 0:
            print(f"synth-exam: {view} view, {number} frames", file=sys.stderr, flush=True)
        yield frame


def _now(view: View, time_s: float) -> dict[str, Event]:
    return {event.event: event for event in STORY if event.view == view and event.at(time_s)}


def _sway(time_s: float) -> tuple[float, float, float]:
    """How far a sitting person has moved: right, down (canvas pixels), and turned (degrees)."""
    return (
        float(11 * np.sin(0.9 * time_s) + 5 * np.sin(2.3 * time_s + 1)),
        float(5 * np.sin(0.7 * time_s + 2)),
        float(1.4 * np.sin(0.6 * time_s)),
    )


# A camera quiet enough for a small file.
LOOK = Look("day", (0.98, 1.0, 1.02), (0.97, 1.0, 1.02), 0.12, 0.9, 0.15, 0.5, 0.2)


def first_view(studio: Studio, seed: int) -> Iterator[tuple[float, Image]]:
    """The frames of the first view, with their times in seconds."""
    setting = Setting(seed, CANDIDATE, "seated", LOOK, False, 262.0, (0.5 * WIDTH, 0.42 * HEIGHT), True)
    for time_s in times("first"):
        now = _now("first", time_s)
        # What an event looks like is chosen once for all of its frames.
        stage = Stage(studio, setting, np.random.default_rng([seed, 31]))
        if "second_person" in now:
            stage.visitor(VISITOR, outside=1.6 * now["second_person"].arriving(time_s))
        stage.chair()
        away = now["absence"].arriving(time_s) if "absence" in now else 1.0
        if away > 0:
            dx, dy, roll = _sway(time_s)
            gone = 4.0 * (1 - away) if "absence" in now else 0.0
            pose = Pose(
                setting.face_px, (setting.centre[0] + dx + gone * setting.face_px, setting.centre[1] + dy), roll
            )
            face = int(time_s // 3) if int(time_s // 3) % 2 else None
            stage.posed(pose, face, keep=gone > 0)
            stage.rng = np.random.default_rng([seed, 32])
            if "mask" in now:
                stage.mask("right")
            if "earphone" in now:
                stage.headphones()
            if "phone" in now:
                stage.phone_in_hand("front", below=1.3 * now["phone"].arriving(time_s))
        stage.rng = np.random.default_rng([seed, 33, round(time_s * RATE_HZ)])
        yield time_s, stage.finish(moving=False)


def second_view(studio: Studio, seed: int) -> Iterator[tuple[float, Image]]:
    """The frames of the second view, with their times in seconds."""
    deeds = {"phone": "phone_hand", "earphone": "headphones", "absence": "empty"}
    for time_s in times("second"):
        now = _now("second", time_s)
        scene = SecondStage(studio, seed, CANDIDATE, np.random.default_rng([seed, 34]), "beside")
        scene.look = replace(LOOK, lean=-0.1)
        scene.sway = _sway(time_s + 9)
        activity = next((deed for event, deed in deeds.items() if event in now), "quiet")
        scene.build(activity, VISITOR if "second_person" in now else None)
        scene.rng = np.random.default_rng([seed, 35, round(time_s * RATE_HZ)])
        yield time_s, scene.finish(moving=False)


def write_video(path: Path, frames: Iterator[tuple[float, Image]]) -> None:
    """Write frames at their own times, H.264 in mp4.

    Raises:
        ConfigError: PyAV is missing.
    """
    try:
        import av
    except ImportError:
        raise ConfigError(f"av is not installed; install what {REQUIREMENTS} lists") from None
    with av.open(str(path), "w", options={"fflags": "+bitexact", "movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height = FRAME_WH
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS_A_SECOND)
        stream.codec_context.thread_count = 1  # several threads do not write the same bytes twice
        stream.options = {"crf": "24", "preset": "slow", "bf": "0", "g": str(RATE_HZ * 10)}
        for time_s, image in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            frame.pts, frame.time_base = round(time_s * TICKS_A_SECOND), Fraction(1, TICKS_A_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
