"""Signals around writes: what is told before and after an object, or all of a query, is inserted, updated or deleted."""

import inspect
from collections.abc import Callable, Mapping as MappingOf
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import msgspec

from segue.db.models.registry import kept_up, registered

if TYPE_CHECKING:
    from segue.db.databases.database import Database
    from segue.db.models.mapping import Mapping
    from segue.db.queries.query import Asking

__all__ = [
    "Change",
    "Deleted",
    "Deleting",
    "DeletingMany",
    "Inserted",
    "Inserting",
    "ManyChange",
    "Updated",
    "Updating",
    "UpdatingMany",
    "When",
    "heard",
    "listen",
    "tell",
]

M = TypeVar("M")

When = Literal["now", "before commit", "after commit"]
Receiver = Callable[..., Any]


class Change(msgspec.Struct, Generic[M], frozen=True, eq=False):
    """An object is written. A receiver of this class gets all kinds of it.

    ``target``: the object. ``names``: of an update, the columns that are written. ``database``: where.
    """

    target: M
    names: frozenset[str]
    database: "Database"


class Inserting(Change[M], frozen=True, eq=False):
    """An object is about to be inserted. Receivers may change it: it is validated after them. What they raise stops it."""


class Inserted(Change[M], frozen=True, eq=False):
    """An object was inserted, in a transaction that has yet to be committed. What a receiver raises rolls it back."""


class Updating(Change[M], frozen=True, eq=False):
    """An object is about to be updated. Receivers may change it: it is validated after them. What they raise stops it."""


class Updated(Change[M], frozen=True, eq=False):
    """An object was updated, in a transaction that has yet to be committed. What a receiver raises rolls it back."""


class Deleting(Change[M], frozen=True, eq=False):
    """An object is about to be deleted. What a receiver raises stops it."""


class Deleted(Change[M], frozen=True, eq=False):
    """An object was deleted, in a transaction that has yet to be committed. What a receiver raises rolls it back."""


class ManyChange(msgspec.Struct, Generic[M], frozen=True, eq=False):
    """All objects of a query are written in one statement. ``values``: what they become."""

    query: "Asking[M]"
    values: MappingOf[str, Any]
    database: "Database"


class UpdatingMany(ManyChange[M], frozen=True, eq=False):
    """``query.update(...)`` is about to run. No object is loaded for it, so there is no :class:`Updating` for each."""


class DeletingMany(ManyChange[M], frozen=True, eq=False):
    """``query.delete()`` is about to run."""


_listening: dict[type, list[tuple[type, Receiver, When]]] = {}


def listen(model: Any, kind: Any, receiver: Receiver, when: When) -> None:
    """Calls a receiver for a kind of signal about a model and those that derive from it."""
    if not (isinstance(kind, type) and issubclass(kind, Change | ManyChange)):
        raise TypeError(
            f"{model.__name__}.on() is given what to hear of, Inserting or Updated, not {kind!r:.80}"
        )
    if when not in ("now", "before commit", "after commit"):
        raise TypeError(f"when is 'now', 'before commit' or 'after commit', not {when!r:.80}")
    _listening.setdefault(model, []).append((kind, receiver, when))
    for mapping in registered():
        mapping.kept.pop("receivers", None)


def heard(mapping: "Mapping", *kinds: type) -> bool:
    """Whether somebody hears of one of these kinds of signals about a model."""
    found = mapping.kept.get("receivers")
    if found is None:
        found = mapping.kept["receivers"] = _receivers(mapping.model)
    return bool(found) and any(kind in found for kind in kinds)


def _receivers(model: Any) -> dict[type, list[tuple[Receiver, When]]]:
    """Those of a model and of its bases, the base first, by the kind of signal."""
    found: dict[type, list[tuple[Receiver, When]]] = {}
    kinds = (Inserting, Inserted, Updating, Updated, Deleting, Deleted, UpdatingMany, DeletingMany)
    for base in reversed(model.__mro__):
        for wanted, receiver, when in _listening.get(base, ()):
            for kind in kinds:
                if issubclass(kind, wanted):
                    found.setdefault(kind, []).append((receiver, when))
    if kept_up:
        from segue.db.writing.upkeep import receivers_of

        for about, receiver in receivers_of(model):
            found.setdefault(about, []).append((receiver, "now"))
    return found


async def tell(mapping: "Mapping", signal: Change[Any] | ManyChange[Any]) -> None:
    """Calls who hears of a signal, one after the other; what one raises goes on."""
    if not heard(mapping, type(signal)):
        return
    for receiver, when in mapping.kept["receivers"][type(signal)]:
        if when == "now":
            found = receiver(signal)
            if inspect.isawaitable(found):
                await found
        elif when == "before commit":
            signal.database.before_commit(_call(receiver, signal))
        else:
            signal.database.on_commit(_call(receiver, signal))


def _call(receiver: Receiver, signal: Any) -> Callable[[], Any]:
    return lambda: receiver(signal)
