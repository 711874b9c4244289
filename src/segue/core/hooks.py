"""Hooks of handlers: what runs before one, after it, or around it, said at the method, at the class, or for both from outside."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar

from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Attached", "Hook", "after", "around", "before", "hooks_of", "kind_of"]

T = TypeVar("T")
Middleware = Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]

_ATTRIBUTE = "__segue_hooks__"


class Hook:
    """What :func:`before`, :func:`after` and :func:`around` give: a decorator for a function, a method or a class."""

    __slots__ = ("arguments", "function", "in_thread", "kind")

    def __init__(
        self,
        kind: Literal["before", "after", "around"],
        function: Callable[..., Any],
        *,
        in_thread: bool = False,
    ) -> None:
        if not callable(function):
            raise TypeError(
                f"@{kind} takes the function that shall run: @{kind}(check_login), not {function!r:.60}"
            )
        self.kind = kind
        self.function = function
        self.in_thread = in_thread
        #: Whether it takes the arguments of the handler: all of the path, the query and the form.
        self.arguments = False

    def __call__(self, target: T) -> T:
        """Puts the hook on ``target``, outside of those that it has already."""
        setattr(target, _ATTRIBUTE, (self, *_own(target)))
        return target

    def __repr__(self) -> str:
        return f"{self.kind}({getattr(self.function, '__qualname__', self.function)})"


def before(function: Callable[..., Any], *, in_thread: bool = False) -> Hook:
    """Runs ``function`` before the handler, and before the handler's parameters are read.

        async def signed_in(request: Request) -> None:
            if "user" not in request.cookies:
                raise Unauthorized

        @before(signed_in)                 # all methods of the class, and of its subclasses
        class Films:
            @before(loads_film)            # this method; the upper one of several runs first
            async def get(self, id: int) -> Film: ...

    It takes what handlers take, by name and type; one whose first parameter is ``self`` gets the object of the method.
    What it returns, if it is not None, is the reply: then the handler is not called. So is what it raises.
    A ``def`` runs on the loop; with ``in_thread`` in a thread, as it has to when it may block.
    """
    return Hook("before", function, in_thread=in_thread)


def after(function: Callable[..., Any], *, in_thread: bool = False) -> Hook:
    """Runs ``function`` when the handler has answered; not when it raised.

        def no_store(response: Response) -> None:
            response.headers["cache-control"] = "no-store"

        @after(no_store)
        async def get(self) -> str: ...

    A parameter of type Response is the response; the others are as for :func:`before`. What it returns, if it is not
    None, is the reply instead.
    """
    return Hook("after", function, in_thread=in_thread)


def around(middleware: Middleware) -> Hook:
    """Puts a middleware, ``async (request, next) -> response``, around one handler or the methods of one class.

    What the handler raises passes through it as an exception.
    """
    return Hook("around", middleware)


class Attached(NamedTuple):
    """``app.hook(target, *hooks)``: hooks of a function, method or class that is not changed by it."""

    target: Any
    hooks: tuple[Hook, ...]
    place: Source

    def fits(self, handler: Callable[..., Any], kind: type | None) -> bool:
        """Whether it is meant for ``handler``, a method of ``kind`` if it is one."""
        if isinstance(self.target, type):
            return kind is not None and issubclass(kind, self.target)
        return _function(self.target) is _function(handler)


def hooks_of(
    handler: Callable[..., Any], kind: type | None, attached: Iterable[Attached], more: tuple[Hook, ...]
) -> tuple[Hook, ...]:
    """The hooks of a handler, the outermost first: from outside, ``more``, of the classes of ``kind``, its own."""
    return (*_outside(attached), *more, *_of_class(kind), *_own(_function(handler)))


def kind_of(handler: Callable[..., Any]) -> type | None:
    """The class whose method it is, bound to an object."""
    owner = getattr(handler, "__self__", None)
    if owner is None or inspect.ismodule(owner):
        return None
    return owner if isinstance(owner, type) else type(owner)


def _outside(attached: Iterable[Attached]) -> Iterator[Hook]:
    for one in attached:
        yield from one.hooks


def _of_class(kind: type | None) -> Iterator[Hook]:
    for base in () if kind is None else reversed(kind.__mro__):
        yield from _own(base)


def _own(target: Any) -> tuple[Hook, ...]:
    # Of a class those that were put on itself: its bases have their own.
    hooks: tuple[Hook, ...] = (
        target.__dict__.get(_ATTRIBUTE, ()) if isinstance(target, type) else getattr(target, _ATTRIBUTE, ())
    )
    return hooks


def _function(handler: Any) -> Any:
    return getattr(handler, "__func__", handler)
