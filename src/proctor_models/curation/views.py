"""Saved views: the questions a person opens a dataset with."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from proctor_models.curation.samples import LABELS, PREDICTIONS, slice_fields
from proctor_models.curation.suspicion import KINDS
from proctor_models.data.manifest import Manifest

MOST_UNIQUE = 100
"""Frames in that view."""
SLICE_FRAMES = 20
"""A slice of fewer frames gets no view of its own."""
SUSPECT_FROM = 0.5
"""Suspicion from which a label, and a frame, is shown among possible mistakes."""
_SUSPECTED = {
    "missing": ("possible missing labels", PREDICTIONS, "a sure prediction where nothing is labelled"),
    "class": ("possible wrong classes", PREDICTIONS, "a sure prediction of another class on a label nobody found"),
    "place": ("possible wrong places", PREDICTIONS, "a sure prediction beside a label of its class nobody found"),
    "spurious": ("possible spurious labels", LABELS, "a label nobody found, of a class that is found as a rule"),
}

_GROUPS = {
    "labels": (LABELS, PREDICTIONS),
    "doubts": ("mistakenness", *(f"suspicion_{kind}" for kind in KINDS), "false_alarm", "miss"),
    "likeness": ("uniqueness", "near_duplicate_of"),
    "readings of the detectors": ("readings.",),
    "slices": ("slices.",),
    "frame": ("frame_id", "split", "view", "source", "person", "clip", "time_s", "group", "labelled", "licence"),
}
_COLOURS = {LABELS: "#00c853", PREDICTIONS: "#ff9100"}


def arrange(fo: Any, dataset: Any) -> None:
    """The app's side bar in the order of our questions, and one colour for labels, another for predictions."""
    default = fo.DatasetAppConfig.default_sidebar_groups(dataset)
    paths = [path for group in default for path in group.paths]
    ours = []
    for name, wanted in _GROUPS.items():
        found = [
            path for want in wanted for path in paths if path == want or (want[-1] == "." and path.startswith(want))
        ]
        if found:
            ours.append(fo.SidebarGroupDocument(name=name, paths=found, expanded=True))
    taken = {path for group in ours for path in group.paths}
    for group in default:
        group.paths = [path for path in group.paths if path not in taken]
        group.expanded = group.name == "tags"
    tags = [group for group in default if group.name == "tags"]
    rest = [group for group in default if group.name != "tags" and group.paths]
    dataset.app_config.sidebar_groups = [*tags, *ours, *rest]
    fields = [{"path": path, "fieldColor": colour} for path, colour in _COLOURS.items() if dataset.has_field(path)]
    dataset.app_config.color_scheme = fo.ColorScheme(color_by="field", fields=fields)
    dataset.save()


def save_views(fo: Any, dataset: Any, manifest: Manifest, looked: bool) -> dict[str, int]:
    """Save all views that hold a frame; frames by name of view, in the order of the app's list."""
    counts: dict[str, int] = {}
    for name, text, view in (*_asked(fo, dataset, looked), *_slices(fo, dataset, manifest)):
        frames = len(view)
        if frames:
            dataset.save_view(name, view, description=text)
            counts[name] = frames
            print(f"curate: view {name!r}: {frames} frames", file=sys.stderr, flush=True)
    return counts


def _asked(fo: Any, dataset: Any, looked: bool) -> Iterator[tuple[str, str, Any]]:
    field = fo.ViewField
    if looked:
        yield (
            "possible mistakes",
            "labels that may be wrong or missing, worst first",
            dataset.match(field("mistakenness") >= SUSPECT_FROM).sort_by("mistakenness", reverse=True),
        )
        for kind, (name, labels, text) in _SUSPECTED.items():
            wanted = (field("suspect") == kind) & (field("suspicion") >= SUSPECT_FROM)
            yield name, text, _by_label(dataset, labels, wanted, f"suspicion_{kind}")
        alarms = _by_label(dataset, PREDICTIONS, field("outcome") == "false alarm", "false_alarm")
        yield "false alarms", "sure predictions that no label explains, surest first", alarms
        misses = _by_label(dataset, LABELS, field("outcome") == "miss", "miss")
        yield "misses", "labels that no sure prediction found, least seen first", misses
        unique = dataset.sort_by("uniqueness", reverse=True).limit(MOST_UNIQUE)
        yield "most unique", "frames least like the others, by embedding", unique
    alike = dataset.exists("near_duplicate_of") if dataset.has_field("near_duplicate_of") else dataset.limit(0)
    text = "frames that look the same by perceptual hash, side by side"
    yield "near-duplicates", text, alike.sort_by("near_duplicate_of") if len(alike) else alike


def _by_label(dataset: Any, labels: str, wanted: Any, worst: str) -> Any:
    """Frames with such labels, showing no others of that field, the worst frame first."""
    return dataset.filter_labels(labels, wanted).sort_by(worst, reverse=True)


def _slices(fo: Any, dataset: Any, manifest: Manifest) -> Iterator[tuple[str, str, Any]]:
    field = fo.ViewField
    slices = slice_fields(manifest)
    taken: set[str] = set()
    for name in ("split", "view", "source"):
        for value, count in _counted(getattr(frame, name) for frame in manifest):
            if SLICE_FRAMES <= count < len(manifest):
                yield _title(name, value, taken), f"{count} frames", dataset.match(field(name) == value)
    for name in sorted({name for frame in manifest for name in frame.tags}):
        for value, count in _counted(frame.tags.get(name) for frame in manifest):
            if SLICE_FRAMES <= count < len(manifest):
                view = dataset.match(field(f"slices.{slices.field[name]}") == value)
                yield _title(f"tag {name}", value, taken), f"{count} frames", view


def _counted(values: Iterator[str | None]) -> list[tuple[str, int]]:
    counts = Counter(value for value in values if value is not None)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _title(name: str, value: str, taken: set[str]) -> str:
    """A name no other view has, even where FiftyOne makes an address of it (letters, digits and dashes)."""
    base = title = f"{name}: {value}"[:80]
    number = 2
    while (slug := re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")) in taken:
        title, number = f"{base} ({number})", number + 1
    taken.add(slug)
    return title
