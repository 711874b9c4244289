"""An exception as a developer reads it: its causes, their frames, the source around each line, the values there."""

import linecache
import sysconfig
import traceback
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from segue.core.errors.masking import Masker
from segue.http.request import Request

__all__ = ["Cause", "Frame", "Line", "causes_of", "masker_for", "text_of"]

_AROUND = 5  # lines of source before and after the one that runs
_MOST_FRAMES = 60
_MOST_CAUSES = 8
_MOST_VALUES = 40


class Line(NamedTuple):
    """A line of source."""

    number: int
    text: str


class Frame(NamedTuple):
    """A call on the way to the exception. ``is_users``: neither Segue's nor of a library. ``values``: what it knew."""

    file: str
    line: int
    function: str
    is_users: bool
    source: list[Line]
    values: list[tuple[str, str]]
    frame: FrameType


class Cause(NamedTuple):
    """An exception and its frames, the innermost first. ``kind`` and ``message`` are what Python prints of it."""

    kind: str
    message: str
    frames: list[Frame]


def causes_of(error: BaseException, masker: Masker, *, with_values: bool) -> list[Cause]:
    """The exception, what it came from, and the members of groups."""
    return [
        Cause(
            type(one).__qualname__,
            masker.clean("".join(traceback.format_exception_only(one)).strip()[:4000]),
            [
                _frame(frame, line, masker, with_values=with_values)
                for frame, line in list(traceback.walk_tb(one.__traceback__))[-_MOST_FRAMES:]
            ][::-1],
        )
        for one in _chain(error)
    ]


def masker_for(request: Request, error: BaseException) -> Masker:
    """What masks the secrets that the request has, and those that the frames of the exception knew."""
    masker = Masker()
    for name, value in request.headers.multi_items():
        masker.learn(name, value)
    for name, value in request.query.multi_items():
        masker.learn(name, value)
    for one in _chain(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            for variable, found in _locals(frame):
                masker.learn(variable, found)
    return masker


def text_of(error: BaseException, masker: Masker) -> str:
    """The traceback as Python prints it."""
    return masker.clean("".join(traceback.format_exception(error, limit=-_MOST_FRAMES)))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    left: list[BaseException] = [error]
    while left and len(found) < _MOST_CAUSES:
        current = left.pop(0)
        if current in found:
            continue
        found.append(current)
        if isinstance(current, BaseExceptionGroup):
            left.extend(current.exceptions)
        before = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if before is not None:
            left.append(before)
    return found


def _frame(frame: FrameType, line: int, masker: Masker, *, with_values: bool) -> Frame:
    file = frame.f_code.co_filename
    libraries = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
    own = str(Path(__file__).parents[1])
    first = max(line - _AROUND, 1)
    source = [
        Line(number, masker.clean(text.rstrip()))
        for number, text in enumerate(linecache.getlines(file)[first - 1 : line + _AROUND], first)
    ]
    is_users = not file.startswith((*libraries, own, "<"))
    values = _locals(frame)[:_MOST_VALUES] if with_values and is_users else []
    return Frame(
        file,
        line,
        frame.f_code.co_qualname,
        is_users,
        source,
        [(name, masker.value(name, value)) for name, value in values],
        frame,
    )


def _locals(frame: FrameType) -> list[tuple[str, object]]:
    names = frame.f_locals
    if names is frame.f_globals:  # a module that is being loaded: what it has defined is no news
        return []
    return [(name, value) for name, value in names.items() if not name.startswith("__")]
