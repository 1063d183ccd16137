"""`proctor watch`: an exam of one or two views, recorded or live, to findings, evidence and a review page."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proctor_models.errors import ConfigError
from proctor_models.runtime.clocks import shifted, start_offsets
from proctor_models.runtime.events import Tally
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.held import Clips
from proctor_models.runtime.live import LiveOptions, watch_live
from proctor_models.runtime.monitor import pack_rules
from proctor_models.runtime.pace import Pace, PaceName, paced, rates
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.report import render
from proctor_models.runtime.session import Setup, StateLine, summary
from proctor_models.runtime.sources import Recorded, Source, open_recorded, source
from proctor_models.types import VIEWS, Image, View

_MAX_THREADS = 4  # a frame is small: more threads wait for each other


@dataclass(frozen=True)
class Options:
    """How `watch` watches."""

    rate_hz: float = 2.0
    """Frames analysed a second and view, usually."""
    pace: PaceName = "adaptive"
    """``adaptive``: up to twice as many while something is suspected, half while nothing moves; or ``fixed``."""
    clips: bool = False
    """Whether the beginning of each finding is kept as a short clip."""
    pictures_hz: float | None = None
    """Recorded: pictures a second of a folder whose names do not state times."""
    second_offset_s: float = 0.0
    """Recorded: seconds by which the second recording started later than the first; below 0 if earlier."""
    live: LiveOptions = field(default_factory=LiveOptions)
    """What only live watching takes."""


def watch(
    pack: Path,
    rules: str,
    first: str | Path | None,
    second: str | Path | None,
    out: Path,
    options: Options = Options(),
) -> None:
    """Watch an exam and write its review.

    Args:
        pack: pack folder.
        rules: name of a rule set in the pack.
        first: the computer's webcam, or None: a video file, a folder of pictures, a device number, an address.
        second: the phone beside the candidate, or None.
        out: new or empty folder for findings, evidence and the review page; to go on, that of a session cut short.
        options: how.

    Raises:
        ConfigError: no view is given, one is recorded and one is live, or the rules cannot be kept at this rate.
        PackError: the pack is not whole, or has no such rules.
        ModelError: a net is not one the runtime may run.
        VideoError: a recording cannot be read, or a camera not be opened.
        TimestampError: time runs backwards in a recording.
        EvidenceError: `out` holds something, or cannot be written.
    """
    given = zip(VIEWS, (first, second), strict=True)
    sources: dict[View, Source] = {view: source(str(text)) for view, text in given if text is not None}
    if not sources:
        raise ConfigError("--first, --second: expected the recording or the camera of at least one view, got none")
    live = {one.is_live for one in sources.values()}
    if len(live) > 1:
        raise ConfigError("--first, --second: expected two recordings or two live cameras, got one of each")
    options.live.check(is_live=True in live)
    rates(options.pace, options.rate_hz)
    loaded = Pack.load(pack, threads=min(_MAX_THREADS, os.cpu_count() or 1))
    setup = Setup(
        loaded.predictor(),
        pack_rules(loaded, rules),
        loaded.thresholds,
        loaded.version,
        options.rate_hz,
        options.pace,
        Clips() if options.clips else None,
    )
    if True in live:
        found = watch_live(setup, sources, out, options.live)
    else:
        recordings = {view: open_recorded(one, options.pictures_hz) for view, one in sources.items()}
        found = watch_recordings(setup, recordings, out, options.second_offset_s)
    print(summary(found, render(out)))


def watch_recordings(
    setup: Setup, recordings: Mapping[View, Recorded], out: Path, second_offset_s: float = 0.0
) -> Counter[str]:
    """Watch open recordings and write all of `out` but the page; return how many findings by severity.

    Args:
        setup: what they are watched with.
        recordings: by view.
        out: new or empty folder.
        second_offset_s: seconds by which the second recording started later; the exam starts with the earlier one.

    Raises:
        ConfigError, VideoError, TimestampError, EvidenceError: see `watch`.
    """
    offsets_s = start_offsets(second_offset_s) if len(recordings) > 1 else dict.fromkeys(recordings, 0.0)
    paces = {view: Pace(setup.rates) for view in recordings}
    unreadable = {view: Tally("frame_unreadable", view) for view in recordings}
    stated_s = shifted({view: r.stated_duration_s or 0.0 for view, r in recordings.items()}, offsets_s)
    progress = StateLine(max(stated_s.values(), default=0.0))
    analysed: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with Ledger(out) as ledger:
        slowest_s = max((1 / r.fps for r in recordings.values() if r.fps), default=0.0)
        monitor = setup.monitor(ledger, slowest_s)
        interval_s = max(slowest_s, setup.rates.interval_s)  # what the rules were checked against: replays need it
        ledger.start({**setup.to_dict(), "views": _started(recordings, offsets_s), "interval_s": interval_s})
        for timestamp_s, view, image in _by_time(recordings, paces, offsets_s):
            step = monitor.observe(image, timestamp_s, view)
            paces[view].tell(timestamp_s - offsets_s[view], step.suspected)
            ledger.step(view, timestamp_s, step)
            for event in monitor.take_events():
                ledger.event(event)
            _tell_unreadable(ledger, unreadable[view], timestamp_s, recordings[view])
            analysed[view] += 1
            found.update(reported.finding.severity for reported in step.reported)
            progress.show(timestamp_s, found.total())
        expected_end_s = _cut_off(recordings, offsets_s)
        for reported in monitor.finish(expected_end_s):
            ledger.report(reported)
            found[reported.finding.severity] += 1
        for event in monitor.take_events():
            ledger.event(event)
        for view, recording in recordings.items():
            _tell_unreadable(ledger, unreadable[view], recording.duration_s + offsets_s[view], recording, end=True)
        progress.end()
        ledger.complete({**_session(setup, recordings, analysed, offsets_s), "expected_end_s": expected_end_s})
    return found


def _by_time(
    recordings: Mapping[View, Recorded], paces: Mapping[View, Pace], offsets_s: Mapping[View, float]
) -> Iterator[tuple[float, View, Image]]:
    """Frames of all views as they would have come, one frame of each view in memory, on the exam's clock."""

    def tagged(view: View, recording: Recorded) -> Iterator[tuple[float, View, Image]]:
        # Paced on the recording's own clock: it is sampled the same whatever it is watched with.
        for timestamp_s, image in paced(recording.frames, paces[view]):
            yield timestamp_s + offsets_s[view], view, image

    streams = [tagged(view, recording) for view, recording in recordings.items()]
    return heapq.merge(*streams, key=lambda frame: frame[0])


