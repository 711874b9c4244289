"""Fixtures: the objects of a database in files, and back, in order and as a stream.

A file has one object after the other: ``{"model": "Author", "fields": {"id": 1, "name": "Django"}}``; as JSON Lines, as one JSON list, or
as CSV, where a line ``# Author`` stands before the objects of a model. CSV of one model is a plain table, without that line.
"""

import csv
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from segue.db.databases.database import Database, chosen
from segue.db.errors import ConfigurationError
from segue.db.models.columns import ColumnField, Relation
from segue.db.models.hashed import Hashed
from segue.db.models.lineage import descendants, is_polymorphic
from segue.db.models.mapping import Mapping

if TYPE_CHECKING:
    from segue.db.models.model import Keyed

__all__ = ["Form", "Loaded", "dump", "load"]

Form = Literal["json", "jsonl", "csv"]

_NULL = r"\N"
_AT_A_TIME = 500


class Loaded(NamedTuple):
    """How many objects were ``created``, and how many that were there were ``updated``."""

    created: int
    updated: int


# -- out


async def dump(
    database: Database,
    to: Path | IO[str],
    *,
    models: Sequence[Any] | None = None,
    form: Form | None = None,
) -> int:
    """Writes the objects of a database, those that others refer to first; gives how many. A few are in memory at a time.

        await dump(db, Path("shop.jsonl"))
        await dump(db, Path("authors.csv"), models=[Author])

    ``form`` is that of the file's name, if nothing is said. Everything is in it, private fields too.
    """
    if isinstance(to, Path):
        form = form or _form_of(to)
        with to.open("w", encoding="utf-8", newline="") as file:
            return await dump(database, file, models=models, form=form)
    count = 0
    mappings = in_order(_mappings(database, models))
    write = _WRITERS[form or "jsonl"](to, alone=len(mappings) == 1)
    with chosen(database):
        async with database.transaction(isolation="repeatable read", read_only=True):
            for mapping in mappings:
                write.model(mapping)
                async for one in _objects(mapping):
                    write.object(mapping, _plain(mapping, one))
                    count += 1
    write.end()
    return count


async def _objects(mapping: Mapping) -> AsyncIterator[Any]:
    model: Any = mapping.model
    keys = [mapping.expression(column.name) for column in mapping.key]
    query = model.all().unscoped()
    if is_polymorphic(mapping):
        query = query.where(mapping.expression(mapping.lineage.kinds or "") == mapping.lineage.kind)
    async for one in query.order_by(*keys).stream(_AT_A_TIME):
        yield one


def _plain(mapping: Mapping, one: Any) -> dict[str, Any]:
    return {
        column.name: msgspec.to_builtins(getattr(one, column.name), str_keys=True, enc_hook=_unhashed)
        for column in mapping.stored_columns()
    }


def _unhashed(value: Any) -> str:
    """What msgspec does not know as text: a hash."""
    return str(value)


class _Lines:
    """JSON Lines. ``alone``: there are objects of one model only."""

    def __init__(self, file: IO[str], *, alone: bool) -> None:
        self.file = file
        self.alone = alone

    def model(self, mapping: Mapping) -> None:
        """Begins the objects of a model."""

    def object(self, mapping: Mapping, fields: dict[str, Any]) -> None:
        self.file.write(_encoded(mapping, fields) + "\n")

    def end(self) -> None:
        """Ends the file."""


class _List(_Lines):
    """One JSON list."""

    def __init__(self, file: IO[str], *, alone: bool) -> None:
        super().__init__(file, alone=alone)
        self.before = "[\n"

    def object(self, mapping: Mapping, fields: dict[str, Any]) -> None:
        self.file.write(self.before + _encoded(mapping, fields))
        self.before = ",\n"

    def end(self) -> None:
        self.file.write("[]\n" if self.before == "[\n" else "\n]\n")


class _Tables(_Lines):
    """CSV (RFC 4180), a table after the other; ``\\N`` is a value that is missing."""

    def __init__(self, file: IO[str], *, alone: bool) -> None:
        super().__init__(file, alone=alone)
        self.rows = csv.writer(file, lineterminator="\r\n")

    def model(self, mapping: Mapping) -> None:
        if not self.alone:
            self.rows.writerow([f"# {mapping.model.__name__}"])
        self.rows.writerow([column.name for column in mapping.stored_columns()])

    def object(self, mapping: Mapping, fields: dict[str, Any]) -> None:
        self.rows.writerow([_cell(value) for value in fields.values()])


_WRITERS: dict[str, type[_Lines]] = {"jsonl": _Lines, "json": _List, "csv": _Tables}


def _encoded(mapping: Mapping, fields: dict[str, Any]) -> str:
    return msgspec.json.encode({"model": mapping.model.__name__, "fields": fields}).decode()


