"""One thing that is wrong, and where."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from segue.core.source import Source

__all__ = ["Check", "Finding", "found_at"]


class Finding(Struct, frozen=True, order=True):
    """``file:line: code message``. ``# segue: ignore[code]`` on that line silences it."""

    file: str
    line: int
    code: str
    message: str


class Check(Protocol):
    """What ``app.check`` takes: a function of the app that yields what it finds.

    @app.check
    def every_route_has_a_name(app: App) -> Iterator[Finding]: ...

    A text, or a pair of a code and a text, instead of a Finding stands at the line where the check was declared.
    """

    def __call__(self, app: object, /) -> "Iterable[Finding | str | tuple[str, str]]": ...


def found_at(place: Source, code: str, message: str) -> Finding:
    """A finding at a place."""
    return Finding(place.file, place.line, code, message)
