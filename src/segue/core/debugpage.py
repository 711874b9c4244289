"""What a developer sees of an exception: the frames with their source. Read only: no console, no values.

The values of variables are left out on purpose: passwords and keys are among them.
"""

import linecache
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

from segue.core.errorpage import escape
from segue.http.request import Request

__all__ = ["hints", "traceback_html", "traceback_lines"]

_AROUND = 4  # lines of source before and after the one that runs
_MOST_FRAMES = 60
_MOST_CAUSES = 8


def traceback_lines(error: BaseException) -> list[str]:
    """The traceback as Python prints it, line by line."""
    return "".join(traceback.format_exception(error, limit=-_MOST_FRAMES)).splitlines()


def traceback_html(request: Request, error: BaseException) -> str:
    """The exception and what it came from, frame by frame, the innermost first."""
    parts = [f"<p><strong>{escape(hint)}</strong></p>" for hint in hints(request, error)]
    parts.append(f"<p>on <code>{escape(f'{request.method} {request.target}'[:500])}</code>")
    if request.endpoint is not None:
        parts.append(f" in <code>{escape(str(request.endpoint))}</code>")
    parts.append("</p>")
    for one in _causes(error):
        told = "".join(traceback.format_exception_only(one)).strip()
        parts.append(f"<h2>{escape(told[:4000])}</h2>")
        parts.extend(_frames(one.__traceback__))
    return "\n".join(parts)


def hints(request: Request, error: BaseException) -> list[str]:
    """What the developer may have forgotten, as far as one can tell."""
    found: list[str] = []
    if request.content_type == "application/x-www-form-urlencoded" and isinstance(error, KeyError):
        found.append(
            'The form was sent without files: its <form> needs method="post" and enctype="multipart/form-data".'
        )
    if isinstance(error, TypeError) and "coroutine" in str(error):
        found.append("A coroutine was used as a value: an await is missing.")
    return found


def _causes(error: BaseException) -> list[BaseException]:
    """The exception, what it came from, and the members of groups."""
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


def _frames(trace: TracebackType | None) -> list[str]:
    libraries = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
    own = str(Path(__file__).parents[1])
    places: list[str] = []
    for frame, line in list(traceback.walk_tb(trace))[-_MOST_FRAMES:]:
        name = frame.f_code.co_filename
        where = f"{escape(name)}:{line} in <code>{escape(frame.f_code.co_qualname)}</code>"
        if name.startswith((*libraries, own, "<")):
            places.append(f'<p class="soft">{where}</p>')
        else:
            places.append(f"<p>{where}</p>\n<pre>{_source(name, line)}</pre>")
    return places[::-1]


def _source(name: str, line: int) -> str:
    lines = linecache.getlines(name)
    first = max(line - _AROUND, 1)
    shown: list[str] = []
    for number, text in enumerate(lines[first - 1 : line + _AROUND], first):
        row = f"{number:5}  {escape(text.rstrip())}"
        shown.append(f"<mark>{row}</mark>" if number == line else row)
    return "\n".join(shown) or "(the source is not there)"
