"""What an auditor asks of the record: which pack was in use when, and how a finding came about."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb

_LEDGER = Path("mlflow") / "promotions.jsonl"


def _time(text: str) -> datetime:
    from proctor_models.audit.promotions import parse_time

    try:
        return parse_time(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a time such as 2026-03-01 or 2026-03-01T08:30+08:00, got {text!r}"
        ) from None


def _register(args: argparse.Namespace) -> None:
    from proctor_models.audit.packs import read_pack
    from proctor_models.audit.registry import register

    for each in register(read_pack(args.pack)):
        state = "registered" if each.is_new else "is there already"
        print(f"{each.model} version {each.version}: net {each.sha256[:16]} {state}, run {each.run_id}")


def _promote(args: argparse.Namespace) -> None:
    from proctor_models.audit.promote import Files, promote

    files = Files(args.gates, args.targets, args.ledger, args.key)
    made = promote(args.pack, args.to, args.by, args.exceptions, files)
    print(f"pack {made.pack.version} is {made.to} since {made.at}; line {made.seq + 1} of {args.ledger}")
    for line in _excepted(made.exceptions):
        print(line)
    print(f"head {made.sha256}")


def _excepted(exceptions: Mapping[str, str]) -> list[str]:
    """What a promotion was granted in spite of, for a terminal; no line where every gate was met."""
    if not exceptions:
        return []
    return ["for research only, by exception from:", *(f"  {gate}: {why}" for gate, why in exceptions.items())]


def _at(args: argparse.Namespace) -> None:
    from proctor_models.audit.promotions import at_time, read_promotions

    held = at_time(read_promotions(args.ledger), args.time)
    shipped = held.get("shipped")
    if args.json:
        found = {
            state: {
                "version": one.pack.version,
                "recipe": one.pack.recipe,
                "manifest_sha256": one.pack.manifest_sha256,
                "models": dict(one.pack.models),
                "since": one.at,
                "by": one.by,
                "line_sha256": one.sha256,
                "research_only": bool(one.exceptions),
                "exceptions": one.exceptions,
            }
            for state, one in held.items()
        }
        print(json.dumps({"at": args.time.isoformat(), **found}, ensure_ascii=False, indent=2))
        return
    if shipped is None:
        print(f"at {args.time.isoformat()} no pack was shipped")
    for state, one in sorted(held.items(), key=lambda item: item[0] != "shipped"):
        print(f"{state:9}  pack {one.pack.version}, recipe {one.pack.recipe.partition('@')[0]}, since {one.at}")
        print(f"           manifest {one.pack.manifest_sha256}, promoted by {one.by} in line {one.seq + 1}")
        for net, sha256 in sorted(one.pack.models.items()):
            print(f"           {net} {sha256}")
        for line in _excepted(one.exceptions):
            print(f"           {line}")


def _trace(args: argparse.Namespace) -> None:
    from proctor_models.audit.trace import trace

    print(trace(args.folder, args.finding, args.out, args.pack, args.ledger), file=sys.stderr)


def _replay(args: argparse.Namespace) -> None:
    from proctor_models.audit.replay import replay

    print(replay(args.folder, args.pack, args.first, args.second, args.pictures_hz).to_text())


def _expire(args: argparse.Namespace) -> None:
    from proctor_models.audit.expire import expire

    print(expire(args.folder, args.policy, args.now, dry_run=args.dry_run).to_text())


def _report(args: argparse.Namespace) -> None:
    from proctor_models.audit.report import report

    print(report(args.folder, args.out, args.pack, args.ledger, args.key), file=sys.stderr)


def add(family: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    _add_packs(family)
    _add_pages(family)
    _add_replay(family)
    _add_expire(family)


def _add_ledger(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--ledger", type=Path, default=_LEDGER, metavar="FILE", help=f"promotion ledger (default: {_LEDGER})"
    )


def _add_packs(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "register",
        _register,
        "put a pack's nets into MLflow's model registry",
        "proctor audit register --pack export/proctor-pack-demo",
    )
    add_common(verb, "--pack")
    verb = add_verb(
        family,
        "promote",
        _promote,
        "let a pack be a candidate, shipped or retired, if its gates are met",
        "proctor audit promote --pack export/proctor-pack-demo --to candidate",
    )
    verb.description = (
        "let a pack be a candidate, shipped or retired, if the gates of that state are met; the promotion ledger is "
        "written first, then the registry's aliases follow it; many exceptions can stand in a file, one "
        "--except=GATE: REASON a line, named as @FILE"
    )
    verb.fromfile_prefix_chars = "@"
    add_common(verb, "--pack")
    verb.add_argument("--to", required=True, choices=("candidate", "shipped", "retired"))
    verb.add_argument(
        "--except",
        dest="exceptions",
        action="append",
        default=[],
        metavar="GATE: REASON",
        help="promote for research in spite of this missed gate of figures, targets or slice_gap (once for each); the "
        "reason stays in the ledger and is shown wherever the promotion is",
    )
    verb.add_argument("--by", help="who promotes; needed with --except (default: the user of this machine)")
    verb.add_argument("--gates", type=Path, default=Path("configs/audit/gates.yaml"), metavar="FILE")
    verb.add_argument("--targets", type=Path, default=Path("export/targets/targets.json"), metavar="FILE")
    verb.add_argument("--key", type=Path, default=Path("export/keys/pack-signing-3.pub.pem"), metavar="PEM")
    _add_ledger(verb)
    verb = add_verb(family, "at", _at, "which pack was shipped at a time", "proctor audit at 2026-03-01")
    verb.add_argument("time", type=_time, metavar="TIME", help="a date (its end, UTC) or a time")
    verb.add_argument("--json", action="store_true", help="print it as JSON")
    _add_ledger(verb)


def _add_pages(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "trace",
        _trace,
        "one page from a finding to the frames that trained the nets",
        "proctor audit trace review F0001 --out trace.html",
    )
    _add_exam(verb)
    verb.add_argument("finding", metavar="FINDING", help="id, as F0001")
    _add_pack(verb)
    _add_ledger(verb)
    add_out(verb, "file", "page to write")
    verb = add_verb(
        family, "report", _report, "audit report of a whole exam", "proctor audit report review --out report.html"
    )
    _add_exam(verb)
    _add_pack(verb)
    _add_ledger(verb)
    verb.add_argument("--key", type=Path, metavar="PEM", help="public key that the pack should be signed with")
    add_out(verb, "file", "page to write")


def _add_replay(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "replay",
        _replay,
        "the same evidence and pack must give the same findings",
        "proctor audit replay review --pack export/proctor-pack-demo",
    )
    verb.description = (
        "the same evidence and pack must give the same findings: without recordings from the scores on file through "
        "the rules, and from the pictures as far as they go; with recordings from the first frame on"
    )
    _add_exam(verb)
    add_common(verb, "--pack")
    verb.add_argument("--first", type=Path, help="recording of the first view")
    verb.add_argument("--second", type=Path, help="recording of the second view")
    verb.add_argument("--pictures-hz", type=float, help="pictures a second, where a recording is a folder of pictures")


def _add_expire(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "expire",
        _expire,
        "delete evidence that has outlived the policy, and record it",
        "proctor audit expire review --policy configs/audit/retention.yaml",
    )
    _add_exam(verb)
    verb.add_argument("--policy", required=True, type=Path, metavar="FILE", help="YAML or JSON")
    verb.add_argument("--now", type=_time, metavar="TIME", help="reckon as if it were this time")
    verb.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")


def _add_exam(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR", help="folder of a watched exam")


def _add_pack(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--pack", type=Path, metavar="DIR", help="the pack (default: the one below export/ with the same nets)"
    )
