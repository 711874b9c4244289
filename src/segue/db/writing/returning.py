"""Changes that give back what they wrote."""

from typing import Any, Generic, TypeVar

from segue.db.databases.database import Database, database_of
from segue.db.models.columns import ColumnField
from segue.db.models.mapping import resolve_all
from segue.db.queries.expressions import Column, Condition, Expr, all_of, any_of
from segue.db.queries.query import Asking, Query
from segue.db.reading.selecting import _using
from segue.db.writing.changing import Back, removed, returned, written
from segue.db.writing.writesignals import DeletingMany, UpdatingMany, tell

__all__ = ["Returning"]

R = TypeVar("R")

_SOME = 200

#: Oracle returns into variables of the statement, which no row is.
_ROWS_COME_BACK = frozenset({"sqlite", "postgresql", "mariadb", "mssql"})


class Returning(Generic[R]):
    """What ``query.returning()`` gives. The order in which the rows come is up to the database."""

    __slots__ = ("_back", "_query")

    def __init__(self, query: Query[Any], columns: tuple[Expr[Any], ...]) -> None:
        resolve_all()
        mapping = query._mapping
        named: list[ColumnField] = []
        for one in columns:
            if not isinstance(one, Column) or one.path or one.field.name not in mapping.columns:
                raise TypeError(
                    f"returning() is given columns of {mapping.model.__name__} itself, not {one!r:.80}: for what is beside them ask another query"
                )
            named.append(one.field)
        self._query = query
        self._back = Back(tuple(named) or tuple(mapping.columns.values()), not named)

    async def update(self, **values: Any) -> list[R]:
        """Changes all of them; gives them as they are now."""
        query = self._query
        database = database_of(query._model, _using(query))
        async with database.transaction():
            await tell(query._mapping, UpdatingMany(query, values, database))
            return await self._updated(values)

    async def delete(self) -> list[R]:
        """Deletes all of them; gives them as they were. Those that the model only marks (``SoftDelete``) are given as they are now."""
        query = self._query
        mark = query._mapping.kept.get("mark deleted")
        database = database_of(query._model, _using(query))
        async with database.transaction():
            await tell(query._mapping, DeletingMany(query, {}, database))
            if mark is not None and not any(step._step == "for good" for step in query._steps()):
                return await self._updated(mark())
            if database.engine.dialect.delete_returning and self._comes_back(database):
                return await returned(query, None, self._back)
            found = await self._read(query.for_update())
            await removed(query)
            return found

    async def _updated(self, values: dict[str, Any]) -> list[R]:
        query = self._query
        database = database_of(query._model, _using(query))
        if database.engine.dialect.update_returning and self._comes_back(database):
            return await returned(query, values, self._back)
        key = {column.name for column in query._mapping.key} & values.keys()
        if key:
            raise TypeError(
                f"what was updated is not given back by {database.engine.name} here, so the rows are found again by their key: {key.pop()} cannot be changed"
            )
        keys = await self._locked_keys()
        found: list[R] = []
        for start in range(0, len(keys), _SOME):
            alike = query._model.all().unscoped().using(database).where(self._is(keys[start : start + _SOME]))
            await written(alike, values)
            found += await self._read(alike)
        return found

    def _comes_back(self, database: Database) -> bool:
        """Whether one statement can do it: the rows are in one table, of objects of one class."""
        lineage = self._query._mapping.lineage
        return (
            database.engine.name in _ROWS_COME_BACK
            and lineage.style in ("own", "proxy")
            and not lineage.children
        )

    def _columns(self) -> tuple[Expr[Any], ...]:
        mapping = self._query._mapping
        return () if self._back.objects else tuple(mapping.expression(c.name) for c in self._back.columns)

    async def _locked_keys(self) -> list[Any]:
        mapping = self._query._mapping
        keys = [mapping.expression(column.name) for column in mapping.key]
        return list(await self._query.for_update().select(*keys))

    async def _read(self, query: Asking[Any]) -> list[R]:
        found: list[R] = list(await (query if self._back.objects else query.select(*self._columns())))  # type: ignore[attr-defined] # a Query
        return found

    def _is(self, keys: list[Any]) -> Condition:
        mapping = self._query._mapping
        columns = [mapping.expression(column.name) for column in mapping.key]
        if len(columns) == 1:
            only: Condition = columns[0].is_in([key for (key,) in keys])
            return only
        return any_of(
            *(all_of(*(column == part for column, part in zip(columns, key, strict=True))) for key in keys)
        )