def _cell(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        # What looks like the mark of a missing value gets one backslash more, which is taken away again.
        return "\\" + value if value.lstrip("\\") == "N" and value.startswith("\\") else value
    return json.dumps(value)


# -- in


async def load(
    database: Database,
    source: Path | IO[str],
    *,
    models: Sequence[Any] | None = None,
    form: Form | None = None,
    match: str | None = None,
) -> Loaded:
    """Reads what ``dump`` has written, in one transaction: all or nothing.

        await load(db, Path("shop.jsonl"))
        await load(db, Path("other-office.jsonl"), match="uuid")

    A file of one model, which ``models`` names, may also have plain objects, with their fields alone. Keys are those of the file. ``match``: the name of a unique field: an object that has its value here already is updated, others are
    created, with keys of this database; what refers to them is put right. So two databases may be brought together. Raises
    ValidationError for values that the model does not allow, ConfigurationError for a model that is not there.
    """
    if isinstance(source, Path):
        form = form or _form_of(source)
        with source.open(encoding="utf-8", newline="") as file:
            return await load(database, file, models=models, form=form, match=match)
    mappings = {one.model.__name__: one for one in _mappings(database, models)}
    loading = _Loading(database, mappings, match)
    only = next(iter(mappings)) if len(mappings) == 1 else ""
    with chosen(database):
        async with database.transaction():
            for name, fields in _READERS[form or "jsonl"](source, only):
                await loading.take(name, fields, texts=form == "csv")
            await loading.end()
    return Loaded(loading.created, loading.updated)


class _Loading:
    """One file on its way into a database."""

    def __init__(self, database: Database, mappings: dict[str, Mapping], match: str | None) -> None:
        self.database = database
        self.mappings = mappings
        self.match = match
        self.created = 0
        self.updated = 0
        self._waiting: list[Keyed] = []
        self._model: Any = None
        self._keyed: set[str] = set()
        #: By model: the keys here of those that had others in the file.
        self._moved: dict[Any, dict[Any, Any]] = {}
        #: References to what is not there yet: the model, its key, the columns and their values.
        self._later: list[tuple[Mapping, Any, Relation, Any]] = []

    async def take(self, name: str, fields: dict[str, Any], *, texts: bool) -> None:
        """Takes the next object."""
        mapping = self.mappings.get(name)
        if mapping is None:
            raise ConfigurationError(
                f"the file has objects of {name!r}, and the database has no such model: {', '.join(sorted(self.mappings))}"
            )
        values = {
            column.name: _value(column, fields[column.name], texts=texts)
            for column in mapping.stored_columns()
            if column.name in fields
        }
        self._keyed.add(name)
        if self.match is not None and self.match in mapping.columns:
            await self._settle()
            await self._merge(mapping, values)
            return
        self._refer(mapping, values, self._key(mapping, values))
        if self._model is not mapping.model or len(self._waiting) >= _AT_A_TIME:
            await self._settle()
            self._model = mapping.model
        self._waiting.append(mapping.model(**values))

    def _refer(self, mapping: Mapping, values: dict[str, Any], key: Any) -> None:
        """Puts references right, and those to what comes later aside."""
        for relation in mapping.relations.values():
            if relation.many or len(relation.columns) != 1:
                continue
            name = relation.columns[0].name
            there = values.get(name)
            if there is None or there is UNSET:
                continue
            moved = self._moved.get(relation.target.__mapping__.family)
            values[name] = there if moved is None else moved.get(there, there)
            comes_later = (
                relation.target.__mapping__.family is mapping.family
                or relation.target.__name__ not in self._keyed
            )
            if relation.null and comes_later and key is not None:
                self._later.append((mapping, key, relation, there))
                values[name] = None

    def _key(self, mapping: Mapping, values: dict[str, Any]) -> Any:
        return values.get(mapping.key[0].name) if len(mapping.key) == 1 else None

    async def _merge(self, mapping: Mapping, values: dict[str, Any]) -> None:
        """Creates an object, or updates that which is the same one here."""
        model: Any = mapping.model
        match = self.match or ""
        old = self._key(mapping, values)
        found = await model.all().unscoped().where(mapping.expression(match) == values[match]).one_or_none()
        automatic = mapping.key[0].automatic
        later = len(self._later)
        if automatic:
            values.pop(mapping.key[0].name, None)
        self._refer(mapping, values, old)
        if found is None:
            found = await model(**values).save()
            self.created += 1
        else:
            for name, value in values.items():
                setattr(found, name, value)
            await found.save()
            self.updated += 1
        new = getattr(found, mapping.key[0].name)
        if old is not None and old is not UNSET:
            self._moved.setdefault(mapping.family, {})[old] = new
        self._later[later:] = [(one, new, relation, value) for one, _, relation, value in self._later[later:]]

    async def _settle(self) -> None:
        """Inserts those that wait, in few statements."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            await type(waiting[0]).create_many(waiting)
            self.created += len(waiting)

    async def end(self) -> None:
        """Inserts the last ones, and refers to those that came later."""
        await self._settle()
        for mapping, key, relation, there in self._later:
            value = self._moved.get(relation.target.__mapping__.family, {}).get(there, there)
            model: Any = mapping.model
            column = relation.columns[0].name
            await (
                model.all()
                .unscoped()
                .where(mapping.expression(mapping.key[0].name) == key)
                .update(**{column: value})
            )
        await self._count_on()

    async def _count_on(self) -> None:
        """Lets PostgreSQL count up from the largest key: it does not see keys that are given."""
        if self.database.engine.name != "postgresql":
            return
        quote = self.database.engine.dialect.identifier_preparer
        for name in self._keyed:
            mapping = self.mappings[name]
            if not mapping.key[0].automatic:
                continue
            from segue.db.compiling.tables import stored_table

            table, column = quote.format_table(stored_table(mapping)), mapping.key[0].column
            await self.database.execute(
                f"SELECT setval(pg_get_serial_sequence(:table, :column), (SELECT max({quote.quote(column)}) FROM {table}))",  # noqa: S608 -- names of the program, quoted
                table=table,
                column=column,
            )


def _value(column: ColumnField, given: Any, *, texts: bool) -> Any:
    """The value of a column, of what stands in the file."""
    if texts:
        if given == _NULL:
            return None
        if given.startswith("\\") and given.lstrip("\\") == "N":
            given = given[1:]
        elif column.kind.storage in ("json", "array", "geometry"):
            given = json.loads(given)
    if given is None:
        return None
    if column.options.hashed is not None:
        return Hashed(given)
    return msgspec.convert(given, column.kind.python, strict=not texts)


def _lines(file: IO[str], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in file:
        if line.strip():
            yield _told(json.loads(line), name)


def _list(file: IO[str], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in json.load(file):
        yield _told(one, name)


def _told(one: Any, name: str) -> tuple[str, dict[str, Any]]:
    """The model and the fields of an object as ``dump`` writes it, or of a plain one where only one model is meant."""
    if isinstance(one, dict):
        if one.keys() == {"model", "fields"}:
            return one["model"], one["fields"]
        if name:
            return name, one
    raise ConfigurationError(
        f"an object of the file does not say of which model it is: {str(one)[:80]}. It is written "
        '{"model": "Author", "fields": {...}}, as dump does; a file of plain objects has one model: name it, '
        "models=[Author], or --model"
    )


def _tables(file: IO[str], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    header: list[str] = []
    for row in csv.reader(file):
        if len(row) == 1 and row[0].startswith("# "):
            name, header = row[0][2:], []
        elif not name:
            raise ConfigurationError(
                "the file does not say of which model its table is: name it, models=[Author], or --model"
            )
        elif not header:
            header = row
        elif row:
            if len(row) != len(header):
                raise ValueError(
                    f"a line of {name} has {len(row)} cells, and its table has {len(header)} columns"
                )
            yield name, dict(zip(header, row, strict=True))


_READERS = {"jsonl": _lines, "json": _list, "csv": _tables}


# -- both


def _form_of(path: Path) -> Form:
    forms: dict[str, Form] = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
    found = forms.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path.name}: say form='json', 'jsonl' or 'csv', or name it so")
    return found


def _mappings(database: Database, models: Sequence[Any] | None) -> list[Mapping]:
    listed = database.mappings() if models is None else [one.__mapping__ for one in models]
    # Objects of each class are told apart, with the fields that they have.
    return list(dict.fromkeys(kin for one in listed for kin in (one, *descendants(one))))


def in_order(mappings: Iterable[Mapping]) -> list[Mapping]:
    """Models in an order in which each comes after those that it refers to, as far as there is one."""
    left = list(mappings)
    inside = {one.model for one in left}
    done: set[Any] = set()
    found: list[Mapping] = []
    while left:
        free = [one for one in left if _needs(one, inside) <= done] or [min(left, key=_must(inside, done))]
        for one in free:
            found.append(one)
            done.add(one.model)
        left = [one for one in left if one.model not in done]
    return found


def _needs(mapping: Mapping, inside: set[Any]) -> set[Any]:
    """The models that objects of this one refer to."""
    parent = set() if mapping.parent is None else {mapping.parent.model}
    targets = {one.target for one in mapping.relations.values() if one.refers}
    others: set[Any] = {
        kin.model for one in targets for kin in (one.__mapping__, *descendants(one.__mapping__))
    }
    return ((others | parent) & inside) - {mapping.model}


def _must(inside: set[Any], done: set[Any]) -> Any:
    """How many references of a model cannot wait: in a circle, the one with the fewest is first."""

    def count(mapping: Mapping) -> int:
        return sum(
            1
            for one in mapping.relations.values()
            if one.refers and not one.null and one.target in inside and one.target not in done
        )

    return count
