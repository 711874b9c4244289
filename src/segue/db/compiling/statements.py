"""A compiled statement: its text, the order of its values, and what makes objects of its rows."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from segue.db.compiling.translation import Bound
from segue.db.compiling.types import converter_to

__all__ = ["Statement", "StatementCache", "compiled"]

#: What makes the result of the rows: called with the rows and what they are of.
Build = Callable[[Sequence[Any], Any], Any]


class Statement:
    """SQL for one shape of a query, and where each value goes in it."""

    __slots__ = ("_places", "build", "plain", "sql")

    def __init__(
        self,
        sql: str,
        places: Sequence[Any],
        build: Build | None = None,
    ) -> None:
        self.sql = sql
        self._places = places
        self.build = build
        #: Whether the values are the arguments as they are.
        self.plain = all(
            isinstance(place, tuple) and place == (at, None, None) for at, place in enumerate(places)
        )

    def arguments(self, values: Sequence[Any]) -> Sequence[Any]:
        """The arguments for the driver. Raises DataError for a value that the database cannot hold."""
        if self.plain and len(values) == len(self._places):
            return values
        found: list[Any] = []
        for place in self._places:
            if type(place) is not tuple:
                found.append(place.value)
                continue
            at, item, convert = place
            value = values[at]
            if item is not None:
                # There are more places than items: the last one again says nothing new.
                value = value[item] if item < len(value) else value[-1]
            found.append(value if convert is None or value is None else convert(value))
        return found


class Constant:
    """A value that SQLAlchemy put into a statement of its own."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def compiled(
    statement: Any, bound: dict[str, Bound], dialect: Any, name: str, build: Build | None = None
) -> Statement:
    """The statement as text of a dialect, with places for its values.

    ``name``: the database's, for converters.
    """
    made = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    order: Sequence[str] = made.positiontup or ()
    places: list[Any] = []
    for one in order:
        if one in bound:
            place = bound[one]
            places.append((place.value, place.item, place.convert or converter_to(place.kind, name)))
        else:
            places.append(Constant(made.params[one]))
    return Statement(str(made), places, build)


class StatementCache:
    """Compiled statements by the shape of their query; the one that was not asked for the longest time goes first."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Any:
        """The statement for a shape, None if it is not there."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
            # PERF: a shape in the newer half need not be moved; the order is by use, about.
            if self.hits & 15 == 0:
                self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, statement: Any) -> None:
        """Keeps a statement for its shape."""
        self._kept[key] = statement
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()


def literal(statement: Any, dialect: Any) -> str:
    """SQL with its values in it, for people to read."""
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
