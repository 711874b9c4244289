"""The results of a query as a table for other queries: joined with them, or asked itself."""

from typing import Any, TypeVar, overload

from segue.db.models.kinds import Kind
from segue.db.queries.expressions import Condition, Expr, Key
from segue.db.queries.query import Asking, Rows
from segue.db.queries.scoping import scoped
from segue.db.queries.selections import Mark, Whole, alike

__all__ = ["Joined", "Table", "TableColumn"]

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")


class Table:
    """The results of a query, as a table: ``table[Post.title]`` is the column of what was selected as ``Post.title``."""

    __slots__ = ("names", "query")

    def __init__(self, query: Asking[Any]) -> None:
        self.query = scoped(query)
        chosen = self.query._chosen()
        if any(isinstance(one, Whole) for one in chosen):
            raise TypeError("a table is made of columns: name those of the model, or leave select() out")
        self.names: tuple[Expr[Any], ...] = chosen

    def __getitem__(self, expression: Expr[T]) -> Expr[T]:
        """The column for what was selected. Raises LookupError where it was not."""
        if not isinstance(expression, Expr):
            raise TypeError(
                f"a table has columns for expressions that were selected, not for {expression!r:.80}"
            )
        if self.names:
            for at, one in enumerate(self.names):
                if alike(one, expression):
                    return TableColumn(self, at, expression.kind, expression.name())
            listed = ", ".join(map(repr, self.names))
            raise LookupError(f"{expression!r} was not selected for this table; it has {listed}")
        mapping = self.query._mapping
        field = getattr(expression, "field", None)
        for at, column in enumerate(mapping.columns.values()):
            if column is field and not getattr(expression, "path", ()):
                return TableColumn(self, at, expression.kind, expression.name())
        raise LookupError(
            f"{expression!r} is no column of {mapping.model.__name__}, of which this table is made"
        )

    @overload
    def select(self, a: Expr[T1], /) -> "Rows[tuple[T1]]": ...
    @overload
    def select(self, a: Expr[T1], b: Expr[T2], /) -> "Rows[tuple[T1, T2]]": ...
    @overload
    def select(self, a: Expr[T1], b: Expr[T2], c: Expr[T3], /) -> "Rows[tuple[T1, T2, T3]]": ...
    @overload
    def select(
        self, a: Expr[T1], b: Expr[T2], c: Expr[T3], d: Expr[T4], /
    ) -> "Rows[tuple[T1, T2, T3, T4]]": ...
    @overload
    def select(self, *expressions: Expr[Any]) -> "Rows[tuple[Any, ...]]": ...
    def select(self, *expressions: Any) -> "Rows[Any]":
        """Rows of the table: ``table.select(table[views].avg())``."""
        model = self.query._model
        return Rows(model, "select", tuple(expressions), Rows(model, "from", self, Rows(model, "unscoped")))

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape: all of it where it is met first, its number everywhere else."""
        number = 0
        for one in key:
            if isinstance(one, Mark):
                if one.table == id(self):
                    key.append(one)
                    return
                number = max(number, one.number + 1)
        key.append(Mark(id(self), number))
        key.append(self.query._mapping.token)
        self.query._walk(key, values)
        key.append("end")


class TableColumn(Expr[T]):
    """A column of a table of results."""

    __slots__ = ("at", "called", "kind", "table")

    def __init__(self, table: Table, at: int, kind: Kind, called: str) -> None:
        self.table = table
        self.at = at
        self.kind = kind
        self.called = called

    def walk(self, key: Key, values: list[Any]) -> None:
        self.table.walk(key, values)
        key.append(self.at)

    def name(self) -> str:
        return self.called

    def __repr__(self) -> str:
        return f"table[{self.called}]"


class Joined:
    """A table that a query joins, and on what."""

    __slots__ = ("on", "outer", "table")

    def __init__(self, table: Table, on: Condition, *, outer: bool) -> None:
        if not isinstance(table, Table):
            raise TypeError(
                f"join() is given a table of results, query.as_table(), not {table!r:.80}. Relations are joined by naming them"
            )
        self.table = table
        self.on = on
        self.outer = outer

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape."""
        key.append(self.outer)
        self.table.walk(key, values)
        self.on.walk(key, values)
