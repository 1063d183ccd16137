"""An auditor's question to a folder: whatever was done to it is found, and named by file, line and bytes."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import proctor_models.runtime.verify as module
from proctor_models.cli import main
from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import NOTHING_BEFORE, seal, sha256
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.plain_files import read_plain as module_read_plain
from proctor_models.runtime.verify import verify
from sessions import SESSION, STARTED, reported, steps, write_session

HYPOTHESIS = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
Break = Callable[[Path], None]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session") / "review"
    write_session(folder, frames=24)
    decide(folder)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "review")
    return tmp_path / "review"


def decide(folder: Path) -> None:
    """Two decisions, as the review page saves them."""
    lines, head = b"", read_ledger(folder)[-1].line.sha256
    for number in (1, 2):
        fields = {
            "finding": f"F{number:04d}",
            "decision": "confirmed",
            "note": "",
            "decided_at": "2026-01-02T03:04:05Z",
        }
        line = seal(fields, head)
        lines, head = lines + line, sha256(line[:-1])
    (folder / "decisions.jsonl").write_bytes(lines)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def places(folder: Path) -> list[tuple[str, int | None]]:
    return [(each.file, each.line) for each in verify(folder).changed]


def unfinished(folder: Path, frames: int = 24) -> None:
    with Ledger(folder) as ledger:
        ledger.start(STARTED)
        for time_s, step in steps(frames=frames):
            ledger.step("first", time_s, step)


def test_verify__a_finished_session_is_whole(finished: Path) -> None:
    verdict = verify(finished, read_ledger(finished)[-1].line.sha256)
    assert (verdict.state, verdict.changed, verdict.unfinished, verdict.uncovered) == ("whole", (), (), ())
    assert (verdict.findings, verdict.files, verdict.whole_until_s) == (2, 9, 11.5)


def test_verify__every_flipped_bit_of_text_files_is_found_where_it_is(folder: Path) -> None:
    chance = random.Random(7)
    for path in files(folder):
        whole = path.read_bytes()
        everywhere = range(len(whole)) if len(whole) < 400 else chance.sample(range(len(whole)), 40)
        for at in {0, len(whole) - 1, *everywhere}:
            changed = bytearray(whole)
            changed[at] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            verdict = verify(folder)
            assert verdict.state == "changed", (path.name, at)
            first = verdict.changed[0]
            assert first.file == path.relative_to(folder).as_posix(), (at, verdict.changed)
            assert first.start <= at < first.end, (at, first)
        path.write_bytes(whole)
    assert verify(folder).state == "whole"


@HYPOTHESIS
@given(data=st.data())
def test_verify__any_splice_anywhere_is_found(
    finished: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes taken out, put in or replaced at any place of any file."""
    folder = tmp_path_factory.mktemp("splice") / "review"
    shutil.copytree(finished, folder)
    path = data.draw(st.sampled_from(files(folder)))
    whole = path.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 300)))
    put = data.draw(st.binary(max_size=20))
    spliced = whole[:start] + put + whole[end:]
    path.write_bytes(spliced)
    assert (verify(folder).state == "whole") == (spliced == whole)


def without_line(name: str, at: int) -> Break:
    return lambda folder: rewrite(folder / name, lambda lines: lines[:at] + lines[at + 1 :])


def swapped_lines(name: str, a: int, b: int) -> Break:
    def swap(lines: list[bytes]) -> list[bytes]:
        lines[a], lines[b] = lines[b], lines[a]
        return lines

    return lambda folder: rewrite(folder / name, swap)


def doubled_line(name: str, at: int) -> Break:
    return lambda folder: rewrite(folder / name, lambda lines: lines[:at] + lines[at : at + 1] + lines[at:])


def cut(name: str, count: int) -> Break:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-count]) and None


