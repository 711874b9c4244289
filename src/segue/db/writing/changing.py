"""Changes all objects of a query in one statement."""

from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from segue.db.compiling.parts import Selecting
from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Translator
from segue.db.databases.database import Running, database_of, running
from segue.db.errors import ValidationError
from segue.db.models.hashed import Hashed
from segue.db.models.lineage import homes
from segue.db.models.mapping import ColumnField, Mapping, resolve_all
from segue.db.models.rules import Writing
from segue.db.queries.expressions import Expr, Value, all_of, any_of, as_expression
from segue.db.queries.paths import OnePath
from segue.db.queries.query import Asking
from segue.db.queries.scoping import scoped_write
from segue.db.reading.rows import Build, Reached, objects, tuples
from segue.db.reading.selecting import _using
from segue.db.writing.validating import checker
from segue.db.writing.writesignals import DeletingMany, UpdatingMany, heard, tell

__all__ = ["Back", "deleted", "removed", "returned", "updated", "write", "written"]

_MAY = frozenset({"all", "where", "using", "unscoped", "for good"})

#: Columns, and what they become.
Given: TypeAlias = list[tuple[ColumnField, Expr[Any]]]


class Back(NamedTuple):
    """What a change gives back of the rows that it wrote: ``objects``, or tuples of these ``columns``."""

    columns: tuple[ColumnField, ...]
    objects: bool

    def build(self, mapping: Mapping, dialect: str) -> Build:
        """What makes it of the rows."""
        if self.objects:
            return objects(dialect, [Reached(mapping, self.columns, 0)])
        return tuples(dialect, [column.kind for column in self.columns])


async def updated(query: Asking[Any], values: dict[str, Any]) -> int:
    """How many rows were changed."""
    resolve_all()
    mapping = query._mapping
    if not heard(mapping, UpdatingMany):
        return await written(query, values)
    database = database_of(query._model, _using(query))
    async with database.transaction():
        await tell(mapping, UpdatingMany(query, values, database))
        return await written(query, values)


async def written(query: Asking[Any], values: dict[str, Any], writing: Writing = "change") -> int:
    """Changes all of a query without telling anybody; gives how many."""
    given = _given(query._mapping, values)
    query = scoped_write(query, writing)
    by_home: dict[Mapping, Given] = {}
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


async def write(query: Asking[Any], given: Given) -> int:
    """Changes columns of one table, without telling anybody; gives how many rows."""
    run, statement, bound = _statement(query, given)
    return await run.execute(statement.sql, statement.arguments(bound))


async def returned(query: Asking[Any], values: dict[str, Any] | None, back: Back) -> list[Any]:
    """Changes all of a query, or deletes them, without telling anybody, in one statement; gives what comes back of the rows."""
    given = None if values is None else _given(query._mapping, values)
    query = scoped_write(query, "delete" if values is None else "change")
    run, statement, bound = _statement(query, given, back)
    rows = await run.fetch(statement.sql, statement.arguments(bound), write=True)
    found: list[Any] = statement.build(rows, run.database)  # type: ignore[misc] # what comes back has one
    return found


def _statement(
    query: Asking[Any], given: Given | None, back: Back | None = None
) -> tuple[Running, Statement, list[Any]]:
    """The statement that writes these columns of all of a query, or deletes them: where it runs, and what is bound in it."""
    run = running(query._model, _using(query))
    key: list[Any] = ["change of", query._mapping.token]
    key.append(None if given is None else tuple(column.token for column, _ in given))
    key.append(None if back is None else (back.objects, *(column.token for column in back.columns)))
    bound: list[Any] = []
    for _, value in given or ():
        value.walk(key, bound)
    query._walk(key, bound)
    statement = run.database.statements.find(tuple(key))
    if statement is None:
        engine = run.database.engine
        statement = _compile(query, given, engine.dialect, engine.name, back)
        run.database.statements.keep(tuple(key), statement)
    return run, statement, bound


def _given(mapping: Mapping, values: dict[str, Any]) -> Given:
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
        if column.options.hashed is not None and value is not None and type(value) is not Hashed:
            raise TypeError(
                f"{column!r} keeps what its hasher makes of a text, and update() writes what it is given: assign to objects and save them"
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
        return await written(query, mark(), "delete")
    query = scoped_write(query, "delete")
    run, statement, bound = _statement(query, None)
    return await run.execute(statement.sql, statement.arguments(bound))


def _compile(
    query: Asking[Any], given: Given | None, dialect: Any, name: str, back: Back | None = None
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
    if back is None:
        return compiled(made, sql.bound, dialect, name)
    made = made.returning(*(table.c[column.column] for column in back.columns))
    return compiled(made, sql.bound, dialect, name, back.build(mapping, name))
