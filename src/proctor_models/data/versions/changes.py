"""What changed between two dataset versions, frame by frame and label by label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from proctor_models.data.manifest import FrameRecord, SplitName
from proctor_models.data.versions.boxes import BoxChange, match_boxes
from proctor_models.data.versions.persons import persons_of
from proctor_models.data.versions.read import Version

BOX_KINDS = ("added", "removed", "moved", "relabelled", "attributes")
_FACTS = ("view", "person", "clip", "group", "time_s", "source", "licence", "labelled", "tags")


@dataclass(frozen=True)
class FrameChange:
    """One frame that both versions hold, under one id or two."""

    before: FrameRecord
    after: FrameRecord
    boxes: tuple[BoxChange, ...]

    @property
    def picture(self) -> bool:
        """Whether the image's bytes differ."""
        return self.before.sha256 != self.after.sha256

    @property
    def side(self) -> tuple[SplitName, SplitName] | None:
        """The two sides, where the frame went from one side of the split to another."""
        old, new = self.before.split, self.after.split
        return (old, new) if old and new and old != new else None

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of what is known of the frame and differs, beside picture, boxes and side."""
        return tuple(name for name in _FACTS if getattr(self.before, name) != getattr(self.after, name))

    @property
    def labels(self) -> tuple[BoxChange, ...]:
        """The labels that differ."""
        return tuple(box for box in self.boxes if box.kind != "same")


@dataclass(frozen=True)
class Changes:
    """All that differs between version `a`, before, and version `b`, after."""

    a: Version
    b: Version
    added: tuple[FrameRecord, ...]
    removed: tuple[FrameRecord, ...]
    renamed: tuple[FrameChange, ...]
    """The same image bytes under another id."""
    kept: tuple[FrameChange, ...]
    """The same id, changed or not."""

    @cached_property
    def common(self) -> tuple[FrameChange, ...]:
        """Frames that both versions hold."""
        return (*self.kept, *self.renamed)

    @cached_property
    def pictures(self) -> tuple[FrameChange, ...]:
        """The same id, another picture."""
        return tuple(change for change in self.kept if change.picture)

    @cached_property
    def relabelled(self) -> tuple[FrameChange, ...]:
        """Frames with any label that differs."""
        return tuple(change for change in self.common if change.labels)

    @cached_property
    def sides(self) -> tuple[FrameChange, ...]:
        """Frames that went from one side of the split to another."""
        return tuple(change for change in self.common if change.side)

    @cached_property
    def facts(self) -> Counter[str]:
        """How many frames differ in each thing known of them."""
        return Counter(name for change in self.common for name in change.facts)

    @cached_property
    def box_counts(self) -> Counter[str]:
        """Labels of common frames by what became of them, and of frames that came or went."""
        counts = Counter(box.kind for change in self.common for box in change.boxes)
        counts["with added frames"] = sum(len(frame.boxes) for frame in self.added)
        counts["with removed frames"] = sum(len(frame.boxes) for frame in self.removed)
        return counts

    @cached_property
    def persons(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes that appeared, and codes that are gone."""
        old, new = persons_of(self.a.manifest), persons_of(self.b.manifest)
        return tuple(sorted(new.keys() - old.keys())), tuple(sorted(old.keys() - new.keys()))

    @cached_property
    def seen_before(self) -> tuple[FrameChange, ...]:
        """Frames measured on in `b` (val, test) that were trained on in `a`."""
        return tuple(change for change in self.sides if change.before.split == "train")

    @cached_property
    def persons_seen_before(self) -> tuple[str, ...]:
        """People measured on in `b` who were trained on in `a`, in whatever frames."""
        trained = persons_of(frame for frame in self.a.manifest if frame.split == "train")
        measured = persons_of(frame for frame in self.b.manifest if frame.split in ("val", "test"))
        return tuple(sorted(trained.keys() & measured.keys()))

    @property
    def nothing(self) -> bool:
        """Whether the versions hold the same frames, labels and facts in any order."""
        return not (
            self.added or self.removed or self.renamed or self.pictures or self.relabelled or self.sides or self.facts
        ) and not any(bool(change.before.split) != bool(change.after.split) for change in self.kept)


def compare(a: Version, b: Version) -> Changes:
    """What differs between two versions: frames paired by id, then by the bytes of their image."""
    old = {frame.id: frame for frame in a.manifest}
    new = {frame.id: frame for frame in b.manifest}
    kept = [_change(old[name], new[name]) for name in sorted(old.keys() & new.keys())]
    gone = [old[name] for name in sorted(old.keys() - new.keys())]
    fresh = [new[name] for name in sorted(new.keys() - old.keys())]
    renamed = _renamed(gone, fresh)
    moved = {change.before.id for change in renamed}
    arrived = {change.after.id for change in renamed}
    return Changes(
        a,
        b,
        added=tuple(frame for frame in fresh if frame.id not in arrived),
        removed=tuple(frame for frame in gone if frame.id not in moved),
        renamed=tuple(renamed),
        kept=tuple(kept),
    )


def _renamed(gone: Iterable[FrameRecord], fresh: Iterable[FrameRecord]) -> list[FrameChange]:
    by_bytes: dict[str, list[FrameRecord]] = {}
    for frame in gone:
        by_bytes.setdefault(frame.sha256, []).append(frame)
    return [
        _change(by_bytes[frame.sha256].pop(0), frame) for frame in fresh if frame.sha256 and by_bytes.get(frame.sha256)
    ]


def _change(before: FrameRecord, after: FrameRecord) -> FrameChange:
    return FrameChange(before, after, tuple(match_boxes(before, after)))
