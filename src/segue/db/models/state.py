"""What an object of a model remembers beside its fields: where it came from, and what was changed since."""

import ctypes
import gc
from collections.abc import Sequence
from typing import Any

__all__ = ["Peers", "State", "changed", "is_stored", "peers_of", "put", "tracked"]

put = object.__setattr__
"""Sets a field of an object past its ``__setattr__``: no check, no change is noted."""


def tracked(target: Any) -> None:
    """Shows an object to the garbage collector, once it refers to others.

    msgspec hides a Struct that has only scalars from it, and shows it when a field is set by msgspec's own ``__setattr__``; ours
    goes past that. Two objects that refer to each other would never be freed.
    """
    if not gc.is_tracked(target) and type(target).__struct_config__.gc:
        track = getattr(getattr(ctypes, "pythonapi", None), "PyObject_GC_Track", None)
        if track is not None:
            track(ctypes.py_object(target))


class State:
    """Slots that no body, no reply and no comparison sees."""

    __slots__ = ("_changes", "_private", "_state")

    _changes: set[str]
    _private: dict[str, Any]
    _state: "Peers"


class Peers:
    """The objects that came from one query: what is loaded for one of them is loaded for all.

    It keeps the rows, not the objects, so that no object is kept alive by its peers.
    """

    __slots__ = ("database", "loaded", "model", "places", "raw", "rows")

    def __init__(
        self, model: Any, rows: Sequence[Any], database: Any, places: dict[str, int], *, raw: bool = True
    ) -> None:
        self.model = model
        self.rows = rows
        self.database = database
        #: In which cell of a row each column is.
        self.places = places
        #: Whether the values in the rows are those of the driver, and not of Python yet.
        self.raw = raw
        #: By the name of a relation: the others, by the key that they are found with.
        self.loaded: dict[str, dict[Any, Any]] = {}


def peers_of(target: Any) -> Peers | None:
    """The peers of an object, None for one that did not come from a query."""
    found: Peers | None = getattr(target, "_state", None)
    return found


def is_stored(target: Any) -> bool:
    """Whether it is known that the database has this object."""
    return getattr(target, "_state", None) is not None


def changed(target: Any) -> set[str]:
    """The columns that were assigned to since it was loaded or saved."""
    found: set[str] | None = getattr(target, "_changes", None)
    return set() if found is None else found
