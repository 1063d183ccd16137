"""How far a camera was turned round a room at the start of an exam, and whether the candidate was in the picture.

From each frame to the next, ORB features (Rublee et al. 2011) outside the boxes of people are matched; a homography by
RANSAC keeps those that move together, and the bearings of what it keeps give the turn about the upright axis. Turns
add up with their sign, so a camera swung back and forth has turned no further than its furthest two directions lie
apart. What proves a full turn is its end: frames that look like those at the start though the camera has
been turned through some 200 degrees or more. That also makes the two doubts harmless: the unknown angle of view
(`LONG_SIDE_DEG`), and the arm's length, by which a phone that is carried round its holder seems to turn less.
Until then the angle is good to about a fifth, which `ScanResult.plus_minus_deg` says.

Not seen: whether it was tilted up and down as well, what lies behind things, and whether the room is the exam's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.types import Boxes, Image, View

LONG_SIDE_DEG = 67.0
"""Angle of view along the picture's longer side that is assumed; front cameras of phones have 60 to 75."""
FAST_HZ = 4.0
"""Frames a second that a turn needs: one of ten seconds then moves the picture by 9 degrees a frame."""
_SIDE_PX = 320
_FEATURES = 400
_LEAST_FEATURES = 30
_DARK = 20.0  # mean grey level under which nothing is matched
_LEAST_INLIERS = 12
_INLIER_SHARE = 0.2
_REPROJECTION_PX = 4.0
_LOOP_DEG = 200.0  # least turn, as measured, after which the start may come round again
_LOOP_INLIERS = 30
_KEY_DEG = 20.0  # a view is remembered each so many degrees
_MOST_KEYS = 6  # from the start of the turn: the ones it ends on
_CHECK_DEG = 6.0  # the start is looked for each so many degrees: every look costs as much as the frame itself
_SURE_DEG = 5.0
_RELATIVE = 0.2
_LEAST_FRAMES = 10
_LEAST_LINKED = 0.6  # share of the frames linked to the one before, under which the turn is not told

Points = NDArray[np.float32]  # (n, 2) pixels
Descriptors = NDArray[np.uint8]  # (n, 32)


@dataclass(frozen=True)
class ScanResult:
    """What is known of the turn."""

    turn_deg: float | None
    """Degrees between the furthest two directions, at most 360; None where the frames cannot tell."""
    plus_minus_deg: float
    """How far `turn_deg` may be off."""
    candidate_share: float
    """Share of the turn in which somebody was in the picture; of the time, where nothing turned."""
    is_closed: bool
    """Whether the end was recognised as the start: a full turn for sure."""
    why: str = ""
    """Why the turn is not told."""


@dataclass(frozen=True)
class _Look:
    """One frame's features, and the direction it was taken in, in degrees from the first."""

    points: Points
    descriptors: Descriptors
    at_deg: float


