"""Compiled templates, kept in a folder for the next start."""

from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from segue.html.jinja.loader import Loader

__all__ = ["Bytecode"]

#: Changes with what the compiler makes of a template.
_VERSION = 1


class Bytecode(FileSystemBytecodeCache):
    """Each is kept for its text, for the texts of the templates that it extends, and for how it was compiled."""

    def __init__(self, folder: Path, how: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(str(folder), "segue_%s.cache")
        self._how = f"{_VERSION} {how}"

    def get_bucket(self, environment: Any, name: str, filename: str | None, source: str) -> Bucket:
        """The place of a template in the folder."""
        loader = environment.loader
        above = loader.above(source) if isinstance(loader, Loader) else ()
        # Where a block stands decides how its values are escaped.
        known = "\0".join([self._how, source, *[one.text for one in above]])
        return super().get_bucket(environment, name, filename, known)
