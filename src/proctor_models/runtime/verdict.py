"""What an audit of a watched exam's folder comes to, in words and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

VERDICT_SCHEMA = "proctor-verdict/1"
State = Literal["whole", "unfinished", "changed"]


@dataclass(frozen=True)
class Changed:
    """A place that is not as it was written."""

    file: str
    """Path in the session's folder."""
    line: int | None
    """Counted from 1; None for pictures, and where it is the file as a whole."""
    start: int
    """First byte that may differ."""
    end: int
    """Byte after the last that may differ."""
    what: str

    def __str__(self) -> str:
        """As a person reads it.

        >>> print(Changed("findings.jsonl", 2, 100, 220, "another finding"))
        findings.jsonl:2, bytes 100 to 220: another finding
        """
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}, bytes {self.start} to {self.end}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    head: str
    """Hash of the ledger's last whole line."""
    entries: int
    """Lines of the ledger that are as they were written."""
    findings: int
    """Closed ones among them."""
    files: int
    """Pictures and clips that are as they were written."""
    expired: int
    """Pictures and clips that were deleted by a policy, as the ledger says."""
    whole_until_s: float
    """Exam time of the last entry before the first change of the ledger, or of the last of all."""
    is_complete: bool
    """Whether the ledger ends as that of a session watched to its end."""
    changed: tuple[Changed, ...]
    unfinished: tuple[str, ...]
    """What a process that was killed left undone."""
    uncovered: tuple[str, ...]
    """Files in the folder that no ledger speaks of, such as the review page."""

    @property
    def state(self) -> State:
        """The worst of it."""
        if self.changed:
            return "changed"
        return "whole" if self.is_complete and not self.unfinished else "unfinished"

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"schema": VERDICT_SCHEMA, "state": self.state, **asdict(self)}

    def to_text(self) -> str:
        """For people."""
        counted = f"{self.entries} entries, {self.findings} findings, {self.files} pictures and clips"
        if self.expired:
            counted += f" ({self.expired} more have expired)"
        lines = {
            "whole": [f"whole: {counted}; nothing was changed since it was written"],
            "unfinished": [
                f"unfinished: {counted}; whole up to {self.whole_until_s:g} s of the exam, nothing was changed"
            ],
            "changed": [f"CHANGED: {counted} are as they were written; these are not"],
        }[self.state]
        lines += [f"  changed     {each}" for each in self.changed]
        lines += [f"  unfinished  {each}" for each in self.unfinished]
        if self.uncovered:
            lines.append(f"  not covered by the ledger: {', '.join(self.uncovered)}")
        return "\n".join([*lines, f"head {self.head}"])
