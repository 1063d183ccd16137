"""`proctor audit report`: what was watched, what was found, what people decided, and whether all of it still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor_models.audit.lineage import Words, lineage
from proctor_models.audit.page import write_page
from proctor_models.audit.trace import decided, ledger_of, pictures_of, standing_at, verdict_of
from proctor_models.errors import ProctorError
from proctor_models.runtime.entries import Entry, expired_files
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report import review
from proctor_models.runtime.report_ledger import read_exam


def report(folder: Path, out: Path, pack: Path | None, ledger: Path, key: Path | None) -> str:
    """Write the page, and say in a line what it says of the folder.

    Args:
        folder: of an exam that was watched to its end.
        out: the page.
        pack: the pack; None looks below export/.
        ledger: promotion ledger.
        key: public key that the pack should be signed with; None does not ask.

    Raises:
        EvidenceError: the folder cannot be read, or was not watched to its end; nothing is written.
        RecordError: the promotion ledger was changed.
    """
    exam = read_exam(folder)
    shown = review(folder, served=True)  # linked pictures: this page shows none
    entries = ledger_of(folder)
    verdict, verdict_missing = verdict_of(folder)
    road = lineage(exam.session.models, pack)
    manifest = None if road.pack is None else road.pack.name.manifest_sha256
    write_page(
        out,
        "report.html",
        session=exam.session,
        started_at=entries[0].at if entries else "",
        views=shown["session"]["views"],
        detectors=shown["detectors"],
        findings=_findings(folder, exam.findings, entries),
        events=shown["happenings"],
        verdict=verdict,
        verdict_missing=verdict_missing,
        hashes=exam.sha256,
        lineage=road,
        promotion=standing_at(ledger, manifest, entries),
        signature=_signature(None if road.pack is None else road.pack.folder, key),
    )
    state = verdict.state if verdict is not None else "not checked"
    return f"report: {out} ({len(exam.findings)} findings, the folder is {state})"


def _findings(folder: Path, findings: Sequence[Finding], entries: Sequence[Entry]) -> list[dict[str, Any]]:
    gone, by_finding = expired_files(entries), decided(folder)
    return [
        {
            "finding": finding,
            "decisions": by_finding[finding.id],
            "pictures": [
                {"path": path, "there": (folder / path).is_file(), "reason": gone.get(path, "")}
                for path in pictures_of(finding)
            ],
        }
        for finding in findings
    ]


def _signature(pack: Path | None, key: Path | None) -> Mapping[str, Any]:
    if pack is None:
        return {"missing": Words("没有模型包", "there is no pack"), "text": ""}
    if key is None:
        said = Words("未指定公钥（--key），未核对签名", "the signature was not checked: name a public key (--key)")
        return {"missing": said, "text": ""}
    from proctor_models.audit.signing import verify_pack

    try:
        signed = verify_pack(pack, key)
    except ProctorError as error:
        return {"missing": Words(f"签名未通过：{error}", f"the signature does not hold: {error}"), "text": ""}
    return {"missing": None, "text": f"{signed.files} 个文件的签名有效 files as signed by key {signed.key_sha256}"}
