"""`proctor evaluate-events`: whole clips through the runtime, findings against events.

Figures of single frames say what a detector sees; these say what a person is shown. Every clip runs through the monitor
that `proctor watch` runs, with a pack's nets, thresholds and rules; no picture is kept.

The folder it writes::

    events.json   figures by kind of event, and by clip every event and finding
    events.md     the same as tables
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.data.event_clips import DETECTOR_OF, META_SUFFIX, Clip, read_clips
from proctor_models.errors import ConfigError, DataError
from proctor_models.evaluation.event_matching import Matched, event_figures, judged_hours, match_clip, together
from proctor_models.evaluation.events_page import render_events
from proctor_models.files import building, write_json, write_text
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.monitor import pack_rules
from proctor_models.runtime.pace import Pace, PaceName, paced, rates
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.session import Setup
from proctor_models.runtime.video import Recording
from proctor_models.types import View

SCHEMA = "proctor-events/1"
VIEW: View = "first"
"""Clips are filmed by the computer's webcam."""
MOST_DRIFT_S = 0.5
"""How far video time and the time of the events may lie apart at a clip's end."""


@dataclass(frozen=True)
class Watched:
    """One clip, what the runtime found in it, and how it meets the events."""

    clip: Clip
    findings: tuple[Finding, ...]
    matched: Matched


@dataclass(frozen=True)
class Watching:
    """How clips are watched."""

    rate_hz: float = 2.0
    """Frames analysed a second, usually."""
    pace: PaceName = "fixed"
    """Fixed, so that figures can be compared; ``adaptive`` is how `proctor watch` does it."""
    threads: int = 2
    """Of an inference."""


def evaluate_events(
    pack: Path, rules: str, clips: Path, out: Path, persons: Sequence[str] = (), watching: Watching = Watching()
) -> None:
    """Watch every clip of a folder and hold the findings against its events.

    Args:
        pack: pack folder.
        rules: name of a rule set in the pack.
        clips: folder of clips, see `event_clips`.
        out: folder to write; complete or absent, never half.
        persons: only clips of these people; none for all.
        watching: how they are watched.

    Raises:
        ConfigError: a rule asks for a detector that the pack's nets have no threshold for, no rule reads any kind of
            event, or the rules cannot be kept at this rate.
        PackError: the pack is not whole, or has no such rules.
        ModelError, VideoError, TimestampError: as for `proctor watch`.
        DataError: a clip or what is known of it is wrong.
    """
    rates(watching.pace, watching.rate_hz)
    chosen = read_clips(clips, persons)
    loaded = Pack.load(pack, threads=watching.threads)
    ruleset = pack_rules(loaded, rules)
    setup = Setup(loaded.predictor(), ruleset, loaded.thresholds, loaded.version, watching.rate_hz, watching.pace)
    content = measure(setup, chosen, trained_on(loaded))
    with building(out) as part:
        write_json(part / "events.json", content)
        write_text(part / "events.md", render_events(content))
    print(f"evaluate-events: figures in {out / 'events.md'}", file=sys.stderr, flush=True)


def trained_on(pack: Pack) -> frozenset[str] | None:
    """Codes of the people whose frames the pack's nets were trained on, by its card; None where it does not say."""
    if "card.json" not in pack.manifest["files"]:
        return None
    nets = json.loads((pack.folder / "card.json").read_text(encoding="utf-8")).get("nets", {})
    taught: set[str] = set()
    for net in nets.values():
        if net.get("persons") is None or net.get("persons_not_stated_by"):
            return None  # it goes on from another net whose people nobody recorded
        taught |= set(net["persons"])
    return frozenset(taught) if nets else None


