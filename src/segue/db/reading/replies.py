"""A query is a reply: the database writes the JSON, relations included, and its bytes go to the client untouched.

The document has the values that the objects of the query would have, in their order, and nothing that is private. Where that cannot
be promised, the objects are made and written as always.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, get_args, get_origin

import msgspec

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.binding.kinds import bare
from segue.core.binding.roles import shape_of
from segue.core.binding.shapes import models
from segue.core.ports import Codec
from segue.db.compiling.parts import Selecting
from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.translation import Scope, Translator
from segue.db.databases.database import Running, running
from segue.db.models.kinds import Kind
from segue.db.models.lineage import is_polymorphic
from segue.db.models.mapping import ColumnField, Mapping, Relation, resolve_all
from segue.db.models.rules import rules_of
from segue.db.queries.paths import ManyPath
from segue.db.queries.pointing import AnyPath
from segue.db.queries.query import Asking, Query
from segue.db.queries.scoping import scoped, scoped_path
from segue.db.reading.documents import Documents, Part, documents_for
from segue.db.reading.relatedloads import beside
from segue.db.reading.selecting import _using

__all__ = ["json_body"]

Steps = tuple[Relation, ...]

_MAY = frozenset(
    {
        "all",
        "where",
        "order",
        "limit",
        "offset",
        "no limit",
        "using",
        "unscoped",
        "load",
        "rules",
        "distinct",
    }
)
_PLAIN = frozenset(
    {"int", "float", "str", "text", "bool", "date", "time", "uuid", "enum", "datetime", "decimal"}
)
_IN_ARRAYS = frozenset({"int", "float", "str", "text", "bool", "uuid"})
_LONGEST_NAME = 60


async def json_body(query: Asking[Any], kind: Any, codec: Codec) -> bytes | AsyncIterator[bytes] | None:
    """The body for a query, None where objects have to be made. Without a limit it comes in pieces, if it is large."""
    resolve_all()
    if codec is not DEFAULT_JSON or not isinstance(query, Query) or not _is_all_of(kind, query._model):
        return None
    query = scoped(query)
    run = running(query._model, _using(query))
    steps = query._steps()
    documents = documents_for(run.database.engine.name, related=any(step._step == "load" for step in steps))
    if documents is None:
        return None
    key: list[Any] = ["json", query._mapping.token]
    values: list[Any] = []
    query._walk(key, values)
    related = [
        scoped_path(one)
        for step in steps
        if step._step == "load"
        for one in step._payload
        if isinstance(one, ManyPath)
    ]
    for one in related:
        _walk_related(one, key, values)
    if any(isinstance(one, AnyPath) for step in steps if step._step == "load" for one in step._payload):
        return None
    limited = any(step._step == "limit" for step in steps)
    key.append(limited)
    statement = run.database.statements.find(tuple(key))
    if statement is None:
        able = {step._step for step in steps} <= _MAY
        statement = _Reply(query, related, documents, whole=limited).compile(run) if able else None
        run.database.statements.keep(tuple(key), statement or _UNABLE)
    if statement is None or statement is _UNABLE:
        return None
    if limited:
        rows = await run.fetch(statement.sql, statement.arguments(values))
        return documents.whole(rows)
    return await _pieces(run, statement, values)


class _Unable:
    """Stands for a shape that the database cannot write."""


_UNABLE: Any = _Unable()


async def _pieces(run: Running, statement: Statement, values: Sequence[Any]) -> bytes | AsyncIterator[bytes]:
    """The document: at once if it is small."""
    found = run.stream(statement.sql, statement.arguments(values), _AT_A_TIME)
    # Not a tuple: as the default of anext, that is a SystemError in CPython 3.11.
    first = [row[0] for row in await anext(found, [])]
    if len(first) < _AT_A_TIME:
        await found.aclose()
        return _joined(b"[", first, b"]")
    return _rest(first, found)


_AT_A_TIME = 1000


async def _rest(first: list[Any], found: AsyncIterator[Sequence[Any]]) -> AsyncIterator[bytes]:
    try:
        yield _joined(b"[", first, b"")
        async for rows in found:
            if rows:
                yield _joined(b",", [row[0] for row in rows], b"")
        yield b"]"
    finally:
        await found.aclose()  # type: ignore[attr-defined] # an async generator


def _joined(start: bytes, items: list[Any], end: bytes) -> bytes:
    return b"".join((start, b",".join(one if isinstance(one, bytes) else one.encode() for one in items), end))


def _is_all_of(kind: Any, model: Any) -> bool:
    """Whether what a handler says that it returns is a list of the objects with all their fields, or it says nothing."""
    if kind is Any or kind is None or kind is list:
        return True
    if shape_of(kind) is not None:
        return False
    kind = bare(kind)
    args = get_args(kind)
    return get_origin(kind) is list and len(args) == 1 and args[0] is model


def _walk_related(path: ManyPath, key: list[Any], values: list[Any]) -> None:
    """Shape and values of what is loaded in the same document; in the order in which it is translated."""
    key += (
        "related",
        tuple(step.token for step in path._steps),
        len(path._where),
        len(path._order),
        path._limit,
    )
    for condition in path._where:
        condition.walk(key, values)
    for order in path._order:
        order.walk(key, values)
    key.append(len(path._loads))
    for one in path._loads:
        if isinstance(one, ManyPath):
            _walk_related(one, key, values)
        else:
            key.append(tuple(step.token for step in one._steps))


class _Reply:
    """The statement in the making."""

    def __init__(
        self, query: Asking[Any], related: Sequence[ManyPath], documents: Documents, *, whole: bool
    ) -> None:
        self.query = query
        self.related = related
        self.documents = documents
        self.whole = whole
        self.unscoped = any(step._step == "unscoped" for step in query._steps())

    def compile(self, run: Running) -> Statement | None:
        """The statement; None where a column cannot be written by the database as we would write it."""
        engine = run.database.engine
        sql = Translator(engine.name)
        parts = Selecting(self.query, sql)
        made = {one._steps: self.many(one, parts.scope, sql) for one in self.related}
        if any(one is None for one in made.values()):
            return None
        members = self.members(self.query._mapping, parts.scope, (), set(parts.joined), made)
        if members is None:
            return None
        labelled = [self.documents.labelled(at, name, one) for at, (name, one) in enumerate(members)]
        inner = parts.limited(parts.core(labelled))
        statement = self.documents.statement(inner, members, whole=self.whole)
        return None if statement is None else compiled(statement, sql.bound, engine.dialect, engine.name)

    def members(
        self, mapping: Mapping, scope: Scope, path: Steps, joined: set[Steps], many: dict[Steps, Any]
    ) -> list[tuple[str, Any]] | None:
        """Names and values of an object in the document; None where objects may be of several classes."""
        if is_polymorphic(mapping):
            return None
        table = scope.table_at(path)
        names = _encoded_names(mapping)
        found: list[tuple[str, Any]] = []
        for column in mapping.columns.values():
            if column.options.private or column.options.write_only or column.options.hashed:
                continue
            if not _is_plain(column):
                return None
            value = self.documents.value(table.c[column.column], column.kind)
            if value is None:
                return None
            found.append((names[column.name], value))
        for relation in mapping.relations.values():
            steps = (*path, relation)
            if relation.many:
                if steps in many:
                    found.append((names[relation.name], many[steps]))
            elif any(one[: len(steps)] == steps for one in joined) or any(
                one[: len(steps)] == steps for one in many
            ):
                if rules_of(relation.target) and not self.unscoped:
                    # Whether it is there is known when its row is.
                    return None
                inside = self.members(relation.target.__mapping__, scope, steps, joined, many)
                if inside is None:
                    return None
                key = scope.table_at(steps).c[relation.target.__mapping__.key[0].column]
                made = self.documents.object(inside)
                if made is None:
                    return None
                found.append(
                    (names[relation.name], self.documents.unless_null(key, made) if relation.null else made)
                )
        if any(len(name) > _LONGEST_NAME for name, _ in found):
            return None
        return found

    def many(self, path: ManyPath, outer: Scope, sql: Translator) -> Any:
        """The array of the objects of a relation to many, beside each object."""
        relation = path._last
        if relation.ruled and len(path._steps) > 1:
            # The rule speaks of the row around it, and here that is another one.
            return None
        here = outer.table_at(path._steps[:-1])
        mapping = relation.target.__mapping__
        scope = Scope(sql, mapping, outer)
        conditions = [sql.expression(one, scope) for one in path._where]
        orders: list[Any] = []
        for order in path._order:
            made = sql.order(order, scope)
            orders += made if isinstance(made, list) else [made]
        inner: dict[Steps, Any] = {}
        joined: set[Steps] = set()
        for one in path._loads:
            if isinstance(one, ManyPath):
                array = self.many(one, scope, sql)
                if array is None:
                    return None
                inner[one._steps] = array
                if len(one._steps) > 1:
                    joined.add(one._steps[:-1])
            else:
                joined.add(one._steps)
        members = self.members(mapping, scope, (), joined, inner)
        if members is None:
            return None
        source, on = beside(relation, scope, here, sql)
        orders = orders or [scope.table.c[column.column] for column in mapping.key]
        return self.documents.array(
            Part(members, source, [on, *conditions], orders, path._limit, here, sql.name_of_table())
        )


def _encoded_names(mapping: Mapping) -> dict[str, str]:
    """What fields are called in JSON."""
    model = mapping.model
    return dict(zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True))


def _is_plain(column: ColumnField) -> bool:
    """Whether the database writes its values as we do."""
    kind = column.kind
    if kind.cipher is not None:
        return False
    if kind.storage == "array":
        item: Kind | None = kind.item
        return item is not None and item.storage in _IN_ARRAYS
    if kind.storage == "json":
        return not models(kind.python) and not _has_structs(kind.python)
    return kind.storage in _PLAIN


def _has_structs(python: Any) -> bool:
    if isinstance(python, type) and issubclass(python, msgspec.Struct):
        return True
    return any(_has_structs(one) for one in get_args(python))
