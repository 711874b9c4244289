"""What was seen lately, and no more of it than fits."""

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["Recent"]

T = TypeVar("T")


class Recent(Generic[T]):
    """A dictionary of the last ``most`` that were put in."""

    __slots__ = ("_most", "_values")

    def __init__(self, most: int = 4_096) -> None:
        self._most = most
        self._values: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        """The value of a key, or None."""
        return self._values.get(key)

    def put(self, key: str, value: T) -> None:
        """Keeps a value; the one that was put in first goes if there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
