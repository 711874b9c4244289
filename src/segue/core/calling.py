"""How a handler is called, where a style of writing handlers has its own way."""

import inspect
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from segue.core.hooks import Hook

__all__ = ["PLAIN", "Calling"]


class Calling(NamedTuple):
    """What a style says of a handler besides its route.

    ``kind``: the handler is a function of this class, and its object is found in the request. ``made``: that object is
    made for each request, by the class. ``hooks``: all that run before and after it, the outermost first.
    ``arguments``: its parameters are call arguments, see segue.core.arguments; "open" if others may come too. ``rest``:
    the field of the path that is ``*args``. ``outer``: parameters of the path that were found before its own. ``response``: a parameter of type Response is the response, for what runs after the handler.
    """

    kind: type | None = None
    made: bool = False
    hooks: tuple[Hook, ...] = ()
    arguments: Literal["closed", "open"] | None = None
    rest: str = ""
    outer: tuple[str, ...] = ()
    response: bool = False

    def takes(self, name: str) -> bool:
        """Whether a parameter of this name is taken by something that runs before the handler."""
        functions: list[Callable[..., Any]] = [hook.function for hook in self.hooks if hook.kind != "around"]
        if self.made and self.kind is not None:
            functions.append(self.kind)
        return any(name in inspect.signature(function).parameters for function in functions)


PLAIN = Calling()
