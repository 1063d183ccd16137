"""What an exam is watched with, recorded or live, and what is said of it while it is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor_models.rules.policy import SEVERITIES, RuleSet
from proctor_models.runtime.entries import FINDINGS_FILE
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.held import Clips, Snapshots
from proctor_models.runtime.monitor import Monitor, Observer
from proctor_models.runtime.pace import PaceName, Rates, rates
from proctor_models.runtime.terminal import StatusLine


@dataclass(frozen=True)
class Setup:
    """What an exam is watched with."""

    observer: Observer
    ruleset: RuleSet
    thresholds: Mapping[str, float]
    """By detector, as shipped."""
    pack_version: str
    rate_hz: float
    """Frames analysed a second and view, usually."""
    pace: PaceName = "fixed"
    """Whether more are analysed while something is suspected, and fewer while nothing moves."""
    clips: Clips | None = None
    """How much of a finding's beginning is kept as a clip; None for none."""

    @property
    def rates(self) -> Rates:
        """Frames analysed a second, by what goes on.

        Raises:
            ConfigError: `rate_hz` is no number above 0.
        """
        return rates(self.pace, self.rate_hz)

    def monitor(self, ledger: Ledger | None = None, interval_s: float = 0.0) -> Monitor:
        """A monitor that goes on where the ledger is, with snapshots at times that the ledger's seed sets.

        Args:
            ledger: None where nothing is written.
            interval_s: the longest time between two frames of a source, if that is longer than the pace's.

        Raises:
            ConfigError: the rules cannot be kept at this pace, or ask for what the pack does not have.
        """
        snapshots = None if ledger is None else Snapshots(seed=ledger.seed)
        interval_s = max(interval_s, self.rates.interval_s)
        monitor = Monitor(
            self.observer, self.ruleset, self.thresholds, interval_s, snapshots=snapshots, clips=self.clips
        )
        if ledger is not None and (ledger.last_s or ledger.next_number > 1):
            monitor.resume(ledger.next_number - 1, ledger.last_s, ledger.first_s)
        return monitor

    def to_dict(self) -> dict[str, object]:
        """What ledger and session say of it."""
        ruleset = self.ruleset
        return {
            "pack": {"version": self.pack_version, "models": dict(self.observer.model_sha256)},
            "rules": {
                "name": ruleset.name,
                "sha256": ruleset.sha256,
                "title": {"zh": ruleset.title.zh, "en": ruleset.title.en},
            },
            "rate_hz": self.rate_hz,
            "pace": self.pace,
            "thresholds": dict(self.thresholds),
        }


class StateLine:
    """How far a watching is: on a terminal at once; in a log each minute, or each tenth of a known length."""

    def __init__(self, total_s: float = 0.0) -> None:
        """`total_s` is the exam's length in seconds, 0 where nobody knows it."""
        self._total_s = total_s
        self._line = StatusLine()
        self._said = 0

    def show(self, timestamp_s: float, findings: int, more: str = "") -> None:
        """Say how far it is; `more` is put behind."""
        step = int(10 * timestamp_s / self._total_s) if self._total_s else int(timestamp_s / 60)
        if not self._line.is_terminal and step <= self._said:
            return
        self._said = step
        total = f" of {clock_text(self._total_s)}" if self._total_s else ""
        self._line.say(f"watched {clock_text(timestamp_s)}{total}, findings for review: {findings}{more}")

    def end(self) -> None:
        """Leave the line."""
        self._line.end()


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


def clock_text(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> clock_text(3725.4)
    '1:02:05'
    """
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"
