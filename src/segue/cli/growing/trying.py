"""Does it in another folder first: what was, what would be, and whether these are the same."""

import difflib
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from segue.cli.growing.portrait import Portrait

if TYPE_CHECKING:
    from segue.cli.growing.modules import Grown  # it needs libcst, which most apps do without

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
        #: Whether the app is told to use a database that is nobody's.
        self.has_own_database = False

    @classmethod
    @contextmanager
    def of(cls, file: Path, attribute: str, *, factory: bool) -> "Generator[Trial]":
        """Such a folder, until the block is left."""
        with tempfile.TemporaryDirectory(prefix="segue-grow-") as name:
            folder = Path(name).resolve() / file.resolve().parent.name
            folder.mkdir()
            for one in file.resolve().parent.iterdir():
                if one.name == file.name or _is_database(one):
                    shutil.copy2(one, folder / one.name)
                elif one.name not in ("__pycache__", ".git"):
                    (folder / one.name).symlink_to(one, target_is_directory=one.is_dir())
            yield cls(folder, file, attribute, factory=factory)

    def put(self, grown: "Grown") -> None:
        """Puts the package and its front there."""
        for old, new in grown.moves.items():
            (self.folder / new).parent.mkdir(exist_ok=True)
            (self.folder / old).unlink()
            if (self.home / old).is_dir():
                (self.folder / new).symlink_to(self.home / old, target_is_directory=True)
            else:
                shutil.copy2(self.home / old, self.folder / new)
        self.write(grown.files)

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files there, and none of them through a link."""
        for name, text in files.items():
            path = self.folder / name
            if path.parent != self.folder:
                self.own(path.parent.relative_to(self.folder).as_posix())
            path.unlink(missing_ok=True)
            path.write_text(text, encoding="utf-8")

    def own(self, folder: str) -> None:
        """Makes a folder of its own of what was a link to one of the user's."""
        path = self.folder
        for part in Path(folder).parts:
            path /= part
            linked = path.resolve() if path.is_symlink() else None
            if linked is not None:
                path.unlink()
            path.mkdir(exist_ok=True)
            for one in linked.iterdir() if linked is not None else ():
                if one.name != "__pycache__":
                    (path / one.name).symlink_to(one, target_is_directory=one.is_dir())

    def portrait(self) -> Portrait:
        """What the application in this folder is. Raises click.ClickException for one that does not load."""
        target = f"{self.file}:{self.attribute}" if self.attribute else str(self.file)
        command = [sys.executable, "-m", "segue.cli.growing.portrait", target]
        done = self._run([*command, "--factory"] if self.factory else command)
        if done.returncode:
            raise click.ClickException(self._told(done.stderr.decode(errors="replace").strip()))
        # What the application prints comes before it.
        portrait = msgspec.json.decode(done.stdout.splitlines()[-1], type=Portrait)
        file, line = portrait.place
        return msgspec.structs.replace(portrait, place=(file.replace(str(self.folder), str(self.home)), line))

    def test(self) -> str | None:
        """Runs the tests, on copies of the databases that are beside the file. What went wrong, or None."""
        for one in [*self.folder.iterdir(), *self.home.iterdir()]:
            if _is_database(one):
                (self.folder / one.name).unlink(missing_ok=True)
                if one.parent == self.home:
                    shutil.copy2(one, self.folder / one.name)
        done = self._run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"])
        return None if done.returncode == 0 else self._told(done.stdout.decode(errors="replace"))

    def segue(self, *arguments: str) -> str | None:
        """Runs a command for the application. What went wrong, or None."""
        target = f"{self.file}:{self.attribute}" if self.attribute else str(self.file)
        done = self._run([sys.executable, "-m", "segue", "--app", target, *arguments])
        return None if done.returncode == 0 else self._told(done.stderr.decode(errors="replace"))

    @property
    def database(self) -> str:
        """The address of a database that is nobody's, for what follows the environment."""
        return f"sqlite:///{self.folder}/segue-trial.db"

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[bytes]":
        here = Path.cwd().resolve()
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(self.folder), *(one or str(here) for one in sys.path)]),
        }
        if self.has_own_database:
            environment["DATABASE_URL"] = self.database
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


def _is_database(file: Path) -> bool:
    """A file of SQLite, or what belongs to one: through a link, tests would write into that of the user."""
    return file.is_file() and re.search(r"\.(db|sqlite3?)(-wal|-shm|-journal)?$", file.name) is not None


def differences(before: Portrait, after: Portrait) -> list[str]:
    """What an application is not any more, line by line; nothing if it is what it was."""
    kept: list[dict[str, Any]] = [
        {
            name: value
            for name, value in msgspec.to_builtins(one).items()
            if name not in ("bound", "classes", "apps", "place")
        }
        for one in (before, after)
    ]
    for one in kept:
        # Addresses have passwords in them, and what differs is shown.
        one["databases"] = {
            name: hashlib.sha256(address.encode()).hexdigest()[:12]
            for name, address in one["databases"].items()
        }
    if kept[0] == kept[1]:
        return []
    old, new = (msgspec.json.format(msgspec.json.encode(one)).decode().splitlines() for one in kept)
    changed = [
        line
        for line in difflib.unified_diff(old, new, lineterm="", n=0)
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return [line if len(line) < _WIDEST else f"{line[:_WIDEST]}..." for line in changed[:_MOST_SHOWN]]
