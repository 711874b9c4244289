"""What a template engine is asked for, so that several can work side by side."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from segue.core.texts.texts import Texts, framework
from segue.html.search import Search
from segue.http.request import Request

__all__ = ["Compiled", "Engine", "Names", "Opened", "Streamed"]


class Names(NamedTuple):
    """What all templates know. ``asking``: functions whose first argument is the request; ``values``: functions whose
    result is the value, called when it is used, with the request if the second is True. ``texts``: what says the texts of
    the app.
    """

    globals: Mapping[str, Any]
    asking: Mapping[str, Callable[..., Any]]
    values: Mapping[str, tuple[Callable[..., Any], bool]]
    filters: Mapping[str, Callable[..., Any]]
    tests: Mapping[str, Callable[..., Any]]
    texts: Texts = framework


class Compiled(Protocol):
    """A template that is ready: looked up, compiled, with all names that it knows."""

    def render(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page."""
        ...


@runtime_checkable
class Streamed(Protocol):
    """One that can be rendered piece by piece."""

    def stream(self, values: Mapping[str, Any], request: Request | None) -> AsyncIterator[str]: ...


class Opened(Protocol):
    """An engine at work for an app."""

    def template(self, name: str, block: str | None) -> Compiled:
        """The template, or one block of it. Raises TemplateError."""
        ...

    def inquire(self, name: str) -> Sequence[tuple[int, str]]:
        """What is wrong in a template, by line; it is compiled for that and not rendered."""
        ...


class Engine(Protocol):
    """Makes pages of templates: ``Templates(engines=[Mako()])``.

    ``name`` is its prefix, ``mako:films.html``; ``suffixes`` are those of files that are its own. ``reload``: templates
    may change while the app runs.
    """

    @property
    def name(self) -> str: ...
    @property
    def suffixes(self) -> Sequence[str]: ...
    def open(self, search: Search, names: Names, *, reload: bool) -> Opened: ...
