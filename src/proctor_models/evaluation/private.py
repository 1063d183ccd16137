"""Folders that may hold frames of people: those that git ignores, or that lie outside any repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from proctor_models.errors import DataError


def check_private(out: Path) -> None:
    """Refuse a folder whose files git would take into a repository.

    The folder's hidden sibling is checked as well: what is built there stays behind when a run is killed.

    Raises:
        DataError: `out` lies in a git repository that does not ignore it, or git cannot be asked.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     check_private(Path(top) / "errors")  # outside any repository
    """
    out = out.resolve()
    root = next((folder for folder in out.parents if (folder / ".git").exists()), None)
    if root is None:
        return
    for folder in (out, out.with_name(f".{out.name}.part")):
        if not _is_ignored(root, folder / "frame.png"):
            raise DataError(
                f"{out}: expected a folder that git ignores, for frames show people; git would take "
                f"{folder.relative_to(root)}; write below an ignored folder (review/errors), or outside the repository"
            )


def _is_ignored(root: Path, path: Path) -> bool:
    # Git's own variables, set where a hook runs, would make it answer for another repository.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), "check-ignore", "--quiet", "--", str(path)]
    try:
        code = subprocess.run(command, env=env, capture_output=True, check=False).returncode  # noqa: S603
    except FileNotFoundError:
        raise DataError(f"{root}: a git repository, but git is not installed; write outside the repository") from None
    return code == 0
