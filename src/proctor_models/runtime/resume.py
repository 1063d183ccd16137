"""Going on with a session whose process was killed: what it left behind, and how that is made whole.

Nothing is guessed and nothing thrown away unsaid: half-written lines are cut off and quoted in the ledger, pictures
that no line named yet are named now, and a finding that was open is closed at the last frame anybody saw, marked as
interrupted. Done again after another kill, it comes to the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import sha256
from proctor_models.runtime.elapsed import BY_CALLER, Boot, Elapsed, elapsed
from proctor_models.runtime.entries import (
    EVIDENCE_FOLDER,
    SCORES_FILE,
    SESSION_FILE,
    Entry,
    named_files,
    read_ledger,
)
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.store import Pending, Store
from proctor_models.runtime.verify import verify

MUST_AGREE = ("pack", "rules", "thresholds")
"""What a session may not change on its way: its findings would not be comparable."""
_QUOTED = 4096  # characters of a torn line


@dataclass(frozen=True)
class Left:
    """A session that ended before it was complete."""

    folder: Path
    entries: tuple[Entry, ...]
    first_s: Mapping[str, float]
    """By view, the first frame in the scores."""
    last_s: Mapping[str, float]
    """By view, the last one."""
    scores_bytes: int
    """Where the last whole line of the scores ends."""

    @property
    def timestamp_s(self) -> float:
        """The last exam time anybody saw."""
        return max(self.entries[-1].timestamp_s, *self.last_s.values(), 0.0)

    @property
    def chain_bytes(self) -> int:
        """Where the last whole line of the ledger ends."""
        return self.entries[-1].line.end

    @property
    def findings(self) -> int:
        """Closed so far."""
        return sum(entry.kind == "closed" for entry in self.entries)

    @property
    def open(self) -> dict[str, Entry]:
        """Findings that were opened and not closed, by id."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.kind == "opened":
                found[entry.content["finding"]["id"]] = entry
            elif entry.kind == "closed":
                found.pop(entry.content["finding"]["id"], None)
        return found

    @property
    def resolution_wh(self) -> dict[str, tuple[int, int]]:
        """By view, what its latest frames measured in pixels, as far as the ledger says it."""
        found: dict[str, tuple[int, int]] = {}
        for entry in self.entries:
            view, detail = entry.content.get("view"), entry.content.get("detail")
            if entry.kind == "event" and entry.content["event"] == "picture_size" and isinstance(detail, dict):
                width, height = detail.get("width_px"), detail.get("height_px")
                if isinstance(view, str) and isinstance(width, int) and isinstance(height, int):
                    found[view] = width, height
        return found

    @property
    def next_number(self) -> int:
        """After all findings in the ledger, and all whose pictures were written before their line could be."""
        names = [entry.content["finding"]["id"] for entry in self.entries if entry.kind in ("opened", "closed")]
        names += [path.name for path in (self.folder / EVIDENCE_FOLDER).iterdir()]
        numbers = [int(found[1]) for name in names if (found := re.match(r"F([0-9]{4,})(?![0-9])", name))]
        return max(numbers, default=0) + 1


def left_behind(folder: Path) -> Left:
    """What is there to go on with; nothing is changed.

    Raises:
        EvidenceError: there is no session, or it never started, is complete, or was changed.
    """
    verdict = verify(folder)
    for change in verdict.changed:
        raise EvidenceError(f"{folder}: was changed, so nothing is added to it: {change}; go on in a new folder")
    if verdict.is_complete:
        raise EvidenceError(f"{folder}: the session is complete; watch the next one into a new folder")
    entries = read_ledger(folder)
    if not entries:
        raise EvidenceError(f"{folder}: the session ended before it started; remove the folder and start anew")
    content = (folder / SCORES_FILE).read_bytes()
    whole = content.rfind(b"\n") + 1
    times_s: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(content[:whole].splitlines(), start=1):
        try:
            line = json.loads(row)
            at_s = float(line["timestamp_s"])
            first_s, last_s = times_s.get(line["view"], (at_s, at_s))
            times_s[line["view"]] = min(first_s, at_s), max(last_s, at_s)
        except (ValueError, TypeError, KeyError):
            raise EvidenceError(
                f"{folder / SCORES_FILE}:{number}: expected a line of scores, got {row[:80]!r}; go on in a new folder"
            ) from None
    first = {view: first_s for view, (first_s, _) in times_s.items()}
    last = {view: last_s for view, (_, last_s) in times_s.items()}
    return Left(folder, entries, first, last, whole)


