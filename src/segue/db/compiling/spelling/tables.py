"""Queries inside of queries, and their results as tables."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.parts import Selecting
from segue.db.compiling.translation import Scope, Translator, translates
from segue.db.queries.resulttables import Table, TableColumn
from segue.db.queries.subqueries import Exists, Outer, Subquery


@translates(Subquery)
def _subquery(sql: Translator, node: Subquery, scope: Scope) -> Any:
    parts = Selecting(node.query, sql, scope)
    columns = parts.chosen if parts.chosen is not None else parts.key_columns()
    return parts.limited(parts.core(columns)).scalar_subquery()


@translates(Exists)
def _exists(sql: Translator, node: Exists, scope: Scope) -> Any:
    parts = Selecting(node.query, sql, scope)
    parts.orders = []
    return sa.exists(parts.limited(parts.core([sa.literal_column("1")])))


@translates(Outer)
def _outer(sql: Translator, node: Outer[Any], scope: Scope) -> Any:
    if scope.outer is None:
        raise TypeError(f"{node!r} says something about the query around this one, and there is none")
    return sql.expression(node.inner, scope.outer)


@translates(TableColumn)
def _table_column(sql: Translator, node: TableColumn[Any], scope: Scope) -> Any:
    table = table_of(sql, node.table)
    around: Scope | None = scope
    while around is not None:
        if node.table in around.tables:
            return table.c[f"c{node.at}"]
        around = around.outer
    raise TypeError(f"{node!r} is a column of a table that this query has not joined: .join(table, on)")


def table_of(sql: Translator, table: Table) -> Any:
    """The table in this statement, made where it is met first."""
    found = sql.tables.get(id(table))
    if found is None:
        parts = Selecting(table.query, sql)
        if parts.chosen is not None:
            columns = parts.chosen
        else:
            columns = [parts.scope.table.c[one.column] for one in table.query._mapping.columns.values()]
        labelled = [one.label(f"c{at}") for at, one in enumerate(columns)]
        found = parts.limited(parts.core(labelled)).cte(f"r{len(sql.tables) + 1}")
        sql.tables[id(table)] = found
    return found
