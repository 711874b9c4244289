"""How a database writes JSON documents. A database is here if that was measured to be faster than objects."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from segue.db.compiling.translation import Element
from segue.db.models.kinds import Kind

__all__ = ["Documents", "PostgresDocuments", "documents_for"]

Members = Sequence[tuple[str, Any]]


class Documents(Protocol):
    """What is asked of a database that writes JSON."""

    def value(self, column: Any, kind: Kind) -> Any:
        """A column as a value in a document, as msgspec writes it; None where that cannot be."""

    def object(self, members: Members) -> Any:
        """An object in a document."""

    def array(self, part: "Part") -> Any:
        """The array of the objects of a relation, beside the row that they belong to."""

    def unless_null(self, key: Any, value: Any) -> Any:
        """Null where there is no key."""

    def labelled(self, at: int, name: str, value: Any) -> Any:
        """A member of the outermost objects."""

    def statement(self, inner: Any, members: Members, *, whole: bool) -> Any:
        """The statement: one row with the whole document, or a row for each object."""

    def whole(self, rows: Sequence[Any]) -> bytes:
        """The document of its rows."""
        ...


class Part(NamedTuple):
    """The objects of a relation: what they have, where they come from, and the table of the row that they belong to."""

    members: Members
    source: Any
    conditions: Sequence[Any]
    orders: Sequence[Any]
    limit: int | None
    here: Any
    name: str

    def select(self, columns: Sequence[Any]) -> Any:
        """These columns of the objects, in their order."""
        made = sa.select(*columns).select_from(self.source).where(*self.conditions).order_by(*self.orders)
        if self.limit is not None:
            made = made.limit(sa.literal_column(str(int(self.limit))))
        return made.correlate(self.here)


class PostgresDocuments:
    """PostgreSQL: ``row_to_json``, joined there, sent as bytes.

    PERF: 1,000 rows of seven columns take a quarter of the time that the driver's rows and an encoder take (bench/data: reply).
    """

    def value(self, column: Any, kind: Kind) -> Any:
        if kind.storage == "datetime":
            if kind.zone:
                column, text = sa.func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
            else:
                text = 'YYYY-MM-DD"T"HH24:MI:SS.US'
            return _without_fraction(sa.func.to_char(column, sa.literal_column(f"'{text}'")))
        if kind.storage == "decimal":
            return sa.cast(column, sa.Text())
        return column

    def object(self, members: Members) -> Any:
        # A function has at most 100 arguments.
        if len(members) <= _MOST_MEMBERS:
            return sa.func.json_build_object(*_arguments(members))
        found: Any = None
        for start in range(0, len(members), _MOST_MEMBERS):
            part = sa.func.jsonb_build_object(*_arguments(members[start : start + _MOST_MEMBERS]))
            found = part if found is None else found.op("||")(part)
        return found

    def array(self, part: Part) -> Any:
        select = part.select([self.object(part.members)])
        return sa.func.array_to_json(sa.func.array(select.scalar_subquery()))

    def unless_null(self, key: Any, value: Any) -> Any:
        return sa.case((key.is_(None), sa.null()), else_=value)

    def labelled(self, at: int, name: str, value: Any) -> Any:
        return value.label(name)

    def statement(self, inner: Any, members: Members, *, whole: bool) -> Any:
        rows = inner.subquery("q")
        one = sa.cast(sa.func.row_to_json(sa.literal_column("q")), sa.Text())
        if not whole:
            return sa.select(sa.func.convert_to(one, sa.literal_column("'UTF8'"))).select_from(rows)
        joined = sa.func.coalesce(sa.func.string_agg(one, sa.literal_column("','")), sa.literal_column("''"))
        document = sa.func.concat(sa.literal_column("'['"), joined, sa.literal_column("']'"))
        return sa.select(sa.func.convert_to(document, sa.literal_column("'UTF8'"))).select_from(rows)

    def whole(self, rows: Sequence[Any]) -> bytes:
        found: bytes = rows[0][0]
        return found


class SqliteDocuments:
    """SQLite: ``json_object`` and ``json_group_array``.

    PERF: for 20 objects with their relations 94 us instead of 250; for rows of one table objects are faster, so it is not asked then.
    """

    def value(self, column: Any, kind: Kind) -> Any:
        match kind.storage:
            case "bool":
                text = sa.case(
                    (column.is_(None), sa.null()), (column != 0, _text("true")), else_=_text("false")
                )
                return sa.func.json(text, type_=sa.JSON())
            case "float":
                # As many digits as it takes: SQLite's own way to write it loses some.
                short, exact = (sa.func.printf(_text(form), column) for form in ("%!.15g", "%!.17g"))
                text = sa.case(
                    (column.is_(None), sa.null()),
                    (sa.cast(short, sa.REAL()) == column, short),
                    else_=exact,
                )
                return sa.func.json(text, type_=sa.JSON())
            case "datetime":
                written = _without_fraction(sa.func.replace(column, _text(" "), _text("T")))
                return written.concat(_text("Z")) if kind.zone else written
            case "decimal":
                if kind.places is None:
                    return None
                written = sa.func.printf(_text(f"%.{int(kind.places)}f"), column)
                return sa.case((column.is_(None), sa.null()), else_=written) if kind.null else written
            case "uuid":
                cuts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
                written = sa.func.substr(column, *map(_number, cuts[0]))
                for cut in cuts[1:]:
                    written = written.concat(_text("-")).concat(sa.func.substr(column, *map(_number, cut)))
                return written
            case "json" | "array":
                return sa.func.json(column, type_=sa.JSON())
            case _:
                return column

    def object(self, members: Members) -> Any:
        if len(members) > _MOST_MEMBERS:
            return None
        return sa.func.json_object(*_arguments(members), type_=sa.JSON())

    def array(self, part: Part) -> Any:
        inner = part.select([value.label(f"c{at}") for at, (_, value) in enumerate(part.members)]).subquery(
            part.name
        )
        made = self.object(self._again(inner, part.members))
        if made is None:
            return None
        array = sa.select(sa.func.json_group_array(made)).select_from(inner).correlate(part.here)
        return sa.func.json(array.scalar_subquery(), type_=sa.JSON())

    def _again(self, inner: Any, members: Members) -> Members:
        """The members as columns of a table of theirs. What was JSON has become text on the way."""
        return [
            (
                name,
                sa.func.json(inner.c[f"c{at}"], type_=sa.JSON())
                if isinstance(value.type, sa.JSON)
                else inner.c[f"c{at}"],
            )
            for at, (name, value) in enumerate(members)
        ]

    def unless_null(self, key: Any, value: Any) -> Any:
        return sa.func.json(sa.case((key.is_(None), sa.null()), else_=value), type_=sa.JSON())

    def labelled(self, at: int, name: str, value: Any) -> Any:
        return value.label(f"c{at}")

    def statement(self, inner: Any, members: Members, *, whole: bool) -> Any:
        rows = inner.subquery("q")
        made = self.object(self._again(rows, members))
        if made is None:
            return None
        return sa.select(sa.func.json_group_array(made) if whole else made).select_from(rows)

    def whole(self, rows: Sequence[Any]) -> bytes:
        found: str = rows[0][0]
        return found.encode()


class MariaDocuments:
    """MariaDB: a row with a JSON object each, and ``JSON_ARRAYAGG`` in them.

    PERF: 1,000 rows of six columns take 0.7 ms instead of 1.4. (One text for all takes 0.3, but is cut where it is too long for a packet.)
    """

    def value(self, column: Any, kind: Kind) -> Any:
        match kind.storage:
            case "bool":
                text = sa.case(
                    (column.is_(None), sa.null()), (column != 0, _text("true")), else_=_text("false")
                )
                return sa.func.json_compact(text)
            case "datetime":
                written = _without_fraction(sa.func.replace(column, _text(" "), _text("T")))
                return sa.func.concat(written, _text("Z")) if kind.zone else written
            case "time":
                return _without_fraction(column)
            case "decimal":
                return sa.cast(column, sa.CHAR())
            case "uuid":
                plain = sa.func.replace(column, _text("-"), _text(""))
                pieces: list[Any] = []
                for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)):
                    pieces += [_text("-"), sa.func.substr(plain, _number(start), _number(length))]
                return sa.func.concat(*pieces[1:])
            case "json" | "array":
                return sa.func.json_compact(column)
            case _:
                return column

    def object(self, members: Members) -> Any:
        return sa.func.json_object(*_arguments(members))

    def array(self, part: Part) -> Any:
        pieces: list[Any] = ["JSON_ARRAYAGG(", self.object(part.members), " ORDER BY "]
        for at, order in enumerate(part.orders):
            pieces += [", ", order] if at else [order]
        pieces.append(f" LIMIT {int(part.limit)})" if part.limit is not None else ")")
        select = (
            sa.select(Element(pieces)).select_from(part.source).where(*part.conditions).correlate(part.here)
        )
        return sa.func.json_compact(sa.func.coalesce(select.scalar_subquery(), _text("[]")))

    def unless_null(self, key: Any, value: Any) -> Any:
        return sa.func.json_compact(sa.case((key.is_(None), sa.null()), else_=value))

    def labelled(self, at: int, name: str, value: Any) -> Any:
        return value.label(f"c{at}")

    def statement(self, inner: Any, members: Members, *, whole: bool) -> Any:
        # Its own columns in an object instead of beside each other: the order and the limit stay where they are.
        return inner.with_only_columns(self.object(members), maintain_column_froms=True)

    def whole(self, rows: Sequence[Any]) -> bytes:
        return b"".join((b"[", b",".join([row[0].encode() for row in rows]), b"]"))


_MOST_MEMBERS = 50


def _text(text: str) -> Any:
    """A text of our own in a statement."""
    return sa.literal_column("'" + text.replace("'", "''") + "'", sa.Text())


def _number(number: int) -> Any:
    return sa.literal_column(str(number), sa.Integer())


def _without_fraction(written: Any) -> Any:
    """A time without a fraction that is zero."""
    return sa.func.replace(written, _text(".000000"), _text(""), type_=sa.Text())


def _arguments(members: Members) -> list[Any]:
    found: list[Any] = []
    for name, value in members:
        found += (_text(name), value)
    return found


def documents_for(database: str, *, related: bool) -> Documents | None:
    """How a database of this name writes documents; None where objects are as fast. ``related``: with relations in them."""
    if database == "postgresql":
        return PostgresDocuments()
    if database == "sqlite" and related:
        return SqliteDocuments()
    if database == "mariadb":
        return MariaDocuments()
    return None
