"""The formats that options name: objects, classes of them, or names that the app knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from segue.core.binding.parameters import HandlerError
from segue.core.ports import Format
from segue.core.source import Source

__all__ = ["named_formats"]


def named_formats(given: Sequence[Any], known: Mapping[str, Format], place: Source) -> tuple[Format, ...]:
    """The formats for objects, classes, and names of ``known`` ones. Raises HandlerError."""
    return tuple(_format(one, known, place) for one in given)


def _format(given: Any, known: Mapping[str, Format], place: Source) -> Format:
    if isinstance(given, str):
        if given not in known:
            there = ", ".join(known) or "none; App(plugins=[Formats()]) brings those of Segue"
            raise HandlerError(f"{place}: no format is called {given!r}. There are: {there}")
        return known[given]
    made: Any = given() if isinstance(given, type) else given
    for part in ("name", "media_types", "suffixes", "encode"):
        if not hasattr(made, part):
            raise HandlerError(
                f"{place}: {made!r:.80} is no format: it has no {part!r}. See segue.core.ports.Format"
            )
    found: Format = made
    return found
