"""Says that something goes: who still uses it is warned, and told what to use instead and until when."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["SegueDeprecationWarning", "deprecated", "warn_deprecated"]

T = TypeVar("T", bound=Callable[..., Any])


class SegueDeprecationWarning(DeprecationWarning):
    """Something of Segue's is used that will be gone. Tests show it; ``python -W error::DeprecationWarning`` stops at it."""


def deprecated(instead: str, *, since: str, gone_in: str) -> Callable[[T], T]:
    """Marks a function, method or class that goes. Each call warns, at the line of the caller.

        @deprecated("App.include", since="0.4", gone_in="0.6")
        def attach(self, app): ...

    ``instead``: what does the same. ``since``: the version that warns first. ``gone_in``: the version in which it is gone; a
    test of Segue's fails once that is reached. At least one minor version lies between the two.
    """

    def mark(target: T) -> T:
        text = _text(getattr(target, "__qualname__", repr(target)), instead, gone_in)
        if inspect.isclass(target):
            _warn_when_made(target, text)
            marked: Any = target
        elif inspect.iscoroutinefunction(target):
            # Called, not awaited, is when the caller's line is there to be named.
            @functools.wraps(target)
            def starting(*args: Any, **named: Any) -> Any:
                warnings.warn(text, SegueDeprecationWarning, stacklevel=2)
                return target(*args, **named)

            marked = getattr(inspect, "markcoroutinefunction", lambda one: one)(starting)  # Python 3.12
        else:

            @functools.wraps(target)
            def calling(*args: Any, **named: Any) -> Any:
                warnings.warn(text, SegueDeprecationWarning, stacklevel=2)
                return target(*args, **named)

            marked = calling
        marked.__deprecated__ = text  # PEP 702: where tools look
        marked.__doc__ = f"{inspect.getdoc(target) or ''}\n\nDeprecated since {since}: {text}".strip()
        return marked  # type: ignore[no-any-return]  # the same, but for what it warns of

    return mark


def warn_deprecated(what: str, instead: str, *, gone_in: str, stacklevel: int = 2) -> None:
    """Warns of a use that no decorator sees: of a parameter, a value, a file.

    warn_deprecated("the parameter `at` of App.static", "`path`", gone_in="0.6", stacklevel=3)
    """
    warnings.warn(_text(what, instead, gone_in), SegueDeprecationWarning, stacklevel=stacklevel + 1)


def _warn_when_made(kind: type, text: str) -> None:
    made = kind.__init__  # type: ignore[misc]  # of the class itself, not of an object

    @functools.wraps(made)
    def making(self: Any, *args: Any, **named: Any) -> None:
        warnings.warn(text, SegueDeprecationWarning, stacklevel=2)
        made(self, *args, **named)

    kind.__init__ = making  # type: ignore[misc]  # that is what it is for


def _text(what: str, instead: str, gone_in: str) -> str:
    return f"{what} will be gone in Segue {gone_in}. Use {instead} instead."
