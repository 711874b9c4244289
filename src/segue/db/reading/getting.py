"""One object by its key: the query that everybody makes most, on the shortest way."""

from typing import Any

from segue.db.databases.database import Database, database_of
from segue.db.errors import Missing
from segue.db.models.mapping import Mapping, resolve_all

__all__ = ["got", "got_or_none"]


async def got(model: Any, key: tuple[Any, ...], unique: dict[str, Any]) -> Any:
    """The object. Raises Missing where there is none."""
    mapping: Mapping = model.__mapping__
    if unique or mapping.indirect:
        found = await _by_query(model, mapping, key, unique)
        if found is not None:
            return found
    else:
        # PERF: no query object and no walk, one coroutine: the statement is known by the model. 3 us beside the driver, 9 as a query.
        database = database_of(model)
        statement, rows = _asked(mapping, key, database)
        rows = await rows
        if rows:
            return statement.build(rows, database)[0]
    told = ", ".join((*map(repr, key), *(f"{name}={value!r}" for name, value in unique.items())))
    raise Missing(f"there is no {model.__name__} {told:.200}")


async def got_or_none(model: Any, key: tuple[Any, ...], unique: dict[str, Any]) -> Any:
    """The object, or None."""
    mapping: Mapping = model.__mapping__
    if unique or mapping.indirect:
        return await _by_query(model, mapping, key, unique)
    database = database_of(model)
    statement, rows = _asked(mapping, key, database)
    rows = await rows
    return statement.build(rows, database)[0] if rows else None


def _asked(mapping: Mapping, key: tuple[Any, ...], database: Database) -> tuple[Any, Any]:
    """The statement, and its rows, which are still to come."""
    statement = database.statements.find(mapping)
    if statement is None:
        # Loaded now: models are defined without SQLAlchemy.
        from segue.db.reading.selecting import compile_get

        statement = compile_get(mapping, database)
        database.statements.keep(mapping, statement)
    if len(key) != 1 or type(key[0]) is not mapping.key[0].kind.python:
        _check(mapping, key)
    args = key if statement.plain else statement.arguments(key)
    transaction = database._transaction.get()
    run = database.engine if transaction is None else transaction
    return statement, run.fetch(statement.sql, args)


def _check(mapping: Mapping, key: tuple[Any, ...]) -> None:
    """Raises TypeError for what is no key: text that is a number is none, it is for binding to turn it into one."""
    if len(key) != len(mapping.key):
        raise _wrong(mapping, key)
    for column, value in zip(mapping.key, key, strict=True):
        expected = column.kind.python
        if type(value) is expected:
            continue
        if isinstance(expected, type) and (not isinstance(value, expected) or expected is int):
            raise TypeError(f"the key of {mapping.model.__name__} is {expected.__name__}, not {value!r:.80}")


def _wrong(mapping: Mapping, key: tuple[Any, ...]) -> TypeError:
    names = ", ".join(column.name for column in mapping.key)
    count = len(mapping.key)
    return TypeError(
        f"{mapping.model.__name__}.get({names}) is given {count} value{'s' * (count > 1)}, not {len(key)}"
    )


async def _by_query(model: Any, mapping: Mapping, key: tuple[Any, ...], unique: dict[str, Any]) -> Any:
    resolve_all()
    conditions: list[Any] = []
    if key:
        _check(mapping, key)
        conditions += [mapping.expression(c.name) == value for c, value in zip(mapping.key, key, strict=True)]
    for name, value in unique.items():
        if name not in mapping.columns and name not in mapping.relations:
            raise TypeError(f"{model.__name__} has no field {name!r}: it has {', '.join(mapping.columns)}")
        conditions.append(mapping.expression(name) == value)
    if not conditions:
        raise TypeError(f"{model.__name__}.get() is given a key, or values by name")
    return await model.where(*conditions).one_or_none()
