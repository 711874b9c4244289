"""What ``post.author`` and ``author.posts`` are: the others if they were loaded, else an error that says how to load them."""

from typing import Any

from msgspec import UNSET

from segue.db.errors import NotLoaded
from segue.db.models.state import peers_of

__all__ = [
    "ManyAttribute",
    "OneAttribute",
    "PrivateAttribute",
    "RefAttribute",
    "RelatedAttribute",
    "Unloaded",
    "hiding",
    "key_of",
    "slot_of",
]


def key_of(target: Any) -> Any:
    """The key of an object: a value, or a tuple of them where the key has several columns."""
    columns = type(target).__mapping__.key
    if len(columns) == 1:
        return getattr(target, columns[0].name)
    return tuple(getattr(target, column.name) for column in columns)


class RelatedAttribute:
    """A relation, in an object: what was loaded stands in a slot; who asks for what is not there is told how to load it."""

    __slots__ = ("name", "slot")

    def __init__(self, name: str, slot: Any) -> None:
        self.name = name
        self.slot = slot

    def __get__(self, target: Any, owner: Any = None) -> Any:
        if target is None:
            return self
        found = self.slot.__get__(target)
        return self._sought(target) if found is UNSET else found

    def _sought(self, target: Any) -> Any:
        """What is not in the slot yet. Raises NotLoaded."""
        raise NotImplementedError

    def _loaded(self, target: Any) -> Any:
        """What was loaded for all that came from the same query, by key; None if nothing was."""
        peers = peers_of(target)
        return None if peers is None else peers.loaded.get(self.name)


class RefAttribute(RelatedAttribute):
    """A relation to one, in an object."""

    __slots__ = ()

    def _sought(self, target: Any) -> Any:
        relation = type(target).__mapping__.relations[self.name]
        values = [getattr(target, column.name) for column in relation.columns]
        if any(value is None for value in values):
            return None
        if any(value is UNSET for value in values):
            raise NotLoaded(
                f"{relation!r} was never set: {type(target).__name__}({self.name}=...) or {self.name}_id=..."
            )
        key = values[0] if len(values) == 1 else tuple(values)
        loaded = self._loaded(target)
        found = None if loaded is None else loaded.get(key)
        if found is not None:
            self.slot.__set__(target, found)
            return found
        return Unloaded(relation, key)

    def __set__(self, target: Any, value: Any) -> None:
        relation = type(target).__mapping__.relations[self.name]
        if value is None and not relation.null:
            raise TypeError(f"{relation!r} cannot be None: it is a Ref[{relation.target.__name__}]")
        if value is not None and not isinstance(value, relation.target):
            raise TypeError(f"{relation!r} is a {relation.target.__name__}, not {value!r:.80}")
        self.slot.__set__(target, UNSET if isinstance(value, Unloaded) else value)
        for column, key in zip(relation.columns, keys_from(relation, value), strict=True):
            if key is not UNSET:
                setattr(target, column.name, key)


def keys_from(relation: Any, other: Any) -> list[Any]:
    """What the columns of a relation hold when it leads to ``other``."""
    if other is None:
        return [None] * len(relation.columns)
    return (
        [getattr(other, column.name) for column in type(other).__mapping__.key]
        if not isinstance(other, Unloaded)
        else other.values()
    )


