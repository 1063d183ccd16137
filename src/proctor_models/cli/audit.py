"""What an auditor asks: is a watched exam's folder as it was written?"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from proctor_models.cli import audit_record, signing
from proctor_models.cli.parts import Verbs, add_family, add_verb
from proctor_models.errors import EvidenceError

_CANNOT_SHOW = """
whole       every file is as it was written, and the exam was watched to its end: exit code 0
unfinished  what is there is as it was written; the process was killed, or somebody cut the end off: exit code 1
changed     files, lines and byte ranges that are not as they were written: exit code 1

A hash chain has no secret: whoever may write to the folder can write all of it anew, ledger included. Keep the head,
the hash printed last, out of their reach (an e-mail will do), and give it as --head: then every line up to it is proven
to be the one written then. What no chain shows: that a camera showed what was there, or that a clock was right.
"""


def _head(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII):
        raise argparse.ArgumentTypeError(
            f"expected the 64 hexadecimal digits that `audit verify` printed, got {text!r}"
        )
    return text


def _verify(args: argparse.Namespace) -> None:
    from proctor_models.runtime.verify import verify

    verdict = verify(args.folder, args.head)
    print(json.dumps(verdict.to_dict(), ensure_ascii=False, indent=2) if args.json else verdict.to_text())
    if verdict.state == "changed":
        places = len(verdict.changed)
        raise EvidenceError(
            f"{args.folder}: changed in {places} place{'' if places == 1 else 's'} since it was written"
        )
    if verdict.state == "unfinished":
        raise EvidenceError(f"{args.folder}: not whole yet: {'; '.join(verdict.unfinished)}")


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    family = add_family(verbs, "audit", "prove what a watched exam's folder or a pack holds")
    verify = add_verb(
        family,
        "verify",
        _verify,
        "hold every byte of a watched exam against its ledger",
        "proctor audit verify review",
    )
    verify.description = f"hold every byte of a watched exam against its ledger\n{_CANNOT_SHOW}"
    verify.add_argument("folder", type=Path, metavar="DIR", help="folder of a watched exam")
    verify.add_argument("--head", type=_head, help="hash of a line of the ledger that was kept elsewhere")
    verify.add_argument("--json", action="store_true", help="print the verdict as JSON")
    signing.add_audit(family)
    audit_record.add(family)
