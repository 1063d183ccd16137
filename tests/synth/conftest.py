"""Lends the tests what the synth environment holds and needs no companions of its own: data, in packages."""

from __future__ import annotations

import importlib.machinery
import sys
from pathlib import Path
from typing import Any

SITE = Path(__file__).resolve().parents[2] / ".venv-synth" / "lib" / "python3.11" / "site-packages"


class _Lent:
    """Finds these packages there and no other: the rest of that environment is too old for this one."""

    names = ("anny", "openpeople")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """As the import system asks it."""
        if name.partition(".")[0] not in self.names:
            return None
        return importlib.machinery.PathFinder.find_spec(name, path or [str(SITE)], target)


if SITE.is_dir():
    sys.meta_path.append(_Lent())  # type: ignore[arg-type]
