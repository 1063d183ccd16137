"""Promotion: refused with a table for what is missed, granted with reasons, in the ledger before the registry."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audited import PHONE, write_pack, write_targets
from proctor_models import tracking
from proctor_models.audit import registry
from proctor_models.audit.keys import write_keys
from proctor_models.audit.packs import read_pack
from proctor_models.audit.promote import Files, promote
from proctor_models.audit.promotions import PackName, append, at_time, parse_time, read_promotions, standing
from proctor_models.audit.registry import register
from proctor_models.audit.signing import sign
from proctor_models.cli import main
from proctor_models.errors import PackError, RecordError

GATES = """
schema: proctor-gates/1
candidate: {parity: {min_pictures: 20, score_difference: 0.001, box_iou: 0.99}}
shipped:
  figures: packed nets
  targets: {required: all, bound: low}
  slice_gap: {at_most: {recall: 0.2}, slices: [light]}
  parity: {min_pictures: 100, score_difference: 0.001, box_iou: 0.99}
  licences: {pack: [AGPL-3.0-or-later], forbidden: ["none stated*"]}
  signature: required
"""


@pytest.fixture(scope="module")
def packs(store: Path) -> tuple[Path, Path]:
    """Two registered packs, the first one signed."""
    (store / "gates.yaml").write_text(GATES)
    first = write_pack(store / "first")
    second = write_pack(store / "second", [("phone", (8, 8, 30, 30), 0.9)], version="1.0")
    write_keys(store / "keys")
    sign(first, store / "keys" / "pack-signing.key.pem")
    for pack in (first, second):
        register(read_pack(pack))
    return first, second


@pytest.fixture
def files(store: Path, packs: tuple[Path, Path], tmp_path: Path) -> Files:
    """A ledger of its own for each test, which the registry then follows anew."""
    client = tracking.open_store(tracking.store_uri())
    for net in ("scene", "head"):
        name = registry.model_name(net)
        model = client.get_registered_model(name)
        for alias in list(model.aliases):
            client.delete_registered_model_alias(name, alias)
        if registry.LINE_TAG in model.tags:
            client.delete_registered_model_tag(name, registry.LINE_TAG)
    targets = write_targets(tmp_path / "targets.json", packs[0])
    key = store / "keys" / "pack-signing.pub.pem"
    return Files(store / "gates.yaml", targets, tmp_path / "promotions.jsonl", key)


def aliases(net: str = "scene") -> dict[str, str]:
    client = tracking.open_store(tracking.store_uri())
    return {name: str(v) for name, v in client.get_registered_model(registry.model_name(net)).aliases.items()}


def test_promote__all_gates_met(packs: tuple[Path, Path], files: Files) -> None:
    made = promote(packs[0], "shipped", "A. Auditor", files=files)
    assert [row["is_met"] for row in made.gates["results"]] == [True] * len(made.gates["results"])
    assert {row["gate"] for row in made.gates["results"]} >= {
        "signature", "figures", "targets/phone/recall, webcam", "licences/pack", "parity/scene/box_iou",
        "slice_gap/phone/recall by light",
    }  # fmt: skip
    assert read_promotions(files.ledger) == (made,)
    assert aliases() == {"shipped": "1"}
    assert promote(packs[0], "shipped", "B.", files=files) == made  # nothing to do


def test_promote__missed_gates_refuse_and_change_nothing(packs: tuple[Path, Path], files: Files) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    with pytest.raises(RecordError, match=r"2 gates are missed(.|\n)*recall, webcam(.|\n)*missed by 0.1(.|\n)*0.15"):
        promote(packs[0], "shipped", "A.", files=files)
    assert not files.ledger.exists()
    assert aliases() == {}


REASONS = {
    "targets/phone/recall, webcam": "few people, decision 12",
    "slice_gap/phone/recall by light": "measured in the dark again in May",
}
EXCEPTIONS = [f"{gate}: {why}" for gate, why in REASONS.items()]


def test_promote__exceptions_are_on_record(packs: tuple[Path, Path], files: Files) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    made = promote(packs[0], "shipped", "A. Auditor", EXCEPTIONS, files)
    assert made.exceptions == REASONS
    (read,) = read_promotions(files.ledger)
    assert (read.by, read.exceptions) == ("A. Auditor", REASONS)
    missed = {row["gate"] for row in read.gates["results"] if not row["is_met"]}
    assert missed == set(REASONS)
    tags = tracking.open_store(tracking.store_uri()).get_model_version("proctor-scene", "1").tags
    assert tags["promotion.exceptions"] == f"for research only: {'; '.join(EXCEPTIONS)}"


def test_promote__one_exception_of_two_is_not_enough(packs: tuple[Path, Path], files: Files) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    with pytest.raises(RecordError, match=r"1 gates are missed, (.|\n)*MISSED .*slice_gap/phone/recall by light"):
        promote(packs[0], "shipped", "A.", EXCEPTIONS[:1], files)
    assert not files.ledger.exists()


@pytest.mark.parametrize(
    "text",
    ["targets/phone", "targets: all of them", "targets/phone: both", "slice_gap: x", "parity/scene/box_iou: met"],
)
def test_promote__exception_that_names_no_single_missed_gate(packs: tuple[Path, Path], files: Files, text: str) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    with pytest.raises(RecordError, match="--except: expected 'gate: reason' with the whole name of a missed gate"):
        promote(packs[0], "shipped", "A.", [*EXCEPTIONS, text], files)
    assert not files.ledger.exists()


def test_promote__exception_without_who_or_why(packs: tuple[Path, Path], files: Files) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    with pytest.raises(RecordError, match="--by: expected the name of who answers for the exceptions, got none"):
        promote(packs[0], "shipped", " ", EXCEPTIONS, files)
    with pytest.raises(RecordError, match="--except: expected a reason behind 'slice_gap/phone/recall by light'"):
        promote(packs[0], "shipped", "A.", ["slice_gap/phone/recall by light:  "], files)
    with pytest.raises(RecordError, match="--except: expected one reason for 'targets/phone/recall, webcam', got two"):
        promote(packs[0], "shipped", "A.", [*EXCEPTIONS, EXCEPTIONS[0]], files)
    assert not files.ledger.exists()


def test_promote__signature_licences_and_parity_are_never_excepted(
    packs: tuple[Path, Path], files: Files, tmp_path: Path
) -> None:
    strict = GATES.replace("min_pictures: 100", "min_pictures: 900").replace("AGPL-3.0-or-later", "MIT")
    (tmp_path / "gates.yaml").write_text(strict)
    files = replace(files, gates=tmp_path / "gates.yaml")
    for gate in ("signature", "licences/pack", "parity/scene/pictures"):
        with pytest.raises(
            RecordError, match=f"--except: expected a gate of figures, targets, slice_gap, got '{gate}'"
        ):
            promote(packs[1], "shipped", "A.", [f"{gate}: it will do"], files)
    assert not files.ledger.exists()


def test_promote__unsigned_and_unmeasured(packs: tuple[Path, Path], files: Files) -> None:
    files.targets.unlink()
    with pytest.raises(RecordError, match=r"(?s)figures .*targets/.*not measured.*signature .*never signed"):
        promote(packs[1], "shipped", "A.", files=files)


def test_promote__the_next_replaces_the_shipped_one(packs: tuple[Path, Path], files: Files) -> None:
    first = promote(packs[0], "shipped", "A.", files=files)
    promote(packs[1], "candidate", "A.", files=files)
    sides = {net: aliases(net) for net in ("scene", "head")}
    assert sides["scene"] == {"shipped": "1", "candidate": "2"}
    unsigned = files.ledger.with_name("gates.yaml")
    unsigned.write_text(GATES.replace("  signature: required\n", ""))
    second = promote(packs[1], "shipped", "A.", ["figures: measured in May"], replace(files, gates=unsigned))
    retired = promote(packs[0], "retired", "A.", files=files)
    known = read_promotions(files.ledger)
    assert aliases() == {"shipped": "2", "retired": "1"}
    assert at_time(known, first.when)["shipped"] == first
    assert at_time(known, second.when)["shipped"] == second
    assert "shipped" not in at_time(known, parse_time("2001-01-01"))
    assert standing(known) == {"shipped": second, "retired": retired}


def test_promote__aliases_follow_after_a_kill_between(
    packs: tuple[Path, Path], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("proctor_models.audit.promote.set_aliases", _once(registry.set_aliases, killed))
        with pytest.raises(KeyboardInterrupt):
            promote(packs[0], "shipped", "A.", files=files)
    assert len(read_promotions(files.ledger)) == 1
    assert aliases() == {}
    promote(packs[0], "shipped", "A.", files=files)
    assert aliases() == {"shipped": "1"}
    assert len(read_promotions(files.ledger)) == 1


def _once(real: Any, then: Any) -> Any:
    calls: list[int] = []

    def call(*args: Any) -> Any:
        calls.append(1)
        return real(*args) if len(calls) == 1 else then(*args)

    return call


def test_promote__ledger_cut_short(packs: tuple[Path, Path], files: Files) -> None:
    promote(packs[1], "candidate", "A.", files=files)
    before = files.ledger.read_bytes()
    promote(packs[0], "shipped", "A.", files=files)
    files.ledger.write_bytes(before)
    with pytest.raises(RecordError, match=r"this ledger lacks: its end was cut off"):
        promote(packs[0], "retired", "A.", files=files)
    assert files.ledger.read_bytes() == before
    assert aliases() == {"shipped": "1", "candidate": "2"}


def test_promote__torn_line_of_a_killed_process_is_cut_off(packs: tuple[Path, Path], files: Files) -> None:
    promote(packs[1], "candidate", "A.", files=files)
    with files.ledger.open("ab") as stream:
        stream.write(b'{"seq": 1, "at": "2026')
    promote(packs[0], "shipped", "A.", files=files)
    assert [one.seq for one in read_promotions(files.ledger)] == [0, 1]


def test_read_promotions__changed(packs: tuple[Path, Path], files: Files) -> None:
    promote(packs[1], "candidate", "A.", files=files)
    files.ledger.write_bytes(files.ledger.read_bytes().replace(b'"candidate"', b'"shipped"'))
    with pytest.raises(RecordError, match=r"promotions.jsonl:1: .*its own hash does not fit; .*bring it back from git"):
        read_promotions(files.ledger)


def test_promote__not_registered(packs: tuple[Path, Path], files: Files, tmp_path: Path) -> None:
    other = write_pack(tmp_path / "other", [("phone", (1, 1, 9, 9), 0.6)])
    with pytest.raises(RecordError, match="run `proctor audit register --pack"):
        promote(other, "candidate", "A.", files=files)


def test_promote__never_promoted_is_not_retired(packs: tuple[Path, Path], files: Files) -> None:
    with pytest.raises(RecordError, match="was never promoted"):
        promote(packs[1], "retired", "A.", files=files)


@pytest.mark.parametrize(("file", "change"), [("manifest.json", "proctor-pack/9"), ("card.json", "proctor-card/9")])
def test_promote__pack_of_a_newer_version(
    packs: tuple[Path, Path], files: Files, tmp_path: Path, file: str, change: str
) -> None:
    pack = write_pack(tmp_path / "newer", [PHONE])
    raw = json.loads((pack / file).read_text())
    (pack / file).write_text(json.dumps({**raw, "schema": change}))
    if file != "manifest.json":
        from packed import seal

        seal(pack, rules={"exam": "rules/exam.json"}, recipe="demo@1")
    with pytest.raises(PackError, match=r"schema: expected .*(use a pack of this|use the program of the) version"):
        promote(pack, "candidate", "A.", files=files)


def test_promote__clock_that_runs_backwards(packs: tuple[Path, Path], files: Files) -> None:
    made = promote(packs[1], "candidate", "A.", files=files)
    with pytest.raises(RecordError, match="expected a time after the last"):
        append(files.ledger, "shipped", made.pack, "A.", {}, datetime(2001, 1, 1, tzinfo=UTC))


def test_main__promote_and_at(packs: tuple[Path, Path], files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--gates", files.gates, "--targets", files.targets, "--key", files.key, "--ledger", files.ledger]
    assert main(["audit", "promote", "--pack", str(packs[0]), "--to", "shipped", "--by", "A.", *map(str, words)]) == 0
    capsys.readouterr()
    assert main(["audit", "at", "2999-01-01", "--ledger", str(files.ledger)]) == 0
    assert "shipped    pack 1.0" in capsys.readouterr().out
    assert main(["audit", "at", "2001-01-01", "--ledger", str(files.ledger), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"at": "2001-01-01T23:59:59.999000+00:00"}


def test_main__what_is_excepted_is_printed_wherever_the_promotion_is(
    packs: tuple[Path, Path], files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_targets(files.targets, packs[0], low=0.8, gap=0.35)
    (tmp_path / "exceptions.txt").write_text("".join(f"--except={each}\n" for each in EXCEPTIONS))
    words = ["--gates", files.gates, "--targets", files.targets, "--key", files.key, "--ledger", files.ledger]
    asked = ["audit", "promote", "--pack", packs[0], "--to", "shipped", f"@{tmp_path}/exceptions.txt", *words]
    assert main([str(word) for word in asked]) == 1
    assert "--by: expected the name" in capsys.readouterr().err
    assert main([str(word) for word in [*asked, "--by", "A. Auditor"]]) == 0
    assert (
        "for research only, by exception from:\n  targets/phone/recall, webcam: few people" in capsys.readouterr().out
    )
    assert main(["audit", "at", "2999-01-01", "--ledger", str(files.ledger)]) == 0
    said = capsys.readouterr().out
    assert all(f"{gate}: {why}" in said for gate, why in REASONS.items())
    assert "for research only" in said
    assert "promoted by A. Auditor" in said
    assert main(["audit", "at", "2999-01-01", "--ledger", str(files.ledger), "--json"]) == 0
    shipped = json.loads(capsys.readouterr().out)["shipped"]
    assert (shipped["research_only"], shipped["exceptions"]) == (True, REASONS)


def test_append__is_byte_for_byte_as_it_was(tmp_path: Path) -> None:
    pack = PackName("1.0", "demo@1", "a" * 64, {"head": "b" * 64, "scene": "c" * 64})
    for second, state in ((5, "candidate"), (6, "shipped")):
        now = datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)
        append(tmp_path / "mlflow" / "p.jsonl", state, pack, "审核", {"results": []}, now)  # type: ignore[arg-type]
    written = hashlib.sha256((tmp_path / "mlflow" / "p.jsonl").read_bytes()).hexdigest()
    assert written == "4a27a8fcf01e4887698421583080846678190d8e25f7279c449bd03f0aedae20"


def test_open_store__half_migrated(store: Path, packs: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    path.write_bytes((store / "mlflow" / "mlflow.db").read_bytes())
    with sqlite3.connect(path) as database:
        database.execute("update alembic_version set version_num = '0123456789ab'")
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"half-migrated(.|\n)*mlflow db upgrade sqlite:///"):
        tracking.open_store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_open_store__another_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("create table cats (name text)")
    with pytest.raises(RecordError, match="expected MLflow's store, got another database"):
        tracking.open_store(f"sqlite:///{path}")


def test_promote__locked_store(
    store: Path, packs: tuple[Path, Path], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sqlite3.connect", _impatient(sqlite3.connect))
        holder = sqlite3.connect(store / "mlflow" / "mlflow.db", isolation_level=None)
        holder.execute("begin exclusive")
        try:
            with pytest.raises(RecordError, match="the store is locked by another process"):
                promote(packs[0], "shipped", "A.", files=files)
        finally:
            holder.execute("rollback")
            holder.close()
    assert not files.ledger.exists()


def _impatient(connect: Any) -> Any:
    """The same, without the seconds that a lock is waited for."""

    def call(*args: Any, **options: Any) -> Any:
        return connect(*args, **{**options, "timeout": 0.1})

    return call


@pytest.mark.skipif(os.name == "nt", reason="no locks there")
def test_promote__another_one_under_way(packs: tuple[Path, Path], files: Files) -> None:
    from proctor_models.runtime.durable import AppendFile

    files.ledger.write_bytes(b"")
    other = AppendFile(files.ledger, resume=True)
    other.lock()
    try:
        with pytest.raises(RecordError, match="another promotion is under way"):
            promote(packs[0], "shipped", "A.", files=files)
    finally:
        other.close()
    assert aliases() == {}
