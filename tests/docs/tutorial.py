"""Somebody who follows the tutorial to the letter: writes its blocks to files, types its commands, looks at what they print.

What may stand in a chapter is in CONTRIBUTING.md, under "The tutorial".
"""

from __future__ import annotations

import ast
import doctest
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Reader", "Step", "edited", "steps"]

_FENCE = re.compile(r'```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\Z')
_TITLE = re.compile(
    r"(?P<file>[\w./-]+)(?:, (?:(?P<whole>the imports|at the end)|(?P<how>instead of|before|after) (?P<name>\w+)))?\Z"
)
_NOT_RUN = re.compile(r"<!-- not run: \S.*-->\Z")
ADDRESS = "127.0.0.1:8000"


class Step(NamedTuple):
    """A block of a chapter: a file or an edit of one (``title``), commands (``console``), or a check that readers do not see."""

    line: int
    language: str
    title: str
    text: str


def steps(chapter: str) -> Iterator[Step]:
    """The blocks of a chapter that a reader does something with."""
    lines = iter(enumerate(chapter.splitlines(), 1))
    not_run = False
    for number, line in lines:
        if _NOT_RUN.match(line):
            not_run = True
        elif line == "<!-- check":
            yield Step(number, "check", "", _until("-->", lines, number))
        elif line.startswith("```"):
            fence = _FENCE.match(line)
            if fence is None:
                raise SyntaxError(f'line {number}: {line}: a language, and perhaps title="..."')
            text = _until("```", lines, number)
            title = fence["title"] or ""
            if not not_run and (title or fence["language"] == "console"):
                yield Step(number, fence["language"], title, text)
            elif not not_run and fence["language"] == "python":
                raise SyntaxError(f"line {number}: a block of Python says which file it belongs to")
            not_run = False


def _until(end: str, lines: Iterator[tuple[int, str]], start: int) -> str:
    found = []
    for _, line in lines:
        if line == end:
            return "\n".join(found)
        found.append(line)
    raise SyntaxError(f"line {start}: what begins here has no end")


def edited(old: str, title: str, text: str) -> str:
    """A file after a block with that title; ``old`` is what was in it."""
    where = _TITLE.match(title)
    if where is None:
        raise SyntaxError(f"no such place: {title}")
    if where["whole"] is None and where["how"] is None:
        return text + "\n"
    if where["whole"] == "at the end":
        return old.rstrip("\n") + ("\n\n\n" if where["file"].endswith(".py") else "\n") + text + "\n"
    lines = old.splitlines()
    body = ast.parse(old).body
    if where["whole"] == "the imports":
        imports = [one for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
        lines[imports[0].lineno - 1 : imports[-1].end_lineno] = text.splitlines()
    else:
        (node,) = [one for one in body if where["name"] in _names(one)]
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))]) - 1
        last = node.end_lineno or 0
        block = text.splitlines()
        if where["how"] == "instead of":
            lines[first:last] = block
        elif where["how"] == "before":
            lines[first:first] = [*block, "", ""]
        else:
            lines[last:last] = ["", "", *block]
    return "\n".join(lines) + "\n"


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [one.id for one in targets if isinstance(one, ast.Name)]


class Reader:
    """Works in a folder; leaves with ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "club"
        self.folder.mkdir()
        self._log = folder / "server.log"
        (folder / ".curlrc").write_text("silent\nshow-error\n")  # as in a terminal: no progress
        binaries = Path(sys.executable).parent
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("SEGUE_", "SECURITY_"))
            },
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "CURL_HOME": str(folder),
        }
        self._server: subprocess.Popen[str] | None = None
        self._serving = ""
        self._port = 0

    def follow(self, chapter: Path) -> int:
        """Does all that the chapter says; how many steps. Raises AssertionError where something else happens than it shows."""
        found = list(steps(chapter.read_text(encoding="utf-8")))
        for step in found:
            try:
                if step.language == "console":
                    self._type(step.text)
                elif step.language == "check":
                    self._check(step.text)
                else:
                    self._write(step)
            except (AssertionError, SyntaxError, ValueError) as error:
                raise AssertionError(f"{chapter.name}:{step.line}: {error}") from error
        self.close()
        return len(found)

    def close(self) -> None:
        """Stops the server, if one runs."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(timeout=20)
            self._server = None

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of a command, and all that it prints."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    def _write(self, step: Step) -> None:
        self.close()  # the next request meets a server that has seen the change
        path = self.folder / step.title.split(",")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        new = edited(path.read_text(encoding="utf-8") if path.exists() else "", step.title, step.text)
        path.write_text(new, encoding="utf-8")
        if path.suffix == ".py":
            compile(new, str(path), "exec")

    def _type(self, block: str) -> None:
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = shown.partition("\n")
            if command.startswith(("segue run", "segue serve")):
                self.close()
                self._serving = command
                self._serve()
                continue
            if command.startswith("curl"):
                self._serve()
                command = command.replace(ADDRESS, f"127.0.0.1:{self._port}")
            code, printed = self.run(command)
            printed = printed.replace(f"127.0.0.1:{self._port}", ADDRESS).replace(str(self.folder), "...")
            fits = doctest.OutputChecker().check_output(
                expected.rstrip() + "\n", printed.rstrip() + "\n", doctest.ELLIPSIS
            )
            # What fails is shown with its reason, and nothing left out before it.
            told = code == 0 or (expected.strip() and not expected.startswith("..."))
            assert told, f"$ {command}\nexits with {code}\n{printed}"
            assert fits or not expected.strip(), (
                f"$ {command}\nis shown with\n{expected}\nand prints\n{printed}"
            )

    def _check(self, text: str) -> None:
        self.close()
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", f"from segue.testing import Client\n{text}"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _serve(self) -> None:
        if self._server is not None:
            return
        assert self._serving, "nothing was started that would answer"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        with self._log.open("w") as log:
            self._server = subprocess.Popen(
                ["bash", "-c", f"exec {self._serving} --port {self._port}"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"$ {self._serving}\ndoes not answer\n{self._log.read_text()}")
            time.sleep(0.05)
