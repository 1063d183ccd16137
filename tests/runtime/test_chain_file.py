"""A chain that several processes add to: nothing lost, nothing torn, nothing added to what was changed."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest

from proctor_models.errors import EvidenceError, RecordError
from proctor_models.runtime.chain import NOTHING_BEFORE, read_chain
from proctor_models.runtime.chain_file import ChainFile
from proctor_models.runtime.decisions import Decision, append_decisions
from proctor_models.runtime.durable import AppendFile

needs_locks = pytest.mark.skipif(os.name == "nt", reason="no locks there")


def chain_at(path: Path) -> ChainFile:
    return ChainFile(path, b'{"n": ', RecordError, "bring it back")


def add(chain: ChainFile, numbers: list[int]) -> list[str]:
    with chain.adding() as tail:
        return tail.add([{"n": number} for number in numbers])


def numbers_in(chain: ChainFile) -> list[int]:
    return [line.fields["n"] for line in chain.read().lines]


def test_add__hashes_are_those_of_the_lines(tmp_path: Path) -> None:
    chain = chain_at(tmp_path / "lines")
    hashes = add(chain, [0, 1]) + add(chain, [2])
    assert hashes == [line.sha256 for line in chain.read().lines]
    assert read_chain(chain.path.read_bytes(), NOTHING_BEFORE).breaks == ()


def test_decisions__are_byte_for_byte_as_they_were(tmp_path: Path) -> None:
    first = Decision("F0001", "confirmed", "看得清楚", "2026-01-02T03:04:05.678Z")
    append_decisions(tmp_path, [first, Decision("F0001", "open", "", "2026-01-02T03:05:00.000Z")])
    written = hashlib.sha256((tmp_path / "decisions.jsonl").read_bytes()).hexdigest()
    assert written == "c148838e61287325cdf02958a9c9213d1f725694210ef5f845a28cf286cd576f"


@pytest.mark.parametrize("torn", [b'{"n": 1, "prev', b'{"n', b'{"n": 1\0\0'])
def test_add__what_a_kill_left_is_cut_off_first(tmp_path: Path, torn: bytes) -> None:
    chain = chain_at(tmp_path / "lines")
    add(chain, [0])
    with chain.path.open("ab") as stream:
        stream.write(torn)
    add(chain, [1])
    assert numbers_in(chain) == [0, 1]


def test_adding__a_changed_chain_takes_no_line(tmp_path: Path) -> None:
    chain = chain_at(tmp_path / "lines")
    add(chain, [0, 1])
    chain.path.write_bytes(changed := chain.path.read_bytes().replace(b'"n": 0', b'"n": 7'))
    with pytest.raises(RecordError, match=r"lines:1: the line was changed: its own hash does not fit; bring it back"):
        add(chain, [2])
    assert chain.path.read_bytes() == changed


def test_adding__a_link_that_leads_nowhere_is_no_endless_wait(tmp_path: Path) -> None:
    (tmp_path / "lines").symlink_to(tmp_path / "gone" / "lines")
    with pytest.raises(RecordError, match=r"lines: cannot be written \(File exists\); check disk and rights"):
        add(chain_at(tmp_path / "lines"), [0])


def test_adding__the_error_is_of_the_class_asked_for(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"cannot be written \(No such file"):
        add(replace(chain_at(tmp_path / "gone" / "lines"), error=EvidenceError), [0])
    assert not (tmp_path / "gone").exists()


def test_read__first_line_hangs_on_another_chain(tmp_path: Path) -> None:
    chain = chain_at(tmp_path / "lines")
    with chain.adding() as tail:
        tail.add([{"n": 0}], "a" * 64)
    with pytest.raises(RecordError, match="it is not the first line"):
        chain.read()
    assert numbers_in(replace(chain, hangs_on_another=True)) == [0]


@needs_locks
def test_adding__busy_is_refused_where_nobody_waits(tmp_path: Path) -> None:
    chain = chain_at(tmp_path / "lines")
    add(chain, [0])
    other = AppendFile(chain.path, resume=True)
    other.lock()
    try:
        with pytest.raises(RecordError, match=r"lines: another one is at it"):
            add(replace(chain, busy="another one is at it"), [1])
    finally:
        other.close()
    assert numbers_in(chain) == [0]


def _add_many(path: Path, name: int) -> None:
    for number in range(20):
        add(chain_at(path), [100 * name + number])


@needs_locks
def test_adding__four_processes_at_once_lose_no_line(tmp_path: Path) -> None:
    chain = chain_at(tmp_path / "lines")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_add_many, args=(chain.path, name)) for name in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    found = numbers_in(chain)
    assert sorted(found) == sorted(100 * name + number for name in range(4) for number in range(20))
    assert [n for n in found if n < 100] == list(range(20))
