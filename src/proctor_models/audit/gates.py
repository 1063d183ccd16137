"""What a pack must show before it is promoted, and what it shows: every gate with what was wanted and what was found.

A gate's name is a path, ``targets/phone/recall, webcam``. What is missing counts as missed: a gate never opens because
nobody measured. Who promotes in spite of a missed gate names that very gate and a reason; licences, parity, signature
and whatever else is not in `EXCEPTABLE` cannot be excepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from proctor_models.audit.gate_file import GapGate, Gates, LicenceGate, ParityGate, TargetGate
from proctor_models.audit.packs import ReadPack
from proctor_models.audit.signing import verify_pack
from proctor_models.errors import ProctorError, RecordError

TARGETS_SCHEMA = "proctor-targets/1"
EXCEPTABLE = ("figures", "targets", "slice_gap")
"""First parts of the names of gates that ask how well a pack sees: where somebody may answer for less."""


@dataclass(frozen=True)
class Result:
    """One gate and what the pack shows."""

    gate: str
    wanted: str
    found: str
    is_met: bool
    missed_by: float | None = None
    """In the figure's own unit; None where it is no number, or nothing was measured."""
    exception: str | None = None
    """The reason somebody gave for promoting all the same."""

    def to_dict(self) -> dict[str, Any]:
        """For the ledger."""
        return asdict(self)


def check(gates: Gates, pack: ReadPack, targets: Mapping[str, Any] | None, key: Path) -> list[Result]:
    """Hold a pack against gates.

    Args:
        gates: what is asked.
        pack: read and found whole.
        targets: what targets.json holds; None where there is none.
        key: PEM file of the public key that packs are signed with.
    """
    found: list[Result] = []
    if gates.figures:
        found.append(_figures(gates.figures, pack, targets))
    if gates.targets:
        found += _targets(gates.targets, targets)
    if gates.slice_gap:
        found += _gaps(gates.slice_gap, targets)
    if gates.parity:
        found += [result for net in pack.nets for result in _parity(gates.parity, net, pack)]
    if gates.licences:
        found += _licences(gates.licences, pack)
    if gates.signature:
        found.append(_signature(pack, key))
    return found


def with_exceptions(results: Sequence[Result], exceptions: Sequence[str]) -> list[Result]:
    """The same, with reasons put to missed gates.

    Args:
        results: of `check`.
        exceptions: ``gate: reason`` each, with the whole name of one missed gate.

    Raises:
        RecordError: one names no missed gate, one that another named already or one that cannot be excepted, or gives
            no reason.

    >>> missed = [Result("targets/phone/recall", "at least 0.9", "0.8", False, 0.1)]
    >>> with_exceptions(missed, ["targets/phone/recall: five people, decision 12"])[0].exception
    'five people, decision 12'
    """
    reasons: dict[str, str] = {}
    missed = [result.gate for result in results if not result.is_met]
    for text in exceptions:
        # Names hold colons of their own: the longest one that fits is meant.
        gate = max((name for name in missed if text.startswith(f"{name}:")), key=len, default=None)
        if gate is None:
            raise RecordError(
                f"--except: expected 'gate: reason' with the whole name of a missed gate, got {text!r}; missed: "
                f"{'; '.join(missed) or 'none'}"
            )
        if not _may_be_excepted(gate):
            raise RecordError(
                f"--except: expected a gate of {', '.join(EXCEPTABLE)}, got {gate!r}: no reason stands in for it; mend "
                "the pack"
            )
        reason = " ".join(text.removeprefix(f"{gate}:").split())
        if not reason:
            raise RecordError(f"--except: expected a reason behind {gate!r}, got none; an exception is read by others")
        if gate in reasons:
            raise RecordError(f"--except: expected one reason for {gate!r}, got two; give one")
        reasons[gate] = reason
    return [replace(result, exception=reasons.get(result.gate)) for result in results]


def table(results: Sequence[Result]) -> str:
    """Gates as a table for a terminal: missed ones first.

    >>> print(table([Result("parity/scene", "at most 0.001", "0.004", False, 0.003)]))
    MISSED    parity/scene  wanted at most 0.001, found 0.004 (missed by 0.003)
    """
    width = max((len(result.gate) for result in results), default=0)
    lines = []
    for result in sorted(results, key=lambda each: (each.is_met, each.exception is not None)):
        state = "met" if result.is_met else "excepted" if result.exception else "MISSED"
        by = "" if result.missed_by is None else f" (missed by {result.missed_by:.3g})"
        why = f"; {result.exception}" if result.exception else ""
        lines.append(f"{state:9} {result.gate:{width}}  wanted {result.wanted}, found {result.found}{by}{why}")
    return "\n".join(lines)


def _may_be_excepted(gate: str) -> bool:
    return gate.partition("/")[0] in EXCEPTABLE


def _figures(whose: str, pack: ReadPack, targets: Mapping[str, Any] | None) -> Result:
    gate = "figures"
    if targets is None:
        return Result(gate, f"figures of {whose}", "no targets.json", False)
    folds = [dict(fold.get("models", {})) for fold in targets.get("folds", ())]
    packed = dict(pack.name.models)
    named = dict(pack.card.get("measured", {}).get("models", {}))
    wanted = packed if whose == "packed nets" else named
    shown = "; ".join(f"{fold.get('fold')} {_short(fold.get('models', {}))}" for fold in targets.get("folds", ()))
    return Result(gate, f"figures of {whose} {_short(wanted)}", shown or "none", wanted in folds)


