"""Texts to which lines are added: whatever is done with one, its lines are all still there, in their order."""

import difflib
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Additions"]


class Additions:
    """The files of a project as they would be, by their paths in its folder; what was there stays there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before: dict[str, str | None] = {}
        self._after: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        return any(self.text(name) != (self._before[name] or "") for name in self._after)

    def lines(self, name: str) -> list[str]:
        """The lines of a file as they are now; none where there is no file. Do not change the list."""
        if name not in self._after:
            path = self.folder / name
            text = path.read_text(encoding="utf-8") if path.is_file() else None
            self._before[name] = text
            self._after[name] = (text or "").splitlines()
        return self._after[name]

    def text(self, name: str) -> str:
        """A file as it is now."""
        lines = self.lines(name)
        return "\n".join(lines) + "\n" if lines else ""

    def exists(self, name: str) -> bool:
        """Whether there is such a file, or will be."""
        return (self.folder / name).is_file() or bool(self._after.get(name))

    def insert(self, name: str, at: int, *lines: str) -> None:
        """Puts lines before the line of this number, which counts from 0."""
        self.lines(name)[at:at] = lines

    def append(self, name: str, *lines: str) -> None:
        """Puts lines at the end."""
        self.lines(name).extend(lines)

    def create(self, name: str, text: str) -> bool:
        """Makes a file, unless it is there."""
        if self.exists(name):
            return False
        self.append(name, *text.splitlines())
        return True

    def newline(self, name: str) -> str:
        """How lines end in a file."""
        path = self.folder / name
        return "\r\n" if path.is_file() and b"\r\n" in path.read_bytes() else "\n"

    def files(self) -> dict[str, str]:
        """The files that are not what they were, with their new text."""
        return {
            name: self.text(name) for name in self._after if self.text(name) != (self._before[name] or "")
        }

    def diff(self) -> Iterator[str]:
        """The lines of a diff."""
        for name, text in self.files().items():
            before = self._before[name]
            yield from difflib.unified_diff(
                [] if before is None else before.splitlines(),
                text.splitlines(),
                "/dev/null" if before is None else f"a/{name}",
                f"b/{name}",
                lineterm="",
            )
