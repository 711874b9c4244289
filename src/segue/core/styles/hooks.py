"""Hooks of handlers: what runs before one, after it, around it, or instead of it, said at the method, at the class, or for both from outside."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar

from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = [
    "Attached",
    "Hook",
    "after",
    "around",
    "before",
    "hooks_of",
    "invalid",
    "kind_of",
    "wrap",
    "wrapped",
]

T = TypeVar("T")
Kind = Literal["before", "after", "around", "invalid", "wrap"]
Middleware = Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]

_ATTRIBUTE = "__segue_hooks__"


class Hook:
    """What :func:`before`, :func:`after` and :func:`around` give: a decorator for a function, a method or a class."""

    __slots__ = ("arguments", "function", "in_thread", "kind")

    def __init__(
        self,
        kind: Kind,
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


def invalid(function: Callable[..., Any], *, in_thread: bool = False) -> Hook:
    """Lets ``function`` answer when parameters of the handler are not valid, instead of the 422: for a form, say.

        def show_again(error: UnprocessableContent, request: Request) -> str:
            return page(error.errors)                     # [{"loc": ["form", "year"], "msg": "Expected `int`..."}]

        @app.post("/films")
        @invalid(show_again)
        async def create(title: Form[str], year: Form[int]) -> str: ...

    The form that was sent is still there: ``await request.form()``. What it returns is the reply, with status 422 if
    it does not say another; None leaves the error as it is.
    """
    return Hook("invalid", function, in_thread=in_thread)


def wrap(decorator: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Hook:
    """Decorates a handler when the app is frozen, as ``@decorator`` does where it is defined.

    That is for handlers of others, and for all of a class. The decorator sees valid arguments and the value that is
    returned; it has to use ``functools.wraps``, so that the parameters can be read.

        def with_total(handler):
            @functools.wraps(handler)
            async def call(*args, **named):
                rows = await handler(*args, **named)
                return {"total": len(rows), "rows": rows}
            return call

        app.hook(other_package.Films.get, wrap(with_total))
    """
    return Hook("wrap", decorator)


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


def wrapped(handler: Callable[..., Any], hooks: Iterable[Hook]) -> Callable[..., Any]:
    """The handler inside of those that wrap it, the first outermost."""
    for hook in reversed([one for one in hooks if one.kind == "wrap"]):
        handler = hook.function(handler)
    return handler


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
