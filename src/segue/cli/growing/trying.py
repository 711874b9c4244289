"""Does it in another folder first: what was, what would be, and whether these are the same."""

import difflib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from segue.cli.growing.modules import Grown
from segue.cli.growing.portrait import Portrait

__all__ = ["Trial", "differences"]

#: The same for all portraits.
_KEY = secrets.token_urlsafe(48)
_WIDEST = 150
_MOST_SHOWN = 20  # lines of a difference


class Trial:
    """A folder that looks like that of the file: links to all that is beside it, and a copy of the file itself."""

    def __init__(self, folder: Path, file: Path, attribute: str, *, factory: bool) -> None:
        self.folder = folder
        self.file = folder / file.name
        self.home = file.resolve().parent
        self.attribute = attribute
        self.factory = factory

    @classmethod
    @contextmanager
    def of(cls, file: Path, attribute: str, *, factory: bool) -> "Generator[Trial]":
        """Such a folder, until the block is left."""
        with tempfile.TemporaryDirectory(prefix="segue-grow-") as name:
            folder = Path(name).resolve() / file.resolve().parent.name
            folder.mkdir()
            for one in file.resolve().parent.iterdir():
                if one.name == file.name:
                    shutil.copy2(one, folder / one.name)
                elif one.name not in ("__pycache__", ".git"):
                    (folder / one.name).symlink_to(one, target_is_directory=one.is_dir())
            yield cls(folder, file, attribute, factory=factory)

    def put(self, grown: Grown) -> None:
        """Puts the package and its front there."""
        for old, new in grown.moves.items():
            (self.folder / new).parent.mkdir(exist_ok=True)
            (self.folder / old).unlink()
            if (self.home / old).is_dir():
                (self.folder / new).symlink_to(self.home / old, target_is_directory=True)
            else:
                shutil.copy2(self.home / old, self.folder / new)
        for name, text in grown.files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def portrait(self) -> Portrait:
        """What the application in this folder is. Raises click.ClickException for one that does not load."""
        target = f"{self.file}:{self.attribute}" if self.attribute else str(self.file)
        command = [sys.executable, "-m", "segue.cli.growing.portrait", target]
        done = self._run([*command, "--factory"] if self.factory else command)
        if done.returncode:
            raise click.ClickException(self._told(done.stderr.decode(errors="replace").strip()))
        # What the application prints comes before it.
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Portrait)

    def test(self) -> str | None:
        """Runs the tests. What went wrong, or None."""
        done = self._run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"])
        return None if done.returncode == 0 else self._told(done.stdout.decode(errors="replace"))

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[bytes]":
        here = Path.cwd().resolve()
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *(one or str(here) for one in sys.path)]),
        }
        # An app without its key does not say what it is.
        environment.setdefault("SECURITY_KEY", _KEY)
        return subprocess.run(  # noqa: S603 -- this Python, with the user's own file
            command,
            cwd=self.folder if here == self.home or command[2] == "pytest" else here,
            env=environment,
            capture_output=True,
            check=False,
        )

    def _told(self, text: str) -> str:
        return text.removeprefix("Error: ").replace(str(self.folder), str(self.home))


def differences(before: Portrait, after: Portrait) -> list[str]:
    """What an application is not any more, line by line; nothing if it is what it was."""
    kept: list[dict[str, Any]] = [
        {
            name: value
            for name, value in msgspec.to_builtins(one).items()
            if name not in ("bound", "classes", "apps")
        }
        for one in (before, after)
    ]
    if kept[0] == kept[1]:
        return []
    old, new = (msgspec.json.format(msgspec.json.encode(one)).decode().splitlines() for one in kept)
    changed = [
        line
        for line in difflib.unified_diff(old, new, lineterm="", n=0)
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return [line if len(line) < _WIDEST else f"{line[:_WIDEST]}..." for line in changed[:_MOST_SHOWN]]
