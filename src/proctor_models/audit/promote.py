"""`proctor audit promote`: gates first, then the ledger, then the registry's aliases.

The ledger is the truth and is written first: a process that is killed between the two leaves aliases behind, which the
next `promote` of any pack sets right before it does anything else.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models import tracking
from proctor_models.audit.gate_file import GATES_FILE, load_gates
from proctor_models.audit.gates import EXCEPTABLE, TARGETS_SCHEMA, Result, check, table, with_exceptions
from proctor_models.audit.packs import ReadPack, read_pack
from proctor_models.audit.promotions import PROMOTIONS_FILE, Promotion, State, append, read_promotions, standing
from proctor_models.audit.registry import check_follows, find_version, model_name, set_aliases
from proctor_models.errors import DataError, RecordError


@dataclass(frozen=True)
class Files:
    """What a promotion reads and writes besides the pack."""

    gates: Path = GATES_FILE
    targets: Path = Path("export") / "targets" / "targets.json"
    ledger: Path = PROMOTIONS_FILE
    key: Path = Path("export") / "keys" / "pack-signing-3.pub.pem"
    """Public key that packs are signed with."""


def promote(
    folder: Path,
    to: State,
    by: str | None = None,
    exceptions: Sequence[str] = (),
    files: Files = Files(),
) -> Promotion:
    """Promote a pack, or refuse with a table of what is missed.

    Args:
        folder: the pack.
        to: what it is to be.
        by: who promotes, for the ledger; None names the machine's user, which will do where nothing is excepted.
        exceptions: ``gate: reason`` each, for gates that are missed and let pass all the same. The pack is then for
            research, and says so wherever its promotion is shown.
        files: gates, figures, ledger and key.

    Returns:
        The line of the ledger; the one that is there already if the pack has this state.

    Raises:
        PackError, ModelError: the pack is not whole.
        ConfigError: the gates cannot be read, or MLflow is not installed.
        DataError: the targets are of another version.
        RecordError: a gate is missed, an exception cannot be made, the pack is not registered, ledger or store cannot
            be used; nothing is changed.
    """
    by = _check_answers(by, exceptions)
    gates = load_gates(files.gates).of(to)
    pack = read_pack(folder)
    targets, sha256 = _read_targets(files.targets)
    uri = tracking.store_uri()
    client = tracking.open_store(uri)
    known = read_promotions(files.ledger)
    with tracking.store_errors(uri):
        check_follows(client, files.ledger, known)
        _say(set_aliases(client, known), "set right")
        _check_registered(client, pack)
    held = standing(known).get(to)
    if held is not None and held.pack.manifest_sha256 == pack.name.manifest_sha256:
        print(f"promote: pack {pack.name.version} is {to} since {held.at}; nothing to do", file=sys.stderr)
        return held
    _check_known(pack, to, known)
    results = with_exceptions(check(gates, pack, targets, files.key), exceptions)
    _refuse_missed(results, pack, to)
    stated = {
        "results": [result.to_dict() for result in results],
        "gates_sha256": hashlib.sha256(files.gates.read_bytes()).hexdigest(),
        "targets_sha256": sha256,
    }
    made = append(files.ledger, to, pack.name, by, stated)
    with tracking.store_errors(uri):
        _say(set_aliases(client, read_promotions(files.ledger)), "set")
    print(table(results) or "no gate is asked", file=sys.stderr)
    return made


def _read_targets(path: Path) -> tuple[dict[str, Any] | None, str | None]:
    """What `proctor targets` wrote, and its hash; None where it was not run."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None, None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name the file with --targets") from None
    try:
        raw = json.loads(content)
    except ValueError as error:
        raise DataError(f"{path}: expected JSON ({error}); run `proctor targets` again") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != TARGETS_SCHEMA:
        raise DataError(f"{path}: schema: expected {TARGETS_SCHEMA!r}, got {schema!r}; run `proctor targets` again")
    return dict(raw), hashlib.sha256(content).hexdigest()


def _check_registered(client: Any, pack: ReadPack) -> None:
    for net in pack.nets:
        digest = pack.name.models[net]
        if find_version(client, net, digest) is None:
            raise RecordError(
                f"{model_name(net)}: the registry has no version with net {digest[:16]}; run "
                f"`proctor audit register --pack {pack.folder}` first"
            )


def _check_known(pack: ReadPack, to: State, known: Sequence[Promotion]) -> None:
    if to == "retired" and all(one.pack.manifest_sha256 != pack.name.manifest_sha256 for one in known):
        raise RecordError(f"{pack.folder}: pack {pack.name.version} was never promoted, so it cannot be retired")


def _check_answers(by: str | None, exceptions: Sequence[str]) -> str:
    """Who promotes. The machine's user is nobody to ask why, so exceptions want a name."""
    if by and by.strip():
        return by.strip()
    if exceptions:
        raise RecordError("--by: expected the name of who answers for the exceptions, got none; give --by 'NAME'")
    return getpass.getuser()


def _refuse_missed(results: Sequence[Result], pack: ReadPack, to: State) -> None:
    missed = [result for result in results if not result.is_met and result.exception is None]
    if missed:
        met = sum(result.is_met for result in results)
        raise RecordError(
            f"pack {pack.name.version} is not promoted to {to}: {len(missed)} gates are missed, {met} met\n"
            f"{table(missed)}\n"
            f"mend what is missed; for research, give a reason for each gate of {', '.join(EXCEPTABLE)}: "
            "--except 'gate: reason'"
        )


def _say(changes: Sequence[str], how: str) -> None:
    for change in changes:
        print(f"promote: {how}: {change}", file=sys.stderr)
