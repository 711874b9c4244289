"""What is known of a grid before the first request: its columns, what it is searched, filtered and sorted by."""

from collections.abc import Sequence
from typing import Any

from segue.db.models.mapping import Mapping
from segue.db.queries.expressions import Column as ColumnNode, Expr, Order
from segue.db.queries.paths import Path, path_to
from segue.db.queries.query import Query
from segue.grid.columns import Column, column_of, default_columns
from segue.grid.facets import Facet, facet_of
from segue.grid.paging import Sorting, orders_of

__all__ = ["ListPlan"]

_OF_ITS_OWN = {
    "limit": "it makes pages of its own",
    "offset": "it makes pages of its own",
    "select": "its rows have to be objects",
    "combined": "it adds conditions of its own",
    "raw": "it adds conditions of its own",
}


class ListPlan:
    """How the list of one grid is asked for and shown."""

    def __init__(
        self,
        what: Any,
        columns: Sequence[Any],
        search: Sequence[Any],
        filters: Sequence[Any],
        sort: str,
    ) -> None:
        self.query: Query[Any] = what if isinstance(what, Query) else what.all()
        for step in self.query._steps():
            if step._step in _OF_ITS_OWN:
                raise TypeError(
                    f"a grid of a query with {step._step}: {_OF_ITS_OWN[step._step]}, so give it the query without"
                )
        self.model: Any = self.query._model
        self.mapping: Mapping = self.model.__mapping__
        self.columns: Sequence[Column[Any]] = [
            column_of(one) for one in columns or default_columns(self.model)
        ]
        self.by_name = _by_name("columns", self.columns)
        self.search: Sequence[Expr[Any]] = [_searched(one) for one in search]
        self.facets: Sequence[Facet] = [facet_of(one) for one in filters]
        _by_name("filters", self.facets)
        self.sorted_by = {one.name: one.order for one in self.columns if one.order is not None}
        self.default = self._default(sort)
        #: What a small language may ask about: see Query.matching.
        self.asked_about: dict[str, Expr[Any]] = self._asked_about()
        loads: dict[tuple[Any, ...], Path] = {}
        for column in self.columns:
            for path in column.load:
                loads[tuple(path._steps)] = path
        self._loads = loads
        #: What is asked for beside the objects: columns that are no fields of theirs.
        self.beside: Sequence[Expr[Any]] = [
            one.expression for one in self.columns if one.expression is not None
        ]

    def sorting(self, name: str) -> Sorting:
        """The order by a column's name, ``-year`` for downwards; the grid's own order for an empty name."""
        if not name:
            return self.default
        expression = self.sorted_by[name.removeprefix("-")]
        return Sorting([Order(expression, descending=name.startswith("-"))], self.mapping)

    def loaded(self, query: Query[Any], sorting: Sorting) -> Any:
        """A query with all that its rows need: related objects, and what is asked for beside."""
        loads = dict(self._loads)
        for steps in sorting.path_loads:
            loads.setdefault(tuple(steps), path_to(tuple(steps)))
        if loads:
            query = query.load(*loads.values())
        beside = [*self.beside, *sorting.beside]
        return query.select(self.model, *beside) if beside else query

    def _default(self, sort: str) -> Sorting:
        if not sort:
            return Sorting(orders_of(self.query), self.mapping)
        orders: list[Order] = []
        for part in sort.split(","):
            name = part.strip().removeprefix("-")
            expression = self.sorted_by.get(name)
            if expression is None and name in self.mapping.columns:
                expression = self.mapping.expression(name)
            if expression is None:
                known = sorted({*self.sorted_by, *self.mapping.columns})
                raise TypeError(
                    f"sort= says {name!r}, by which nothing can be sorted; there are {', '.join(known)}"
                )
            orders.append(Order(expression, descending=part.strip().startswith("-")))
        return Sorting(orders, self.mapping)

    def _asked_about(self) -> dict[str, Expr[Any]]:
        found: dict[str, Expr[Any]] = {}
        for column in self.columns:
            if isinstance(column.what, ColumnNode):
                found[column.name] = column.what
        for one in self.search:
            if isinstance(one, ColumnNode):
                found.setdefault(".".join([*(step.name for step in one.path), one.field.name]), one)
        return found


def _by_name(what: str, given: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in given:
        if found.setdefault(one.name, one) is not one:
            raise TypeError(f"two of the {what} are called {one.name!r}: give one another name")
    return found


def _searched(one: Any) -> Expr[Any]:
    if not isinstance(one, Expr) or one.kind.storage not in ("str", "text"):
        raise TypeError(f"search= lists fields of text, Film.title or Film.director.name, not {one!r:.80}")
    return one
