"""This project as a wheel whose bytes depend on its sources alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from proctor_models.errors import PackError

PROJECT = "proctor-models"
_EPOCH = "1577836800"  # 2020-01-01: every file in the wheel carries this time


def project_root() -> Path:
    """Folder of this project's sources: where the package was installed from, else the current folder.

    Raises:
        PackError: neither holds this project's pyproject.toml.
    """
    for folder in (Path(__file__).resolve().parents[3], Path.cwd()):
        path = folder / "pyproject.toml"
        if path.is_file() and tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"] == PROJECT:
            return folder
    raise PackError(
        f"pyproject.toml: expected the sources of {PROJECT} beside the package or in {Path.cwd()}, found neither; "
        "run `proctor pack` in a checkout"
    )


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the project in `root` into `folder`; nothing is fetched.

    Raises:
        PackError: the build failed; the message holds its last line.
    """
    with tempfile.TemporaryDirectory() as scratch:
        words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch, str(root)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": _EPOCH, "PYTHONHASHSEED": "0"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise PackError(f"{root}: the wheel cannot be built: {last[:200]}; install the extra 'dev'")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / wheels[0].name
        path.write_bytes(wheels[0].read_bytes())
    return path
