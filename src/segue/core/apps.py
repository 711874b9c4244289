"""The apps of this process by their names, for code that cannot be handed the one it needs."""

import gc
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["find_app", "known_apps", "register"]

# Weak: who has no other use for an app need not tell anybody that it is gone.
_known: "weakref.WeakSet[App]" = weakref.WeakSet()


def register(app: "App") -> None:
    """Lets ``app`` be found."""
    _known.add(app)


def known_apps() -> "Iterator[App]":
    """All apps of this process, in the order of their names."""
    return iter(sorted(_known, key=lambda app: (app.name, str(app.place))))


def find_app(name: str | None = None) -> "App":
    """The app of this process that has this ``name``; without one, the only app that there is.

        films = find_app("films")
        films.url_for("show", id=7)

    The name is that of ``App("films")``, or of the module that made it. It is for scripts, tasks and places where nothing
    can be handed over: handlers ask for an ``App`` by its type, and ``request.app`` is the one that answers.

    Raises LookupError when there is none, and when there are several.
    """
    found = _named(name)
    if len(found) > 1:
        # One that nobody uses any more may still wait for the collector.
        found = []
        gc.collect()
        found = _named(name)
    if len(found) == 1:
        return found[0]
    told = f"named {name!r}" if name is not None else "in this process"
    if not found:
        names = ", ".join(sorted({app.name for app in _known})) or "none"
        raise LookupError(f"there is no app {told}; there are: {names}")
    places = ", ".join(f"{app.name} ({app.place})" for app in found)
    advice = "say which" if name is None else "give them names of their own, App('shop')"
    raise LookupError(f"there are several apps {told}: {places}; {advice}")


def _named(name: str | None) -> "list[App]":
    return [app for app in known_apps() if name is None or app.name == name]