def _tell_unreadable(
    ledger: Ledger, tally: Tally, timestamp_s: float, recording: Recorded, *, end: bool = False
) -> None:
    more = recording.undecodable - tally.total
    if more > 0:
        tally.add(timestamp_s, more)
    for event in tally.due(timestamp_s, end=end):
        ledger.event(event)


def _cut_off(recordings: Mapping[View, Recorded], offsets_s: Mapping[View, float]) -> dict[View, float]:
    """By view, the end that a damaged recording's header promises."""
    ends_s = {
        view: recording.stated_duration_s
        for view, recording in recordings.items()
        if recording.undecodable and recording.stated_duration_s is not None
    }
    return shifted(ends_s, offsets_s)


def _started(recordings: Mapping[View, Recorded], offsets_s: Mapping[View, float]) -> dict[str, object]:
    """What the ledger begins with of the views: known before the first frame."""
    return {
        view: {"file_name": recording.path.name, "offset_s": round(offsets_s[view], 3)}
        for view, recording in recordings.items()
    }


def _session(
    setup: Setup, recordings: Mapping[View, Recorded], analysed: Mapping[str, int], offsets_s: Mapping[View, float]
) -> dict[str, object]:
    ends_s = shifted({view: recording.duration_s for view, recording in recordings.items()}, offsets_s)
    return {
        **setup.to_dict(),
        "views": {
            view: {
                "file_name": recording.path.name,
                "offset_s": round(offsets_s[view], 3),
                "duration_s": round(recording.duration_s, 3),
                "resolution_wh": list(recording.resolution_wh),
                "frames_analysed": analysed[view],
                "frames_undecodable": recording.undecodable,
            }
            for view, recording in recordings.items()
        },
        "duration_s": round(max(ends_s.values()), 3),
    }
