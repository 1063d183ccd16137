"""Frames in, findings with their pictures out: nets, detectors and rules over one or two views.

Nothing is written here. Of the frames, only JPEGs that a finding may need are kept (`runtime.held`), so
memory does not grow with the length of an exam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol

from proctor_models.detectors import DETECTORS
from proctor_models.detectors.blind import assessable
from proctor_models.detectors.spec import Detector
from proctor_models.errors import ConfigError
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.rules.tracks import Change, Track
from proctor_models.runtime.camera import CameraWatch
from proctor_models.runtime.changes import finding_of, picture_path
from proctor_models.runtime.events import Event
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.held import Album, Clips, Picture, Shot, Snapshots
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.pixels import as_bgr
from proctor_models.runtime.scans import Scans
from proctor_models.runtime.steps import Opened, Reported, Step
from proctor_models.types import VIEWS, Image, Observation, Reading, View


class Observer(Protocol):
    """What sees a frame: `runtime.predictor.Predictor`, or anything that does the same."""

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hash of each net's file, by net."""

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What is in one frame; called by as many threads at once as push frames."""


class Monitor:
    """Watches one exam, frame by frame, each view in the order of its timestamps.

    Frames may be pushed by several threads, one a view: the nets run outside the lock, at once. Two threads on
    one view wait for each other, and the later of two frames must not come first.

    The usual way in, for a program that has frames of its own (milliseconds, minutes, any camera)::

        from pathlib import Path
        from proctor_models.runtime import Monitor

        monitor = Monitor.from_pack(Path("export/proctor-pack-0.9.0"), rules="remote-exam")
        for timestamp_s, frame in camera:              # numpy, uint8, blue-green-red
            step = monitor.observe(frame, timestamp_s, "first")
            for opened in step.opened:
                notify(opened.rule, opened.start_s)    # a person looks; it is no verdict
            for reported in step.reported:
                store(reported.finding.to_json(), reported.pictures)
        rest = monitor.finish()

    The same with an observer in place of a pack, so that it runs here:

    >>> import numpy as np
    >>> from proctor_models.types import SCENE_CLASSES, Detections
    >>> class Phones:
    ...     model_sha256 = {"scene": "0" * 64}
    ...     def observe(self, image, timestamp_s=0.0, view="first"):
    ...         score = np.array([image.mean() / 255], np.float32)
    ...         seen = Detections(np.array([[8, 8, 24, 24]], np.float32), score, np.array([3]), SCENE_CLASSES)
    ...         return Observation(timestamp_s, view, (32, 32), seen)
    >>> text = {"zh": "手机", "en": "Phone"}
    >>> phone = {"id": "phone", "detector": "phone", "views": ["first"], "enter": 0.5, "leave_ratio": 0.7,
    ...          "min_duration_s": 1, "max_gap_s": 2, "severity": "cheating", "title": text, "article": text}
    >>> rules = {"schema": "proctor-rules/1", "name": "exam", "title": text, "rules": [phone]}
    >>> monitor = Monitor(Phones(), ruleset_from_dict(rules, "exam"), {"phone": 0.5}, interval_s=1.0)
    >>> for timestamp_s, grey in enumerate([0, 230, 230, 230, 0, 0, 0, 0]):
    ...     step = monitor.observe(np.full((32, 32, 3), grey, np.uint8), timestamp_s, "first")
    ...     for opened in step.opened:
    ...         print(timestamp_s, "opened", opened.finding_id, opened.rule, opened.start_s)
    ...     for reported in step.reported:
    ...         print(timestamp_s, "closed", reported.finding.id, reported.finding.end_s, sorted(reported.pictures))
    2 opened F0001 phone 1.0
    6 closed F0001 3.0 ['evidence/F0001-after.jpg', 'evidence/F0001-before.jpg', 'evidence/F0001-marked.jpg',
                      'evidence/F0001-peak.jpg']
    """

    def __init__(
        self,
        observer: Observer,
        ruleset: RuleSet,
        thresholds: Mapping[str, float],
        interval_s: float,
        detectors: Sequence[Detector] = DETECTORS,
        snapshots: Snapshots | None = None,
        clips: Clips | None = None,
    ) -> None:
        """Check that rules, detectors and sampling fit together.

        Args:
            observer: sees the frames.
            ruleset: the exam's rules.
            thresholds: shipped threshold by detector.
            interval_s: the longest usual time between two frames of a view when nothing is missing.
            detectors: what turns observations into scores.
            snapshots: when to keep a frame at random.
            clips: how much of a finding's beginning to hand over as a clip; None for none.

        Raises:
            ConfigError: a rule asks for a detector, a view or a time that cannot be had.
        """
        self._observer = observer
        self._ruleset = ruleset
        self._detectors = tuple(detectors)
        self._snapshots = snapshots or Snapshots()
        self._album = Album(clips)
        self._cameras = {view: CameraWatch() for view in VIEWS}
        self._busy = {view: Lock() for view in VIEWS}  # one frame of a view at a time
        self._lock = Lock()  # all that the views share: engine, album, snapshots
        known = {detector.name: detector for detector in self._detectors}
        shipped = {name: thresholds[name] for name in known if name in thresholds}
        self._engine = Engine(ruleset, shipped, interval_s, known)
        self._least = self._engine.least
        self._scans = Scans(ruleset)
        self._pushed: dict[str, dict[str, float | None]] = {view: {} for view in VIEWS}
        for i, rule in enumerate(ruleset.rules):
            readable = known[rule.detector].views if rule.detector in known else VIEWS
            blind = [view for view in rule.views if view not in readable]
            if blind:
                raise ConfigError(
                    f"{ruleset.name}: rules[{i}].views: detector {rule.detector!r} reads only "
                    f"{', '.join(known[rule.detector].views)}, got {blind[0]!r}"
                )

    @classmethod
    def from_pack(
        cls,
        pack: Pack | Path,
        rules: str,
        interval_s: float = 1.0,
        snapshots: Snapshots | None = None,
        clips: Clips | None = None,
    ) -> Monitor:
        """A monitor of what a pack brings.

        Args:
            pack: the pack, or its folder, which is then checked in full and loaded.
            rules: name of a rule set in the pack.
            interval_s: the longest usual time between two frames of a view when nothing is missing.
            snapshots: when to keep a frame at random.
            clips: how much of a finding's beginning to hand over as a clip; None for none.

        Raises:
            PackError, ModelError: see `Pack.load`; or the pack has no such rules.
            ConfigError: the rules ask for what the pack does not have, or cannot be kept at this interval.
        """
        loaded = pack if isinstance(pack, Pack) else Pack.load(pack)
        ruleset = pack_rules(loaded, rules)
        return cls(loaded.predictor(), ruleset, loaded.thresholds, interval_s, snapshots=snapshots, clips=clips)

    def resume(self, findings: int, last_s: Mapping[str, float], first_s: Mapping[str, float] | None = None) -> None:
        """Go on with an exam that another process watched until it was stopped; what lies between is a gap.

        Args:
            findings: how many findings opened so far; the next one gets the next number.
            last_s: by view, the last frame that was analysed.
            first_s: by view, the first one; a view that is left out counts as there from the exam's start.
        """
        with self._lock:
            self._engine.resume(findings, last_s, first_s)
            self._scans.resume(last_s)

    def observe(self, frame: Image, timestamp_s: float, view: View) -> Step:
        """Take one frame (any picture `as_bgr` takes). A frame that is refused changes nothing.

        Args:
            frame: the picture; it may be used again when this returns.
            timestamp_s: seconds on the exam's clock, not before the view's last.
            view: which camera.

        Raises:
            ConfigError: there is no such view.
            TimestampError: time runs backwards in this view.
            DataError: the frame is no picture.
            ModelError: a net gave no usable numbers.
        """
        # A copy: cameras reuse their buffers, and this frame may be encoded when the next one is here.
        shot = Shot(as_bgr(frame).copy())
        timestamp_s = round(float(timestamp_s), 3)  # as scores.jsonl holds it, see `_on_record`
        with self._lock:
            self._engine.check(view, timestamp_s)
        with self._busy[view]:
            seen = self._observer.observe(shot.image, timestamp_s, view)
            with self._lock:
                self._engine.check(view, timestamp_s)  # before the camera remembers the frame
            observation = replace(seen, camera=self._cameras[view].observe(shot.image, timestamp_s))
            read = {d.name: _on_record(d.read(observation)) for d in self._detectors if view in d.views}
            readings = assessable(read, self._least)
            self._scans.observe(shot.image, observation)
            with self._lock:
                return self._judge(view, timestamp_s, shot, readings)

    def signal(self, name: str, timestamp_s: float, view: View, score: float | None) -> None:
        """Push a score of what nothing here reads, as speech: for rules on ``external/NAME``.

        Push about as often as frames come; what it opens and closes is in the step of the view's next frame.

        Args:
            name: ``external/NAME``.
            timestamp_s: seconds on the exam's clock; it may lag the frames by up to `rules.engine.SIGNAL_LAG_S`.
            view: whose recording it was heard or seen in.
            score: in [0, 1]; None where it cannot be told.

        Raises:
            ConfigError: no rule reads it in this view.
            TimestampError: time runs backwards in what is pushed.
            ModelError: the score is none.
        """
        with self._lock:
            self._engine.signal(name, timestamp_s, view, score)
            self._pushed[view][name] = score

    def present(self, view: View, since_s: float, until_s: float) -> None:
        """Say that frames came without a break in this time, where not all of them are pushed.

        Frames left out for want of processor time are then not taken for a recording that was interrupted. It takes
        effect with the view's next frame; whoever keeps a ledger puts it there (`Ledger.present`), in milliseconds as
        here, before that frame's step: a replay needs it.
        """
        with self._lock:
            self._engine.present(view, since_s, until_s)

    def wants_fast(self, timestamp_s: float, view: View) -> bool:
        """Whether the camera's turn at the start is being watched for in a view: that takes frames at the fast rate."""
        return self._scans.wants_fast(timestamp_s, view)

    def take_events(self) -> tuple[Event, ...]:
        """What happened since this was last asked, to be recorded: what became of the camera's turn at the start."""
        return self._scans.take_events()

    def finish(self, expected_end_s: Mapping[View, float] | None = None) -> tuple[Reported, ...]:
        """No more frames: report what was open, and views that are missing, late or short.

        Args:
            expected_end_s: by view, where a recording should have ended, if later than its last frame.
        """
        ends_s = {str(view): end_s for view, end_s in (expected_end_s or {}).items()}
        with self._lock:
            self._scans.finish()
            return tuple(self._report(change, None) for change in self._engine.finish(ends_s))

    def _judge(self, view: View, timestamp_s: float, shot: Shot, readings: Mapping[str, Reading]) -> Step:
        """Rules over the readings of one frame; the caller holds the lock."""
        changes = self._engine.observe(view, timestamp_s, readings, self._scans.seen(view))
        self._album.arrive(view, timestamp_s, shot)
        reported = tuple(self._report(change, shot) for change in changes if change.kind == "closed")
        self._album.keep(view, timestamp_s, shot, self._engine.under_way(view))
        opened = tuple(self._open(change) for change in changes if change.kind == "opened")
        scores = {detector.name: _score(readings.get(detector.name)) for detector in self._detectors}
        scores |= {name: self._pushed[view].pop(name, None) for name, at in self._engine.external if at == view}
        snapshot = shot.jpeg if self._snapshots.due(view, timestamp_s) else None
        suspected = self._engine.suspected(view, scores) | self._scans.suspected(timestamp_s, view)
        return Step(scores, opened, reported, snapshot, suspected)

    def _open(self, change: Change) -> Opened:
        held = self._album.opened(Track(change.rule, change.view))
        paths = {kind: picture_path(change, kind) for kind in held}
        finding = self._finding(change, paths, ("opened", "before"), paths.get("opened-marked"))
        return Opened(finding, {paths[kind]: jpeg for kind, jpeg in held.items()})

    def _report(self, change: Change, shot: Shot | None) -> Reported:
        """The finding of a closed change; `shot` is the frame that closed it, None at the end."""
        clip: tuple[Picture, ...] = ()
        if not change.rule.is_scored:
            held = self._album.around_gap(change.view, change.span.end_s, shot)
        else:
            held, clip = self._album.closed(Track(change.rule, change.view), shot)
        paths = {kind: picture_path(change, kind) for kind in held}
        finding = self._finding(change, paths, ("peak", "before", "after"), paths.get("marked"))
        return Reported(finding, {paths[kind]: jpeg for kind, jpeg in held.items()}, clip)

    def _finding(self, change: Change, paths: Mapping[str, str], kinds: Sequence[str], marked: str | None) -> Finding:
        evidence = tuple(paths[kind] for kind in kinds if kind in paths)
        return finding_of(change, self._observer.model_sha256, self._ruleset.sha256, evidence, marked)


def pack_rules(pack: Pack, name: str) -> RuleSet:
    """The rule set of that name in a pack, with the hash that the pack's manifest lists.

    So a finding can be checked against the pack.

    Raises:
        PackError: the pack has no such rules.
        ConfigError: they are not what rules must be.
    """
    return replace(
        ruleset_from_dict(pack.rules(name), f"{pack.folder}: rules {name!r}"), sha256=pack.rules_sha256(name)
    )


def _on_record(reading: Reading) -> Reading:
    """With the score as scores.jsonl holds it: an auditor who takes that file through the rules gets these findings."""
    score = reading.score
    return reading if score is None or not 0 <= score <= 1 else replace(reading, score=round(float(score), 4))


def _score(reading: Reading | None) -> float | None:
    return None if reading is None or reading.score is None else float(reading.score)
