"""The review page: one HTML file in which a person judges what was found in an exam.

As a file it needs no network and no server: style, script, data and pictures lie inside it, and its
Content-Security-Policy forbids everything else. Served by `runtime.review_server` it also
sends decisions back, and its pictures are linked. Text from outside (file names, titles, articles, notes) only ever
travels as JSON and is shown as text. The same folder gives the same bytes.

What is wrong in the ledger itself stops the page with an `EvidenceError`. A picture that is missing or
unreadable does not: the finding is shown, and says so in the picture's place.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from proctor_models.runtime import report_curves as curves
from proctor_models.runtime.decisions import NOTE_MAX, read_decisions
from proctor_models.runtime.durable import write_atomic
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_groups import grouped
from proctor_models.runtime.report_journal import Journal, read_journal
from proctor_models.runtime.report_ledger import Exam, evidence_path, read_exam
from proctor_models.runtime.report_pictures import kind_of, pictures
from proctor_models.types import VIEWS

PAGE_FILE = "review.html"
PAGE_SCHEMA = "proctor-review/2"

_STYLES = ("review", "work", "narrow")
_SCRIPTS = (
    "words_zh",
    "words_en",
    "words",
    "dom",
    "store",
    "{keeper}",
    "exchange",
    "axis",
    "header",
    "timeline",
    "curve",
    "pictures",
    "events",
    "list",
    "finding",
    "viewer",
    "toolbar",
    "keys",
    "app",
)
_EXAM_POINTS = 600  # about the pixels a chart is wide
_FINDING_POINTS = 160
_CONTEXT_S = (8.0, 60.0)  # least and most seconds shown before and after a finding
_PICTURE_BUDGET_BYTES = 48 * 2**20  # a page much larger than this opens slowly or not at all


def render(folder: Path) -> Path:
    """Write `review.html` into the folder of a watched exam and return its path.

    Args:
        folder: holds `session.json`, `findings.jsonl`, `scores.jsonl` and `evidence/`; `ledger.jsonl` and
            `decisions.jsonl` where there are any.

    Raises:
        EvidenceError: a file is missing, half-written or of another schema, a field is wrong, an evidence
            path leads out of the folder, or the page cannot be written. A page that was there stays.
    """
    page = page_html(review(folder))
    write_atomic(folder / PAGE_FILE, page.encode("utf-8"))
    return folder / PAGE_FILE


def review(folder: Path, *, served: bool = False) -> dict[str, Any]:
    """All that the page shows of a watched exam.

    Args:
        folder: see `render`.
        served: whether a server stands behind the page: pictures are linked, decisions are sent to it.

    Raises:
        EvidenceError: see `render`.
    """
    exam, journal = read_exam(folder), read_journal(folder)
    session = exam.session
    intervals_s: dict[str, float] = {
        view: curves.typical_interval_s(exam.times_s.get(view, []), session.rate_hz) for view in VIEWS
    }
    horizon_s = max([exam.horizon_s, *(each.end_s or each.timestamp_s for each in journal.happenings)])
    occurrences = [(f"{each.rule} {each.view}", each.start_s, each.end_s) for each in exam.findings]
    return {
        "schema": PAGE_SCHEMA,
        "served": served,
        "ledger_sha256": exam.sha256,
        "ledger_head": journal.head,
        "ledger_heads": journal.heads,
        "horizon_s": horizon_s,
        "session": {**asdict(session), "views": _views(exam, journal, intervals_s)},
        "detectors": _detectors(exam, intervals_s),
        "findings": [_finding(exam, journal, finding, intervals_s) for finding in exam.findings],
        "groups": [[exam.findings[index].id for index in group] for group in grouped(occurrences)],
        "happenings": [asdict(each) for each in journal.happenings],
        "pictures": _pictures(folder, exam, journal, served=served),
        "decisions": decisions(folder),
        "note_max": NOTE_MAX,
    }


def decisions(folder: Path) -> dict[str, Any]:
    """What was decided so far, by finding.

    Raises:
        EvidenceError: the file cannot be read or was changed.
    """
    return {
        name: {"decision": each.decision, "note": each.note, "decided_at": each.decided_at}
        for name, each in sorted(read_decisions(folder).items())
    }


def _pictures(folder: Path, exam: Exam, journal: Journal, *, served: bool) -> dict[str, Any]:
    found = pictures(_wanted(folder, exam, journal), _PICTURE_BUDGET_BYTES, embed=not served)
    for path in journal.expired & found.keys():
        if found[path]["state"] == "missing":
            found[path]["state"] = "expired"  # it is gone by right: the ledger says when, and by which policy
    return found


def page_html(payload: dict[str, Any]) -> str:
    """The page that shows what `review` gave."""
    template = Template(_asset("review.html"))
    style, script = _style(), _script(payload["served"])
    return template.substitute(policy=policy(payload), style=style, script=script, data=embedded_json(payload))


def policy(payload: dict[str, Any]) -> str:
    """The page's Content-Security-Policy: what lies in it, and its server if there is one."""
    served = payload["served"]
    rules = {
        "default-src": "'none'",
        "img-src": "'self'" if served else "data:",
        "style-src": csp_hash(_style()),
        "script-src": csp_hash(_script(served)),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if served:
        rules["connect-src"] = "'self'"
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def embedded_json(payload: object) -> str:
    r"""JSON that may stand inside a script element: nothing in it can end the element.

    >>> embedded_json({"file_name": "</script><b>.mp4"})
    '{"file_name":"\\u003c/script\\u003e\\u003cb\\u003e.mp4"}'
    """
    text = json.dumps(payload, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def csp_hash(source: str) -> str:
    """The Content-Security-Policy source that allows exactly this inline style or script.

    >>> csp_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _style() -> str:
    return "".join(_asset(f"{name}.css") for name in _STYLES)


def _script(served: bool) -> str:
    # The page that is a file holds no code that could speak to a network.
    keeper = "keep_server" if served else "keep_browser"
    parts = [_asset(f"{name.format(keeper=keeper)}.js") for name in _SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"


def _asset(name: str) -> str:
    return (files("proctor_models.runtime") / "assets" / name).read_text(encoding="utf-8")


def _views(exam: Exam, journal: Journal, intervals_s: dict[str, float]) -> list[dict[str, Any]]:
    """Each recording, with the stretches of the exam that it does not show, and those that nobody analysed."""
    found = []
    for view in VIEWS:
        if view not in exam.session.views:
            continue
        limit_s = curves.gap_limit_s(intervals_s[view])
        unseen = curves.gaps(exam.times_s.get(view, []), exam.horizon_s, limit_s)
        gaps, came = curves.told_apart(unseen, (journal.present or {}).get(view, ()), limit_s)
        spans = {
            "gaps": _rounded(gaps),
            "not_analysed": None if journal.present is None else _rounded(came),
        }
        found.append({"view": view, **asdict(exam.session.views[view]), **spans})
    return found


def _rounded(spans: list[curves.Span]) -> list[curves.Span]:
    return [(round(start_s, 2), round(end_s, 2)) for start_s, end_s in spans]


def _detectors(exam: Exam, intervals_s: dict[str, float]) -> list[dict[str, Any]]:
    """One chart a detector: its scores over the whole exam, by view."""
    window = (0.0, exam.horizon_s)
    names = list(dict.fromkeys([*exam.session.thresholds, *(name for name, _ in exam.tracks)]))
    return [
        {
            "name": name,
            "threshold": exam.session.thresholds.get(name),
            "views": [
                {
                    "view": view,
                    "unknown_share": curves.unknown_share(exam.tracks[name, view]),
                    "curve": curves.curve(exam.tracks[name, view], window, intervals_s[view], _EXAM_POINTS),
                }
                for view in VIEWS
                if (name, view) in exam.tracks
            ],
        }
        for name in names
    ]


def _finding(exam: Exam, journal: Journal, finding: Finding, intervals_s: dict[str, float]) -> dict[str, Any]:
    return {
        **asdict(finding),
        "curve": _finding_curve(exam, finding, intervals_s[finding.view]),
        "clips": journal.clips.get(finding.id, ()),
    }


def _finding_curve(exam: Exam, finding: Finding, interval_s: float) -> curves.Curve | None:
    """The scores around one finding, None where no detector stands behind it."""
    track = exam.tracks.get((finding.detector, finding.view))
    if track is None:
        return None
    least_s, most_s = _CONTEXT_S
    context_s = min(most_s, max(least_s, (finding.end_s - finding.start_s) / 2))
    window = (max(0.0, finding.start_s - context_s), min(exam.horizon_s, finding.end_s + context_s))
    return curves.curve(track, window, interval_s, _FINDING_POINTS)


def _wanted(folder: Path, exam: Exam, journal: Journal) -> dict[str, tuple[str, Path]]:
    """Kind and file of every picture, by its path."""
    named = {name: (kind_of(name), f"findings.jsonl: {each.id}") for each in exam.findings for name in each.evidence}
    named |= {each.path: ("snapshot", "session.json: snapshots") for each in exam.session.snapshots}
    named |= {path: ("clip", f"ledger.jsonl: {each}") for each, clips in journal.clips.items() for path in clips}
    return {name: (kind, evidence_path(folder, name, where)) for name, (kind, where) in named.items()}
