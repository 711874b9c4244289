"""What handlers were called with, and what they returned."""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple

__all__ = ["Call", "Calls"]


class Call(NamedTuple):
    """One call of a handler. ``result`` is what it returned, before a response was made of it; None if it raised."""

    name: str
    arguments: dict[str, Any]
    result: Any
    error: BaseException | None


class Calls:
    """Notes each call of the handlers that it is put on.

        calls = Calls()
        app.hook(Films.get, wrap(calls))         # on a handler or class of the app under test; or @wrap(calls)

        client.get("/films/7?page=2")
        assert calls.last.arguments == {"id": 7, "page": 2}
        assert calls.last.result == Film("Nuages")

    The arguments are those that were bound: converted, validated, provided, with defaults, and without the object of a
    method. Calls that fail are noted with what they raised, streams when they begin.
    """

    def __init__(self) -> None:
        self._made: list[Call] = []

    def __call__(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Decorates a handler."""
        signature = inspect.signature(handler)
        name = getattr(handler, "__qualname__", repr(handler))

        def note(given: inspect.BoundArguments, result: Any, error: BaseException | None) -> None:
            given.apply_defaults()
            arguments = {one: value for one, value in given.arguments.items() if one != "self"}
            self._made.append(Call(name, arguments, result, error))

        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def noted_async(*args: Any, **named: Any) -> Any:
                given = signature.bind(*args, **named)
                try:
                    result = await handler(*args, **named)
                except BaseException as error:
                    note(given, None, error)
                    raise
                note(given, result, None)
                return result

            return noted_async

        if inspect.isasyncgenfunction(handler):

            @functools.wraps(handler)
            async def noted_stream(*args: Any, **named: Any) -> AsyncGenerator[Any]:
                note(signature.bind(*args, **named), None, None)
                async with aclosing(handler(*args, **named)) as items:
                    async for item in items:
                        yield item

            return noted_stream

        @functools.wraps(handler)
        def noted(*args: Any, **named: Any) -> Any:
            given = signature.bind(*args, **named)
            try:
                result = handler(*args, **named)
            except BaseException as error:
                note(given, None, error)
                raise
            note(given, result, None)
            return result

        return noted

    @property
    def last(self) -> Call:
        """The latest call. Raises LookupError when there was none."""
        if not self._made:
            raise LookupError(
                "no handler was called yet that this was put on: app.hook(handler, wrap(calls))"
            )
        return self._made[-1]

    def clear(self) -> None:
        """Forgets all of them."""
        self._made.clear()

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._made))

    def __len__(self) -> int:
        return len(self._made)
