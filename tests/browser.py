"""A headless Chromium, driven over its DevTools protocol through a pipe, so that nothing but the browser is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
)


def installed() -> str | None:
    """The browser, where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """A page in the browser: what it logs, what it asks for, and what it answers."""

    def __init__(self, browser: Browser, target: str) -> None:
        self._browser = browser
        self._session = browser.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self.problems: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a method of the protocol."""
        return self._browser.send(method, params, self._session, self._note)

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message["params"]
        if method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.problems.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, page: Path, *, script: bool = True, **media: Any) -> None:
        """Open a file, and wait until it is loaded. ``media`` are of ``size`` (width, height), ``dark`` and ``print``."""
        width, height = media.get("size", (1280, 900))
        about = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", about)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if media.get("dark") else "light"}
        how = {"media": "print" if media.get("print") else "", "features": [scheme]}
        self.send("Emulation.setEmulatedMedia", how)
        self.send("Emulation.setScriptExecutionDisabled", {"value": not script})
        self.send("Page.navigate", {"url": page.resolve().as_uri()})
        self._browser.wait_for("Page.loadEventFired", self._note)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is, as JSON has it."""
        found = self.send("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A picture of what is in the window, or of the whole page."""
        data = self.send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})["data"]
        path.write_bytes(base64.b64decode(data))


class Browser:
    """The process, and the messages to and from it."""

    def __init__(self, path: str, profile: Path) -> None:
        to_it, ours = os.pipe()
        from_it, its = os.pipe()

        def as_three_and_four() -> None:
            first, second = os.dup(to_it), os.dup(its)
            os.dup2(first, 3)
            os.dup2(second, 4)

        command = [path, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            command, preexec_fn=as_three_and_four, close_fds=False, stderr=subprocess.DEVNULL
        )
        os.close(to_it)
        os.close(its)
        self._out, self._in = ours, os.fdopen(from_it, "rb", buffering=0)
        self._buffer, self._number = b"", 0
        self._kept: list[dict[str, Any]] = []

    def send(self, method: str, params: Any = None, session: str | None = None, note: Any = None) -> dict[str, Any]:
        """Call a method, and return its answer; other messages go to ``note``."""
        self._number += 1
        about = {"sessionId": session} if session else {}
        message = {"id": self._number, "method": method, "params": params or {}, **about}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            found = self._read()
            if found.get("id") == self._number:
                assert "error" not in found, found
                result: dict[str, Any] = found["result"]
                return result
            if note and "method" in found:
                self._kept.append(found)
                note(found)

    def wait_for(self, method: str, note: Any) -> None:
        """Wait for an event, which may have come already."""
        while not any(row["method"] == method for row in self._kept):
            found = self._read()
            if "method" in found:
                self._kept.append(found)
                note(found)
        self._kept.clear()

    def tab(self) -> Tab:
        """A new page."""
        return Tab(self, self.send("Target.createTarget", {"url": "about:blank"})["targetId"])

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        os.close(self._out)
        self._in.close()

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = self._in.read(1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A running browser, which ends with the block."""
    path = installed()
    assert path
    found = Browser(path, profile)
    try:
        yield found
    finally:
        found.close()
