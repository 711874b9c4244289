"""How a handler is called, where a style of writing handlers has its own way."""

import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any, Literal, NamedTuple

from segue.core.styles.hooks import Attached, Hook, hooks_of, kind_of, wrapped

__all__ = ["LEADING", "PLAIN", "Calling", "Taking", "hooked"]


class Taking(NamedTuple):
    """Arguments that may come though no parameter of the handler takes them: any, or those of hooks."""

    open: bool
    also: frozenset[str]


class Calling(NamedTuple):
    """What a style says of a handler besides its route.

    ``kind``: the handler is a function of this class, and its object is found in the request. ``made``: that object is
    made for each request, by the class. ``hooks``: all that run before and after it, the outermost first.
    ``arguments``: its parameters are call arguments, see segue.core.binding.arguments; "open" if others may come too. ``rest``:
    the field of the path that is ``*args``. ``outer``: parameters of the path that were found before its own.
    ``outcome``: a parameter of this type is what the handler came to, its response or what it raised.
    ``leads``: it only finds the handler that answers, an endpoint of its own.
    """

    kind: type | None = None
    made: bool = False
    hooks: tuple[Hook, ...] = ()
    arguments: Literal["closed", "open"] | None = None
    rest: str = ""
    outer: tuple[str, ...] = ()
    outcome: type | None = None
    leads: bool = False

    @property
    def taking(self) -> Taking | None:
        """Which arguments may come besides the parameters; None where parameters are no call arguments."""
        if self.arguments is None:
            return None
        return Taking(
            self.arguments == "open", frozenset(name for one in self._functions() for name in _names(one))
        )

    def takes(self, name: str) -> bool:
        """Whether a parameter of this name is taken by something that runs before the handler."""
        return any(name in _names(function) for function in self._functions())

    def _functions(self) -> list[Callable[..., Any]]:
        """What runs before the handler and has parameters of its own."""
        functions: list[Callable[..., Any]] = [hook.function for hook in self.hooks if hook.kind != "around"]
        if self.made and self.kind is not None:
            functions.append(self.kind)
        return functions


def hooked(
    handler: Callable[..., Any], calling: Calling, attached: Iterable[Attached]
) -> tuple[Callable[..., Any], Calling, list[Attached]]:
    """The handler inside of what wraps it, how it is called with all of its hooks, and those from outside that fit."""
    kind = calling.kind or kind_of(handler)
    fit = [one for one in attached if one.fits(handler, kind)]
    hooks = hooks_of(handler, kind, fit, calling.hooks)
    inner = tuple([one for one in hooks if one.kind != "wrap"])
    return wrapped(handler, hooks), calling._replace(hooks=inner), fit


def _names(function: Callable[..., Any]) -> Collection[str]:
    return inspect.signature(function).parameters


PLAIN = Calling()
#: Of what only finds the handler that answers.
LEADING = Calling(leads=True)
