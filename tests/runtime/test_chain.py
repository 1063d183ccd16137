"""Lines held together by hashes: what was changed is named, what was cut off by a kill is not called a change."""

import json
from pathlib import Path

import pytest

from proctor_models.runtime.chain import NOTHING_BEFORE, read_chain, seal, sha256
from proctor_models.runtime.durable import RESERVE_BYTES, AppendFile, Reserve

OPENING = b'{"seq": '


def chain(count: int = 4, text: str = "手机") -> bytes:
    content, head = b"", NOTHING_BEFORE
    for seq in range(count):
        line = seal({"seq": seq, "text": text}, head)
        content, head = content + line, sha256(line[:-1])
    return content


def broken(content: bytes) -> list[int]:
    return [each.number for each in read_chain(content, opening=OPENING).breaks]


def reseal(line: bytes, **changes: object) -> bytes:
    raw = json.loads(line) | changes
    del raw["sha256"]
    previous = raw.pop("previous")
    return seal(raw, previous)


def test_read_chain__a_whole_one() -> None:
    content = chain()
    read = read_chain(content, opening=OPENING)
    assert (read.breaks, read.torn, read.whole_bytes) == ((), b"", len(content))
    assert [line.fields["seq"] for line in read.lines] == [0, 1, 2, 3]
    assert [content[line.start : line.end].count(b"\n") for line in read.lines] == [1, 1, 1, 1]
    assert read.head == read.lines[-1].sha256 == sha256(content.splitlines()[-1])


def test_read_chain__nothing() -> None:
    read = read_chain(b"")
    assert (read.lines, read.breaks, read.torn, read.head) == ((), (), b"", NOTHING_BEFORE)


@pytest.mark.parametrize("zeros", [0, 100])
def test_read_chain__every_write_that_was_cut_off_is_told_from_a_change(zeros: int) -> None:
    content = chain(3)
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last + 1, len(content)):
        read = read_chain(content[:cut] + bytes(zeros), opening=OPENING)
        assert (read.breaks, read.whole_bytes, len(read.lines)) == ((), last, 2)
        assert read.torn == content[last:cut] + bytes(zeros)


def test_read_chain__every_flipped_byte_is_found_in_its_line() -> None:
    content = chain()
    ends = [line.end for line in read_chain(content).lines]
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1
        line = 1 + sum(at >= end for end in ends)
        assert broken(bytes(changed))[0] == line, at


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ((1, 2, 3), [1]),
        ((0, 2, 3), [2]),
        ((0, 1, 1, 2, 3), [3]),
        ((0, 2, 1, 3), [2, 3, 4]),
        ((3, 2, 1, 0), [1, 2, 3, 4]),
    ],
)
def test_read_chain__lines_removed_added_or_moved_are_found(order: tuple[int, ...], found: list[int]) -> None:
    lines = chain().splitlines(keepends=True)
    assert broken(b"".join(lines[i] for i in order)) == found


def test_read_chain__a_line_written_anew_with_a_fitting_hash_is_found_by_the_next() -> None:
    lines = chain().splitlines(keepends=True)
    lines[1] = reseal(lines[1], text="nothing")
    (found,) = read_chain(b"".join(lines), opening=OPENING).breaks
    assert (found.number, found.what.split(":")[0]) == (3, "it does not follow line 2")


def test_read_chain__the_first_line_must_name_what_it_hangs_on() -> None:
    line = seal({"seq": 0}, "a" * 64)
    assert read_chain(line, "a" * 64).breaks == ()
    assert [each.number for each in read_chain(line).breaks] == [1]


@pytest.mark.parametrize("tail", [b"hello", b'{"seq": 4}junk', b'{"other": 1', chain(1)[:-1] + b"x", b"\x00x"])
def test_read_chain__an_end_that_no_write_leaves_is_a_change(tail: bytes) -> None:
    assert broken(chain() + tail) == [5]


@pytest.mark.parametrize("row", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 5000])
def test_read_chain__lines_of_another_make_are_changes_and_no_crash(row: bytes) -> None:
    assert broken(row + b"\n" + chain())[0] == 1
    sealed = row[:-1] + b', "sha256": "' + sha256(row).encode() + b'"}'
    assert broken(sealed + b"\n")[0] == 1


def test_append__a_piece_that_the_disk_refuses_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendFile(tmp_path / "lines")
    file.append(b"one\n")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        with pytest.raises(OSError, match="No space left") as caught:
            file.append(b"two\n")
        assert caught.value.filename == str(tmp_path / "lines")
    assert (file.path.read_bytes(), file.sha256) == (b"one\n", sha256(b"one\n"))
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        patched.setattr("os.ftruncate", refuse)
        with pytest.raises(OSError, match="No space left"):
            file.append(b"two\n")
    assert file.path.read_bytes() == b"one\ntwo\n"  # not even cutting it off was possible, then
    file.append(b"three\n")
    assert file.path.read_bytes() == b"one\nthree\n"
    file.close()
    file.close()


def test_append_file__goes_on_where_a_file_ends_and_cuts_it(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"one\ntw")
    file = AppendFile(tmp_path / "lines", resume=True)
    assert file.cut(4) == b"tw"
    file.append(b"two\n")
    assert (file.length, file.sha256) == (8, sha256(b"one\ntwo\n"))
    file.close()
    with pytest.raises(FileExistsError):
        AppendFile(tmp_path / "lines")


def test_reserve__is_room_on_the_disk_and_not_only_a_number(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / ".reserve")
    assert (tmp_path / ".reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    reserve.give()
    reserve.give()
    assert list(tmp_path.iterdir()) == []


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")
