"""Signals around writes: what is told before and after an object, or all of a query, is inserted, updated, deleted, or related to others."""

import inspect
from collections.abc import Callable, Collection, Generator, Mapping as MappingOf
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

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
    "LinkChange",
    "Linked",
    "Linking",
    "ManyChange",
    "Signal",
    "Unlinked",
    "Unlinking",
    "Updated",
    "Updating",
    "UpdatingMany",
    "When",
    "heard",
    "listen",
    "muted",
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


class LinkChange(msgspec.Struct, Generic[M], frozen=True, eq=False):
    """An object is related to others, or no more, over a relation to many. A receiver of this class gets all kinds of it.

    ``target``: the object. ``relation``: the name of the relation. ``others``: those that come or go. ``database``: where. Each side that has
    such a relation is told. A relation to one is a column: :class:`Updating` has it in its ``names``. ``new``: the object was inserted with them.
    """

    target: M
    relation: str
    others: tuple[Any, ...]
    database: "Database"
    new: bool = False


class Linking(LinkChange[M], frozen=True, eq=False):
    """An object is about to be related to others. What a receiver raises stops it."""


class Linked(LinkChange[M], frozen=True, eq=False):
    """An object was related to others, in a transaction that has yet to be committed. What a receiver raises rolls it back."""


class Unlinking(LinkChange[M], frozen=True, eq=False):
    """An object is about to be related to others no more. What a receiver raises stops it."""


class Unlinked(LinkChange[M], frozen=True, eq=False):
    """An object is related to others no more, in a transaction that has yet to be committed. What a receiver raises rolls it back."""


Signal = Change[Any] | ManyChange[Any] | LinkChange[Any]


class _Listener(NamedTuple):
    receiver: Receiver
    when: When
    category: str | None


_listening: dict[type, list[tuple[type, _Listener]]] = {}
#: Which categories are not called, and if so, of which only; None: all are called.
_muted: ContextVar[tuple[frozenset[str], frozenset[str] | None]] = ContextVar(
    "segue.db.muted", default=(frozenset(), None)
)


def listen(model: Any, kind: Any, receiver: Receiver, when: When, category: str | None = None) -> None:
    """Calls a receiver for a kind of signal about a model and those that derive from it."""
    if not (isinstance(kind, type) and issubclass(kind, Change | ManyChange | LinkChange)):
        raise TypeError(
            f"{model.__name__}.on() is given what to hear of, Inserting or Updated, not {kind!r:.80}"
        )
    if when not in ("now", "before commit", "after commit"):
        raise TypeError(f"when is 'now', 'before commit' or 'after commit', not {when!r:.80}")
    _listening.setdefault(model, []).append((kind, _Listener(receiver, when, category)))
    for mapping in registered():
        mapping.kept.pop("receivers", None)


@contextmanager
def muted(*categories: str, all_but: Collection[str] | None = None) -> Generator[None]:
    """A block whose writes are not told to receivers of some categories, or only to those of ``all_but``.

        @Post.on(Inserted, when="after commit", category="mail")
        async def announce(change: Inserted[Post]) -> None: ...

        with muted("mail"):
            await load(db, Path("posts.jsonl"))

    Blocks inside each other add up. What waits for the commit of a write in the block is muted too. Versions and their like, which Segue keeps
    itself, are never among ``all_but``: ``muted("versions")`` names them.
    """
    if isinstance(all_but, str):
        raise TypeError(f"all_but is several categories: all_but=[{all_but!r}]")
    names, only = _muted.get()
    if all_but is not None:
        only = frozenset(all_but) if only is None else only & frozenset(all_but)
    token = _muted.set((names | frozenset(categories), only))
    try:
        yield
    finally:
        _muted.reset(token)


#: Of receivers that are part of Segue.
OWN = frozenset({"versions", "undo", "upkeep"})


def _is_muted(category: str | None) -> bool:
    names, only = _muted.get()
    if category is not None and category in names:
        return True
    return only is not None and category not in only and category not in OWN


def heard(mapping: "Mapping", *kinds: type) -> bool:
    """Whether somebody hears of one of these kinds of signals about a model."""
    found = mapping.kept.get("receivers")
    if found is None:
        found = mapping.kept["receivers"] = _receivers(mapping.model)
    return bool(found) and any(kind in found for kind in kinds)


_KINDS = (
    *(Inserting, Inserted, Updating, Updated, Deleting, Deleted),
    *(UpdatingMany, DeletingMany, Linking, Linked, Unlinking, Unlinked),
)


def _receivers(model: Any) -> dict[type, list[_Listener]]:
    """Those of a model and of its bases, the base first, by the kind of signal."""
    found: dict[type, list[_Listener]] = {}
    for base in reversed(model.__mro__):
        for wanted, listener in _listening.get(base, ()):
            for kind in _KINDS:
                if issubclass(kind, wanted):
                    found.setdefault(kind, []).append(listener)
    if any(one.options.upload is not None for one in model.__mapping__.columns.values()):
        from segue.db.writing import uploads

        for about, receiver in uploads.receivers_of(model):
            found.setdefault(about, []).append(_Listener(receiver, "now", "uploads"))
    if kept_up:
        from segue.db.writing.upkeep import receivers_of

        for about, receiver in receivers_of(model):
            found.setdefault(about, []).append(_Listener(receiver, "now", "upkeep"))
    return found


async def tell(mapping: "Mapping", signal: Signal) -> None:
    """Calls who hears of a signal, one after the other; what one raises goes on."""
    if not heard(mapping, type(signal)):
        return
    for receiver, when, category in mapping.kept["receivers"][type(signal)]:
        if _is_muted(category):
            continue
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
