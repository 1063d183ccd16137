"""The folder of a watched exam after somebody was there: every change is found, with the documented error alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzed import examples, mangled, told
from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import read_chain
from proctor_models.runtime.entries import OPENING
from proctor_models.runtime.resume import left_behind
from proctor_models.runtime.verify import verify
from sessions import write_session


def test_verify__any_change_to_any_file(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    head = write_session(folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".reserve")
    assert not verify(folder, head).changed

    @given(st.data())
    @examples(60)
    def check(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(paths))
        whole = path.read_bytes()
        content = data.draw(mangled(whole) | st.binary(max_size=20))
        path.write_bytes(content)
        try:
            verdict = verify(folder, head)
            assert bool(verdict.changed) == (content != whole), f"{path.name}: {content!r}"
            left_behind(folder)
        except EvidenceError as error:
            told(error, "")
        finally:
            path.write_bytes(whole)

    check()


@given(st.binary(max_size=200) | st.lists(st.sampled_from([OPENING, b"\n", b"{}", b"\0", b"1"])).map(b"".join))
@examples(60)
def test_read_chain__any_bytes(content: bytes) -> None:
    read = read_chain(content, opening=OPENING)
    assert len(read.lines) + len(read.breaks) >= content.count(b"\n")


def test_verify__links_and_pipes_in_place_of_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    head = write_session(folder)
    path = next(folder.glob("evidence/*.jpg"))
    path.rename(tmp_path / "elsewhere.jpg")
    path.symlink_to(tmp_path / "elsewhere.jpg")
    assert verify(folder, head).changed
    path.unlink()
    assert verify(folder, head).changed


@pytest.mark.parametrize("name", ["n" * 5000, "a\0b", "/dev/null", "/proc/self/fd"])
def test_verify__no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceError, match=r"ledger|cannot be read"):
        verify(tmp_path / name)
