"""MongoDB: objects of models as documents, and the part of the query language that it understands."""

import re
from collections.abc import AsyncIterator, Mapping as MappingOf
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec
from msgspec import UNSET

from segue.db.errors import ConfigurationError, Missing
from segue.db.models.columns import ColumnField
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.models.model import Keyed
from segue.db.queries.expressions import Column, Expr, Operation, Value, Values
from segue.db.writing.saving import prepare

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.db.queries.query import Asking, Query

__all__ = ["MongoDB", "criteria"]

M = TypeVar("M", bound=Keyed)

_COMPARED = {"=": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class MongoDB:
    """A database of documents, beside those of tables: the same models and conditions.

        class Event(Keyed, database="events"):
            id: Field[UUID] = field(key=True, default_factory=uuid4)
            kind: Field[str] = field(max_length=40)
            facts: Field[dict[str, int]]

        events = MongoDB("mongodb://localhost/shop", name="events")
        app = App(plugins=[Database(), events])

        await events.save(Event(kind="seen", facts={"film": 7}))
        newest = await events.all(Event.where(Event.kind == "seen").limit(20))

    Objects are validated as those of tables are. A field that a document lacks has its default, so models may grow; what a document has
    beside the fields of its model is left out. Relations, joins, expressions and transactions are for tables: what MongoDB has no
    counterpart of raises TypeError before anything is sent. Needs pymongo: ``segue[mongo]``.
    """

    def __init__(self, url: str, *, name: str = "mongo", **options: Any) -> None:
        self.url = url
        self.name = name
        self._options = options
        self._client: Any = None

    @property
    def raw(self) -> Any:
        """The database as pymongo has it, for what is not here."""
        if self._client is None:
            raise ConfigurationError(
                f"MongoDB {self.name!r} is not open. List it in App(plugins=[...]), or open it: `async with`"
            )
        return self._client.get_default_database("segue")

    async def __aenter__(self) -> Self:
        try:
            from pymongo import AsyncMongoClient
        except ImportError:
            raise ImportError("MongoDB needs pymongo: pip install 'segue[mongo]'") from None
        self._client = AsyncMongoClient(self.url, tz_aware=True, **self._options)
        return self

    async def __aexit__(self, *raised: object) -> None:
        client, self._client = self._client, None
        await client.close()

    def setup(self, to: "Setup") -> None:
        """Opens it with the app."""

        async def opened(_: Any) -> AsyncIterator[None]:
            async with self:
                yield

        to.lifespan(opened)

    # -- objects

    async def save(self, target: M) -> M:
        """Puts an object in the place of that with its key, or adds it. Raises ValidationError."""
        resolve_all()
        mapping = _mapping(type(target))
        prepare(target, mapping, new=True)
        document = _document(target, mapping)
        await self._of(mapping).replace_one({"_id": document["_id"]}, document, upsert=True)
        return target

    async def get(self, model: type[M], key: Any) -> M:
        """The object with a key. Raises Missing, a 404 in a handler."""
        mapping = _mapping(model)
        found = await self._of(mapping).find_one({"_id": _stored(key)})
        if found is None:
            raise Missing(f"there is no {model.__name__} {key!r:.200}")
        return _object(model, mapping, found)

    # -- queries

    async def all(self, query: "Query[M]") -> list[M]:
        """The objects of a query."""
        mapping, found = self._cursor(query)
        return [_object(query._model, mapping, one) async for one in found]

    async def stream(self, query: "Query[M]") -> AsyncIterator[M]:
        """The objects of a query, one by one."""
        mapping, found = self._cursor(query)
        async for one in found:
            yield _object(query._model, mapping, one)

    async def first(self, query: "Query[M]") -> M | None:
        """The first one, None if there is none."""
        found = await self.all(query.limit(1))
        return found[0] if found else None

    async def count(self, query: "Asking[Any]") -> int:
        """How many there are."""
        mapping = _mapping(query._model)
        asked = criteria(query)
        count: int = await self._of(mapping).count_documents(asked)
        return count

    async def update(self, query: "Query[Any]", **values: Any) -> int:
        """Gives fields of all of them these values; gives how many."""
        mapping = _mapping(query._model)
        given = {
            _name(_column(mapping, name)): _stored(_checked(mapping, name, value))
            for name, value in values.items()
        }
        asked = criteria(query)
        result = await self._of(mapping).update_many(asked, {"$set": given})
        return int(result.matched_count)

    async def delete(self, query: "Query[Any]") -> int:
        """Deletes all of them; gives how many."""
        asked = criteria(query)
        result = await self._of(_mapping(query._model)).delete_many(asked)
        return int(result.deleted_count)

    async def create_indexes(self, *models: type[Keyed]) -> None:
        """Makes the indexes that fields of models ask for: ``index=True``, ``unique=True``."""
        for model in models:
            mapping = _mapping(model)
            for column in mapping.stored_columns():
                if column.options.unique or column.options.index:
                    await self._of(mapping).create_index(_name(column), unique=column.options.unique)

    def _of(self, mapping: Mapping) -> Any:
        return self.raw[mapping.table]

    def _cursor(self, query: "Query[M]") -> tuple[Mapping, Any]:
        mapping = _mapping(query._model)
        asked = criteria(query)
        order: list[tuple[str, int]] = []
        limit, skip = None, 0
        for step in query._steps():
            match step._step:
                case "order":
                    order = [(_field(one.expression), -1 if one.descending else 1) for one in step._payload]
                case "limit" | "no limit":
                    limit = step._payload
                case "offset":
                    skip = step._payload
                case _:
                    pass
        found = self._of(mapping).find(asked if limit != 0 else {"_id": {"$in": []}})
        if order:
            found = found.sort(order)
        if skip:
            found = found.skip(skip)
        return mapping, found.limit(limit) if limit else found


# -- conditions


def criteria(query: "Asking[Any]") -> dict[str, Any]:
    """The conditions of a query as MongoDB writes them. Raises TypeError for what it has no counterpart of."""
    from segue.db.queries.scoping import scoped

    resolve_all()
    found: list[dict[str, Any]] = []
    for step in scoped(query)._steps():
        match step._step:
            case "where":
                found += [_condition(one) for one in step._payload]
            case "all" | "order" | "limit" | "no limit" | "offset" | "using" | "unscoped":
                pass
            case other:
                raise TypeError(
                    f"MongoDB has no counterpart of {other}: objects are asked for by where, order_by, limit and offset"
                )
    return found[0] if len(found) == 1 else ({"$and": found} if found else {})


def _condition(one: Any) -> dict[str, Any]:
    if isinstance(one, Column) and one.kind.storage == "bool":
        return {_field(one): True}
    if not isinstance(one, Operation):
        raise _unknown(one)
    parts = one.arguments
    match one.operator:
        case "and" | "or":
            return {f"${one.operator}": [_condition(part) for part in parts]}
        case "not":
            return {"$nor": [_condition(parts[0])]}
        case "is null":
            return {_field(parts[0]): {"$eq": None}}
        case "is not null":
            return {_field(parts[0]): {"$nin": [None]}}
        case "between":
            return {_field(parts[0]): {"$gte": _literal(parts[1]), "$lte": _literal(parts[2])}}
        case "in" if isinstance(parts[1], Values):
            return {_field(parts[0]): {"$in": [_stored(value) for value in parts[1].values]}}
        case "like" | "ilike":
            asked: dict[str, Any] = {"$regex": _regex(_literal(parts[1]))}
            if one.operator == "ilike":
                asked["$options"] = "i"
            return {_field(parts[0]): asked}
        case operator if operator in _COMPARED:
            left, right = parts
            if isinstance(left, Value):
                left, right, operator = right, left, _TURNED[operator]
            value = _literal(right)
            if operator == "!=":
                # As in SQL, a value that is missing is not different: it is not known.
                return {_field(left): {"$nin": [value, None]}}
            return {_field(left): {_COMPARED[operator]: value}}
        case _:
            raise _unknown(one)


def _regex(pattern: str) -> str:
    """A pattern of LIKE, with a backslash as its escape, as a regular expression."""
    found: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            found.append(re.escape(next(letters, "")))
        else:
            found.append({"%": "[\\s\\S]*", "_": "[\\s\\S]"}.get(letter) or re.escape(letter))
    return f"^{''.join(found)}$"


def _literal(one: Any) -> Any:
    if not isinstance(one, Value):
        raise _unknown(one)
    return _stored(one.value)


def _field(one: Any) -> str:
    if not isinstance(one, Column) or one.path:
        raise _unknown(one)
    return _name(one.field)


def _unknown(one: Expr[Any]) -> TypeError:
    return TypeError(f"MongoDB has no counterpart of {one!r}: it compares fields of a document with values")


# -- documents


def _mapping(model: type[Keyed]) -> Mapping:
    mapping = model.__mapping__
    key = mapping.key
    if len(key) != 1 or key[0].automatic:
        raise ConfigurationError(
            f"{model.__name__} needs one key that is not counted up, because MongoDB counts nothing: class {model.__name__}(Keyed) with "
            f"id: Field[UUID] = field(key=True, default_factory=uuid4)"
        )
    return mapping


def _name(column: ColumnField) -> str:
    return "_id" if column.options.key else column.column


def _column(mapping: Mapping, name: str) -> ColumnField:
    column = mapping.columns.get(name)
    if column is None or column.options.key:
        raise TypeError(f"{mapping.model.__name__} has no field {name!r} that could be updated")
    return column


def _checked(mapping: Mapping, name: str, value: Any) -> Any:
    from segue.db.writing.validating import checker

    if isinstance(value, Expr):
        raise _unknown(value)
    return checker(_column(mapping, name))(value)


def _document(target: Any, mapping: Mapping) -> dict[str, Any]:
    return {
        _name(column): _stored(value)
        for column in mapping.stored_columns()
        if (value := getattr(target, column.name)) is not UNSET
    }


def _stored(value: Any) -> Any:
    """A value as BSON has it: what BSON does not know as text that sorts as the values do."""
    if isinstance(value, Decimal):
        raise TypeError(
            "decimals are not kept in MongoDB: their text would not sort as they do. Count in the smallest unit, as int"
        )
    return msgspec.to_builtins(value, builtin_types=(datetime, bytes), str_keys=True)


def _object(model: type[M], mapping: Mapping, document: MappingOf[str, Any]) -> M:
    values = {
        column.name: msgspec.convert(
            document[_name(column)],
            column.kind.python | None if column.kind.null else column.kind.python,
            strict=True,
            builtin_types=(datetime, bytes),
        )
        for column in mapping.stored_columns()
        if _name(column) in document
    }
    return model(**values)
