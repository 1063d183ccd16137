"""`forgotten.jsonl`: which people were deleted from the datasets beside it, and what that touched.

One JSON line a deletion: date, frames, boxes and files removed, dataset versions before and after, and the packs and
checkpoints concerned. No picture, no name, and no code in the clear: each line has a random salt and the SHA-256 of
salt and code. That is enough for the two questions the file has to answer, both of which begin with a code somebody
holds: was this person deleted, and may this frame be ingested again. It is not secrecy: codes are short, and who has
the file can try them all. The code itself must stand in a recipe's `ingest.exclude_persons` as long as a source
outside still holds frames of theirs; take it out when none does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from proctor_models.errors import DataError
from proctor_models.files import write_text

FORGOTTEN_FILE = "forgotten.jsonl"
SCHEMA = "proctor-forgotten/1"

Entry = Mapping[str, Any]


def hashed(codes: Iterable[str], salt: str) -> list[str]:
    """The codes as an entry names them, sorted.

    >>> [text[:8] for text in hashed(["S2"], "00")]
    ['60e3398c']
    """
    return sorted(hashlib.sha256(f"{salt}:{code}".encode()).hexdigest() for code in codes)


def entry(codes: Collection[str], date: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the file, not yet written: `facts` under a new salt."""
    salt = secrets.token_hex(16)
    return {"schema": SCHEMA, "date": date, "salt": salt, "codes": hashed(codes, salt), **facts}


def read_forgotten(folder: Path) -> list[dict[str, Any]]:
    """Every deletion recorded in `folder`, oldest first; empty where there is no file.

    Raises:
        DataError: a line is not one of ours; file and line are named.
    """
    path = folder / FORGOTTEN_FILE
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            raw = json.loads(line)
            if raw["schema"] != SCHEMA or not isinstance(raw["salt"], str) or not isinstance(raw["codes"], list):
                raise ValueError(f"another schema than {SCHEMA}")
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}:{number}: expected a deletion as `proctor data forget` records it, got {line[:60]!r} "
                f"({error}); restore the file, for without it a deleted person may come back"
            ) from None
        found.append(raw)
    return found


def append(folder: Path, line: Entry) -> None:
    """Add a deletion, once: a line that is there already is not written again."""
    path = folder / FORGOTTEN_FILE
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = json.dumps(line, sort_keys=True)
    if text not in before.splitlines():
        write_text(path, f"{before}{text}\n")


def names(line: Entry, codes: Iterable[str]) -> bool:
    """Whether the deletion is of a person with one of these codes.

    >>> names(entry(["S2"], "2026-01-01", {}), ["S1", "S2"])
    True
    """
    return not set(line["codes"]).isdisjoint(hashed(codes, line["salt"]))


def refuse_forgotten(persons: Iterable[str], excluded: Collection[str], out: Path) -> None:
    """Stop a person who was deleted from coming back through a source that still holds them.

    Args:
        persons: codes found in the sources.
        excluded: codes the recipe leaves out.
        out: the dataset folder to be written; the records of the two folders above it are asked.

    Raises:
        DataError: a deleted person is among them and not excluded.
    """
    left = sorted(set(persons) - set(excluded))
    for folder in out.absolute().parents[:2]:
        for number, line in enumerate(read_forgotten(folder), start=1):
            back = [code for code in left if names(line, [code])]
            if back:
                codes = ", ".join(back)
                raise DataError(
                    f"{folder / FORGOTTEN_FILE}:{number}: {codes} was deleted on {line['date']}, and a source still "
                    f"holds frames of theirs; add {codes} to ingest.exclude_persons in the recipe"
                )
