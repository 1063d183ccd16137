"""The browser that `proctor review` starts: nobody else on the machine learns the page's address from it."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from browser import browser, needs_browser
from watched import finding, write_exam

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="modes of files and Ctrl-C are others there"),
]


@contextmanager
def reviewing(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Run the command with a browser that writes its command line down; gives the address and what it was told."""
    folder = write_exam(tmp_path / "exam", [finding(1)])
    told = tmp_path / "told"
    script = tmp_path / "browser.sh"
    script.write_text(f'#!/bin/sh\nprintf %s "$*" > {told}.part && mv {told}.part {told}\n')
    script.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "BROWSER": f"{script} %s", "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "proctor_models.cli", "review", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        try:
            assert child.stdout is not None
            address = child.stdout.readline().removeprefix("review page").strip()
            until = time.monotonic() + 60
            while not told.exists():
                assert time.monotonic() < until
                time.sleep(0.05)
            yield address, told.read_text()
        finally:
            child.send_signal(signal.SIGINT)
            try:
                assert child.wait(30) == 0
            finally:
                child.kill()


def test_review__the_browsers_command_line_holds_no_secret(tmp_path: Path) -> None:
    with reviewing(tmp_path) as (address, told):
        secret = urlsplit(address).path.strip("/")
        assert len(secret) >= 22
        assert secret not in told
        assert urlsplit(address).netloc not in told
        file = Path(unquote(urlsplit(told).path))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert re.findall(r'url=([^"]+)"', file.read_text()) == [address]
    assert not list((tmp_path / "tmp").iterdir())


@needs_browser
def test_review__the_file_leads_to_the_page(tmp_path: Path) -> None:
    with reviewing(tmp_path) as (address, told), browser(tmp_path / "profile") as page:
        page.open(told)
        assert page.run("location.href").partition("#")[0] == address
        assert page.run("document.querySelectorAll('.finding-row').length") == 1
