"""Frames that show nothing: what is not seen in the dark, or behind a cover, is not known to be missing.

Where `camera_dark` or `camera_covered` says that the picture shows nothing, a score that would not count for any rule
is no "nothing there" but *not assessable*. What is seen all the same counts: a phone that glows in a dark room is a
phone. Not so where a high score says that something is *not* in sight (`ABSENCES`): that is how every such picture
looks. Detectors of the camera itself are left alone, they are what says it.
"""

from __future__ import annotations

from collections.abc import Mapping

from proctor_models.types import Reading

SHOWS_NOTHING = 0.5
"""Score of either detector from which a picture shows nothing; in the dark, that is a luma of `camera_dark.DARK`."""
SAYS_SO = ("camera_dark", "camera_covered")
OF_THE_CAMERA = (*SAYS_SO, "camera_frozen", "camera_moved")
ABSENCES = ("seat_absence", "desk_view", "ears_covered", "face_occluded")
"""Detectors whose high score says that somebody or something cannot be seen."""
_WHY = {"camera_dark": "too dark to see", "camera_covered": "the camera shows nothing, as if covered"}


def assessable(readings: Mapping[str, Reading], least: Mapping[str, float]) -> dict[str, Reading]:
    """The readings of one frame, those taken back that a picture which shows nothing cannot give.

    Args:
        readings: by detector.
        least: by detector, the lowest score that counts for any rule; of one that is left out none does.

    >>> dark = {"camera_dark": Reading(0.9), "phone": Reading(0.1), "seat_absence": Reading(1.0)}
    >>> [reading.score for reading in assessable(dark, {"phone": 0.3, "seat_absence": 0.3}).values()]
    [0.9, None, None]
    >>> assessable(dark | {"phone": Reading(0.4)}, {"phone": 0.3})["phone"].score
    0.4
    """
    why = next((_WHY[name] for name in SAYS_SO if _score(readings.get(name)) >= SHOWS_NOTHING), None)
    if why is None:
        return dict(readings)
    return {
        name: reading if name in OF_THE_CAMERA or _is_seen(name, reading, least) else Reading(None, why=why)
        for name, reading in readings.items()
    }


def _is_seen(name: str, reading: Reading, least: Mapping[str, float]) -> bool:
    return name not in ABSENCES and name in least and _score(reading) >= least[name]


def _score(reading: Reading | None) -> float:
    return 0.0 if reading is None or reading.score is None else reading.score
