"""Documents that are older than their model: brought to its shape when they are read, and all of them when somebody says so."""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["VERSION", "current_version", "evolved", "evolves"]

Step = Callable[[dict[str, Any]], None]
F = TypeVar("F", bound=Step)

#: Where a document says which shape it has; one that says nothing has the first.
VERSION = "_version"

_steps: dict[Any, dict[int, Step]] = {}


def evolves(model: Any, *, to: int) -> Callable[[F], F]:
    """Decorates a function that changes a document of the version before to that of ``to``.

        @evolves(Event, to=2)
        def names(document: dict[str, Any]) -> None:
            document["kind"] = document.pop("type", "seen")

    Documents that say no version have version 1. Each is brought to the last one when it is read; ``await events.evolve(Event)`` rewrites all that are
    older, so that conditions find them too. Raises ValueError where a version has a function already, or lies below 2.
    """

    def register(function: F) -> F:
        known = _steps.setdefault(model, {})
        if to < 2 or to in known:
            raise ValueError(
                f"evolves({model.__name__}, to={to}): versions begin with 2, and each has one function"
            )
        known[to] = function
        return function

    return register


def current_version(model: Any) -> int:
    """The last version of a model's documents."""
    return max(_steps.get(model, ()), default=1)


def evolved(model: Any, document: dict[str, Any]) -> dict[str, Any]:
    """A document in the shape of now. Raises ValueError for one of a version that is not known, or not yet."""
    steps = _steps.get(model)
    version = document.get(VERSION, 1)
    if steps is None and version == 1:
        return document
    last = current_version(model)
    if not isinstance(version, int) or version > last:
        raise ValueError(
            f"the document {document.get('_id')!r} has version {version!r} and {model.__name__} knows {last}: a newer program wrote it"
        )
    for number in range(version + 1, last + 1):
        step = (steps or {}).get(number)
        if step is None:
            raise ValueError(f"no function evolves {model.__name__} to version {number}")
        step(document)
        document[VERSION] = number
    return document
