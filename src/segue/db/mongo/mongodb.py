"""MongoDB: objects of models as documents, and the part of the query language that it understands."""

import contextlib
from collections.abc import AsyncIterator, Generator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from segue.db.engine.errors import ConnectionLost, UniqueViolation
from segue.db.errors import ConfigurationError, Missing
from segue.db.models.columns import ColumnField
from segue.db.models.constraints import Index, Unique
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.models.model import Keyed
from segue.db.mongo.criteria import column_of, condition, criteria
from segue.db.mongo.documents import document_of, mapping_of, name_of, object_of, stored
from segue.db.mongo.evolution import VERSION, current_version, evolved
from segue.db.mongo.related import load_related
from segue.db.mongo.units import Unit
from segue.db.queries.expressions import Expr
from segue.db.writing.saving import prepare

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.db.queries.query import Asking, Query

__all__ = ["MongoDB"]

M = TypeVar("M", bound=Keyed)


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

    Objects are validated as those of tables are. A field that a document lacks has its default, so models may grow; ``evolves`` says what else has
    changed. What a document has beside the fields of its model is left out. A ``Ref`` keeps the key of another document, and ``load`` loads it. Encrypted
    fields are encrypted. Joins, expressions and transactions are for tables: what MongoDB has no
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
        """Puts an object in the place of that with its key, or adds it. Raises ValidationError, UniqueViolation."""
        resolve_all()
        mapping = mapping_of(type(target))
        prepare(target, mapping, new=True)
        document = document_of(target)
        with _translated():
            await self.collection(mapping).replace_one({"_id": document["_id"]}, document, upsert=True)
        return target

    async def get(self, model: type[M], key: Any) -> M:
        """The object with a key. Raises Missing, a 404 in a handler."""
        mapping = mapping_of(model)
        found = await self.collection(mapping).find_one({"_id": stored(key, mapping.key[0].kind)})
        if found is None:
            raise Missing(f"there is no {model.__name__} {key!r:.200}")
        return object_of(model, found)

    def unit(self) -> Unit:
        """A unit of work: a block at whose end all that was changed in it is written."""
        return Unit(self)

    # -- queries

    async def all(self, query: "Query[M]") -> list[M]:
        """The objects of a query."""
        resolve_all()
        found = [object_of(query._model, one) async for one in self._cursor(query)]
        for step in query._steps():
            for path in step._payload if step._step == "load" else ():
                await load_related(self, found, path)
        return found

    async def stream(self, query: "Query[M]") -> AsyncIterator[M]:
        """The objects of a query, one by one. Nothing is loaded with them."""
        async for one in self._cursor(query):
            yield object_of(query._model, one)

    async def first(self, query: "Query[M]") -> M | None:
        """The first one, None if there is none."""
        found = await self.all(query.limit(1))
        return found[0] if found else None

    async def count(self, query: "Asking[Any]") -> int:
        """How many there are."""
        asked = criteria(query)
        count: int = await self.collection(query._model).count_documents(asked)
        return count

    async def update(self, query: "Query[Any]", **values: Any) -> int:
        """Gives fields of all of them these values; gives how many."""
        mapping = mapping_of(query._model)
        given: dict[str, Any] = {}
        for name, value in values.items():
            column = _column(mapping, name)
            given[name_of(column)] = stored(_checked(column, value), column.kind)
        asked = criteria(query)
        with _translated():
            result = await self.collection(mapping).update_many(asked, {"$set": given})
        return int(result.matched_count)

    async def delete(self, query: "Query[Any]") -> int:
        """Deletes all of them; gives how many."""
        asked = criteria(query)
        result = await self.collection(query._model).delete_many(asked)
        return int(result.deleted_count)

    # -- what they are made of

    async def create_indexes(self, *models: type[Keyed]) -> None:
        """Makes the indexes that models ask for: ``index=True`` and ``unique=True`` of fields, ``index()`` and ``unique()`` of ``constraints``."""
        for model in models:
            mapping = mapping_of(model)
            for column in mapping.stored_columns():
                if column.options.unique or column.options.index:
                    await self.collection(mapping).create_index(
                        name_of(column), unique=bool(column.options.unique)
                    )
            for one in model.constraints:
                if isinstance(one, Index | Unique):
                    await self._create_index(mapping, one)

    async def _create_index(self, mapping: Mapping, one: Index | Unique) -> None:
        keys = [(name_of(_named(mapping, name)), 1) for name in one.fields]
        options: dict[str, Any] = {"unique": isinstance(one, Unique) or one.unique}
        if one.name:
            options["name"] = one.name
        if one.where is not None:
            options["partialFilterExpression"] = condition(one.where(mapping.model))
        await self.collection(mapping).create_index(keys, **options)

    async def evolve(self, model: type[Keyed], *, size: int = 200) -> int:
        """Rewrites all documents whose shape is older than the model's; gives how many. Others may write meanwhile: what they wrote stays."""
        last = current_version(model)
        if last == 1:
            return 0
        collection = self.collection(model)
        count = 0
        older = {"$or": [{VERSION: {"$exists": False}}, {VERSION: {"$lt": last}}]}
        while found := await collection.find(older).limit(size).to_list():
            changed = 0
            for before in found:
                same = {name: before[name] for name in before}
                result = await collection.replace_one(same, evolved(model, dict(before)))
                changed += result.matched_count
            count += changed
        return count

    async def write(self, model: Any, operations: Sequence[Any]) -> Any:
        """Runs several writes of pymongo's, in their order, with one message."""
        with _translated():
            return await self.collection(model).bulk_write(list(operations))

    def collection(self, of: Any) -> Any:
        """The collection of a model, as pymongo has it."""
        return self.raw[of.table if isinstance(of, Mapping) else mapping_of(of).table]

    def _cursor(self, query: "Query[Any]") -> Any:
        asked = criteria(query)
        order: list[tuple[str, int]] = []
        limit, skip = None, 0
        for step in query._steps():
            match step._step:
                case "order":
                    order = [
                        (name_of(column_of(one.expression)), -1 if one.descending else 1)
                        for one in step._payload
                    ]
                case "limit" | "no limit":
                    limit = step._payload
                case "offset":
                    skip = step._payload
                case _:
                    pass
        found = self.collection(query._model).find(asked if limit != 0 else {"_id": {"$in": []}})
        if order:
            found = found.sort(order)
        if skip:
            found = found.skip(skip)
        return found.limit(limit) if limit else found


