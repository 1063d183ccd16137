"""Frames in, findings with their pictures out: nets, detectors and rules over one or two views.

Nothing is written here. Of the frames, only JPEGs that a finding may need are kept: for every rule and
view one before the span, one at its peak (and one with the boxes), one after it, and by view the first
and the latest frame. So memory does not grow with the length of an exam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from proctor_models.detectors import DETECTORS
from proctor_models.detectors.spec import Detector
from proctor_models.errors import ConfigError
from proctor_models.rules.engine import Change, Engine, Track
from proctor_models.rules.hysteresis import Box
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.camera import CameraWatch
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.held import Held, Shot, Snapshots, hold_peak
from proctor_models.runtime.pixels import as_bgr
from proctor_models.types import Image, Observation, Reading, View

EVIDENCE_FOLDER = "evidence"


class Observer(Protocol):
    """What sees a frame: `runtime.predictor.Predictor`, or anything that does the same."""

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hash of each net's file, by net."""

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What is in one frame."""


@dataclass(frozen=True)
class Reported:
    """A closed finding and its pictures, JPEG bytes by the path the finding names."""

    finding: Finding
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Step:
    """What one frame brought."""

    scores: Mapping[str, float | None]
    """By detector; None where the frame cannot answer."""
    opened: tuple[Change, ...]
    """Findings that opened: for a live display. What is kept is reported when it closes."""
    reported: tuple[Reported, ...]
    """Findings that closed."""
    snapshot: bytes | None
    """The frame as JPEG, when a random snapshot was due."""


class Monitor:
    """Watches one exam, frame by frame, each view in the order of its timestamps."""

    def __init__(
        self,
        observer: Observer,
        ruleset: RuleSet,
        thresholds: Mapping[str, float],
        interval_s: float,
        detectors: Sequence[Detector] = DETECTORS,
        snapshots: Snapshots | None = None,
    ) -> None:
        """Check that rules, detectors and sampling fit together.

        Args:
            observer: sees the frames.
            ruleset: the exam's rules.
            thresholds: shipped threshold by detector.
            interval_s: seconds between two frames of a view when nothing is missing.
            detectors: what turns observations into scores.
            snapshots: when to keep a frame at random.

        Raises:
            ConfigError: a rule asks for a detector, a view or a time that cannot be had.
        """
        self._observer = observer
        self._ruleset = ruleset
        self._detectors = tuple(detectors)
        self._snapshots = snapshots or Snapshots()
        self._held: dict[Track, Held] = {}
        self._first: dict[str, tuple[float, bytes]] = {}
        self._latest: dict[str, Shot] = {}
        self._cameras: dict[str, CameraWatch] = {}
        known = {detector.name: detector for detector in self._detectors}
        self._engine = Engine(ruleset, {name: thresholds[name] for name in known if name in thresholds}, interval_s)
        for i, rule in enumerate(ruleset.rules):
            blind = [] if rule.is_gap else [view for view in rule.views if view not in known[rule.detector].views]
            if blind:
                raise ConfigError(
                    f"{ruleset.name}: rules[{i}].views: detector {rule.detector!r} reads only "
                    f"{', '.join(known[rule.detector].views)}, got {blind[0]!r}"
                )

    def observe(self, frame: Image, timestamp_s: float, view: View) -> Step:
        """Take one frame (any picture `as_bgr` takes).

        Raises:
            TimestampError: time runs backwards in this view.
            DataError: the frame is no picture.
            ModelError: a net gave no usable numbers.
        """
        # A copy: cameras reuse their buffers, and this frame may be encoded when the next one is here.
        shot = Shot(as_bgr(frame).copy())
        camera = self._cameras.setdefault(view, CameraWatch()).observe(shot.image, timestamp_s)
        observation = replace(self._observer.observe(shot.image, timestamp_s, view), camera=camera)
        readings = {d.name: d.read(observation) for d in self._detectors if view in d.views}
        changes = self._engine.observe(view, timestamp_s, readings)
        if view not in self._first:
            self._first[view] = (timestamp_s, shot.jpeg)
        reported = tuple(self._report(change, shot) for change in changes if change.kind == "closed")
        self._hold(view, timestamp_s, shot)
        self._latest[view] = shot
        scores = {detector.name: _score(readings.get(detector.name)) for detector in self._detectors}
        opened = tuple(change for change in changes if change.kind == "opened")
        snapshot = shot.jpeg if self._snapshots.due(view, timestamp_s) else None
        return Step(scores, opened, reported, snapshot)

    def finish(self, expected_end_s: Mapping[str, float] | None = None) -> tuple[Reported, ...]:
        """No more frames: report what was open, and views that are missing, late or short.

        Args:
            expected_end_s: by view, where a recording should have ended, if later than its last frame.
        """
        return tuple(self._report(change, None) for change in self._engine.finish(expected_end_s))

    def _hold(self, view: View, timestamp_s: float, shot: Shot) -> None:
        """Keep of this frame what the spans under way may need."""
        under_way = self._engine.under_way(view)
        for track in [t for t in self._held if t.view == view and t not in under_way]:
            del self._held[track]
        for track, span in under_way.items():
            held = self._held.get(track)
            if held is None or held.start_s != span.start_s:
                held = self._held[track] = Held(span.start_s, span.peak_s)
                if view in self._latest:
                    held.pictures["before"] = self._latest[view].jpeg
                hold_peak(held, span, shot)
            elif held.peak_s != span.peak_s:
                hold_peak(held, span, shot)
            if span.end_s == timestamp_s:
                held.wants_after = True
            elif held.wants_after:
                held.pictures["after"] = shot.jpeg
                held.wants_after = False

    def _report(self, change: Change, shot: Shot | None) -> Reported:
        """The finding of a closed change; `shot` is the frame that closed it, None at the end."""
        finding_id = f"F{change.number:04d}"
        held = self._around_gap(change, shot) if change.rule.is_gap else self._around_span(change, shot)
        paths = {kind: f"{EVIDENCE_FOLDER}/{finding_id}-{kind}.jpg" for kind in held}
        span, is_gap = change.span, change.rule.is_gap
        finding = Finding(
            id=finding_id,
            rule=change.rule.id,
            detector=change.rule.detector,
            title=change.rule.title,
            article=change.rule.article,
            severity=change.rule.severity,
            view=change.view,
            start_s=round(span.start_s, 3),
            end_s=round(span.end_s, 3),
            peak_s=None if is_gap else round(span.peak_s, 3),
            peak_score=None if is_gap else round(span.peak_score, 4),
            threshold=None if change.threshold is None else round(change.threshold, 4),
            boxes=tuple(_rounded(box) for box in span.boxes),
            evidence=tuple(paths[kind] for kind in ("peak", "before", "after") if kind in paths),
            marked=paths.get("marked"),
            model_sha256=dict(self._observer.model_sha256),
            rules_sha256=self._ruleset.sha256,
        )
        return Reported(finding, {paths[kind]: jpeg for kind, jpeg in held.items()})

    def _around_span(self, change: Change, shot: Shot | None) -> dict[str, bytes]:
        held = self._held.pop(Track(change.rule, change.view))
        if held.wants_after:
            held.pictures.pop("after", None)
            if shot is not None:
                held.pictures["after"] = shot.jpeg
        return held.pictures

    def _around_gap(self, change: Change, shot: Shot | None) -> dict[str, bytes]:
        """The last frame before the gap and the first after it, as far as there are such frames."""
        view = change.view
        if shot is not None:
            return {"before": self._latest[view].jpeg, "after": shot.jpeg}
        if view not in self._latest:
            return {}
        first_s, first = self._first[view]
        if change.span.end_s <= first_s:
            return {"after": first}
        return {"before": self._latest[view].jpeg}


def _score(reading: Reading | None) -> float | None:
    return None if reading is None or reading.score is None else float(reading.score)


def _rounded(box: Box) -> Box:
    x0, y0, x1, y1 = (round(value, 1) for value in box)
    return x0, y0, x1, y1
