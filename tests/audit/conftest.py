"""One store for all tests of a file: MLflow takes seconds to make one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packed import make_pack, reseal, write_head, write_scene

__all__ = ["make_pack", "reseal", "store", "write_head", "write_scene"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder is one with an MLflow store of its own; packs and ledgers go below it."""
    root = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield root
