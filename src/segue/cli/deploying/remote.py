"""What is done on the machine that an app is deployed to: this text is sent there and run by its Python.

It knows the standard library alone, and nothing of Segue: releases of any version are switched alike.

    /srv/shop/releases/20261120-201500-1f2e3d/site.pyz
    /srv/shop/current -> releases/20261120-201500-1f2e3d
    /srv/shop/shared        .env, the database, uploads, server.pid: the working folder of all releases
"""

from __future__ import annotations  # so that an older Python comes as far as to say what it is

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Generator
from typing import Any

__all__ = ["main"]

BUNDLE = "site.pyz"


class Failed(Exception):
    """A step that did not work, and why."""


def main(text: str) -> int:
    """Does what ``do`` names in a JSON object; returns the exit code."""
    given: dict[str, Any] = json.loads(text)
    site = Site(given)
    steps: dict[str, Callable[[], None]] = {
        "check": site.check,
        "release": lambda: site.release(given["id"], given["hash"]),
        "rollback": lambda: site.rollback(given["id"]),
        "status": site.status,
    }
    try:
        steps[given["do"]]()
    except Failed as error:
        say(f"Failed: {error}")
        return 1
    except OSError as error:
        say(f"Failed: {error.filename or site.root}: {error.strerror or error}")
        return 1
    return 0


def say(text: str) -> None:
    """Prints a line at once."""
    print(text, flush=True)


