"""What an app has recorded about its pages, in the order of declaration."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from segue.core.ports import Templating
from segue.core.source import Source

__all__ = ["NameKind", "Named", "Override", "PageRecords", "Patch", "PatchKind", "wants_request"]

NameKind = Literal["global", "value", "filter", "test"]


class Named(NamedTuple):
    """A name that templates know. ``asks``: the function wants the request as its first argument."""

    kind: NameKind
    name: str
    what: Any
    asks: bool
    place: Source


class Override(NamedTuple):
    """``app.override(target, by)``: what is at ``by`` stands in for what is at ``target``."""

    target: Path
    by: Path
    place: Source


PatchKind = Literal["content", "append", "prepend", "replace", "before", "after"]


class Patch(NamedTuple):
    """``app.patch_template(template, selector, append=text)``; ``file`` is that of a template of a package."""

    template: str
    file: str | None
    selector: str
    where: PatchKind
    text: str
    place: Source


class PageRecords:
    """All that one app has recorded about its pages."""

    __slots__ = ("contexts", "names", "overrides", "patches", "templating")

    def __init__(self) -> None:
        self.names: list[Named] = []
        #: Functions of the request that give values for every page.
        self.contexts: list[
            tuple[Callable[[Any], Mapping[str, Any] | Awaitable[Mapping[str, Any]]], Source]
        ] = []
        self.overrides: list[Override] = []
        self.patches: list[Patch] = []
        #: What makes formats of the names of templates.
        self.templating: list[tuple[Templating, Source]] = []


def wants_request(function: Callable[..., Any]) -> bool:
    """Whether the first parameter of a function is called ``request``."""
    import inspect

    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # built in, without a signature
        return False
    return bool(parameters) and parameters[0] == "request"
