"""`proctor watch`: a recorded exam of one or two views to findings, evidence and a review page."""

from __future__ import annotations

import heapq
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from proctor_models.errors import ConfigError
from proctor_models.rules.policy import SEVERITIES, RuleSet, ruleset_from_dict
from proctor_models.runtime.evidence import FINDINGS_FILE, Ledger
from proctor_models.runtime.monitor import Monitor, Observer
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.report import render
from proctor_models.runtime.video import Recording
from proctor_models.types import VIEWS, Image, View

_MAX_THREADS = 4  # a frame is small: more threads wait for each other


@dataclass(frozen=True)
class Setup:
    """What an exam is watched with."""

    observer: Observer
    ruleset: RuleSet
    thresholds: Mapping[str, float]
    """By detector, as shipped."""
    pack_version: str
    rate_hz: float
    """Frames analysed a second, at most."""


def watch(pack: Path, rules: str, first: Path | None, second: Path | None, out: Path, rate_hz: float = 2.0) -> None:
    """Watch a recorded exam and write its review.

    Args:
        pack: pack folder.
        rules: name of a rule set in the pack.
        first: recording of the computer's webcam, or None.
        second: recording of the phone beside the candidate, or None.
        out: new or empty folder for findings, evidence and the review page.
        rate_hz: frames analysed a second, at most.

    Raises:
        ConfigError: no recording is given, or the rules cannot be kept at this rate.
        PackError: the pack is not whole, or has no such rules.
        ModelError: a net is not one the runtime may run.
        VideoError: a recording cannot be read.
        TimestampError: time runs backwards in a recording.
        EvidenceError: `out` holds something, or cannot be written.
    """
    paths = {view: path for view, path in zip(VIEWS, (first, second), strict=True) if path is not None}
    if not paths:
        raise ConfigError("--first, --second: expected the recording of at least one view, got none")
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise ConfigError(f"--rate: expected frames a second above 0, got {rate_hz:g}")
    loaded = Pack.load(pack, threads=min(_MAX_THREADS, os.cpu_count() or 1))
    ruleset = ruleset_from_dict(loaded.rules(rules), f"{pack}: rules {rules!r}")
    # The hash that the pack's manifest lists, so that a finding can be checked against the pack.
    ruleset = replace(ruleset, sha256=loaded.rules_sha256(rules))
    setup = Setup(loaded.predictor(), ruleset, loaded.thresholds, loaded.version, rate_hz)
    found = watch_recordings(setup, {view: Recording(path) for view, path in paths.items()}, out)
    print(summary(found, render(out)))


def watch_recordings(setup: Setup, recordings: Mapping[View, Recording], out: Path) -> Counter[str]:
    """Watch open recordings and write all of `out` but the page; return how many findings by severity.

    Both recordings are taken to start at the same time.

    Raises:
        ConfigError, VideoError, TimestampError, EvidenceError: see `watch`.
    """
    interval_s = max(1 / setup.rate_hz, *(1 / r.fps for r in recordings.values() if r.fps), 0.0)
    monitor = Monitor(setup.observer, setup.ruleset, setup.thresholds, interval_s)
    progress = _Progress(max((r.stated_duration_s or 0.0 for r in recordings.values()), default=0.0))
    analysed: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with Ledger(out) as ledger:
        ledger.start(_started(setup, recordings))
        for timestamp_s, view, image in _by_time(recordings, setup.rate_hz):
            step = monitor.observe(image, timestamp_s, view)
            ledger.step(view, timestamp_s, step)
            analysed[view] += 1
            found.update(reported.finding.severity for reported in step.reported)
            progress.show(timestamp_s, found.total())
        for reported in monitor.finish(_cut_off(recordings)):
            ledger.report(reported)
            found[reported.finding.severity] += 1
        progress.end()
        ledger.complete(_session(setup, recordings, analysed))
    return found


def summary(found: Mapping[str, int], page: Path) -> str:
    """What a person needs to know at the end.

    >>> print(summary({"cheating": 1}, Path("review/review.html")))
    1 finding for review; a person decides, none is a verdict
      breach of discipline  0
      cheating              1
      invalid recording     0
    page      review/review.html
    findings  review/findings.jsonl
    """
    count = sum(found.values())
    lines = [f"{count} finding{'' if count == 1 else 's'} for review; a person decides, none is a verdict"]
    lines += [f"  {severity.replace('_', ' '):20}  {found.get(severity, 0)}" for severity in SEVERITIES]
    lines += [f"page      {page}", f"findings  {page.parent / FINDINGS_FILE}"]
    return "\n".join(lines)


def _by_time(recordings: Mapping[View, Recording], rate_hz: float) -> Iterator[tuple[float, View, Image]]:
    """Frames of all views as they would have come, one frame of each view in memory."""

    def tagged(view: View, recording: Recording) -> Iterator[tuple[float, View, Image]]:
        for timestamp_s, image in recording.frames(rate_hz):
            yield timestamp_s, view, image

    streams = [tagged(view, recording) for view, recording in recordings.items()]
    return heapq.merge(*streams, key=lambda frame: frame[0])


def _cut_off(recordings: Mapping[View, Recording]) -> dict[str, float]:
    """By view, the end that a damaged recording's header promises."""
    return {
        view: recording.stated_duration_s
        for view, recording in recordings.items()
        if recording.undecodable and recording.stated_duration_s is not None
    }


def _started(setup: Setup, recordings: Mapping[View, Recording]) -> dict[str, object]:
    """What the ledger begins with: known before the first frame."""
    views = {view: {"file_name": recording.path.name} for view, recording in recordings.items()}
    return {**_watched_with(setup), "views": views}


def _watched_with(setup: Setup) -> dict[str, object]:
    ruleset = setup.ruleset
    return {
        "pack": {"version": setup.pack_version, "models": dict(setup.observer.model_sha256)},
        "rules": {
            "name": ruleset.name,
            "sha256": ruleset.sha256,
            "title": {"zh": ruleset.title.zh, "en": ruleset.title.en},
        },
        "rate_hz": setup.rate_hz,
        "thresholds": dict(setup.thresholds),
    }


def _session(setup: Setup, recordings: Mapping[View, Recording], analysed: Mapping[str, int]) -> dict[str, object]:
    return {
        **_watched_with(setup),
        "views": {
            view: {
                "file_name": recording.path.name,
                "duration_s": round(recording.duration_s, 3),
                "resolution_wh": list(recording.resolution_wh),
                "frames_analysed": analysed[view],
                "frames_undecodable": recording.undecodable,
            }
            for view, recording in recordings.items()
        },
        "duration_s": round(max(recording.duration_s for recording in recordings.values()), 3),
    }


class _Progress:
    """One line on a terminal, or a line at every tenth in a log."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._is_terminal = sys.stderr.isatty()
        self._tenths = 0

    def show(self, timestamp_s: float, findings: int) -> None:
        tenths = int(10 * timestamp_s / self._total_s) if self._total_s else int(timestamp_s / 60)
        if not self._is_terminal and tenths <= self._tenths:
            return
        self._tenths = tenths
        total = f" of {_clock(self._total_s)}" if self._total_s else ""
        text = f"watched {_clock(timestamp_s)}{total}, findings for review: {findings}"
        print(f"\r{text}" if self._is_terminal else text, end="" if self._is_terminal else "\n", file=sys.stderr)

    def end(self) -> None:
        if self._is_terminal:
            print(file=sys.stderr)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _clock(3725.4)
    '1:02:05'
    """
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"
