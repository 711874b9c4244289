"""An immutable mapping in which one name may have many values: queries, forms, cookies."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

__all__ = ["MultiDict"]

V_co = TypeVar("V_co", covariant=True)


class MultiDict(Mapping[str, V_co]):
    """Many values per name, in the order in which they came.

    As a mapping it shows the first value of each name, so code that expects one value reads as usual
    and code that expects many asks for them::

        query = MultiDict([("tag", "jazz"), ("page", "2"), ("tag", "swing")])
        query["tag"]            # "jazz"
        query.get_all("tag")    # ["jazz", "swing"]
        query.multi_items()     # all three pairs
        len(query)              # 2: names, as for any mapping

    Two are equal when their pairs are equal, order included; compared with another mapping, as mappings.
    """

    __slots__ = ("_all", "_first", "_pairs")

    _pairs: tuple[tuple[str, V_co], ...]
    _first: dict[str, V_co]
    _all: dict[str, list[V_co]] | None

    def __init__(self, pairs: Iterable[tuple[str, V_co]] = ()) -> None:
        self._pairs = tuple(pairs)
        # Read backwards, so that the value that stays is the first one; then the names in their order.
        self._first = dict(self._pairs)
        if len(self._first) != len(self._pairs):
            for name, value in reversed(self._pairs):
                self._first[name] = value
        self._all = None

    def __getitem__(self, name: str) -> V_co:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __contains__(self, name: object) -> bool:
        return name in self._first

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MultiDict):
            return self._pairs == other._pairs
        if isinstance(other, Mapping):
            return self._first == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._pairs)!r})"

    def get_all(self, name: str) -> list[V_co]:
        """Every value of `name` in order; an empty list if there is none. The list is yours to change."""
        if self._all is None:
            # Built once, not searched for each name: asking for every name stays linear.
            self._all = {}
            for key, value in self._pairs:
                self._all.setdefault(key, []).append(value)
        return list(self._all.get(name, ()))

    def multi_items(self) -> list[tuple[str, V_co]]:
        """Every pair in order, repeated names included."""
        return list(self._pairs)