def measure(setup: Setup, clips: Sequence[Clip], taught: frozenset[str] | None = None) -> dict[str, Any]:
    """What events.json holds of some clips.

    Args:
        setup: what they are watched with.
        clips: what is watched.
        taught: codes of the people the nets were trained on; None where nobody says it.

    Raises:
        ConfigError: see `evaluate_events`.
    """
    kinds = readable_kinds(setup.ruleset)
    watched = []
    for number, clip in enumerate(clips, start=1):
        findings = watch_clip(setup, clip)
        watched.append(Watched(clip, findings, match_clip(clip, findings, kinds)))
        print(f"clip {number} of {len(clips)}: {clip.name}, {len(findings)} findings", file=sys.stderr, flush=True)
    codes = {code for clip in clips for code in (clip.person, clip.subject)}
    shown = Counter(event.kind for clip in clips for event in clip.events)
    hours = {kind: judged_hours(clips, kind) for kind in kinds}
    everything = together(one.matched for one in watched)
    kept = {DETECTOR_OF[kind] for kind in kinds}
    others = Counter(f.rule for one in watched for f in one.findings if f.detector not in kept)
    return {
        "schema": SCHEMA,
        "pack": {"version": setup.pack_version, "models": dict(setup.observer.model_sha256)},
        "rules": {"name": setup.ruleset.name, "sha256": setup.ruleset.sha256},
        "thresholds": dict(setup.thresholds),
        "rate_hz": setup.rate_hz,
        "pace": setup.pace,
        "hours": sum(clip.watched_s for clip in clips) / 3600,
        "hours_judged": hours,
        "persons": sorted({clip.person for clip in clips}),
        "persons_trained_on": None if taught is None else sorted(taught & codes),
        "kinds": {kind: event_figures(everything, hours[kind], kind) for kind in kinds},
        "all": event_figures(everything, statistics.mean(hours.values())),
        "kinds_without_rule": {kind: shown[kind] for kind in DETECTOR_OF if kind not in kinds},
        "findings_not_judged": dict(sorted(others.items())),
        "clips": [_clip(one) for one in watched],
    }


def readable_kinds(ruleset: RuleSet) -> tuple[str, ...]:
    """Kinds of events that a rule of the set reads in the first view; the others are no one's to find.

    Raises:
        ConfigError: there is none.
    """
    read = {rule.detector for rule in ruleset.rules if VIEW in rule.views}
    kinds = tuple(kind for kind, detector in DETECTOR_OF.items() if detector in read)
    if not kinds:
        raise ConfigError(
            f"{ruleset.name}: rules: expected one of the {VIEW} view on {', '.join(DETECTOR_OF.values())}, got none"
        )
    return kinds


def watch_clip(setup: Setup, clip: Clip) -> tuple[Finding, ...]:
    """What `proctor watch` would report of a clip as the only view; nothing is written.

    Raises:
        DataError: the video is not the one its meta file tells of, or is damaged.
        ConfigError, VideoError, TimestampError, ModelError: see `evaluate_events`.
    """
    recording = Recording(clip.path)
    drift_s = abs(1 / recording.fps - 1 / clip.fps) * clip.frames if recording.fps else 0.0
    if drift_s > MOST_DRIFT_S:  # in seconds, as a share that is nothing in a short clip is much in a long one
        raise DataError(
            f"{clip.path.with_name(clip.name + META_SUFFIX)}: fps_assumed: expected that of the video "
            f"({recording.fps:g}), got {clip.fps:g}; events would be sought up to {drift_s:.1f} s beside their time"
        )
    monitor, pace = setup.monitor(interval_s=1 / clip.fps), Pace(setup.rates)
    findings: list[Finding] = []
    for timestamp_s, image in paced(recording.frames, pace):
        step = monitor.observe(image, timestamp_s, VIEW)
        pace.tell(timestamp_s, step.suspected)
        findings += [reported.finding for reported in step.reported]
    if recording.undecodable or recording.decoded != clip.frames:
        raise DataError(
            f"{clip.path}: expected {clip.frames} whole frames as its meta file says, got {recording.decoded} "
            f"and {recording.undecodable} damaged ones; bring the video again"
        )
    return (*findings, *(reported.finding for reported in monitor.finish()))


def _clip(watched: Watched) -> dict[str, Any]:
    clip, matched = watched.clip, watched.matched
    answers = {told.finding.id: told for told in matched.told}
    met = {id(one.event): one for one in matched.met}
    return {
        "name": clip.name,
        "person": clip.person,
        "subject": clip.subject,
        "watched_s": clip.watched_s,
        "events": [
            {"event": event.kind, "start_s": event.start_s, "end_s": event.end_s, **_met(met.get(id(event)))}
            for event in clip.events
        ],
        "findings": [
            {
                **{name: getattr(finding, name) for name in ("id", "rule", "detector", "start_s", "end_s")},
                "peak_score": finding.peak_score,
                "event": answers[finding.id].kind if finding.id in answers else None,
                "true": answers[finding.id].true if finding.id in answers else None,
                "judged": finding.id in answers,
            }
            for finding in watched.findings
        ],
    }


def _met(met: Any) -> Mapping[str, Any]:
    """What became of an event; one that no rule reads, or that nobody can be sure of, is not counted."""
    if met is None:
        return {"counted": False, "found": None, "onset_s": None}
    return {"counted": True, "found": met.found, "onset_s": met.onset_s}
