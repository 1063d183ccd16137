"""`proctor review`: the review page of one watched exam, served to this machine alone, with decisions written to disk.

What keeps others out: the socket listens on 127.0.0.1; the address holds 128 random bits; a request must name this very
host (a page elsewhere whose name is pointed at 127.0.0.1 cannot) and, to write, come from the page itself. What is
served is the page, and the pictures and clips that it shows; no name in a request is ever looked up as a path.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import threading
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from proctor_models.errors import ConfigError, EvidenceError
from proctor_models.runtime import strict_json
from proctor_models.runtime.decisions import append_decisions, decisions_from
from proctor_models.runtime.report import decisions, page_html, policy, review

HOST = "127.0.0.1"
_BODY_MAX = 1 << 20  # a thousand decisions with notes; a page sends far less
_IDLE_S = 30.0
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class ReviewServer(ThreadingHTTPServer):
    """Serves one folder; use it as a context manager, then `serve_forever`."""

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Read the exam and take a port: `port`, or any free one for 0.

        Raises:
            EvidenceError: the folder holds no whole exam; see `runtime.report.render`.
            ConfigError: the port is taken.
        """
        self.folder = folder
        self.payload = review(folder, served=True)
        self.token = secrets.token_urlsafe(16)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"--port: expected a free port, got {port} ({error}); leave it out for any") from None

    @property
    def address(self) -> str:
        """Where the page is, the secret included."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def judged(self) -> tuple[int, int]:
        """How many findings were confirmed or dismissed, and how many there are."""
        known = self.findings
        decided = decisions(self.folder).items()
        return sum(name in known and each["decision"] != "open" for name, each in decided), len(known)

    @cached_property
    def findings(self) -> frozenset[str]:
        """Ids."""
        return frozenset(finding["id"] for finding in self.payload["findings"])

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """Everything that is served beside the page, by name."""
        names = [name for name, picture in self.payload["pictures"].items() if picture["state"] == "shown"]
        return {name: self.folder / name for name in names}

    @cached_property
    def policy(self) -> str:
        """The page's policy, sent as a header as well: only there may it forbid frames."""
        return f"{policy(self.payload)}; frame-ancestors 'none'"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that went away before it was answered; anything else is a fault to be seen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def page(self) -> bytes:
        """The page with what is decided by now."""
        return page_html({**self.payload, "decisions": decisions(self.folder)}).encode()


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ReviewServer
    server_version = "proctor"
    sys_version = ""
    protocol_version = "HTTP/1.0"  # a connection for each request: none is held by a page that went away
    timeout = _IDLE_S
    _writing = threading.Lock()

    def do_GET(self) -> None:
        """The page, a picture or a clip."""
        name = self._name()
        if name is None:
            return
        if name == "":
            try:
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page())
            except EvidenceError as error:  # decisions were changed by another hand meanwhile
                self._send(HTTPStatus.CONFLICT, "text/plain; charset=utf-8", str(error).encode())
            return
        path = self.server.files.get(name)
        try:
            content = path.read_bytes() if path else None
        except OSError:
            content = None
        if path is None or content is None:
            self._refuse(HTTPStatus.NOT_FOUND, "no such file")
        else:
            self._send(HTTPStatus.OK, _TYPES.get(path.suffix, "application/octet-stream"), content)

    def do_POST(self) -> None:
        """Decisions: checked, appended and on the disk before the answer says so."""
        name = self._name()
        if name is None:
            return
        if name != "decisions":
            self._refuse(HTTPStatus.NOT_FOUND, "decisions go to decisions")
            return
        body = self._body()
        if body is None:
            return
        try:
            decided = decisions_from(strict_json.loads(body), self.server.findings)
        except (ValueError, EvidenceError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        try:
            with self._writing:
                append_decisions(self.server.folder, decided)
        except EvidenceError as error:
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
            return
        self._send(HTTPStatus.OK, "application/json", json.dumps({"saved": len(decided)}).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class names it so)
        """Say nothing: the terminal is the person's, and the address is a secret."""

    def _name(self) -> str | None:
        """What is asked for, below the secret; None once a request that may not ask was refused."""
        port = self.server.server_port
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        if host not in hosts:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "this server is for this machine alone")
        elif origin is not None and origin != f"http://{host}":
            self._refuse(HTTPStatus.FORBIDDEN, "only the page itself may ask")
        elif self.path == "/favicon.ico":  # browsers ask for it by themselves
            self._send(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        else:
            token, _, name = self.path.removeprefix("/").partition("?")[0].partition("/")
            if hmac.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode()):
                return name
            self._refuse(HTTPStatus.NOT_FOUND, "no such page; use the address that `proctor review` printed")
        return None

    def _body(self) -> bytes | None:
        """The body of a request that may be read; None once it was refused."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json")
        elif not (length.isascii() and length.isdecimal()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
        elif len(length) > 9 or int(length) > _BODY_MAX:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {_BODY_MAX} bytes")
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):  # else the page went away
                return body
        return None

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._send(
            status, "application/json", json.dumps({"error": why}, ensure_ascii=False).encode("utf-8", "replace")
        )

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Content-Security-Policy": self.server.policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
