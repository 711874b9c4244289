"""What a query asks where it is not the table of its model: results put together, joined, followed, or of SQL of one's own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segue.db.compiling.tables import query_table
from segue.db.compiling.translation import Bound, Scope
from segue.db.compiling.types import sql_type
from segue.db.models.kinds import Kind
from segue.db.models.mapping import Mapping
from segue.db.models.relations import link_of, other_side
from segue.db.queries.combining import Combined
from segue.db.queries.following import Following
from segue.db.queries.rawqueries import RawSource
from segue.db.queries.resulttables import Joined, Table

if TYPE_CHECKING:
    from segue.db.compiling.parts import Selecting

__all__ = ["TAKES"]

_STEPS = Kind("int", int)
_OPERATORS = {"union": sa.union, "union all": sa.union_all, "intersect": sa.intersect, "except": sa.except_}


def _join(parts: "Selecting", payload: Joined) -> None:
    from segue.db.compiling.spelling.tables import table_of

    scope = parts.scope
    table = table_of(parts.sql, payload.table)
    scope.tables.append(payload.table)
    on = parts.sql.expression(payload.on, scope)
    scope.source = scope.source.join(table, on, isouter=payload.outer)


def _from(parts: "Selecting", payload: Table) -> None:
    from segue.db.compiling.spelling.tables import table_of

    table = table_of(parts.sql, payload)
    parts.scope.table = parts.scope.source = table
    parts.scope.tables.append(payload)


def _combine(parts: "Selecting", payload: Combined) -> None:
    from segue.db.compiling.parts import Selecting

    mapping = parts.query._mapping
    sql, outer = parts.sql, parts.scope.outer
    members = [_member(parts), *(_member(Selecting(one, sql, outer)) for one in payload.others)]
    table = _OPERATORS[payload.operator](*members).subquery(sql.name_of_table())
    expressions = parts.expressions
    scope = Scope(sql, mapping, outer, table=table)
    only, flat = parts.only, parts.flat
    parts.begin(scope)
    if expressions:
        parts.expressions, parts.flat = expressions, flat
        parts.chosen = list(table.c)
        scope.known = list(zip(expressions, table.c, strict=True))
    else:
        parts.only = only


def _member(parts: "Selecting") -> Any:
    """One of the queries that are put together, with the columns that all have."""
    if parts.wholes:
        raise TypeError(
            "rows with objects in them cannot be put together; select columns, or put queries of objects together"
        )
    if parts.chosen is not None:
        columns = [one.label(f"c{at}") for at, one in enumerate(parts.chosen)]
    else:
        own, table = parts.reached()[0].columns, parts.scope.table
        # Those of tables of classes that derive from the model are joined to what was put together.
        columns = [table.c[one.column].label(one.column) for one in own if one.column in table.c]
    if parts.limit is None and parts.offset is None and not parts.distinct:
        # What is put together has no order of its own.
        return parts.core(columns)
    return sa.select(*parts.limited(parts.core(columns)).subquery(parts.sql.name_of_table()).c)


def _follow(parts: "Selecting", payload: Following) -> None:
    sql = parts.sql
    mapping: Mapping = parts.query._mapping
    key = mapping.key[0].column
    start = [one.label("k") for one in parts.key_columns()]
    depth = None
    if payload.depth is not None:
        depth = sql.bind(Bound(sql.value(), _STEPS), sa.BigInteger())
        start.append(sa.cast(sa.literal_column("0"), sa.BigInteger()).label("depth"))
    made = parts.core(start)
    if parts.limit is not None or parts.offset is not None:
        made = sa.select(*parts.limited(made).subquery(sql.name_of_table()).c)
    # Each object once, so that a circle ends.
    found = made.cte(sql.name_of_table(), recursive=True)
    there, on = _next(parts, payload, found)
    step = [there.label("k")]
    condition = [on, there.is_not(None)]
    if depth is not None:
        step.append(found.c.depth + sa.literal_column("1"))
        condition.append(found.c.depth < depth)
    found = found.union(sa.select(*step).where(*condition))
    scope = Scope(sql, mapping, parts.scope.outer, table=query_table(mapping).alias(sql.name_of_table()))
    parts.begin(scope)
    parts.conditions = [scope.table.c[key].in_(sa.select(found.c.k))]


def _next(parts: "Selecting", payload: Following, found: Any) -> tuple[Any, Any]:
    """The key that a step leads to, and how it hangs on the keys that were found."""
    sql, relation = parts.sql, payload.relation
    mapping = parts.query._mapping
    if relation.refers:
        table = query_table(mapping).alias(sql.name_of_table())
        return table.c[relation.columns[0].column], table.c[mapping.key[0].column] == found.c.k
    back = other_side(relation)
    if back is not None:
        table = query_table(back.model.__mapping__).alias(sql.name_of_table())
        return table.c[mapping.key[0].column], table.c[back.columns[0].column] == found.c.k
    link = link_of(relation)
    table = query_table(link.model.__mapping__).alias(sql.name_of_table())
    return table.c[link.there.columns[0].column], table.c[link.here.columns[0].column] == found.c.k


def _raw(parts: "Selecting", payload: RawSource) -> None:
    sql = parts.sql
    names = dict(zip(payload.parameters, payload.kinds, strict=True))
    made = payload.text
    for name, kind in names.items():
        bound = sql.bind(Bound(sql.value(), kind))
        made = payload.renamed(made, name, bound.key)
    mapping = parts.query._mapping
    columns = [sa.column(one.column, sql_type(one.kind)) for one in mapping.columns.values()]
    types = [sa.bindparam(name, type_=sql_type(bound.kind)) for name, bound in sql.bound.items()]
    text = sa.text(made)
    text = text.bindparams(*(one for one in types if one.key in text._bindparams))
    table = text.columns(*columns).alias(sql.name_of_table())
    parts.begin(Scope(sql, mapping, parts.scope.outer, table=table))


TAKES: dict[str, Callable[["Selecting", Any], None]] = {
    "join": _join,
    "from": _from,
    "combined": _combine,
    "follow": _follow,
    "raw": _raw,
}
