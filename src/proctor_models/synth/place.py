"""Where a made folder goes: hours of rendering are not replaced unless somebody says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from proctor_models.errors import DataError


def to_make(out: Path, mark: str, *, fresh: bool, same: Callable[[], bool] = bool) -> bool:
    """Whether `out` has to be made; False, and said so, where it holds what the same plan made.

    Args:
        out: the folder.
        mark: a file by which an earlier result is known.
        fresh: an earlier result may be replaced.
        same: whether the earlier result is of the same plan; for those that cannot know, it never is.

    Raises:
        DataError: `out` holds something else, or another plan's result that may not be replaced.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return True
    if not (out / mark).is_file():
        raise DataError(
            f"{out}: expected a new folder or one with {mark} in it, got something else; name another --out"
        )
    if fresh:
        return True
    if same():
        print(f"{out}: finished already by the same plan, nothing to do; --fresh makes it anew", file=sys.stderr)
        return False
    raise DataError(
        f"{out}: holds a finished result ({mark}) that is not known to be of this plan; name another --out, or say "
        "--fresh to make this one in its place"
    )
