"""A folder of sites: what is put into it is installed, what is changed is loaded anew, what is taken out ends."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["FolderSite", "SiteError", "SiteFolder"]

_NAME = re.compile(r"[A-Za-z0-9][\w-]*\Z")
_MARK = ".disabled"


class SiteError(Exception):
    """A file or package of a folder of sites that cannot be one."""


class FolderSite(NamedTuple):
    """A site as the folder has it; ``version`` changes with its files."""

    name: str
    file: Path
    version: tuple[Any, ...]
    is_disabled: bool


class SiteFolder:
    """Reads ``sites/NAME.py`` and ``sites/NAME/__init__.py``, each of which has an ``app``.

    A file ``sites/NAME.disabled`` disables a site. All workers see the same folder, so what happens to it happens to
    all of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def scan(self) -> dict[str, FolderSite]:
        """The sites that are there now. Reads names and times of files only."""
        found: dict[str, FolderSite] = {}
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            file = path / "__init__.py" if path.is_dir() else path
            if not _NAME.match(path.stem) or file.suffix != ".py" or not file.is_file():
                continue
            try:
                version = tuple(_version(path))
            except FileNotFoundError:  # it is being replaced right now; the next look sees it
                continue
            found[path.stem] = FolderSite(path.stem, file, version, self._mark(path.stem).exists())
        return found

    def mark(self, name: str, *, disabled: bool) -> None:
        """Disables or enables a site for all processes that look at the folder."""
        if disabled:
            self._mark(name).touch()
        else:
            self._mark(name).unlink(missing_ok=True)

    def load(self, site: FolderSite) -> Any:
        """The ``app`` of a site, from a module of its own: no two loads share anything.

        Raises SiteError when it has none; what its code raises comes through.
        """
        self._count += 1
        package = site.file.name == "__init__.py"
        name = f"segue_sites_{self._count}_{id(self):x}_{site.name.replace('-', '_')}"
        spec = importlib.util.spec_from_file_location(
            name, site.file, submodule_search_locations=[str(site.file.parent)] if package else None
        )
        if spec is None or spec.loader is None:
            raise SiteError(f"{site.file} cannot be loaded as a module")
        module = importlib.util.module_from_spec(spec)
        # Relative imports, and annotations that are read later, look for it there.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            return module.app
        except BaseException as error:
            for one in [one for one in sys.modules if one == name or one.startswith(name + ".")]:
                del sys.modules[one]
            if isinstance(error, AttributeError) and not hasattr(module, "app"):
                raise SiteError(f"{site.file} has no `app`: write app = App() and declare on it") from error
            raise

    def _mark(self, name: str) -> Path:
        return self.folder / (name + _MARK)


def _version(path: Path) -> Iterator[tuple[str, int, int]]:
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        status = file.stat()
        yield str(file), status.st_mtime_ns, status.st_size
