"""Places in the user's code, so that every complaint can name the line that caused it."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["Source", "calling_frame", "in_package", "source_of"]

_PACKAGE = str(Path(__file__).resolve().parent.parent)


class Source(NamedTuple):
    """A line of a file: ``films.py:14``."""

    file: str
    line: int

    @property
    def is_own(self) -> bool:
        """Whether it is in the code of Segue itself."""
        return self.file.startswith(_PACKAGE)

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"


def calling_frame() -> FrameType:
    """The innermost frame that is not of this package."""
    frame = sys._getframe(1)  # inspect.stack() reads source files
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def in_package(frame: FrameType) -> bool:
    """Whether ``frame`` runs code of Segue itself."""
    return frame.f_code.co_filename.startswith(_PACKAGE)


def source_of(function: Any, otherwise: Source) -> Source:
    """Where ``function`` is defined; ``otherwise`` for what has no Python code."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return otherwise if code is None else Source(code.co_filename, code.co_firstlineno)
