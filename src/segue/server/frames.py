"""Tells the user's lines from those of libraries and of Segue: logs name the line that its reader can mend."""

import asyncio
import linecache
import os
import selectors
import sysconfig
import traceback
from pathlib import Path
from types import FrameType, TracebackType

__all__ = ["is_users", "own_traceback", "place_of", "stack_in_loop", "waits"]

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = tuple(
    {str(_PACKAGE) + os.sep}
    | {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # Where Segue lies among other packages, these are libraries too: in a bundle, or after `pip install --target`.
    | (
        {str(_PACKAGE.parent) + os.sep}
        if _PACKAGE.parent.name in ("site-packages", "dist-packages")
        else set()
    )
)
# Where Python code waits for events: asyncio's selector, and whoever runs a loop that is written in C.
_WAITING = frozenset({selectors.__file__, asyncio.runners.__file__, str(_PACKAGE / "server" / "worker.py")})


def waits(frame: FrameType) -> bool:
    """Whether a loop's thread that is at ``frame`` waits for events."""
    return frame.f_code.co_filename in _WAITING


def place_of(frame: FrameType) -> str:
    """The user's line that ``frame`` is in, or was called from: ``films.py:14 in show: `time.sleep(2)```."""
    found: FrameType | None = frame
    while found is not None and not _is_users(found):
        found = found.f_back
    found = found or frame
    name = found.f_code.co_filename
    text = linecache.getline(name, found.f_lineno).strip()
    return f"{_short(name)}:{found.f_lineno} in {found.f_code.co_qualname}" + (f": `{text}`" if text else "")


def stack_in_loop(frame: FrameType) -> str:
    """The stack of what runs in a loop, from the user's outermost line on."""
    frames = list(traceback.walk_stack(frame))[::-1]
    inside = max((index + 1 for index, (one, _) in enumerate(frames) if waits(one)), default=0)
    start = next((i for i, (one, _) in enumerate(frames) if i >= inside and _is_users(one)), inside)
    return "".join(traceback.StackSummary.extract(iter(frames[start:])).format()).rstrip()


def own_traceback(error: BaseException) -> str:
    """The traceback of ``error`` from the user's first line on; without frames when none is the user's."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and not _is_users(trace.tb_frame):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).rstrip()


def is_users(file: str) -> bool:
    """Whether a source file is neither a library's nor Segue's."""
    return not file.startswith((*_LIBRARIES, "<"))


def _is_users(frame: FrameType) -> bool:
    return is_users(frame.f_code.co_filename)


def _short(name: str) -> str:
    try:
        return str(Path(name).relative_to(Path.cwd()))
    except ValueError:
        return name
