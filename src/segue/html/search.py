"""Where templates are found: in the folders of an app and of those around it, in packages, and what stands in for them."""

import difflib
import linecache
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from segue.core.pages.assets import Overrides, is_spec, package_folder
from segue.core.pages.records import Patch
from segue.html.errors import BrokenTemplate, TemplateMissing
from segue.html.patching import patched

__all__ = ["Found", "Search"]

_MOST_LISTED = 5000
_OWN = str(Path(__file__).with_name("templates"))


class Found(NamedTuple):
    """A template: its text, and the file that it is in; of one that an app has as text, its name."""

    text: str
    file: str
    changed: float | None

    def is_fresh(self) -> bool:
        """Whether the file still is what was read."""
        if self.changed is None:
            return True
        try:
            return os.stat(self.file).st_mtime == self.changed  # noqa: PTH116 -- as text
        except OSError:
            return False


class Search:
    """Finds templates by their names.

    ``folders``: the outermost app's first; ``texts``: templates that are no files, which come last. A name is a path
    below a folder, ``films/list.html``, or a package and a path in it, ``blog:templates/post.html``.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        texts: Mapping[str, str],
        overrides: Overrides,
        patches: Sequence[Patch] = (),
    ) -> None:
        self.folders = [str(folder) for folder in dict.fromkeys(folders)]
        self.texts = texts
        self.overrides = overrides
        self.patches = patches

    def find(self, name: str, asked_by: str | None = None) -> Found:
        """The template of this name. Raises TemplateMissing, which says where it was looked for."""
        file = self.file_of(name)
        if file is None and name not in self.texts:
            file = self._own(name)
        if file is not None:
            with open(file, encoding="utf-8") as opened:  # noqa: PTH123 -- as text
                changed = os.fstat(opened.fileno()).st_mtime
                try:
                    read = opened.read()
                except UnicodeDecodeError as error:
                    raise BrokenTemplate(name, file, 1, f"{file} is not UTF-8: {error}") from None
            return Found(self._patched(read, name, file), file, changed)
        text = self.texts.get(name)
        if text is not None:
            file = f"<{name}>"
            text = self._patched(text, name, None)
            # So that tracebacks show its lines.
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
            return Found(text, file, None)
        raise TemplateMissing(name, self.places(name), self.nearest(name), asked_by)

    def _patched(self, text: str, name: str, file: str | None) -> str:
        if not self.patches:
            return text
        return patched(text, name, None if file is None else os.path.realpath(file), self.patches)

    def file_of(self, name: str) -> str | None:
        """The file of a template; None where there is none."""
        return next(
            (found for place in self.places(name) if (found := self.overrides.find(place)) is not None), None
        )

    def has(self, name: str) -> bool:
        """Whether there is a template of this name."""
        return self.file_of(name) is not None or name in self.texts or self._own(name) is not None

    def _own(self, name: str) -> str | None:
        """The file of a template that Segue brings, such as ``segue/page.html``: an app hides it by its own."""
        below = None if is_spec(name) else _below(name)
        return None if below is None else self.overrides.find(os.path.join(_OWN, below))  # noqa: PTH118 -- as text

    def places(self, name: str) -> list[str]:
        """The files that could be it, in order."""
        if is_spec(name):
            package, _, path = name.partition(":")
            folder = package_folder(package)
            below = _below(path)
            return [] if folder is None or below is None else [os.path.join(folder, below)]  # noqa: PTH118 -- names of templates are text
        below = _below(name)
        return [] if below is None else [os.path.join(folder, below) for folder in self.folders]  # noqa: PTH118 -- names of templates are text

    def names(self) -> Iterator[str]:
        """The names of all templates of the folders and texts, each once."""
        seen: set[str] = set()
        for folder in self.folders:
            for root, inner, files in os.walk(folder):
                inner[:] = sorted(one for one in inner if not one.startswith((".", "__")))
                for file in sorted(files):
                    path = os.path.relpath(os.path.join(root, file), folder)  # noqa: PTH118 -- as text
                    name = path.replace(os.sep, "/")
                    if not file.startswith(".") and name not in seen and len(seen) < _MOST_LISTED:
                        seen.add(name)
                        yield name
        yield from (name for name in self.texts if name not in seen)

    def nearest(self, name: str) -> str | None:
        """A name of a template that may have been meant."""
        names = list(self.names())
        near = difflib.get_close_matches(name, names, 1, 0.7)
        if near:
            return near[0]
        last = name.rpartition("/")[2]
        return next((one for one in names if one.rpartition("/")[2] == last), None)


def _below(name: str) -> str | None:
    """A name as a path below a folder; None for one that could lead out of it."""
    parts = name.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part or os.sep in part for part in parts):
        return None
    return os.path.join(*parts)  # noqa: PTH118 -- as text
