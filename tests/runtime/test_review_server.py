import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proctor_models.errors import ConfigError, EvidenceError
from proctor_models.runtime.decisions import read_decisions
from proctor_models.runtime.review_server import ReviewServer
from watched import finding, served, write_exam

GOOD = {"decisions": [{"finding": "F0001", "decision": "confirmed", "note": "手机"}]}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "review", [finding(1), finding(2)])


@pytest.fixture
def server(folder: Path) -> Iterator[ReviewServer]:
    with served(folder) as made:
        yield made


def ask(
    server: ReviewServer, name: str = "", body: object = None, path: str | None = None, **headers: str
) -> tuple[int, bytes, Any]:
    """Status, content and headers of one request; names of headers with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    where = f"/{server.token}/{name}" if path is None else path
    connection.request("GET" if body is None else "POST", where, sent, {**(JSON if body is not None else {}), **named})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers


def test_server__shows_the_page_and_its_pictures(server: ReviewServer, folder: Path) -> None:
    status, page, headers = ask(server)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b'"src":"evidence/F0001-peak.jpg"' in page
    assert "connect-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    status, picture, headers = ask(server, "evidence/F0001-peak.jpg")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert picture == (folder / "evidence/F0001-peak.jpg").read_bytes()


def test_server__decisions_are_on_the_disk_and_shown_again(server: ReviewServer, folder: Path) -> None:
    assert ask(server, "decisions", GOOD)[:2] == (200, b'{"saved": 1}')
    assert read_decisions(folder)["F0001"].note == "手机"
    assert server.judged == (1, 2)
    page = ask(server)[1].decode()
    assert '"decisions":{"F0001":{"decided_at":' in page


def test_server__many_at_once_make_one_whole_chain(server: ReviewServer, folder: Path) -> None:
    threads = [threading.Thread(target=ask, args=(server, "decisions", GOOD)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read_decisions(folder)
    assert len((folder / "decisions.jsonl").read_bytes().splitlines()) == 12


@pytest.mark.parametrize(
    "name",
    [
        "session.json",
        "review.html",
        "decisions.jsonl",
        "../session.json",
        "evidence/../session.json",
        "evidence/%2e%2e/session.json",
        "evidence/",
        "/etc/passwd",
        "evidence/F0001-peak.jpg/",
    ],
)
def test_server__serves_nothing_else(server: ReviewServer, name: str) -> None:
    assert ask(server, name)[0] == 404


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico/", "/evidence/F0001-peak.jpg", "/" + "A" * 22 + "/", "//", "/%C3%A9/"]
)
def test_server__asks_for_the_secret(server: ReviewServer, path: str) -> None:
    status, content, _ = ask(server, path=path)
    assert status == 404
    assert server.token.encode() not in content


@pytest.mark.parametrize("host", ["example.org", "example.org:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_server__refuses_another_hosts_name(server: ReviewServer, host: str) -> None:
    host = host.format(port=server.server_port)
    assert ask(server, Host=host)[0] == 421
    assert ask(server, "decisions", GOOD, Host=host)[0] == 421


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1"])
def test_server__refuses_another_page(server: ReviewServer, folder: Path, origin: str) -> None:
    assert ask(server, "decisions", GOOD, Origin=origin)[0] == 403
    assert not (folder / "decisions.jsonl").exists()


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (GOOD, {"Content_Type": "text/plain"}, 415, b"application/json"),
        (b"{", {}, 400, b"error"),
        (b"[" * 100_000, {}, 400, b"error"),
        (b'{"decisions": NaN}', {}, 400, b"error"),
        (b"\xff", {}, 400, b"error"),
        ({"decisions": [{"finding": "F0001", "decision": "guilty", "note": ""}]}, {}, 400, rb"decisions[0].decision"),
        (b"", {"Content_Length": "-1"}, 411, b"Content-Length"),
        (b"", {"Content_Length": "9" * 30}, 413, b"at most"),
        (b"", {"Content_Length": "1048577"}, 413, b"at most"),
    ],
)
def test_server__refuses_a_bad_body(
    server: ReviewServer, folder: Path, body: object, headers: dict[str, str], status: int, message: bytes
) -> None:
    got, content, _ = ask(server, "decisions", body, **headers)
    assert got == status
    assert message in content
    assert not (folder / "decisions.jsonl").exists()


def test_server__says_when_it_cannot_save(server: ReviewServer, folder: Path) -> None:
    (folder / "decisions.jsonl").mkdir()
    status, content, _ = ask(server, "decisions", GOOD)
    assert status == 507
    assert "decisions.jsonl: cannot be" in json.loads(content)["error"]


def test_server__decisions_changed_by_another_hand(server: ReviewServer, folder: Path) -> None:
    ask(server, "decisions", GOOD)
    path = folder / "decisions.jsonl"
    path.write_bytes(path.read_bytes().replace(b"confirmed", b"dismissed"))
    status, content, _ = ask(server)
    assert (status, b"decisions.jsonl:1: the line was changed" in content) == (409, True)


def test_server__is_for_this_machine_alone(server: ReviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 22


def test_server__a_page_that_goes_away_is_no_news(
    server: ReviewServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def gone(*_: object) -> bytes:
        raise BrokenPipeError

    monkeypatch.setattr(server, "page", gone)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(server)
    assert capfd.readouterr().err == ""


def test_server__a_port_that_is_taken(server: ReviewServer, folder: Path) -> None:
    with pytest.raises(ConfigError, match=rf"--port: expected a free port, got {server.server_port}"):
        ReviewServer(folder, server.server_port)
    with pytest.raises(ConfigError, match=r"--port: expected a free port, got 70000"):
        ReviewServer(folder, 70000)


def test_server__refuses_a_folder_that_is_no_exam(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"session\.json: cannot be read"):
        ReviewServer(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a child process by another way there")
def test_review__ctrl_c_ends_it(folder: Path) -> None:
    command = [sys.executable, "-m", "proctor_models.cli", "review", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("review page  http://127.0.0.1:")
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (0, "")
    assert "0 of 2 judged" in out
