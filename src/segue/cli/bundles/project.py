"""The files of a project that go into a bundle: what it runs with, and nothing that is secret or of this machine."""

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from segue.core.settings.configfiles import read_dotenv

__all__ = ["BundleError", "Project", "project_of"]

#: Names of folders, anywhere, that no running app reads.
_FOLDERS = ("__pycache__", "node_modules", "instance")
#: Names of files that are data, or secret, or made from others.
_FILES = (
    "*.db", "*.db-*", "*.sqlite", "*.sqlite3", "*.sqlite-*", "*.sqlite3-*", "*.py[co]", "*.pyz", "*.log", "*.pid", "*.sock",
    "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", "*~", "*.swp",
)  # fmt: skip
#: At the top of a project, for who develops it.
_TOP = ("tests", "venv", "env")
#: More than this is no project, but a folder in which a file lies.
_MANY = 20_000
#: Values in .env that are shorter may stand anywhere by chance.
_SECRET = 12


class BundleError(Exception):
    """A bundle cannot be made; the message says why, and what to do."""


class Project(NamedTuple):
    """The folder of an app, and the app in it: ``app.py:app``."""

    folder: Path
    app: str

    def files(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> dict[str, Path]:
        """What goes into a bundle, by its path in the project.

        ``include`` and ``exclude`` are patterns of names or paths. What begins with a dot never goes in, ``.env`` above all.
        Raises BundleError.
        """
        found = dict(self._below(self.folder, "", include, exclude))
        if len(found) > _MANY:
            raise BundleError(
                f"{self.folder} has more than {_MANY} files: that is no project. Put {self.app.partition(':')[0]} into a folder of "
                f"its own, or leave folders out: --exclude NAME."
            )
        self._refuse_secrets(found)
        return found

    def _below(
        self, folder: Path, start: str, include: Sequence[str], exclude: Sequence[str]
    ) -> Iterator[tuple[str, Path]]:
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            path = start + entry.name
            if entry.name.startswith(".") or _fits(path, entry.name, exclude):
                continue
            wanted = _fits(path, entry.name, include)
            if entry.is_dir():
                own = not entry.is_symlink() and not (Path(entry.path) / "pyvenv.cfg").exists()
                usual = entry.name not in _FOLDERS and not (not start and entry.name in _TOP)
                if own and (usual or wanted):
                    yield from self._below(Path(entry.path), path + "/", include, exclude)
            elif entry.is_file() and (wanted or not _fits(path, entry.name, _FILES)):
                target = Path(entry.path).resolve()
                if not entry.is_symlink() or target.is_relative_to(self.folder):
                    yield path, target

    def _refuse_secrets(self, files: dict[str, Path]) -> None:
        env = self.folder / ".env"
        if not env.is_file():
            return
        secrets = {name: value for name, (value, _) in read_dotenv(env).items() if len(value) >= _SECRET}
        for path, file in files.items():
            text = file.read_bytes()
            for name, value in secrets.items():
                if value.encode() in text:
                    raise BundleError(
                        f"{path} has the value of {name} in it, which .env keeps secret; whoever has a bundle can read what is in it. "
                        f"Take it out of {path}: the app finds it in .env beside the bundle, or in the environment."
                    )


def _fits(path: str, name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, one.strip("/")) or fnmatch(path, one.strip("/")) for one in patterns)


def project_of(file: Path, attribute: str) -> Project:
    """The project that the module in ``file`` is of: the next folder above with a ``segue.toml``, or that of its package."""
    file = file.resolve()
    root = file.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    folder = next((one for one in (root, *root.parents) if (one / "segue.toml").is_file()), root)
    path = file.relative_to(folder).as_posix()
    return Project(folder, f"{path}:{attribute}" if attribute else path)