class Site:
    """The folder of an installation. ``dry``: says what would be done."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.root: str = given["path"]
        self.given = given
        self.dry: bool = given.get("dry", False)
        self.releases = os.path.join(self.root, "releases")
        self.shared = os.path.join(self.root, "shared")
        self.link = os.path.join(self.root, "current")
        self.pid_file = os.path.join(self.shared, "server.pid")

    # --- what there is -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Whether this machine can run a release at all."""
        if sys.version_info < (3, 11):  # noqa: UP036 -- this Python is that of another machine
            raise Failed(
                f"{sys.executable} is Python {sys.version.split()[0]}, and Segue needs 3.11: set python = ..."
            )
        if not self.dry:
            try:
                os.makedirs(self.releases, exist_ok=True)
                os.makedirs(self.shared, mode=0o750, exist_ok=True)
            except OSError as error:
                raise Failed(
                    f"{self.root} cannot be made: {error.strerror}. Make it, and give it to this user."
                ) from None
        say(f"Python {sys.version.split()[0]}, {self.root}, release {self.current() or 'none yet'}")

    def current(self) -> str | None:
        """The release that is served."""
        try:
            return os.path.basename(os.readlink(self.link))
        except OSError:
            return None

    def all(self) -> list[str]:
        """All releases, the newest first."""
        with contextlib.suppress(FileNotFoundError):
            there = [one for one in os.listdir(self.releases) if os.path.isfile(self.bundle(one))]
            return sorted(there, reverse=True)
        return []

    def bundle(self, release: str) -> str:
        """The file of a release."""
        return os.path.join(self.releases, release, BUNDLE)

    def status(self) -> None:
        """Prints the releases, and whether a server runs."""
        now = self.current()
        for one in self.all():
            say(f"{'->' if one == now else '  '} {one}{' (withdrawn)' if self._is_withdrawn(one) else ''}")
        say(f"server: {'running' if self.is_running() else 'stopped'}")

    # --- what is done --------------------------------------------------------------------------------------------

    def release(self, new: str, digest: str) -> None:
        """Tries a release that was uploaded, and switches to it; what fails before that changes nothing."""
        with self.alone():
            try:
                self._check_upload(new, digest)
                self._migrate(new)
                self._try(new)
            except Failed:
                shutil.rmtree(os.path.join(self.releases, new), ignore_errors=True)
                say(f"Nothing is switched: {self.current() or 'no release'} goes on.")
                raise
            before = self.current()
            try:
                self._switch(new)
            except Failed:
                if before is not None:
                    say(f"Back to {before}.")
                    self._switch(before)
                else:
                    os.unlink(self.link)
                shutil.rmtree(os.path.join(self.releases, new), ignore_errors=True)
                raise
            self._prune(before)

    def rollback(self, to: str | None) -> None:
        """Switches to an earlier release: ``to``, or the one before the current."""
        with self.alone():
            now = self.current()
            older = [one for one in self.all() if (now is None or one < now) and not self._is_withdrawn(one)]
            if to is None and not older:
                raise Failed("there is no earlier release to go back to")
            chosen = to or older[0]
            if chosen not in self.all():
                raise Failed(f"there is no release {chosen}; there is {', '.join(self.all()) or 'none'}")
            if self.dry:
                say(f"Would go from {now} back to {chosen}. Migrations stay as they are.")
                return
            say(f"From {now} back to {chosen}. Migrations stay as they are.")
            self._try(chosen)
            try:
                self._switch(chosen)
            except Failed:
                if now is not None:
                    self._switch(now)
                raise
            if now is not None and now > chosen:
                with open(self._withdrawn(now), "w"):
                    pass
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._withdrawn(chosen))

    def _withdrawn(self, release: str) -> str:
        """The file that says of a release that somebody went back from it."""
        return os.path.join(self.releases, release, "withdrawn")

    def _is_withdrawn(self, release: str) -> bool:
        return os.path.exists(self._withdrawn(release))

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """Nobody else deploys meanwhile."""
        with open(os.path.join(self.root, ".deploying"), "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Failed(f"somebody else deploys to {self.root} now") from None
            yield

    def _check_upload(self, new: str, digest: str) -> None:
        with open(self.bundle(new), "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise Failed("the bundle did not arrive as it was sent")

    def _command(self, bundle: str, *arguments: str) -> list[str]:
        return [sys.executable, bundle, "--data", self.shared, *arguments]

    def _migrate(self, new: str) -> None:
        with zipfile.ZipFile(self.bundle(new)) as archive:
            has = any(one.startswith("project/migrations/") for one in archive.namelist())
        if not (has and self.given["migrate"]):
            return
        say("Migrating.")
        code, told = _ran(self._command(self.bundle(new), "db", "migrate"))
        if code:
            raise Failed(f"the migrations do not run:\n{told}")
        say(told)

    def _try(self, release: str) -> None:
        """Starts the release beside the one that serves, on a socket of its own, and asks it."""
        say(f"Trying {release}.")
        folder = tempfile.mkdtemp()  # the name of a Unix socket has to be short
        address = os.path.join(folder, "try")
        log = os.path.join(folder, "log")
        try:
            with open(log, "w") as output:
                server = subprocess.Popen(
                    self._command(self.bundle(release), "serve", "--bind", f"unix:{address}"),
                    stdout=output,
                    stderr=output,
                    stdin=subprocess.DEVNULL,
                )
            try:
                self._ask_until_ready(server, address)
            except Failed as error:
                with open(log) as output:
                    raise Failed(f"{error}\n{output.read()[-2000:]}") from None
            finally:
                _end(server)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _ask_until_ready(self, server: "subprocess.Popen[bytes]", address: str) -> None:
        end = time.monotonic() + self.given["timeout"]
        told = "it did not listen"
        wait = 0.05
        while time.monotonic() < end:
            if server.poll() is not None:
                raise Failed(f"the release does not start (exit code {server.returncode})")
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = _asked(address, self.given["ready"])
                # An app without that page answers 404: it answers.
                if status in (200, 204, 404):
                    say(f"It answers {self.given['ready']} with {status}.")
                    return
                told = f"it answers {self.given['ready']} with {status}"
            time.sleep(wait)
            wait = min(1.0, wait * 2)  # each question may leave a traceback in the log
        raise Failed(f"the release is not ready after {self.given['timeout']:g} s: {told}")

    def _switch(self, release: str) -> None:
        """Makes a release the current one: the link is replaced in one step, then the server is told."""
        partial = f"{self.link}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)
        os.symlink(os.path.join("releases", release), partial)
        os.replace(partial, self.link)
        if self.is_running():
            say(f"Switching to {release}.")
            self._tell(self.given["reload"] or self._usual("reload"))
        else:
            say(f"Starting {release}.")
            self._tell(self.given["start"] or self._usual("start"))
        if self.given["url"]:
            self._ask_url()

    def _usual(self, what: str) -> list[str]:
        service = self.given["service"]
        if service is not None:
            return ["systemctl", what, service]
        bundle = os.path.join(self.link, BUNDLE)
        if what == "reload":
            timeout = str(self.given["timeout"])
            return self._command(
                bundle, "reload", "--pid-file", self.pid_file, "--wait", "--timeout", timeout
            )
        log = os.path.join(self.shared, "server.log")
        fixed = ["--fresh-workers", "--daemon", "--pid-file", self.pid_file, "--log-file", log]
        return self._command(bundle, "serve", *fixed, *self.given["serve"])

    def is_running(self) -> bool:
        """Whether a server is there to be told."""
        if self.given["service"] is not None:
            return _ran(["systemctl", "is-active", "--quiet", self.given["service"]])[0] == 0
        try:
            with open(self.pid_file, "r+") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # its server holds the lock
        return False

    def _tell(self, command: "str | list[str]") -> None:
        words = shlex.split(command) if isinstance(command, str) else command
        code, told = _ran(words)
        if code:
            raise Failed(f"{shlex.join(words)}:\n{told}")

    def _ask_url(self) -> None:
        end = time.monotonic() + self.given["timeout"]
        told = ""
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(self.given["url"], timeout=5) as response:
                    say(f"{self.given['url']} answers with {response.status}.")
                    return
            except (OSError, urllib.error.URLError, http.client.HTTPException) as error:
                told = str(error)
            time.sleep(0.2)
        raise Failed(f"{self.given['url']} is not well after the switch: {told}")

    def _prune(self, before: str | None) -> None:
        stay = {self.current(), before, *self.all()[: self.given["keep"]]}
        for one in self.all():
            if one not in stay:
                shutil.rmtree(os.path.join(self.releases, one), ignore_errors=True)


class _Local(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _asked(address: str, path: str) -> int:
    connection = _Local(address)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _ran(words: list[str]) -> tuple[int, str]:
    """A command's exit code, and what it had to say."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        return 127, f"{words[0]}: {error.strerror}"
    return done.returncode, (done.stderr if done.returncode and done.stderr else done.stdout).rstrip()


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
