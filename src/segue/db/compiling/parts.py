"""The parts of a SELECT, collected from the steps of a query."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from segue.db.compiling.translation import Bound, Scope, Translator, translates
from segue.db.errors import ConfigurationError
from segue.db.models.kinds import Kind
from segue.db.models.lineage import everything
from segue.db.queries.aggregates import columns_of, is_aggregated
from segue.db.queries.expressions import Column, Expr, Order
from segue.db.queries.query import Asking
from segue.db.queries.ruledloads import RuledLoads
from segue.db.queries.selections import Whole, again
from segue.db.reading.loading import joined_paths
from segue.db.reading.rows import Reached

__all__ = ["Selecting"]

_NATURAL = Kind("int", int)


class Made(Expr[Any]):
    """What was translated before."""

    __slots__ = ("column", "kind")

    def __init__(self, column: Any) -> None:
        self.column = column
        self.kind = _NATURAL

    def walk(self, key: list[Any], values: list[Any]) -> None:
        """Its shape is told where it stands first."""


@translates(Made)
def _made(_: Translator, node: Made, __: Scope) -> Any:
    return node.column


def has_columns(expression: Expr[Any]) -> bool:
    """Whether it says something about a row. What does not is the same for all."""
    found: list[Column[Any]] = []
    columns_of(expression, found.append)
    return bool(found) or type(expression).__name__ in (
        "RelatedExists",
        "RelatedCount",
        "RelatedValue",
        "TableColumn",
    )


class Selecting:
    """The parts of a SELECT, collected from the steps of a query in their order."""

    def __init__(self, query: Asking[Any], sql: Translator, outer: Scope | None = None) -> None:
        self.query = query
        self.sql = sql
        self.joined: list[tuple[Any, ...]] = []
        #: What rules say of objects that are loaded with others, by their path.
        self.rules: dict[tuple[Any, ...], Any] = {}
        self.begin(Scope(sql, query._mapping, outer))
        for step in query._steps():
            self.step = step
            self.take(step._step, step._payload)

    def begin(self, scope: Scope) -> None:
        """From here on the rows of a scope are asked, and nothing has been said of them."""
        self.scope = scope
        self.conditions: list[Any] = []
        self.havings: list[Any] = []
        self.orders: list[Any] = []
        self.groups: list[Any] = []
        self.chosen: list[Any] | None = None
        self.expressions: tuple[Any, ...] = ()
        self.flat = False
        self.distinct: list[Any] | None = None
        self.lock: tuple[bool, bool, bool, Any, bool] | None = None
        self.only: set[str] | None = None
        self.limit: Any = None
        self.offset: Any = None
        #: Objects in rows: where they begin among the columns, and which they are.
        self.wholes: dict[int, list[Reached]] = {}

    def take(self, step: str, payload: Any) -> None:  # noqa: C901 -- a case for each step
        """One step. Values are met in the order of ``walk``."""
        sql, scope = self.sql, self.scope
        match step:
            case "where":
                self.conditions += [sql.expression(one, scope) for one in payload]
            case "having":
                self.havings += [sql.expression(one, scope) for one in payload]
            case "order":
                self.orders = []
                for one in payload:
                    self.order(one)
            case "group":
                for one in payload:
                    self.groups += self.grouped(one)
            case "select":
                self.select(payload)
            case "values":
                self.flat = True
            case "distinct":
                self.distinct = [self.selected_again(one) for one in payload]
            case "limit":
                self.limit = sql.bind(Bound(sql.value(), _NATURAL), sa.BigInteger())
            case "offset":
                self.offset = sql.bind(Bound(sql.value(), _NATURAL), sa.BigInteger())
            case "no limit":
                self.limit = None
            case "load":
                self.joined += joined_paths(payload)
            case "rules":
                self.obey(payload)
            case "only" | "defer":
                self.columns(step, payload)
            case "lock":
                self.lock = payload
            case "join" | "from" | "combined" | "follow" | "raw":
                from segue.db.queries import sources

                sources.TAKES[step](self, payload)
            case _:
                pass

    def obey(self, loads: RuledLoads) -> None:
        """Which of the objects that are loaded are there, for who asks now."""
        unscoped = any(step._step == "unscoped" for step in self.query._steps())
        for steps, conditions in loads.listed:
            mapping = steps[-1].target.__mapping__
            table = self.scope.table_at(steps)
            far: list[Column[Any]] = []
            for one in conditions:
                columns_of(one, far.append)
            direct = not any(column.path for column in far)
            inner = Scope(self.sql, mapping, self.scope, table=table if direct else None)
            found = sa.and_(*(self.sql.expression(one, inner) for one in conditions))
            if not direct:
                # What it says of others is joined there.
                same = [inner.table.c[key.column] == table.c[key.column] for key in mapping.key]
                found = sa.exists(
                    sa.select(sa.literal_column("1")).select_from(inner.source).where(*same, found)
                )
            if not unscoped:
                self.rules[steps] = found

    def cells(self, one: Reached, path: tuple[Any, ...]) -> list[Any]:
        """The columns of an object in a row. Of one that a rule hides there is no key."""
        found = [self.scope.cell(path, column) for column in one.columns]
        rule = self.rules.get(path)
        if rule is None:
            return found
        return [
            sa.case((rule, cell)) if column.options.key else cell
            for column, cell in zip(one.columns, found, strict=True)
        ]

    def order(self, order: Order) -> None:
        """An expression with its direction; what was selected is named as it was."""
        at = again(self.step, order)
        if at is not None:
            order = Order(Made(self.chosen_at(at)), descending=order.descending, nulls=order.nulls)
        found = self.sql.order(order, self.scope)
        self.orders += found if isinstance(found, list) else [found]

    def grouped(self, expression: Any) -> list[Any]:
        """What rows are grouped by: a model means its key, and what else of it the rows have."""
        if not isinstance(expression, Whole):
            return [self.selected_again(expression)]
        found = self.whole_columns(expression, [c.name for c in expression.mapping.key])
        for one in self.expressions:
            if isinstance(one, Whole) and one.path == expression.path:
                found += self.whole_columns(one)
            elif isinstance(one, Column) and one.path == expression.path:
                found.append(self.sql.expression(one, self.scope))
        return found

    def selected_again(self, expression: Any) -> Any:
        at = again(self.step, expression)
        return self.sql.expression(expression, self.scope) if at is None else self.chosen_at(at)

    def chosen_at(self, at: int) -> Any:
        """What was selected as the expression with this number."""
        before = self.expressions[:at]
        return (self.chosen or [])[
            sum(len(self.wholes_of(one)) if isinstance(one, Whole) else 1 for one in before)
        ]

    def whole_columns(self, whole: Whole, names: Sequence[str] | None = None) -> list[Any]:
        """The columns of an object."""
        listed = everything(whole.mapping) if names is None else [whole.mapping.columns[n] for n in names]
        return [self.scope.cell(whole.path, column) for column in listed]

    def wholes_of(self, whole: Whole) -> list[Any]:
        """The columns that stand for an object in a row: its own, and those that are loaded with it."""
        found: list[Any] = []
        for one in (
            self.reached() if not whole.path else [Reached(whole.mapping, everything(whole.mapping), 0)]
        ):
            found += self.cells(one, one.path or whole.path)
        return found

    def select(self, expressions: tuple[Any, ...]) -> None:
        """What each row has."""
        self.chosen = []
        self.expressions = expressions
        for at, one in enumerate(expressions):
            if isinstance(one, Whole):
                columns = everything(one.mapping)
                self.wholes[at] = self.reached() if not one.path else [Reached(one.mapping, columns, 0)]
                self.chosen += self.wholes_of(one)
            else:
                self.chosen.append(self.sql.expression(one, self.scope))

    def group_by_what_is_beside_aggregates(self) -> None:
        """Where rows have aggregates and others, the others are what they are grouped by, if nothing else was said."""
        if self.groups or self.chosen is None or not any(map(is_aggregated, self.expressions)):
            return
        at = 0
        for one in self.expressions:
            width = len(self.wholes_of(one)) if isinstance(one, Whole) else 1
            if not is_aggregated(one) and (isinstance(one, Whole) or has_columns(one)):
                self.groups += self.chosen[at : at + width]
            at += width

    def columns(self, step: str, names: Sequence[str]) -> None:
        """Which columns objects have."""
        mapping = self.query._mapping
        kept = set(mapping.columns) if self.only is None else self.only
        key = {column.name for column in mapping.key}
        if mapping.lineage.kinds is not None:
            key.add(mapping.lineage.kinds)
        self.only = key | (kept & set(names) if step == "only" else kept - set(names))

    def reached(self) -> list[Reached]:
        """The models whose columns the rows have: that of the query, and those that are loaded with it."""
        mapping = self.query._mapping
        own = [
            one
            for one in everything(mapping)
            if self.only is None or one.name in self.only or one.name not in mapping.columns
        ]
        found = [Reached(mapping, own, 0)]
        by_path: dict[tuple[int, ...], Reached] = {(): found[0]}
        start = len(own)
        for joined in self.joined:
            path: tuple[Any, ...] = ()
            for step in joined:
                parent = by_path[tuple(one.token for one in path)]
                path = (*path, step)
                key = tuple(one.token for one in path)
                if key not in by_path:
                    other = step.target.__mapping__
                    columns = everything(other)
                    by_path[key] = Reached(other, columns, start, parent, step, hidden=path in self.rules)
                    found.append(by_path[key])
                    start += len(columns)
        return found

    def core(self, columns: Sequence[Any]) -> Any:
        """The SELECT with these columns, without order and limit."""
        self.group_by_what_is_beside_aggregates()
        made = sa.select(*columns).select_from(self.scope.source)
        if self.conditions:
            made = made.where(*self.conditions)
        if self.groups:
            made = made.group_by(*self.groups)
        if self.havings:
            made = made.having(*self.havings)
        if self.distinct is not None:
            made = self.without_alike(made)
        return made

    def without_alike(self, made: Any) -> Any:
        """Each row once; or the first of those that are alike in some expressions."""
        if not self.distinct:
            return made.distinct()
        if self.sql.dialect != "postgresql":
            raise ConfigurationError(
                f"distinct(...) on expressions is PostgreSQL's; on {self.sql.dialect} number the rows with "
                f"row_number().over(partition_by=..., order_by=...) and join the first ones"
            )
        from sqlalchemy.dialects.postgresql import distinct_on

        return made.ext(distinct_on(*self.distinct))

    def limited(self, made: Any) -> Any:
        """With its order, its limit and its lock."""
        if self.orders:
            made = made.order_by(*self.orders)
        elif self.sql.dialect == "mssql" and self.offset is not None:
            made = made.order_by(*self.key_columns())
        if self.limit is not None:
            made = made.limit(self.limit)
        if self.offset is not None:
            made = made.offset(self.offset)
        if self.lock is not None:
            skip, nowait, share, _, no_key = self.lock
            if self.sql.dialect == "mssql":
                # There it is said of the table.
                words = ["HOLDLOCK" if share else "UPDLOCK", "ROWLOCK"]
                words += ["READPAST"] * skip + ["NOWAIT"] * nowait
                return made.with_hint(self.scope.table, f"WITH ({', '.join(words)})", "mssql")
            made = made.with_for_update(
                skip_locked=skip,
                nowait=nowait,
                read=share,
                key_share=no_key and self.sql.dialect == "postgresql",
                of=self.scope.table if self.scope.joins else None,
            )
        return made

    def key_columns(self) -> list[Any]:
        """The columns of the key."""
        return [self.scope.table.c[column.column] for column in self.query._mapping.key]
