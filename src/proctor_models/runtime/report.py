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
import os
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from proctor_models.errors import EvidenceError
from proctor_models.runtime import report_curves as curves
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_ledger import Ledger, evidence_path, read_ledger
from proctor_models.types import VIEWS

PAGE_FILE = "review.html"
PAGE_SCHEMA = "proctor-review/1"

_SCRIPTS = ("words", "dom", "store", "axis", "header", "timeline", "curve", "finding", "viewer", "filters", "app")
_EXAM_POINTS = 600  # about the pixels a chart is wide
_FINDING_POINTS = 160
_CONTEXT_S = (8.0, 60.0)  # least and most seconds shown before and after a finding
_PICTURE_BUDGET_BYTES = 48 * 2**20  # a page much larger than this opens slowly or not at all
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def render(folder: Path) -> Path:
    """Write `review.html` into the folder of a watched exam and return its path.

    Args:
        folder: holds `session.json`, `findings.jsonl`, `scores.jsonl` and `evidence/`.

    Raises:
        EvidenceError: a file is missing, half-written or of another schema, a field is wrong, an evidence
            path leads out of the folder, or the page cannot be written. A page that was there stays.
    """
    ledger = read_ledger(folder)
    page = _page(_payload(folder, ledger)).encode("utf-8")
    target = folder / PAGE_FILE
    part = folder / f".{PAGE_FILE}.part"
    try:
        with part.open("wb") as stream:
            stream.write(page)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EvidenceError(f"{target}: cannot be written ({error.strerror}); free the disk or the folder") from None
    return target


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


def _payload(folder: Path, ledger: Ledger) -> dict[str, Any]:
    session = ledger.session
    intervals_s: dict[str, float] = {
        view: curves.typical_interval_s(ledger.times_s.get(view, []), session.rate_hz) for view in VIEWS
    }
    return {
        "schema": PAGE_SCHEMA,
        "ledger_sha256": ledger.sha256,
        "session": {**asdict(session), "views": _views(ledger, intervals_s)},
        "detectors": _detectors(ledger, intervals_s),
        "findings": [
            {**asdict(finding), "curve": _finding_curve(ledger, finding, intervals_s[finding.view])}
            for finding in ledger.findings
        ],
        "pictures": _pictures(folder, ledger.findings),
    }


def _views(ledger: Ledger, intervals_s: dict[str, float]) -> list[dict[str, Any]]:
    """Each recording, with the stretches of the exam that it does not show."""
    return [
        {
            "view": view,
            **asdict(ledger.session.views[view]),
            "gaps": [
                (round(start, 2), round(end, 2))
                for start, end in curves.gaps(
                    ledger.times_s.get(view, []), ledger.session.duration_s, curves.gap_limit_s(intervals_s[view])
                )
            ],
        }
        for view in VIEWS
        if view in ledger.session.views
    ]


def _detectors(ledger: Ledger, intervals_s: dict[str, float]) -> list[dict[str, Any]]:
    """One chart a detector: its scores over the whole exam, by view."""
    window = (0.0, ledger.session.duration_s)
    names = list(dict.fromkeys([*ledger.session.thresholds, *(name for name, _ in ledger.tracks)]))
    return [
        {
            "name": name,
            "threshold": ledger.session.thresholds.get(name),
            "views": [
                {
                    "view": view,
                    "unknown_share": curves.unknown_share(ledger.tracks[name, view]),
                    "curve": curves.curve(ledger.tracks[name, view], window, intervals_s[view], _EXAM_POINTS),
                }
                for view in VIEWS
                if (name, view) in ledger.tracks
            ],
        }
        for name in names
    ]


def _finding_curve(ledger: Ledger, finding: Finding, interval_s: float) -> curves.Curve | None:
    """The scores around one finding, None where no detector stands behind it."""
    track = ledger.tracks.get((finding.detector, finding.view))
    if track is None:
        return None
    least_s, most_s = _CONTEXT_S
    context_s = min(most_s, max(least_s, (finding.end_s - finding.start_s) / 2))
    window = (max(0.0, finding.start_s - context_s), min(ledger.session.duration_s, finding.end_s + context_s))
    return curves.curve(track, window, interval_s, _FINDING_POINTS)


def _pictures(folder: Path, findings: tuple[Finding, ...]) -> dict[str, dict[str, str]]:
    """Every evidence picture by its path; peaks first, so that they are what the budget is spent on."""
    names = {name: finding.id for finding in findings for name in finding.evidence}
    left = _PICTURE_BUDGET_BYTES
    pictures: dict[str, dict[str, str]] = {}
    for name in sorted(names, key=lambda name: (_kind(name) != "peak", name)):
        path = evidence_path(folder, name, f"findings.jsonl: {names[name]}")
        picture = {"kind": _kind(name), **_embedded(path, left)}
        left -= len(picture.get("src", ""))
        pictures[name] = picture
    return pictures


def _kind(name: str) -> str:
    """What a picture shows, by the end of its name: the moment of the peak, or before or after it."""
    end = Path(name).stem.rpartition("-")[2]
    return end if end in ("peak", "before", "after") else "other"


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
