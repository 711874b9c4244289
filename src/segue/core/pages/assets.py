"""Files of packages by name, ``package:path``, and what stands in for them."""

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from segue.core.pages.records import Override
from segue.core.records import Recorded
from segue.core.source import Source

__all__ = ["Overrides", "is_spec", "located", "overrides_of", "package_folder"]


def is_spec(name: str) -> bool:
    """Whether a name says a package and a path in it; a drive of Windows is no package."""
    package, colon, _ = name.partition(":")
    return bool(colon) and len(package) > 1 and all(part.isidentifier() for part in package.split("."))


def located(asset: "str | os.PathLike[str]", place: Source) -> Path:
    """The path of an asset: in its package, or beside the file that names it.

    Raises HandlerError for a package that is not there.
    """
    if isinstance(asset, str) and is_spec(asset):
        package, _, path = asset.partition(":")
        folder = package_folder(package)
        if folder is None:
            # It reads signatures too, which nobody needs who only imports Segue.
            from segue.core.binding.parameters import HandlerError

            raise HandlerError(
                f"{place}: {asset!r} is in a package {package!r} that is not installed as a folder"
            )
        return folder / path if path else folder
    return Path(os.path.normpath(Path(place.file).parent / asset))


@functools.lru_cache(maxsize=512)
def package_folder(package: str) -> Path | None:
    """The folder of a package, or of the file of a module; None where there is none. Nothing but its parents is imported."""
    import importlib.util
    import sys

    module = sys.modules.get(package)
    file = getattr(module, "__file__", None)
    if file is not None:
        return Path(file).resolve().parent
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    folder = Path(folders[0]) if folders else Path(spec.origin or "").parent
    return folder.resolve() if folder.is_dir() else None


class Overrides:
    """What stands in for files: asked by their paths, the outermost app first."""

    __slots__ = ("_records",)

    def __init__(self, records: Iterable[Override]) -> None:
        # As text: it is asked for each file.
        self._records = [(os.path.realpath(one.target), os.path.realpath(one.by)) for one in records]

    def __bool__(self) -> bool:
        return bool(self._records)

    def candidates(self, path: str) -> Iterator[str]:
        """Where a file may be instead, in order; the last one is ``path`` itself."""
        if self._records:
            real = os.path.realpath(path)
            for target, by in self._records:
                if real == target:
                    yield by
                elif real.startswith(target.rstrip(os.sep) + os.sep):
                    yield os.path.join(by, os.path.relpath(real, target))  # noqa: PTH118 -- as text
        yield path

    def replacing(self, folder: str) -> list[str]:
        """The files and folders that stand in for something of ``folder``."""
        real = os.path.realpath(folder)
        inside = real.rstrip(os.sep) + os.sep
        return [
            by
            for target, by in self._records
            if target == real or target.startswith(inside) or real.startswith(target.rstrip(os.sep) + os.sep)
        ]

    def find(self, path: str) -> str | None:
        """The file that is read for ``path``; None where there is none."""
        return next((one for one in self.candidates(path) if os.path.isfile(one)), None)  # noqa: PTH113 -- as text


def overrides_of(apps: Sequence[Recorded]) -> Overrides:
    """What the apps have declared, the outermost first; of one app, the last first."""
    return Overrides(one for app in apps for one in reversed(app.declared.pages.overrides))
