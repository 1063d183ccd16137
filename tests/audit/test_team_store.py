"""What mlflow/ says of a team's store agrees with itself and with the lock; the containers are not started here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "mlflow"


@pytest.fixture(scope="module")
def server() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((FOLDER / "team.compose.yaml").read_text())["services"]["mlflow"]
    return service


def test_team_store__names_the_driver_that_the_image_installs(server: dict[str, Any]) -> None:
    """SQLAlchemy 2.1 takes psycopg 3 where an address names none."""
    scheme = server["environment"]["MLFLOW_BACKEND_STORE_URI"].partition(":")[0]
    dialect, _, driver = scheme.partition("+")
    assert dialect == "postgresql"
    assert re.search(rf"\b{driver}(-binary)?==", server["build"]["dockerfile_inline"])


def test_team_store__runs_the_locked_version_of_mlflow(server: dict[str, Any]) -> None:
    locked = re.search(r"^mlflow==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert locked is not None
    assert f" mlflow=={locked[1]} " in server["build"]["dockerfile_inline"]


def test_team_store__is_reached_from_this_machine_alone_under_the_name_that_the_page_gives(
    server: dict[str, Any],
) -> None:
    said = re.search(r"MLFLOW_TRACKING_URI=(http\S+)", (FOLDER / "README.md").read_text())
    assert said is not None
    reached = urlsplit(said[1])
    assert server["ports"] == [f"{reached.hostname}:{reached.port}:5000"]
    assert reached.hostname == "127.0.0.1"
    example = dict(line.split("=", 1) for line in (FOLDER / "team.env.example").read_text().splitlines() if "=" in line)
    assert reached.netloc in example["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")


def test_team_store__asks_for_every_variable_it_reads() -> None:
    named = set(re.findall(r"\$\{([A-Z0-9_]+)", (FOLDER / "team.compose.yaml").read_text()))
    given = set(re.findall(r"^([A-Z0-9_]+)=", (FOLDER / "team.env.example").read_text(), re.MULTILINE))
    assert named == given
