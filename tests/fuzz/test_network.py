"""Watching an exam opens no socket: the process is killed by the kernel if it tries, in whatever language."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

TEXT = {"zh": "手机", "en": "phone"}
RULES = {
    "schema": "proctor-rules/1",
    "name": "remote-exam",
    "title": TEXT,
    "rules": [
        {
            "id": "phone", "detector": "phone", "views": ["first"], "enter": None, "leave_ratio": 0.5,
            "min_duration_s": 1.0, "max_gap_s": 2.0, "severity": "cheating", "title": TEXT, "article": TEXT,
        }
    ],
}  # fmt: skip

# A filter of system calls for this process and all it starts: socket kills, all else goes on.
FORBID = """
import ctypes, os, platform, struct, sys
NUMBER = {"x86_64": 41, "aarch64": 198}[platform.machine()]
program = b"".join(
    struct.pack("<HBBI", *instruction)
    for instruction in (
        (0x20, 0, 0, 0),           # load the number of the system call
        (0x15, 0, 1, NUMBER),      # is it socket(2)?
        (0x06, 0, 0, 0x80000000),  # then the process is killed
        (0x06, 0, 0, 0x7FFF0000),  # else it is let through
    )
)
held = ctypes.create_string_buffer(program)
filter = struct.pack("<HxxxxxxQ", 4, ctypes.addressof(held))
libc = ctypes.CDLL(None, use_errno=True)
for words in ((38, 1, 0, 0, 0), (22, 2, filter, 0, 0)):  # no new privileges; the filter
    if libc.prctl(*words) != 0:
        sys.exit(77)
"""
WATCH = "from proctor_models.cli import main\nsys.exit(main(sys.argv[1:]))\n"
CONNECT = "import socket\nsocket.socket(socket.AF_INET)\n"


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-c", FORBID + code, *words], capture_output=True, text=True, check=False)
    if done.returncode == 77 or platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("this kernel lets no process limit itself")
    return done


@pytest.mark.slow
def test_forbid__a_socket_kills() -> None:
    assert run(CONNECT).returncode == -31  # SIGSYS


@pytest.mark.slow
def test_watch_and_predict__open_no_socket(
    tmp_path: Path, make_pack: Callable[..., Path], reseal: Callable[..., None]
) -> None:
    pack = make_pack([("phone", (10, 20, 40, 50), 0.8)])
    (pack / "rules" / "remote-exam.json").write_text(json.dumps(RULES, ensure_ascii=False), "utf-8")
    reseal(pack)
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, (96, 64))
    for _ in range(40):
        writer.write(np.full((64, 96, 3), 90, np.uint8))
    writer.release()
    out = tmp_path / "review"
    done = run(
        WATCH, "watch", "--pack", str(pack), "--rules", "remote-exam", "--first", str(tmp_path / "a.mp4"),
        "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"rule": "phone"' in (out / "findings.jsonl").read_text("utf-8")
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), np.zeros((64, 96, 3), np.uint8))
    done = run(
        WATCH, "predict", "--pack", str(pack), "--images", str(tmp_path / "images"), "--out", str(tmp_path / "p.json"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