def _targets(gate: TargetGate, targets: Mapping[str, Any] | None) -> Iterator[Result]:
    rows = [] if targets is None else [row for row in targets["targets"] if row.get("target") is not None]
    names = {f"{row['detector']}/{row['figure']}": row for row in rows}
    if targets is None or gate.required == "all":
        wanted = list(names) or ["*"]
    else:
        wanted = [name for each in gate.required for name in _matching(each, names)]
    for name in wanted:
        row = names.get(name)
        if row is None:
            yield Result(f"targets/{name}", "a figure that meets its target", "not measured", False)
        else:
            yield _target(f"targets/{name}", row, gate.bound)


def _matching(pattern: str, names: Mapping[str, Any]) -> list[str]:
    if not pattern.endswith("/*"):
        return [pattern]
    return [name for name in names if name.startswith(pattern[:-1])] or [pattern]


def _target(gate: str, row: Mapping[str, Any], bound: str) -> Result:
    target, least = float(row["target"]), row["sense"] == "at least"
    end = "low" if least else "high"
    # A largest value has no interval by its nature: then the figure itself decides.
    by_value = bound == "value" or (row.get("low") is None and row.get("high") is None)
    value = row["value"] if by_value else row.get(end)
    wanted = f"{row['sense']} {target:g}" + ("" if by_value else f" by the interval's {end} end")
    if value is None:
        shown = "no figure" if row["value"] is None else f"{row['value']:.3f} without an interval"
        return Result(gate, wanted, shown, False)
    missed = target - value if least else value - target
    found = f"{row['value']:.3f}" if by_value else f"{row['value']:.3f}, {end} end {value:.3f}"
    return Result(gate, wanted, found, missed <= 0, round(missed, 6) if missed > 0 else None)


def _gaps(gate: GapGate, targets: Mapping[str, Any] | None) -> Iterator[Result]:
    rows = [] if targets is None else targets.get("gaps", [])
    counted = [row for row in rows if row["slice"] in gate.slices and row["figure"] in gate.at_most]
    if not counted:
        yield Result("slice_gap", f"gaps by {', '.join(gate.slices)}", "not measured", False)
    for row in counted:
        name = f"slice_gap/{row['detector']}/{row['figure']} by {row['slice']}"
        most, value = gate.at_most[row["figure"]], row.get("gap" if gate.bound == "value" else "gap_high")
        if value is None:
            yield Result(name, f"at most {most:g}", "no figure", False)
            continue
        between = f"{value:.3f} from {row['best']} to {row['worst']}"
        missed = value - most
        yield Result(name, f"at most {most:g}", between, missed <= 0, round(missed, 6) if missed > 0 else None)


def _parity(gate: ParityGate, net: str, pack: ReadPack) -> Iterator[Result]:
    said = pack.card["nets"][net].get("parity") or {}
    claims = (
        ("pictures", "at least", gate.min_pictures, said.get("pictures")),
        ("score_difference", "at most", gate.score_difference, said.get("worst_score_difference")),
        ("box_iou", "at least", gate.box_iou, said.get("worst_box_iou")),
    )
    for name, sense, limit, value in claims:
        where = f"parity/{net}/{name}"
        if not isinstance(value, int | float):
            yield Result(where, f"{sense} {limit:g}", "not measured", False)
            continue
        missed = limit - value if sense == "at least" else value - limit
        yield Result(where, f"{sense} {limit:g}", f"{value:.6g}", missed <= 0, missed if missed > 0 else None)


def _licences(gate: LicenceGate, pack: ReadPack) -> Iterator[Result]:
    own = str(pack.manifest.get("licence"))
    yield Result("licences/pack", f"one of {', '.join(gate.pack)}", own, own in gate.pack)
    if not gate.forbidden:
        return
    patterns = [pattern.casefold() for pattern in gate.forbidden]
    wanted = f"none of {', '.join(gate.forbidden)}"
    sources = _sources(pack)
    if not sources:
        yield Result("licences/sources", wanted, "the card names no source of frames", False)
    for source, licence in sorted(sources):
        is_met = not any(fnmatchcase(licence.casefold(), pattern) for pattern in patterns)
        yield Result(f"licences/sources/{source}", wanted, licence, is_met)


def _sources(pack: ReadPack) -> set[tuple[str, str]]:
    """Collection and licence of the frames behind the nets: as the exports recorded them, else the evaluation."""
    rows = [row for net in pack.card["nets"].values() for row in (net.get("parity") or {}).get("sources", ())]
    rows = rows or pack.card.get("measured", {}).get("sources") or []
    return {(str(row.get("source")), str(row.get("licence"))) for row in rows}


def _signature(pack: ReadPack, key: Path) -> Result:
    wanted = f"a signature by {key}"
    try:
        signed = verify_pack(pack.folder, key)
    except ProctorError as error:
        return Result("signature", wanted, " ".join(str(error).split())[:200], False)
    return Result("signature", wanted, f"{signed.files} files signed by {signed.key_sha256[:16]}", True)


def _short(models: Mapping[str, str]) -> str:
    return ", ".join(f"{net} {digest[:12]}" for net, digest in sorted(models.items())) or "none"
