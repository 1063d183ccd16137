"""A headless Chromium, driven over its DevTools pipe: nothing to install, and no port is opened."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page's script is not run")

_WAIT_S = 60.0  # a laden machine starts a browser slowly; nothing waits longer than it must
_CODES = {"Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, "Enter": 13, "Tab": 9}
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Browser:
    """One browser, and the tab that is open in it."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._numbers = itertools.count(1)
        self._unread = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        """Errors of the console and breaches of the page's policy so far."""
        self._target: str | None = None
        self._screen: list[tuple[str, dict[str, Any]]] = []

    def open(self, url: str, wait: str = "document.querySelector('footer')?.children.length > 0") -> None:
        """Go to `url` in a new tab, close the one before, and wait until the page's script has drawn it."""
        before, self._session = self._target, None
        self._target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        if before:
            self._call("Target.closeTarget", targetId=before)
        self._session = session
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        for method, parameters in self._screen:
            self._call(method, **parameters)
        self._call("Page.navigate", url=url)
        self.until(wait)

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Show pages opened from now on as on a screen of so many pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        calm = {"name": "prefers-reduced-motion", "value": "reduce"}
        self._screen = [
            ("Emulation.setDeviceMetricsOverride", metrics),
            ("Emulation.setEmulatedMedia", {"features": [scheme, calm]}),
        ]

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; promises are waited for."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until the expression is true."""
        end = time.monotonic() + _WAIT_S
        while not self.run(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"waited {_WAIT_S:g} s in vain for {expression}; {self.complaints}")
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {}
            code = _CODES.get(key, ord(key[0].upper()))
            self._call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self._call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self, path: Path, *, whole: bool = False, **options: Any) -> None:
        """Save what is shown as PNG, or the whole page."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **options)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(about["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
        elif event.get("method") == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.complaints.append(str(about["args"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            if not select.select([self._from], [], [], _WAIT_S)[0]:
                raise AssertionError(f"chromium said nothing for {_WAIT_S:g} s")
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise AssertionError("chromium ended before it was asked to")
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser that ends with the block; its profile lies in `profile`."""
    # The browser reads from its descriptor 3 and writes to its 4. The shell puts them there: a descriptor that
    # Python opens keeps its number in the child.
    to_child, from_child = os.pipe(), os.pipe()
    plumbing = f'exec "$0" "$@" 3<&{to_child[0]} 4>&{from_child[1]}'
    command = ["bash", "-c", plumbing, str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    child = subprocess.Popen(
        command,
        pass_fds=(to_child[0], from_child[1]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    os.close(to_child[0])
    os.close(from_child[1])
    try:
        yield Browser(to_child[1], from_child[0])
    finally:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        os.close(to_child[1])
        os.close(from_child[0])
