"""Changes all objects of a query in one statement."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.parts import Selecting
from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Translator
from segue.db.databases.database import database_of, running
from segue.db.errors import ValidationError
from segue.db.models.lineage import homes
from segue.db.models.mapping import ColumnField, Mapping, resolve_all
from segue.db.models.rules import Writing
from segue.db.queries.expressions import Expr, Value, all_of, any_of, as_expression
from segue.db.queries.paths import OnePath
from segue.db.queries.query import Asking
from segue.db.queries.scoping import scoped_write
from segue.db.reading.selecting import _using
from segue.db.writing.validating import checker
from segue.db.writing.writesignals import DeletingMany, UpdatingMany, heard, tell

__all__ = ["deleted", "removed", "updated", "write"]

_MAY = frozenset({"all", "where", "using", "unscoped", "for good"})


async def updated(query: Asking[Any], values: dict[str, Any]) -> int:
    """How many rows were changed."""
    resolve_all()
    mapping = query._mapping
    if not heard(mapping, UpdatingMany):
        return await _updated(query, values)
    database = database_of(query._model, _using(query))
    async with database.transaction():
        await tell(mapping, UpdatingMany(query, values, database))
        return await _updated(query, values)


async def _updated(query: Asking[Any], values: dict[str, Any], writing: Writing = "change") -> int:
    given = _given(query._mapping, values)
    query = scoped_write(query, writing)
    by_home: dict[Mapping, list[tuple[ColumnField, Expr[Any]]]] = {}
    for column, value in given:
        by_home.setdefault(column.home, []).append((column, value))
    if len(by_home) == 1:
        return await write(query, given)
    async with database_of(query._model, _using(query)).transaction():
        # What is written to the first table may be what the condition asks, so those that it means are found before.
        keys = await query.for_update()
        some = query._model.all().using(_using(query)).unscoped()
        for start in range(0, len(keys), _SOME):
            for part in by_home.values():
                await write(some.where(any_of(*map(_is, keys[start : start + _SOME]))), part)
    return len(keys)


_SOME = 200


def _is(target: Any) -> Expr[bool]:
    mapping: Mapping = type(target).__mapping__
    return all_of(*(mapping.expression(one.name) == getattr(target, one.name) for one in mapping.key))


async def write(query: Asking[Any], given: list[tuple[ColumnField, Expr[Any]]]) -> int:
    """Changes columns of one table, without telling anybody; gives how many rows."""
    run = running(query._model, _using(query))
    key: list[Any] = ["update of", query._mapping.token, tuple(column.token for column, _ in given)]
    bound: list[Any] = []
    for _, value in given:
        value.walk(key, bound)
    query._walk(key, bound)
    statement = run.database.statements.find(tuple(key))
    if statement is None:
        engine = run.database.engine
        statement = _compile(query, given, engine.dialect, engine.name)
        run.database.statements.keep(tuple(key), statement)
    return await run.execute(statement.sql, statement.arguments(bound))


def _given(mapping: Mapping, values: dict[str, Any]) -> list[tuple[ColumnField, Expr[Any]]]:
    """The columns and what they become. Raises ValidationError with every value that cannot be stored."""
    if not values:
        raise TypeError(f"update() is given what changes: update({next(iter(mapping.columns))}=...)")
    found: list[tuple[ColumnField, Expr[Any]]] = []
    problems: list[dict[str, Any]] = []
    for name, value in values.items():
        relation = mapping.relations.get(name)
        if relation is not None and relation.refers:
            from segue.db.models.attributes import keys_from

            keys = keys_from(relation, value)
            found += [
                (column, as_expression(key, column.kind))
                for column, key in zip(relation.columns, keys, strict=True)
            ]
            continue
        if name in mapping.pointers:
            pointer = mapping.pointers[name]
            label, text = pointer.pair(value)
            found += [
                (pointer.type, as_expression(label, pointer.type.kind)),
                (pointer.key, as_expression(text, pointer.key.kind)),
            ]
            continue
        column = mapping.columns.get(name)
        if column is None or column.generated:
            raise TypeError(
                f"{mapping.model.__name__} has no column {name!r} that could be updated; it has "
                f"{', '.join(c.name for c in mapping.stored_columns())}"
            )
        if isinstance(value, Expr | OnePath) or hasattr(value, "as_subquery"):
            found.append((column, as_expression(value, column.kind)))
            continue
        try:
            found.append((column, Value(checker(column)(value), column.kind)))
        except (ValueError, TypeError) as error:
            problems.append({"loc": [name], "msg": str(error)})
    for column in mapping.columns.values():
        if column.options.version and column.name not in values:
            found.append((column, mapping.expression(column.name) + 1))
        if column.options.on_update is not None and column.name not in values:
            found.append((column, as_expression(column.options.on_update(), column.kind)))
    if problems:
        raise ValidationError(mapping.model, problems)
    return found


async def deleted(query: Asking[Any]) -> int:
    """How many rows were deleted."""
    resolve_all()
    mapping = query._mapping
    if not heard(mapping, DeletingMany):
        return await removed(query)
    database = database_of(query._model, _using(query))
    async with database.transaction():
        await tell(mapping, DeletingMany(query, {}, database))
        return await removed(query)


async def removed(query: Asking[Any]) -> int:
    """Deletes all of a query without telling anybody; of a model that keeps what is deleted, marks them."""
    mark = query._mapping.kept.get("mark deleted")
    if mark is not None and not any(step._step == "for good" for step in query._steps()):
        return await _updated(query, mark(), "delete")
    query = scoped_write(query, "delete")
    run = running(query._model, _using(query))
    key: list[Any] = ["delete of", query._mapping.token]
    bound: list[Any] = []
    query._walk(key, bound)
    statement = run.database.statements.find(tuple(key))
    if statement is None:
        engine = run.database.engine
        statement = _compile(query, None, engine.dialect, engine.name)
        run.database.statements.keep(tuple(key), statement)
    return await run.execute(statement.sql, statement.arguments(bound))


def _compile(
    query: Asking[Any], given: list[tuple[ColumnField, Expr[Any]]] | None, dialect: Any, name: str
) -> Statement:
    steps = {step._step for step in query._steps()}
    mapping = query._mapping
    sql = Translator(name)
    # The rows of other tables go with that of the first one.
    table = stored_table(given[0][0].home if given is not None else homes(mapping)[0])
    from segue.db.compiling.translation import Scope

    scope = Scope(sql, mapping, table=table)
    values = {column.column: sql.expression(value, scope) for column, value in given or ()}
    if scope.joins:
        raise TypeError("what a column becomes may name columns of the same row; for others use a subquery")
    parts = Selecting(query, sql)
    made: Any = sa.update(table).values(values) if given is not None else sa.delete(table)
    if steps <= _MAY and not parts.scope.joins and parts.scope.table is table:
        made = made.where(*parts.conditions)
    else:
        # What is joined, ordered or limited is found first, and changed by its key.
        keys = parts.key_columns()
        inner = parts.limited(parts.core(keys))
        if name in ("mysql", "mariadb"):
            # MySQL reads no table in a subquery of a statement that changes it, but reads a derived one.
            inner = sa.select(*inner.subquery().c)
        own = [table.c[column.column] for column in mapping.key]
        made = made.where(own[0].in_(inner) if len(own) == 1 else sa.tuple_(*own).in_(inner))
    return compiled(made, sql.bound, dialect, name)