class Unloaded:
    """Stands for an object of which only the key is known: ``post.author.id`` costs nothing."""

    __slots__ = ("_key", "_relation")

    def __init__(self, relation: Any, key: Any) -> None:
        self._relation = relation
        self._key = key

    def __stands_for__(self) -> dict[str, Any]:
        """What JSON shows of it in a view that was made of its owner: its key."""
        keys = self._relation.target.__mapping__.key
        return {column.name: value for column, value in zip(keys, self.values(), strict=True)}

    def values(self) -> list[Any]:
        return list(self._key) if isinstance(self._key, tuple) else [self._key]

    @property  # type: ignore[misc] # as unittest.mock does, for isinstance
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] # the same
        return self._relation.target

    def __getattr__(self, name: str) -> Any:
        relation = self._relation
        for column, value in zip(relation.target.__mapping__.key, self.values(), strict=True):
            if column.name == name:
                return value
        if name.startswith("__") or not hasattr(relation.target, name):
            raise AttributeError(name)
        start, to = relation.model.__name__, relation.name
        raise NotLoaded(
            f"{start}.{to} was not loaded, so its {name} is not known. Add .load({start}.{to}) to the query, or `await "
            f"{start.lower()}.load({start}.{to})`, which loads it for all that came from the same query, in one statement. If that was "
            f"done, a rule of {relation.target.__name__} hides it, or it is marked as deleted"
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, self._relation.target):
            return bool(self._key == (other._key if type(other) is Unloaded else key_of(other)))
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._relation.target.__mapping__.family, self._key))

    def __repr__(self) -> str:
        return f"<{self._relation.target.__name__} {self._key!r}, not loaded>"


class PrivateAttribute:
    """A field that no reply has, in an object: its value is kept beside the Struct, which holds UNSET in its place.

    So it is not sent by any encoder, wherever the object stands in what a handler returns.
    """

    __slots__ = ("name", "slot")

    def __init__(self, name: str, slot: Any) -> None:
        self.name = name
        self.slot = slot

    def __get__(self, target: Any, owner: Any = None) -> Any:
        if target is None:
            return self
        try:
            return target._private[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, target: Any, value: Any) -> None:
        target._private[self.name] = value

    def __delete__(self, target: Any) -> None:
        target._private.pop(self.name, None)


def hiding(attributes: list[PrivateAttribute], own: Any = None) -> Any:
    """What puts the values of private fields aside when an object is made. ``own``: the model's ``__post_init__``."""
    put = object.__setattr__

    def __post_init__(self: Any) -> None:  # noqa: N807 -- what msgspec calls
        private: dict[str, Any] = getattr(self, "_private", None) or {}
        for one in attributes:
            private[one.name] = one.slot.__get__(self)
            one.slot.__set__(self, UNSET)
        put(self, "_private", private)
        if own is not None:
            own(self)

    return __post_init__


class ManyAttribute(RelatedAttribute):
    """A relation to many, in an object."""

    __slots__ = ()

    def _sought(self, target: Any) -> Any:
        loaded = self._loaded(target)
        if loaded is not None:
            found = loaded.setdefault(key_of(target), [])
            self.slot.__set__(target, found)
            return found
        raise NotLoaded(_not_loaded(target, self.name))

    def __set__(self, target: Any, value: Any) -> None:
        relation = type(target).__mapping__.relations[self.name]
        others = list(value)
        for other in others:
            if not isinstance(other, relation.target):
                raise TypeError(f"{relation!r} is a list of {relation.target.__name__}, not of {other!r:.80}")
        self.slot.__set__(target, others)


class OneAttribute(RelatedAttribute):
    """A relation to one that has the key, in an object."""

    __slots__ = ()

    def _sought(self, target: Any) -> Any:
        loaded = self._loaded(target)
        if loaded is not None:
            found = loaded.get(key_of(target))
            self.slot.__set__(target, found)
            return found
        raise NotLoaded(_not_loaded(target, self.name))

    def __set__(self, target: Any, value: Any) -> None:
        relation = type(target).__mapping__.relations[self.name]
        raise AttributeError(
            f"{relation!r} is what a {relation.target.__name__} says: assign there, and save it; refresh() forgets what was loaded here"
        )


def _not_loaded(target: Any, name: str) -> str:
    start = type(target).__name__
    return (
        f"{start}.{name} was not loaded. Add .load({start}.{name}) to the query, or `await {start.lower()}.load({start}.{name})`, "
        f"which loads it for all that came from the same query, in one statement"
    )


def slot_of(model: Any, name: str) -> Any:
    """The slot in which objects keep what was loaded."""
    for base in model.__mro__:
        if name in base.__dict__:
            return base.__dict__[name].slot
    raise AttributeError(name)
