"""The store of runs: found, opened, and refused with a reason where it cannot be used.

The default store is SQLite under ``mlflow/`` of the current folder, pictures and files beside it;
``MLFLOW_TRACKING_URI`` names another.
"""

from __future__ import annotations

import importlib.metadata
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from proctor_models.errors import ConfigError, RecordError

DEFAULT_FOLDER = Path("mlflow")
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # a bar for each small file hides what a command says
}
_SQLITE = "sqlite:///"


def store_uri() -> str:
    """The tracking store: ``MLFLOW_TRACKING_URI``, else SQLite in ``mlflow/`` (the folder is made)."""
    named = os.environ.get("MLFLOW_TRACKING_URI", "")
    if named:
        return named
    DEFAULT_FOLDER.mkdir(exist_ok=True)
    return f"{_SQLITE}{(DEFAULT_FOLDER / 'mlflow.db').resolve().as_posix()}"


def has_store() -> bool:
    """Whether there is a store to read; nothing is made, and a server named by a variable is taken to be there."""
    named = os.environ.get("MLFLOW_TRACKING_URI", "")
    if named and not named.startswith(_SQLITE):
        return True
    path = Path(named.removeprefix(_SQLITE)) if named else DEFAULT_FOLDER / "mlflow.db"
    return path.is_file()


def open_store(uri: str) -> Any:
    """MLflow's client of a store, for tracking and registry alike.

    Raises:
        ConfigError: MLflow is not installed.
        RecordError: the store is locked, half-migrated, of another version, or no store; it is left as it is.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # Where MLflow is not installed, a folder mlflow/ nearby imports as an empty namespace: ask the metadata.
    try:
        importlib.metadata.version("mlflow")
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError("MLflow is not installed, runs cannot be recorded; install the extra 'train'") from None
    from mlflow.tracking import MlflowClient

    # MLflow 3.17 with SQLAlchemy 2.1: its affair, no user can act on it.
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
    with store_errors(uri), _alone(uri):
        if uri.startswith(_SQLITE):
            _check_sqlite(uri)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _alone(uri: str) -> AbstractContextManager[object]:
    """One process at a time opens an SQLite store: two trainings started together would both make its tables."""
    if not uri.startswith(_SQLITE):
        return nullcontext()
    from filelock import FileLock

    return FileLock(f"{uri.removeprefix(_SQLITE)}.lock")


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """Turn what a store refuses into an error that says where and what to do.

    Raises:
        RecordError: instead of MLflow's and SQLAlchemy's errors.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error) as error:
        raise RecordError(f"{_shown(uri)}: {_told(str(error), uri)}") from error


def experiment_id(client: Any, uri: str, name: str) -> str:
    """The experiment called `name`; made if there is none, its files beside an SQLite store."""
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(name)
    if known is None:
        place = None  # a server knows its own
        if uri.startswith(_SQLITE):
            place = (Path(uri.removeprefix(_SQLITE)).resolve().parent / "artifacts").as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=place))
        except MlflowException:  # another process was first
            known = client.get_experiment_by_name(name)
            if known is None:
                raise
    return str(known.experiment_id)


def _check_sqlite(uri: str) -> None:
    """Refuse a file that MLflow would migrate or fill unasked: it makes tables wherever one is missing."""
    path = Path(uri.removeprefix(_SQLITE))
    if not path.is_file() or not path.stat().st_size:
        return
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as database:
        tables = {str(row[0]) for row in database.execute("select name from sqlite_master where type = 'table'")}
        if not tables:
            return
        if "experiments" not in tables or "alembic_version" not in tables:
            raise RecordError(f"{path}: expected MLflow's store, got another database; name the right one")
        versions = [str(row[0]) for row in database.execute("select version_num from alembic_version")]
    from mlflow.store.db.utils import _get_latest_schema_revision
    from mlflow.store.tracking.dbmodels.models import Base

    expected = str(_get_latest_schema_revision())
    missing = sorted(set(Base.metadata.tables) - tables)
    if versions != [expected] or missing:
        lacks = f" and lacks {', '.join(missing)}"[:120] if missing else ""
        raise RecordError(
            f"{path}: schema: expected version {expected} of this MLflow, got {', '.join(versions) or 'none'}{lacks}: "
            f"half-migrated, or written by another MLflow; copy the file, then run `mlflow db upgrade {uri}`, or bring "
            "back the copy from before the migration"
        )


def _told(message: str, uri: str) -> str:
    line = " ".join(message.split())[:300]
    if "locked" in message or "busy" in message:
        return (
            "the store is locked by another process; let it end (`make mlflow` may run, but no migration), then run "
            f"this again ({line})"
        )
    if "out-of-date database schema" in message:
        return f"{line}; copy the store, then run `mlflow db upgrade {_shown(uri)}`"
    return f"the store refused: {line}"


def _shown(uri: str) -> str:
    """A store's address without the password that may stand in it.

    >>> _shown("postgresql://proctor:secret@db:5432/mlflow")
    'postgresql://proctor:***@db:5432/mlflow'
    """
    scheme, sep, rest = uri.partition("://")
    account, at, place = rest.rpartition("@")
    if not at or ":" not in account:
        return uri
    return f"{scheme}{sep}{account.partition(':')[0]}:***@{place}"
