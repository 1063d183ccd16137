"""`proctor audit replay`: the same evidence and the same pack must give the same findings.

Three ways, by what is left of an exam:

- **Scores**: scores.jsonl through the pack's rules. Exact, and needs no recording: rules see scores and times as that
  file holds them, and in a live exam the ledger says when frames came that nobody had time for. Boxes are left out,
  which only pictures give, and so are rules that read more than is on record (the camera's turn at the start, scores
  that came from outside, and gaps in a live exam whose ledger is too old to tell what came).
- **Pictures**: each peak picture through the pack's nets and detectors. It was compressed when it was kept, so its
  score may differ by `TOLERANCE`; detectors that compare frames cannot be asked about one.
- **Recordings**, where they are given: everything again from the first frame, and every byte of findings.jsonl and
  scores.jsonl compared.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.audit.rescore import Rescored, rescore
from proctor_models.audit.rules_again import findings_again, is_replayable
from proctor_models.errors import EvidenceError, PackError
from proctor_models.runtime import strict_json
from proctor_models.runtime.entries import FINDINGS_FILE, SCORES_FILE, SESSION_FILE, Entry, read_ledger
from proctor_models.runtime.evidence import SESSION_SCHEMA
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.monitor import pack_rules
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.session import Setup
from proctor_models.runtime.sources import open_recorded, source
from proctor_models.runtime.watch import watch_recordings
from proctor_models.types import VIEWS, View

_PICTURES_ONLY = ("boxes", "evidence", "marked")


@dataclass(frozen=True)
class Replay:
    """What came out."""

    compared: tuple[str, ...]
    """What was compared and found equal, in words."""
    pictures: tuple[Rescored, ...] = ()

    def to_text(self) -> str:
        """For people."""
        lines = ["equal", *(f"  {line}" for line in self.compared)]
        read = [each for each in self.pictures if each.score is not None]
        if read:
            worst = max(read, key=lambda each: each.difference)
            allowed = " or ".join(f"{limit:g}" for limit in sorted({each.allowed for each in read}))
            lines.append(
                f"  {len(read)} peak pictures seen again: scores within {worst.difference:.4f} of those on record "
                f"(allowed {allowed}: pictures were compressed when they were kept); worst {worst.finding}"
            )
        lines += [f"  {each.finding}: not seen again: {each.why}" for each in self.pictures if each.score is None]
        return "\n".join(lines)


def replay(
    folder: Path, pack: Path, first: Path | None = None, second: Path | None = None, pictures_hz: float | None = None
) -> Replay:
    """Hold an exam against its evidence; returns only if everything that could be compared is equal.

    Args:
        folder: of a whole watched exam.
        pack: the pack it was watched with.
        first: recording of the first view, where it still exists.
        second: recording of the second view.
        pictures_hz: pictures a second, where a recording is a folder of pictures.

    Raises:
        EvidenceError: something differs, the first difference is named; or the folder is not whole.
        PackError: the pack is another one, or not whole.
        VideoError, ConfigError: see `runtime.watch.watch`.
    """
    session = read_session(folder)
    entries = read_ledger(folder)
    loaded = Pack.load(pack)
    _check_pack(loaded, session, folder)
    if first is not None or second is not None:
        return Replay(_from_recordings(folder, session, loaded, {"first": first, "second": second}, pictures_hz))
    compared = _from_scores(folder, session, entries, loaded)
    return Replay(compared, _from_pictures(folder, loaded))


def read_session(folder: Path) -> dict[str, Any]:
    """What session.json says.

    Raises:
        EvidenceError: it is not there (the exam was not watched to its end), or of another version.
    """
    path = folder / SESSION_FILE
    try:
        raw = strict_json.loads(path.read_bytes())
    except FileNotFoundError:
        raise EvidenceError(
            f"{path}: no such file: name the folder of an exam that was watched to its end by `proctor watch`"
        ) from None
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: cannot be read ({error}); run `proctor audit verify {folder}`") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != SESSION_SCHEMA:
        raise EvidenceError(f"{path}: schema: expected {SESSION_SCHEMA!r}, got {schema!r}; use its version's program")
    return dict(raw)


def read_findings(folder: Path) -> list[Finding]:
    """Findings in the order of the file.

    Raises:
        EvidenceError: a line is none.
    """
    path = folder / FINDINGS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: cannot be read ({error}); run `proctor audit verify {folder}`") from None
    return [Finding.from_json(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def _check_pack(pack: Pack, session: Mapping[str, Any], folder: Path) -> None:
    rules = session["rules"]["name"]
    claims = {
        "models": (session["pack"]["models"], pack.model_sha256),
        "thresholds": (session["thresholds"], pack.thresholds),
        "rules": (session["rules"]["sha256"], pack.rules_sha256(rules)),
    }
    for name, (expected, found) in claims.items():
        if expected != found:
            raise PackError(
                f"{pack.folder}: {name}: the exam in {folder} was watched with {str(expected)[:120]}, this pack has "
                f"{str(found)[:120]}; name the pack of version {session['pack']['version']}"
            )


def _from_scores(folder: Path, session: Mapping[str, Any], entries: tuple[Entry, ...], pack: Pack) -> tuple[str, ...]:
    """Rules over scores.jsonl against findings.jsonl."""
    ruleset = pack_rules(pack, session["rules"]["name"])
    again = findings_again(folder / SCORES_FILE, session, entries, ruleset)
    left_out = sorted({rule.id for rule in ruleset.rules if not is_replayable(rule, session, entries)})
    recorded = [each for each in read_findings(folder) if each.rule not in left_out]
    recorded.sort(key=lambda each: each.id)
    for number, (was, now) in enumerate(zip(recorded, again, strict=False), start=1):
        _compare(folder, was, now, same_id=not left_out, number=number)
    if len(recorded) != len(again):
        more = (recorded if len(recorded) > len(again) else again)[min(len(recorded), len(again))]
        raise EvidenceError(
            f"{folder}: findings: {len(recorded)} on record, {len(again)} from the scores; the first that has no twin: "
            f"{more.id}, {more.rule}, {more.view} view, {more.start_s:g} to {more.end_s:g} s"
        )
    lines = [f"{len(again)} findings from {SCORES_FILE} through the rules, all fields but boxes and pictures"]
    if left_out:
        lines.append(f"left out, for not all that they read is on record: rules {', '.join(left_out)}")
    return tuple(lines)


def _compare(folder: Path, was: Finding, now: Finding, *, same_id: bool, number: int) -> None:
    old, new = json.loads(was.to_json()), json.loads(now.to_json())
    skipped = _PICTURES_ONLY if same_id else (*_PICTURES_ONLY, "id")
    for name in old.keys() | new.keys():
        if name not in skipped and old.get(name) != new.get(name):
            raise EvidenceError(
                f"{folder / FINDINGS_FILE}: finding {number} ({was.id}, {was.rule}): {name}: on record "
                f"{old.get(name)!r}, from the scores {new.get(name)!r}"
            )


def _from_pictures(folder: Path, pack: Pack) -> tuple[Rescored, ...]:
    found = tuple(rescore(folder, finding, pack.predictor()) for finding in read_findings(folder))
    for each in found:
        if each.score is not None and each.difference > each.allowed:
            raise EvidenceError(
                f"{folder}: {each.finding}: its peak picture scores {each.score:.4f}, on record is "
                f"{each.recorded:.4f}; more than {each.allowed:g} apart, which compression does not explain"
            )
    return found


def _from_recordings(
    folder: Path, session: Mapping[str, Any], pack: Pack, given: Mapping[View, Path | None], pictures_hz: float | None
) -> tuple[str, ...]:
    """Watch again, and compare bytes."""
    if session.get("live"):
        raise EvidenceError(f"{folder}: was watched live; replay it without --first and --second, from its scores")
    missing = [view for view in session["views"] if given.get(view) is None]
    extra = [view for view in VIEWS if given[view] is not None and view not in session["views"]]
    if missing or extra:
        raise EvidenceError(
            f"{folder}: views: expected recordings of {', '.join(session['views'])}; "
            f"{'missing: --' + ', --'.join(missing) if missing else 'too many: --' + ', --'.join(extra)}"
        )
    recordings = {
        view: open_recorded(source(str(path)), pictures_hz) for view, path in given.items() if path is not None
    }
    setup = Setup(
        pack.predictor(),
        pack_rules(pack, session["rules"]["name"]),
        pack.thresholds,
        pack.version,
        float(session["rate_hz"]),
        session.get("pace", "fixed"),
    )
    offsets = {view: float(said.get("offset_s", 0.0)) for view, said in session["views"].items()}
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "again"
        watch_recordings(setup, recordings, out, offsets.get("second", 0.0) - offsets.get("first", 0.0))
        for name in (SCORES_FILE, FINDINGS_FILE):
            _same_bytes(folder, name, (folder / name).read_bytes(), (out / name).read_bytes())
        pictures = _same_pictures(folder, out)
    return (f"{FINDINGS_FILE} and {SCORES_FILE}, byte for byte, from the recordings", *pictures)


def _same_bytes(folder: Path, name: str, was: bytes, now: bytes) -> None:
    if was == now:
        return
    old, new = was.splitlines(), now.splitlines()
    pairs = zip(old, new, strict=False)
    number = next((i for i, (a, b) in enumerate(pairs, start=1) if a != b), min(len(old), len(new)) + 1)
    one, other = ((lines[number - 1] if number <= len(lines) else b"nothing")[:300] for lines in (old, new))
    raise EvidenceError(
        f"{folder / name}:{number}: differs; on record {one.decode('utf-8', 'replace')}, now "
        f"{other.decode('utf-8', 'replace')}"
    )


def _same_pictures(folder: Path, out: Path) -> tuple[str, ...]:
    """Pictures of findings that are still there, byte for byte."""
    same = gone = 0
    for finding in read_findings(out):
        for path in finding.evidence:
            if not (folder / path).is_file():
                gone += 1
            elif (folder / path).read_bytes() != (out / path).read_bytes():
                raise EvidenceError(f"{folder / path}: not the picture that the recording gives")
            else:
                same += 1
    lines = [f"{same} pictures of findings, byte for byte"]
    return (*lines, f"{gone} pictures are not there any more") if gone else tuple(lines)