def removed(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


def swapped_files(folder: Path) -> None:
    a, b = folder / "evidence/F0001-peak.jpg", folder / "evidence/F0002-peak.jpg"
    a.rename(folder / "c")
    b.rename(a)
    (folder / "c").rename(b)


def put_in(name: str, content: bytes = b"mine") -> Break:
    def put(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return put


def linked(folder: Path) -> None:
    path = folder / "evidence/F0001-peak.jpg"
    path.rename(folder / "elsewhere.jpg")
    path.symlink_to(folder / "elsewhere.jpg")


@pytest.mark.parametrize(
    ("do", "place"),
    [
        (without_line("ledger.jsonl", 0), ("ledger.jsonl", 1)),
        (without_line("ledger.jsonl", 4), ("ledger.jsonl", 5)),
        (swapped_lines("ledger.jsonl", 3, 4), ("ledger.jsonl", 4)),
        (doubled_line("ledger.jsonl", 2), ("ledger.jsonl", 4)),
        (without_line("findings.jsonl", 0), ("findings.jsonl", 1)),
        (without_line("findings.jsonl", 1), ("findings.jsonl", 2)),
        (swapped_lines("findings.jsonl", 0, 1), ("findings.jsonl", 1)),
        (doubled_line("findings.jsonl", 1), ("findings.jsonl", 3)),
        (without_line("scores.jsonl", 3), ("scores.jsonl", 2)),
        (swapped_lines("scores.jsonl", 12, 13), ("scores.jsonl", 12)),
        (doubled_line("scores.jsonl", 23), ("scores.jsonl", 25)),
        (without_line("decisions.jsonl", 0), ("decisions.jsonl", 1)),
        (swapped_lines("decisions.jsonl", 0, 1), ("decisions.jsonl", 2)),
        (cut("findings.jsonl", 1), ("findings.jsonl", 2)),
        (cut("scores.jsonl", 30), ("scores.jsonl", 24)),
        (cut("session.json", 1), ("session.json", None)),
        (cut("evidence/F0001-peak.jpg", 1), ("evidence/F0001-peak.jpg", None)),
        (removed("session.json"), ("session.json", None)),
        (removed("findings.jsonl"), ("findings.jsonl", None)),
        (removed("scores.jsonl"), ("scores.jsonl", None)),
        (removed("evidence/F0001-peak.jpg"), ("evidence/F0001-peak.jpg", None)),
        (swapped_files, ("evidence/F0001-peak.jpg", None)),
        (linked, ("evidence/F0001-peak.jpg", None)),
        (put_in("evidence/F0003-peak.jpg"), ("evidence/F0003-peak.jpg", None)),
        (put_in("evidence/.hidden"), ("evidence/.hidden", None)),
        (put_in("evidence/deeper/a.jpg"), ("evidence/deeper/a.jpg", None)),
    ],
)
def test_verify__what_was_done_to_a_finished_session_is_found(
    folder: Path, do: Break, place: tuple[str, int | None]
) -> None:
    do(folder)
    assert place in places(folder)


def test_verify__an_end_cut_off_a_finished_session_is_not_whole(folder: Path) -> None:
    whole = (folder / "ledger.jsonl").read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for count in (1, 2, last - 1, last, last + 1, last + 600):
        (folder / "ledger.jsonl").write_bytes(whole[:-count])
        assert verify(folder).state != "whole", count


def test_verify__a_ledger_written_anew_is_found_by_the_head_only(folder: Path) -> None:
    head = verify(folder).head
    lines, previous = b"", NOTHING_BEFORE
    for entry in read_ledger(folder):
        raw = {name: entry.line.fields[name] for name in ("seq", "kind", "at", "timestamp_s", "content")}
        line = seal({**raw, "at": "2026-01-01T00:00:00.000Z"}, previous)
        lines, previous = lines + line, sha256(line[:-1])
    (folder / "ledger.jsonl").write_bytes(lines)
    (folder / "decisions.jsonl").unlink()
    assert verify(folder).state == "whole"
    verdict = verify(folder, head)
    assert [each.file for each in verdict.changed] == ["ledger.jsonl"]
    assert f"no line has the hash {head}" in verdict.changed[0].what


def test_verify__a_head_noted_on_the_way_is_proven_too(finished: Path) -> None:
    assert verify(finished, read_ledger(finished)[3].line.sha256).state == "whole"


def test_verify__decisions_of_another_exam_are_found(folder: Path, tmp_path: Path) -> None:
    write_session(tmp_path / "other", frames=12)
    decide(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "decisions.jsonl", folder)
    (found,) = verify(folder).changed
    assert (found.file, found.line, found.what.split(",")[0]) == ("decisions.jsonl", 1, "belongs to another ledger")


@pytest.mark.parametrize("times", [1, 2])
def test_verify__a_session_that_ends_while_it_is_read_was_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """It ends after its findings were read and before its ledger is; what is changed is so when read again, too."""
    folder, read = tmp_path / "review", []
    ledger = Ledger(folder)
    ledger.start(STARTED)
    for time_s, step in steps(frames=8):
        ledger.step("first", time_s, step)

    def read_plain(path: Path, most: int, *, links: bool) -> bytes:
        if path.name == "ledger.jsonl":
            read.append(path)
            if len(read) == 1:
                ledger.report(reported(2))
                ledger.complete(SESSION)
            if times == 2:
                (folder / "findings.jsonl").write_bytes(b"")
        return module_read_plain(path, most, links=links)

    monkeypatch.setattr(module, "read_plain", read_plain)
    assert verify(folder).state == ("whole" if times == 1 else "changed")
    assert len(read) == 2


def test_verify__a_session_that_was_killed_is_unfinished_up_to_where_it_came(tmp_path: Path) -> None:
    unfinished(tmp_path / "review", frames=23)
    verdict = verify(tmp_path / "review")
    assert (verdict.state, verdict.changed, verdict.whole_until_s) == ("unfinished", (), 10.5)
    assert any("scores.jsonl: the last" in each for each in verdict.unfinished)
    assert "unfinished: " in verdict.to_text()
    assert "whole up to 10.5 s of the exam, nothing was changed" in verdict.to_text()


@pytest.mark.parametrize("bytes_left", [1, 20, 300])
def test_verify__a_torn_end_is_unfinished_and_not_changed(tmp_path: Path, bytes_left: int) -> None:
    folder = tmp_path / "review"
    unfinished(folder)
    for name in ("ledger.jsonl", "findings.jsonl"):
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(lines[:-1]) + lines[-1][:bytes_left])
    verdict = verify(folder)
    assert (verdict.state, verdict.changed) == ("unfinished", ())
    assert any(f"a line of which {bytes_left} bytes were written" in each for each in verdict.unfinished)


def test_verify__the_review_page_is_named_as_not_covered(folder: Path) -> None:
    (folder / "review.html").write_text("page")
    verdict = verify(folder)
    assert (verdict.state, verdict.uncovered) == ("whole", ("review.html",))
    assert "not covered by the ledger: review.html" in verdict.to_text()


def test_verify__a_ledger_of_another_make_is_refused_and_no_crash(folder: Path) -> None:
    for content in (
        {},
        {"finding": {}},
        {"path": "../../etc/passwd", "sha256": "x", "view": "first", "timestamp_s": 1.0},
    ):
        line = seal({"seq": 0, "kind": "snapshot", "at": "", "timestamp_s": 0, "content": content}, NOTHING_BEFORE)
        (folder / "ledger.jsonl").write_bytes(line)
        try:
            assert verify(folder).state == "changed"
        except EvidenceError as error:
            assert "path: expected a file in evidence/" in str(error)  # noqa: PT017


def test_verify__needs_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"expected ledger\.jsonl.*there is none"):
        verify(tmp_path)
    with pytest.raises(EvidenceError, match="there is none"):
        verify(tmp_path / "absent")
    (tmp_path / "ledger.jsonl").mkdir()
    with pytest.raises(EvidenceError, match="cannot be read"):
        verify(tmp_path)


