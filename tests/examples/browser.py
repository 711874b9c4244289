"""A browser without a window, driven by the Chrome DevTools Protocol."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

__all__ = ["Tab", "opened"]


_LEAVING = {"Inspected target navigated or closed", "Cannot find default execution context"}


class PageLeft(Exception):
    """The page was left for another one while it was asked."""


class Tab:
    """One page; ``complaints`` are its console errors and what its policy has refused."""

    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._devtools.send(json.dumps(message))
        while True:
            answer = json.loads(self._devtools.recv(timeout=30))
            if answer.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.complaints.append(json.dumps(answer["params"]))
            if answer.get("id") == self._number:
                error = answer.get("error")
                if error is not None and error["message"] in _LEAVING:
                    raise PageLeft(error["message"])
                assert error is None, answer
                return dict(answer["result"])

    def open(self, url: str) -> None:
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Log", "Runtime", "Page"):
            self.command(f"{domain}.enable")
        self.command("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """What ``script`` gives; of a promise, what it is kept with."""
        asked = {"expression": script, "returnByValue": True, "awaitPromise": True}
        return self.command("Runtime.evaluate", **asked)["result"].get("value")

    def wait_for(self, script: str, seconds: float = 20) -> None:
        """Until the page says that ``script`` is true."""
        deadline = time.monotonic() + seconds
        while not self._holds(script):
            assert time.monotonic() < deadline, (
                script,
                self.complaints,
                self.value("document.body.innerText"),
            )
            time.sleep(0.05)

    def _holds(self, script: str) -> bool:
        try:
            return bool(self.value(script))
        except PageLeft:
            return False


@contextlib.contextmanager
def opened(url: str, profile: Path, *flags: str) -> Iterator[Tab]:
    quiet = [
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        *quiet,
        *flags,
    ]
    with subprocess.Popen(
        [*command, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.PIPE, text=True
    ) as browser:
        try:
            assert browser.stderr is not None
            address = next(
                line.split()[-1] for line in browser.stderr if line.startswith("DevTools listening")
            )
            with connect(address, max_size=None, compression=None) as devtools:
                tab = Tab(devtools)
                tab.open(url)
                yield tab
                with contextlib.suppress(Exception):
                    tab._session = None
                    tab.command("Browser.close")
        finally:
            browser.terminate()
