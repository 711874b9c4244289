"""The formats that options name: objects, classes of them, or names that the app knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from segue.core.binding.parameters import HandlerError
from segue.core.ports import Format, Templating
from segue.core.source import Source

__all__ = ["TemplateName", "named_formats"]


class TemplateName(str):
    """What ``template=`` names: never the name of a format."""

    __slots__ = ()


def named_formats(
    given: Sequence[Any], known: Mapping[str, Format], templating: Templating | None, place: Source
) -> tuple[Format, ...]:
    """The formats for objects, classes, names of ``known`` ones, and of templates, which have a dot or a colon.

    Raises HandlerError.
    """
    return tuple(_format(one, known, templating, place) for one in given)


def _format(given: Any, known: Mapping[str, Format], templating: Templating | None, place: Source) -> Format:
    if isinstance(given, TemplateName) or (
        isinstance(given, str) and given not in known and ("." in given or ":" in given)
    ):
        if templating is None:
            raise HandlerError(
                f"{place}: {str(given)!r} names a template, and nothing makes pages of templates here. Say it with "
                f"App(plugins=[Templates()]), from segue.html"
            )
        return templating.format(str(given))
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