def test_read_ledger__refuses_what_was_changed_and_says_how_to_find_out_more(folder: Path) -> None:
    without_line("ledger.jsonl", 4)(folder)
    with pytest.raises(EvidenceError, match=r"ledger\.jsonl:5: it does not follow line 4.*proctor audit verify"):
        read_ledger(folder)
    (folder / "ledger.jsonl").unlink()
    assert read_ledger(folder) == ()


def test_main__audit_verify_says_whole_and_0(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", str(finished)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("whole: 19 entries, 2 findings, 9 pictures and clips; nothing was changed")
    head = said.out.split()[-1]
    assert main(["audit", "verify", str(finished), "--head", head]) == 0
    assert main(["audit", "verify", str(finished), "--head", "0" * 64]) == 1


def test_main__audit_verify_names_what_was_changed_and_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "evidence/F0001-peak.jpg").write_bytes(b"other")
    assert main(["audit", "verify", str(folder)]) == 1
    said = capsys.readouterr()
    assert "changed     evidence/F0001-peak.jpg, bytes 0 to 5: another content than the ledger names" in said.out
    assert said.err == f"proctor audit: {folder}: changed in 1 place since it was written\n"
    assert main(["audit", "verify", str(folder), "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["schema"], verdict["state"]) == ("proctor-verdict/1", "changed")
    assert verdict["changed"][0]["file"] == "evidence/F0001-peak.jpg"


def test_main__audit_verify_of_an_unfinished_session_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished(tmp_path / "review")
    assert main(["audit", "verify", str(tmp_path / "review")]) == 1
    assert "not whole yet: " in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["audit", "verify", str(tmp_path), "--head", "abc"])
