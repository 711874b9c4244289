"""What may be said about a route for those who read the description of the API; no request looks at it."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar

import msgspec

__all__ = [
    "Answers",
    "Documentation",
    "DocumentationDefaults",
    "DocumentationOptions",
    "SecurityScheme",
    "THE_IDENTITY",
    "answers",
    "answers_of",
    "asks_for",
    "schemes_of",
]

T = TypeVar("T", bound=Callable[..., Any])

Answers = dict[int, Any]
"""By status: a type, a text where there is nothing to read, or None for an error as Segue writes them."""

_ATTRIBUTE = "__segue_answers__"


def answers(*statuses: int, responses: Mapping[int, Any] | None = None) -> Callable[[T], T]:
    """Says what a middleware, a hook or a guard may answer instead of the handler, for the description of the API.

        @answers(401, 429)
        async def limited(request: Request, next: Next) -> Response: ...

        @answers(responses={503: "We are closed for a moment.", 402: Bill})
        class Closed: ...                                # the class of a middleware

    ``statuses``: errors that are raised. ``responses``: other replies, types or texts by status. What is raised by its
    name in the text of a function (``raise Unauthorized``) need not be said.
    """
    said: Answers = {**dict.fromkeys(statuses), **(responses or {})}
    for status in said:
        if not 200 <= status <= 599:
            raise ValueError(f"an answer has a status from 200 to 599, not {status}")

    def remember(target: T) -> T:
        setattr(target, _ATTRIBUTE, {**answers_of(target), **said})
        return target

    return remember


def answers_of(target: Any) -> Answers:
    """What :func:`answers` has said of a function, a class, or an object of one."""
    said: Answers = getattr(target, _ATTRIBUTE, {})
    return said


class SecurityScheme(msgspec.Struct, frozen=True):
    """A way in which clients say who they are, as OpenAPI describes it, and what a guard asks of it besides.

    SecurityScheme("key", {"type": "apiKey", "in": "header", "name": "x-key"})
    """

    name: str
    description: Mapping[str, Any]
    scopes: tuple[str, ...] = ()


#: What a guard says that asks who sends a request, whatever the app finds that out by.
THE_IDENTITY = SecurityScheme("", {})

_SCHEMES = "__segue_schemes__"


def asks_for(*schemes: SecurityScheme) -> Callable[[T], T]:
    """Says of a guard which security schemes it asks for, any one of them, for the description of the API.

    @asks_for(SecurityScheme("mutualTLS", {"type": "mutualTLS"}))
    async def certified(request: Request) -> None: ...

    An object that is a guard, or has one as a method, says it by an attribute ``schemes`` of its own.
    """

    def remember(target: T) -> T:
        setattr(target, _SCHEMES, schemes)
        return target

    return remember


def schemes_of(target: Any) -> tuple[SecurityScheme, ...]:
    """What :func:`asks_for` has said of a function, or what an object, or that of a method, says of itself."""
    said = getattr(target, _SCHEMES, None)
    if said is None:
        said = getattr(getattr(target, "__self__", target), "schemes", ())
    given = said if isinstance(said, tuple) else ()
    return tuple([one for one in given if isinstance(one, SecurityScheme)])


class DocumentationDefaults(TypedDict, total=False):
    """What ``App`` takes too, for all of its routes."""

    documented: bool
    """Whether the description of the API tells of it (default)."""
    deprecated: bool
    """The description of the API says that it should not be used any more."""
    tags: list[str]
    """The groups in which the description of the API shows it, instead of that of its app."""
    security: list[Any]
    """Which of the declared security schemes it asks for, in the description of the API: ``["key"]``; ``[]`` is none."""


class DocumentationOptions(TypedDict, total=False):
    """The named arguments of ``app.get`` and its likes."""

    summary: str
    """One line for the description of the API, instead of the first of the handler's docstring."""
    responses: dict[int, Any]
    """What it may answer besides what its annotation says: types by status, or texts where there is nothing to read."""
    examples: dict[str, Any]
    """For the description of the API: values of parameters by name, of the ``body`` and of the ``result``."""
    callbacks: dict[str, Any]
    """Requests that it leads to: apps by the URL that is asked, ``{"{$request.body#/url}": callbacks}``."""


class Documentation(msgspec.Struct, frozen=True, kw_only=True):
    """These options with all defaults filled in."""

    documented: bool = True
    deprecated: bool = False
    tags: list[str] | None = None
    security: list[Any] | None = None
    summary: str | None = None
    responses: dict[int, Any] = {}
    examples: dict[str, Any] = {}
    callbacks: dict[str, Any] = {}
