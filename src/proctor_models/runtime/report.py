"""The review page: one HTML file in which a person judges what was found in an exam.

The page needs no network and no server: style, script, data and pictures lie inside it, and its
Content-Security-Policy forbids everything else. Text from outside (file names, titles, articles) only
ever travels as JSON and is shown as text. The same folder gives the same bytes.

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
from proctor_models.runtime.evidence import write_atomic
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_ledger import Exam, evidence_path, read_exam
from proctor_models.types import VIEWS

PAGE_FILE = "review.html"
PAGE_SCHEMA = "proctor-review/1"

_SCRIPTS = (
    "words",
    "dom",
    "store",
    "axis",
    "header",
    "timeline",
    "curve",
    "pictures",
    "finding",
    "viewer",
    "filters",
    "app",
)
_EXAM_POINTS = 600  # about the pixels a chart is wide
_FINDING_POINTS = 160
_CONTEXT_S = (8.0, 60.0)  # least and most seconds shown before and after a finding
_PICTURE_BUDGET_BYTES = 48 * 2**20  # a page much larger than this opens slowly or not at all
_KINDS = ("peak", "before", "after", "other", "snapshot")
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def render(folder: Path) -> Path:
    """Write `review.html` into the folder of a watched exam and return its path.

    Args:
        folder: holds `session.json`, `findings.jsonl`, `scores.jsonl` and `evidence/`.

    Raises:
        EvidenceError: a file is missing, half-written or of another schema, a field is wrong, an evidence
            path leads out of the folder, or the page cannot be written. A page that was there stays.
    """
    page = _page(_payload(folder, read_exam(folder)))
    write_atomic(folder / PAGE_FILE, page.encode("utf-8"))
    return folder / PAGE_FILE


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


def _page(payload: dict[str, Any]) -> str:
    style = _asset("review.css") + _asset("narrow.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_asset(f"{name}.js") for name in _SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; img-src data:; style-src {csp_hash(style)}; script-src {csp_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    template = Template(_asset("review.html"))
    return template.substitute(policy=policy, style=style, script=script, data=embedded_json(payload))


def _asset(name: str) -> str:
    return (files("proctor_models.runtime") / "assets" / name).read_text(encoding="utf-8")


def _payload(folder: Path, exam: Exam) -> dict[str, Any]:
    session = exam.session
    intervals_s: dict[str, float] = {
        view: curves.typical_interval_s(exam.times_s.get(view, []), session.rate_hz) for view in VIEWS
    }
    return {
        "schema": PAGE_SCHEMA,
        "ledger_sha256": exam.sha256,
        "horizon_s": exam.horizon_s,
        "session": {**asdict(session), "views": _views(exam, intervals_s)},
        "detectors": _detectors(exam, intervals_s),
        "findings": [
            {**asdict(finding), "curve": _finding_curve(exam, finding, intervals_s[finding.view])}
            for finding in exam.findings
        ],
        "pictures": _pictures(folder, exam),
    }


def _views(exam: Exam, intervals_s: dict[str, float]) -> list[dict[str, Any]]:
    """Each recording, with the stretches of the exam that it does not show."""
    return [
        {
            "view": view,
            **asdict(exam.session.views[view]),
            "gaps": [
                (round(start, 2), round(end, 2))
                for start, end in curves.gaps(
                    exam.times_s.get(view, []), exam.horizon_s, curves.gap_limit_s(intervals_s[view])
                )
            ],
        }
        for view in VIEWS
        if view in exam.session.views
    ]


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


def _finding_curve(exam: Exam, finding: Finding, interval_s: float) -> curves.Curve | None:
    """The scores around one finding, None where no detector stands behind it."""
    track = exam.tracks.get((finding.detector, finding.view))
    if track is None:
        return None
    least_s, most_s = _CONTEXT_S
    context_s = min(most_s, max(least_s, (finding.end_s - finding.start_s) / 2))
    window = (max(0.0, finding.start_s - context_s), min(exam.horizon_s, finding.end_s + context_s))
    return curves.curve(track, window, interval_s, _FINDING_POINTS)


def _pictures(folder: Path, exam: Exam) -> dict[str, dict[str, str]]:
    """Every picture by its path; peaks first, so that they are what the budget is spent on."""
    wanted = {name: (_kind(name), f"findings.jsonl: {each.id}") for each in exam.findings for name in each.evidence}
    wanted |= {each.path: ("snapshot", "session.json: snapshots") for each in exam.session.snapshots}
    left = _PICTURE_BUDGET_BYTES
    pictures: dict[str, dict[str, str]] = {}
    for name, (kind, where) in sorted(wanted.items(), key=lambda item: (_KINDS.index(item[1][0]), item[0])):
        picture = {"kind": kind, **_embedded(evidence_path(folder, name, where), left)}
        left -= len(picture.get("src", ""))
        pictures[name] = picture
    return pictures


def _kind(name: str) -> str:
    """What a picture shows, by the end of its name: the moment of the peak, or before or after it."""
    end = Path(name).stem.rpartition("-")[2]
    return end if end in _KINDS else "other"


def _embedded(path: Path, budget: int) -> dict[str, str]:
    """The picture as a data URI, or why it is not shown."""
    try:
        content = path.read_bytes()
    except OSError:
        return {"state": "missing"}
    media_type = next((kind for signature, kind in _SIGNATURES.items() if content.startswith(signature)), None)
    if media_type is None:
        return {"state": "unreadable"}
    source = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    return {"state": "shown", "src": source} if len(source) <= budget else {"state": "left_out"}