def open_again(left: Left) -> Store:
    """Open the files of the session to go on with.

    Raises:
        OSError: the disk refuses.
        EvidenceError: another process writes this session, or did until just now.
    """
    try:
        store = Store(left.folder, resume=True)
    except BlockingIOError:
        raise EvidenceError(
            f"{left.folder}: another process is watching this exam right now; let it end first"
        ) from None
    # Nobody else can write from here on. What was written since `left` was read would be cut off as torn.
    if not _is_all(left):
        store.close()
        raise EvidenceError(f"{left.folder}: another process was watching this exam until just now; try again")
    store.head, store.seq = left.entries[-1].line.sha256, len(left.entries)
    store.hashes = named_files(left.entries)
    snapshots = [entry.content for entry in left.entries if entry.kind == "snapshot"]
    store.snapshots = [{name: each[name] for name in ("view", "timestamp_s", "path")} for each in snapshots]
    return store


def _is_all(left: Left) -> bool:
    try:
        return left_behind(left.folder) == left
    except EvidenceError:  # complete by now, for one
        return False


def take_up(left: Left, store: Store, content: Mapping[str, Any], seed: str, timestamp_s: float | None) -> Elapsed:
    """Make whole what was left behind and write down the gap; return where watching goes on.

    Raises:
        EvidenceError: `content` speaks of another pack, rules or thresholds; nothing is changed.
        OSError: the disk refuses.
    """
    _check(left, content)
    torn = _cut(left, store)
    from_s = round(left.timestamp_s, 3)
    boot = Boot.now()
    passed = elapsed(left.entries, boot=boot) if timestamp_s is None else Elapsed(round(timestamp_s, 3), BY_CALLER)
    to_s = max(from_s, passed.timestamp_s)
    resumed = {
        "from_s": from_s,
        "to_s": to_s,
        "assumed": passed.assumed,
        "boot": None if boot is None else asdict(boot),
        "snapshot_seed": seed,
        "interrupted": sorted(left.open),
        "torn": torn,
        "left_over": _left_over(store),
    }
    store.seal("resumed", to_s, resumed)
    if store.scores.length:
        store.scores.sync()
        store.seal("scores", to_s, {"bytes": store.scores.length, "sha256": store.scores.sha256})
    for entry in left.open.values():
        store.put(_interrupted(entry, left, to_s))
    return replace(passed, timestamp_s=to_s)


def _check(left: Left, content: Mapping[str, Any]) -> None:
    started = left.entries[0].content
    as_json = json.loads(json.dumps(content))
    for name in MUST_AGREE:
        if started.get(name) != as_json.get(name):
            raise EvidenceError(
                f"{left.folder}: {name}: the session was started with {str(started.get(name))[:200]}, got "
                f"{str(as_json.get(name))[:200]}; go on with the same, or watch into a new folder"
            )


def _cut(left: Left, store: Store) -> dict[str, str]:
    """Cut off half-written lines, and write lines of findings that are in the ledger only; what was cut, by file."""
    pieces = {store.chain.path.name: store.chain.cut(left.chain_bytes)}
    pieces[store.scores.path.name] = store.scores.cut(left.scores_bytes)
    closed = [entry.content["finding"] for entry in left.entries if entry.kind == "closed"]
    expected = b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in closed)
    lines = store.lines.path.read_bytes()
    pieces[store.lines.path.name] = store.lines.cut(lines.rfind(b"\n") + 1)
    if store.lines.length < len(expected):
        store.lines.append(expected[store.lines.length :])
    return {
        name: piece.rstrip(b"\0").decode("utf-8", "backslashreplace")[:_QUOTED]
        for name, piece in pieces.items()
        if piece
    }


def _left_over(store: Store) -> dict[str, str]:
    """Pictures that were written and not named yet; half-written ones, and a session.json without seal, go."""
    (store.folder / SESSION_FILE).unlink(missing_ok=True)
    for path in [*store.folder.glob(".*.part"), *(store.folder / EVIDENCE_FOLDER).glob(".*.part")]:
        path.unlink()
    paths = [path for path in sorted((store.folder / EVIDENCE_FOLDER).iterdir()) if path.is_file()]
    names = {f"{EVIDENCE_FOLDER}/{path.name}": path for path in paths}
    found = {name: sha256(path.read_bytes()) for name, path in names.items() if name not in store.hashes}
    store.hashes |= found
    return found


def _interrupted(entry: Entry, left: Left, to_s: float) -> Pending:
    finding = Finding.from_json(json.dumps(entry.content["finding"]), f"{left.folder}: ledger:{entry.line.number}")
    end_s = max(finding.end_s, round(left.last_s.get(finding.view, 0.0), 3))
    closed = replace(finding, end_s=end_s, interrupted=True)
    return Pending("closed", to_s, {"pictures": dict(entry.content["pictures"])}, finding=closed)
