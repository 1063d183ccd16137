"""One store for all tests of a file: MLflow takes seconds to make one; and how long evidence is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def days(open_: float | None, dismissed: float | None) -> dict[str, Any]:
    def of(value: float | None) -> dict[str, float | None]:
        return {"cheating": value, "breach_of_discipline": value, "invalid_recording": value}

    return {"open": of(open_), "dismissed": of(dismissed), "confirmed": of(1000)}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "retention.json"
    raw = {"schema": "proctor-retention/1", "pictures": days(90, 7), "clips": days(30, 7), "snapshots": 90}
    path.write_text(json.dumps(raw))
    return path
