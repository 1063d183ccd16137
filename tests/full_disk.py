"""A small disk that can be filled up, and a session written onto it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proctor_models.runtime.evidence import Ledger
from sessions import STARTED, steps

JPEG_BYTES = 30_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder]
    made = subprocess.run(words, check=False, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no disk can be mounted here ({made.stderr.strip()}); the tests with a disk that refuses go on")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while stream.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler


@contextmanager
def on_a_full(disk: Path) -> Iterator[tuple[Ledger, Path]]:
    """A live exam of sixty frames, of which the disk took twelve, and the file that fills the disk."""
    with Ledger(disk / "review", live=True) as ledger:
        ledger.start(STARTED)
        watch(ledger, 0, 12)
        filler = fill(disk)
        watch(ledger, 12, 60)
        yield ledger, filler


def watch(ledger: Ledger, start: int, end: int) -> None:
    """Steps from one to another of a session of sixty frames."""
    for i, (time_s, step) in enumerate(steps(frames=60, size=JPEG_BYTES)):
        if start <= i < end:
            ledger.step("first", time_s, step)
