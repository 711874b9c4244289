"""Units of work: objects are read, changed, added and deleted, and all of it is written at the end."""

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from segue.db.errors import Stale
from segue.db.models.mapping import resolve_all
from segue.db.models.model import Keyed
from segue.db.models.state import put
from segue.db.mongo.documents import document_of, mapping_of, name_of, stored
from segue.db.writing.saving import lock_of, prepare

if TYPE_CHECKING:
    from segue.db.mongo.mongodb import MongoDB
    from segue.db.queries.query import Query

__all__ = ["Unit"]

M = TypeVar("M", bound=Keyed)


class Unit:
    """A block that remembers what was read in it.

        async with events.unit() as unit:
            order = await unit.get(Order, key)
            order.lines.append(line)
            unit.add(Receipt(order=order))
            unit.delete(draft)

    There is one object for one document. At the end what was changed of each is written, and nothing else, with one message for each collection; if the block
    raises, nothing is. ``flush()`` writes now. A model with ``field(version=True)`` is written only where nobody else has changed it since: Stale otherwise.
    """

    def __init__(self, database: "MongoDB") -> None:
        self.database = database
        self._known: dict[tuple[Any, Any], tuple[Any, dict[str, Any]]] = {}
        self._new: list[Any] = []
        self._gone: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.flush()

    async def get(self, model: type[M], key: Any) -> M:
        """The object with a key. Raises Missing."""
        known = self._known.get((model, key))
        if known is not None:
            found: M = known[0]
            return found
        return self._kept(await self.database.get(model, key))

    async def all(self, query: "Query[M]") -> list[M]:
        """The objects of a query; those that were read before are the same ones, as they are in this unit."""
        return [self._kept(one) for one in await self.database.all(query)]

    def add(self, *targets: Any) -> None:
        """Inserts objects at the end."""
        self._new += targets

    def delete(self, *targets: Any) -> None:
        """Deletes objects at the end; one that is yet to be added is not."""
        for target in targets:
            if any(one is target for one in self._new):
                self._new = [one for one in self._new if one is not target]
            else:
                self._gone.append(target)

    def _kept(self, target: M) -> M:
        key = getattr(target, mapping_of(type(target)).key[0].name)
        known = self._known.setdefault((type(target), key), (target, document_of(target)))
        found: M = known[0]
        return found

    async def flush(self) -> None:
        """Writes what is to be written. Raises ValidationError before anything is sent, Stale, UniqueViolation."""
        from pymongo import DeleteOne, InsertOne, UpdateOne

        resolve_all()
        gone = {id(one) for one in self._gone}
        for target in self._new:
            prepare(target, mapping_of(type(target)), new=True)
        changes: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
        for target, before in self._known.values():
            if id(target) in gone or not _differs(target, before):
                continue
            prepare(target, mapping_of(type(target)), new=False)
            changes.append((target, before, document_of(target)))
        for model in dict.fromkeys(
            type(one) for one in (*self._new, *(one for one, *_ in changes), *self._gone)
        ):
            wanted = 0
            operations: list[Any] = [InsertOne(document_of(one)) for one in self._new if type(one) is model]
            for target, before, after in changes:
                if type(target) is model:
                    operations.append(UpdateOne(*_update(target, before, after)))
                    wanted += 1
            operations += [
                DeleteOne(_found_by(one, document_of(one))) for one in self._gone if type(one) is model
            ]
            result = await self.database.write(model, operations)
            if result.matched_count < wanted:
                raise Stale(
                    f"{wanted - result.matched_count} of {wanted} {model.__name__} were changed or deleted by somebody else since they were read"
                )
        self._settle(changes)

    def _settle(self, changes: Sequence[tuple[Any, dict[str, Any], dict[str, Any]]]) -> None:
        for target, _, _ in changes:
            lock = lock_of(mapping_of(type(target)))
            if lock is not None:
                put(target, lock.name, getattr(target, lock.name) + 1)
        for target in self._gone:
            self._known.pop((type(target), getattr(target, mapping_of(type(target)).key[0].name)), None)
        for target in (*self._new, *(one for one, *_ in changes)):
            key = getattr(target, mapping_of(type(target)).key[0].name)
            self._known[(type(target), key)] = (target, document_of(target))
        self._new, self._gone = [], []


def _differs(target: Any, before: dict[str, Any]) -> bool:
    """Whether an object is not what was read. An encrypted field is another text each time: it is asked whether it was assigned."""
    mapping = mapping_of(type(target))
    changes = getattr(target, "_changes", None) or ()
    return any(
        column.name in changes
        if column.kind.cipher is not None
        else before.get(name_of(column)) != stored(getattr(target, column.name), column.kind)
        for column in mapping.stored_columns()
    )


def _found_by(target: Any, before: dict[str, Any]) -> dict[str, Any]:
    lock = lock_of(mapping_of(type(target)))
    found = {"_id": before["_id"]}
    if lock is not None:
        found[name_of(lock)] = before.get(name_of(lock))
    return found


def _update(
    target: Any, before: dict[str, Any], after: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    mapping = mapping_of(type(target))
    changes = getattr(target, "_changes", None) or ()
    encrypted = {name_of(c): c.name in changes for c in mapping.stored_columns() if c.kind.cipher is not None}
    written = {
        name: value
        for name, value in after.items()
        if name != "_id" and encrypted.get(name, before.get(name) != value or name not in before)
    }
    lock = lock_of(mapping)
    if lock is not None:
        written[name_of(lock)] = before[name_of(lock)] + 1
    return _found_by(target, before), {"$set": written}