@contextlib.contextmanager
def _translated() -> Generator[None]:
    """What MongoDB refuses, as other databases do."""
    from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError

    try:
        yield
    except DuplicateKeyError as error:
        raise UniqueViolation(f"MongoDB says: {error}") from error
    except BulkWriteError as error:
        codes = {one.get("code") for one in error.details.get("writeErrors", ())}
        if 11000 not in codes:
            raise
        raise UniqueViolation(f"MongoDB says: {error.details['writeErrors'][0].get('errmsg')}") from error
    except ConnectionFailure as error:
        raise ConnectionLost(f"MongoDB cannot be reached: {error}") from error


def _named(mapping: Mapping, name: Any) -> ColumnField:
    relation = mapping.relations.get(name) if isinstance(name, str) else None
    if relation is not None and relation.refers:
        found: ColumnField = relation.columns[0]
        return found
    if not isinstance(name, str) or name not in mapping.columns:
        raise TypeError(
            f"an index of MongoDB is one of fields of {mapping.model.__name__}, not of {name!r:.80}"
        )
    return mapping.columns[name]


def _column(mapping: Mapping, name: str) -> ColumnField:
    column = mapping.columns.get(name)
    if column is None or column.options.key:
        raise TypeError(f"{mapping.model.__name__} has no field {name!r} that could be updated")
    return column


def _checked(column: ColumnField, value: Any) -> Any:
    from segue.db.writing.validating import checker

    if isinstance(value, Expr):
        raise TypeError(f"MongoDB has no counterpart of {value!r}: a field is given a value")
    return checker(column)(value)