class EnvironmentScan:
    """Follows one view from its first frame; memory does not grow."""

    def __init__(self, within_s: float, view: View = "second") -> None:
        """Watch a view's first `within_s` seconds."""
        self.view = view
        """The view whose camera is turned."""
        self.within_s = within_s
        """Seconds from the first frame after which nothing more is looked at."""
        self._orb = cv2.ORB.create(_FEATURES, fastThreshold=10)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
        self._first_s: float | None = None
        self._last_s = 0.0
        self._last: _Look | None = None
        self._keys: list[_Look] = []
        self._span_deg = (0.0, 0.0)
        self._closed = False
        self._checked_deg = 0.0
        self._frames = self._linked = self._breaks = 0
        self._with_candidate = {"turn": 0.0, "time": 0.0}
        self._all = {"turn": 0.0, "time": 0.0}

    def wants_fast(self, timestamp_s: float, view: View) -> bool:
        """Whether frames of a view are wanted at `FAST_HZ`: while the turn may go on."""
        return view == self.view and not self._closed and not self._is_over(timestamp_s)

    def observe(self, image: Image, timestamp_s: float, persons_xyxy: Boxes) -> None:
        """Take a frame of the view, in the order of time, with the boxes (n, 4) of the people and faces in it."""
        if self._closed or self._is_over(timestamp_s):
            return
        step_s = 0.0 if self._first_s is None else timestamp_s - self._last_s
        self._first_s = timestamp_s if self._first_s is None else self._first_s
        self._last_s = timestamp_s
        self._frames += 1
        step_deg = self._turn(image, persons_xyxy)
        for kind, weight in (("turn", abs(step_deg)), ("time", step_s)):
            self._all[kind] += weight
            self._with_candidate[kind] += weight if len(persons_xyxy) else 0.0

    def result(self) -> ScanResult:
        """What is known by now."""
        low, high = self._span_deg
        span_deg = min(360.0, high - low)
        kind = "turn" if self._all["turn"] > _KEY_DEG else "time"
        share = self._with_candidate[kind] / self._all[kind] if self._all[kind] else 0.0
        if self._closed:
            return ScanResult(360.0, _SURE_DEG, share, True)
        why = ""
        if self._frames < _LEAST_FRAMES:
            why = f"only {self._frames} frames of the start were analysed"
        elif self._linked < _LEAST_LINKED * (self._frames - 1):
            why = "too dark, too blurred or too few frames to follow the camera from one to the next"
        plus_minus_deg = max(_SURE_DEG, _RELATIVE * span_deg) + LONG_SIDE_DEG * self._breaks
        return ScanResult(None if why else span_deg, min(360.0, plus_minus_deg), share, False, why)

    def _is_over(self, timestamp_s: float) -> bool:
        return self._first_s is not None and timestamp_s - self._first_s > self.within_s

    def _turn(self, image: Image, persons_xyxy: Boxes) -> float:
        """Link a frame to the one before; degrees turned since, 0 where they cannot be linked."""
        points, descriptors, focal_px = self._features(image, persons_xyxy)
        before = self._last
        if len(points) < _LEAST_FEATURES:
            self._breaks += before is not None and self._linked > 0
            self._last = None
            return 0.0
        step_deg = None
        if before is not None:
            step_deg = self._between(before, points, descriptors, focal_px, _LEAST_INLIERS)
            self._linked += step_deg is not None
            self._breaks += step_deg is None
        at_deg = (before.at_deg if before is not None else self._at_deg()) + (step_deg or 0.0)
        self._last = _Look(points, descriptors, at_deg)
        self._span_deg = min(self._span_deg[0], at_deg), max(self._span_deg[1], at_deg)
        self._close(self._last, focal_px)
        return step_deg or 0.0

    def _at_deg(self) -> float:
        """Where the camera pointed when it was last known: after a break nothing better is known."""
        return self._keys[-1].at_deg if self._keys else 0.0

    def _close(self, now: _Look, focal_px: float) -> None:
        """Whether the start has come round again; else remember this view if it is one of the first."""
        due = abs(now.at_deg - self._checked_deg) >= _CHECK_DEG
        self._checked_deg = now.at_deg if due else self._checked_deg
        for key in self._keys if due else ():
            if abs(now.at_deg - key.at_deg) < _LOOP_DEG:
                continue
            if self._between(key, now.points, now.descriptors, focal_px, _LOOP_INLIERS) is not None:
                self._closed, self._keys, self._last = True, [], None
                return
        new = all(abs(now.at_deg - key.at_deg) >= _KEY_DEG for key in self._keys)
        if new and len(self._keys) < _MOST_KEYS:
            self._keys.append(now)

    def _between(
        self, before: _Look, points: Points, descriptors: Descriptors, focal_px: float, least: int
    ) -> float | None:
        """Degrees that the camera turned to the right between two frames; None where they do not match."""
        matches = self._matcher.match(before.descriptors, descriptors)
        if len(matches) < least:
            return None
        one = before.points[[match.queryIdx for match in matches]]
        other = points[[match.trainIdx for match in matches]]
        found, inliers = cv2.findHomography(one, other, cv2.RANSAC, _REPROJECTION_PX)
        if found is None or not _is_turn(found):
            return None
        kept = inliers.ravel() > 0
        if kept.sum() < max(least, _INLIER_SHARE * len(matches)):
            return None
        return float(np.median(_bearing_deg(one[kept], focal_px) - _bearing_deg(other[kept], focal_px)))

    def _features(self, image: Image, persons_xyxy: Boxes) -> tuple[Points, Descriptors, float]:
        """Features outside people, x counted from the picture's middle; and the focal length, in the same pixels."""
        height, width = image.shape[:2]
        scale = _SIDE_PX / max(height, width)
        wh = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), wh, interpolation=cv2.INTER_AREA)
        focal_px = _SIDE_PX / 2 / math.tan(math.radians(LONG_SIDE_DEG / 2))
        nothing = np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8), focal_px
        if float(small.mean()) < _DARK:
            return nothing
        mask = np.full(small.shape, 255, np.uint8)
        for x0, y0, x1, y1 in np.asarray(persons_xyxy, np.float64).reshape(-1, 4) * scale:
            margin = 0.05 * (x1 - x0)
            cv2.rectangle(mask, (int(x0 - margin), int(y0 - margin)), (int(x1 + margin), int(y1 + margin)), 0, -1)
        keypoints, descriptors = self._orb.detectAndCompute(small, mask)
        if descriptors is None:
            return nothing
        points = np.asarray(cv2.KeyPoint.convert(keypoints), np.float32) - np.array([wh[0] / 2, 0], np.float32)
        return points, np.asarray(descriptors, np.uint8), focal_px


def _bearing_deg(points: Points, focal_px: float) -> NDArray[np.float64]:
    """Angle to the right of the picture's middle.

    >>> _bearing_deg(np.array([[100, 7], [0, 3]], np.float32), 100.0).round().tolist()
    [45.0, 0.0]
    """
    return np.asarray(np.degrees(np.arctan2(points[:, 0], focal_px)), np.float64)


def _is_turn(homography: NDArray[np.float64]) -> bool:
    """Whether a homography is one that a turn gives: no mirror, no collapse, no zoom.

    >>> _is_turn(np.eye(3)), _is_turn(np.diag([-1.0, 1, 1])), _is_turn(np.diag([0.1, 0.1, 1]))
    (True, False, False)
    """
    return 0.4 < float(np.linalg.det(homography[:2, :2])) < 2.5
