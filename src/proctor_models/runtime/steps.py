"""What watching brings, frame by frame: findings that open and close, with their pictures; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proctor_models.runtime.findings import Finding
from proctor_models.runtime.held import Picture


@dataclass(frozen=True)
class Opened:
    """A finding that just opened, and its pictures so far: to be put on the disk at once."""

    finding: Finding
    """As known so far: what would be reported if nothing more were seen."""
    pictures: Mapping[str, bytes]
    """JPEG bytes by path. The peak so far has a path of its own; what is reported later overwrites nothing."""

    @property
    def finding_id(self) -> str:
        """``F0001`` and up."""
        return self.finding.id

    @property
    def rule(self) -> str:
        """Id of the rule."""
        return self.finding.rule

    @property
    def view(self) -> str:
        """Where it was seen."""
        return self.finding.view

    @property
    def start_s(self) -> float:
        """First positive frame, seconds on the exam's clock."""
        return self.finding.start_s


@dataclass(frozen=True)
class Reported:
    """A closed finding and its pictures, JPEG bytes by the path the finding names."""

    finding: Finding
    pictures: Mapping[str, bytes]
    clip: tuple[Picture, ...] = ()
    """Analysed frames around its start as (timestamp_s, JPEG), if clips are asked for."""


@dataclass(frozen=True)
class Step:
    """What one frame brought."""

    scores: Mapping[str, float | None]
    """By detector; None where the frame cannot answer."""
    opened: tuple[Opened, ...]
    """Findings that opened."""
    reported: tuple[Reported, ...]
    """Findings that closed."""
    snapshot: bytes | None
    """The frame as JPEG, when a random snapshot was due."""
    suspected: frozenset[str] = frozenset()
    """Rules worth a closer look: a span is under way, or a score is near its threshold."""
