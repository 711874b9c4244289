"""What ``select``, ``group_by`` and ``order_by`` are given: expressions, and models that stand for their objects."""

from typing import Any

from segue.db.models.mapping import Mapping, Relation
from segue.db.queries.expressions import INTEGER, Expr, Key, Order
from segue.db.queries.paths import ManyPath, OnePath

__all__ = ["Mark", "Whole", "again", "alike", "reversed_orders", "selected_from", "walk_again"]


class Mark:
    """Stands for a table in the shape of a query: which of its tables it is, in the order in which they are met."""

    __slots__ = ("number", "table")

    def __init__(self, table: int, number: int) -> None:
        self.table = table
        self.number = number

    def __hash__(self) -> int:
        return hash(("table", self.number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and other.number == self.number


class Whole(Expr[Any]):
    """An object in a row: the one that the query is about, or one over a path of relations."""

    __slots__ = ("kind", "mapping", "path")

    def __init__(self, mapping: Mapping, path: tuple[Relation, ...]) -> None:
        self.mapping = mapping
        self.path = path
        self.kind = INTEGER

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("whole", self.mapping.token, *(step.token for step in self.path))

    def name(self) -> str:
        return self.path[-1].name if self.path else self.mapping.table

    def __repr__(self) -> str:
        start = self.path[0].model if self.path else self.mapping.model
        return ".".join((start.__name__, *(step.name for step in self.path)))


def selected_from(query: Any, expressions: tuple[Any, ...]) -> tuple[Expr[Any], ...]:
    """The expressions; a model among them as its objects. Raises TypeError for what is neither."""
    if not expressions:
        raise TypeError("select() is given what each row has: select(Post.title, Post.author.name)")
    return tuple(_selected(query, one) for one in expressions)


def _selected(query: Any, one: Any) -> Expr[Any]:
    if isinstance(one, Expr):
        return one
    model = query._model
    if isinstance(one, type) and hasattr(one, "__mapping__"):
        if not issubclass(model, one):
            raise TypeError(
                f"a query of {model.__name__} has rows of {model.__name__}, not of {one.__name__}: go over a relation, "
                f"{model.__name__}.<relation>"
            )
        return Whole(model.__mapping__, ())
    if isinstance(one, OnePath):
        if any(step.null for step in one._steps) and not one._steps[-1].many:
            raise TypeError(
                f"{one!r} may be None, so it is no object that each row has: load it, .load({one!r}), or name its columns"
            )
        return Whole(one._last.target.__mapping__, one._steps)
    if isinstance(one, ManyPath):
        raise TypeError(
            f"{one!r} is many, and a row has one value in each place: {one!r}.each for a row for each of them, {one!r}.count(), or "
            f".load({one!r})"
        )
    raise TypeError(f"select() is given columns, expressions and models, not {one!r:.80}")


def alike(one: Any, other: Any) -> bool:
    """Whether two expressions are the same, with the same values."""
    key: Key = []
    values: list[Any] = []
    one.walk(key, values)
    key_there: Key = []
    values_there: list[Any] = []
    other.walk(key_there, values_there)
    return key == key_there and values == values_there and _tables(key) == _tables(key_there)


def _tables(key: Key) -> list[int]:
    return [one.table for one in key if isinstance(one, Mark)]


def again(query: Any, expression: Any) -> int | None:
    """Which of the selected expressions it is, if it is one with values in it: it has to be the very same for the database."""
    inner = expression.expression if isinstance(expression, Order) else expression
    values: list[Any] = []
    inner.walk([], values)
    if not values:
        return None
    for at, one in enumerate(query._chosen()):
        if alike(one, inner):
            return at
    return None


def walk_again(query: Any, expression: Any, key: Key, values: list[Any]) -> None:
    """The shape of something that may have been selected before: then it stands there once."""
    found = again(query, expression)
    if found is None:
        expression.walk(key, values)
        return
    key += ("again", found)
    if isinstance(expression, Order):
        key += (expression.descending, expression.nulls)


def reversed_orders(query: Any) -> tuple[Order, ...]:
    """The orders of a query the other way round; those of its key, downwards, where it has none."""
    ordered = [one._payload for one in query._steps() if one._step == "order"]
    orders: tuple[Order, ...] = ordered[-1] if ordered else ()
    if not orders:
        mapping: Mapping = query._mapping
        return tuple(mapping.expression(column.name).desc() for column in mapping.key)
    turned = {"first": "last", "last": "first", None: None}
    return tuple(
        Order(one.expression, descending=not one.descending, nulls=turned[one.nulls]) for one in orders
    )
