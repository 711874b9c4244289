"""Parts of times, beginnings of months, and what is added to moments, as each database spells it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from segue.db.compiling.spelling.functions import without
from segue.db.compiling.translation import MYSQL, Bound, Element, Scope, Translator, translates
from segue.db.models.kinds import Kind
from segue.db.queries.times import DatePart, Day, Timed, Truncated

_ZONE = Kind("str", str)

# What strftime of SQLite calls a part.
_FORMATS = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "year day": "%j",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
}

_POSTGRESQL = {"weekday": "isodow", "year day": "doy", "iso year": "isoyear"}

# The beginning of a unit: for SQLite and MySQL, which write times alike but for minutes.
_BEGINNINGS = {
    "year": "%Y-01-01 00:00:00.000000",
    "month": "%Y-%m-01 00:00:00.000000",
    "day": "%Y-%m-%d 00:00:00.000000",
    "hour": "%Y-%m-%d %H:00:00.000000",
    "minute": "%Y-%m-%d %H:%M:00.000000",
    "second": "%Y-%m-%d %H:%M:%S.000000",
}


def _text(text: str) -> Any:
    return sa.literal_column(f"'{text}'")


def _placed(sql: Translator, node: Timed, scope: Scope) -> Any:
    """The time on the clock of its zone, UTC if none is said."""
    zone = None if node.zone is None else sql.bind(Bound(sql.value(), _ZONE), sa.Text())
    inner = sql.expression(node.inner, scope)
    if sql.dialect == "postgresql":
        if node.inner.kind.storage == "datetime" and node.inner.kind.zone:
            return sa.func.timezone(_text("UTC") if zone is None else zone, inner)
        return inner
    if zone is None:
        return inner
    if sql.dialect == "sqlite":
        return sa.func.segue_in_zone(inner, zone)
    if sql.dialect in MYSQL:
        return sa.func.convert_tz(inner, _text("+00:00"), zone)
    raise without(sql, "zone=")


@translates(DatePart)
def _part(sql: Translator, node: DatePart, scope: Scope) -> Any:
    at, part = _placed(sql, node, scope), node.what
    if sql.dialect == "sqlite":
        return _sqlite_part(at, part)
    if sql.dialect in MYSQL:
        return _mysql_part(at, part)
    if sql.dialect == "postgresql":
        found = sa.extract(_POSTGRESQL.get(part, part), at)
        return sa.cast(sa.func.floor(found), sa.BigInteger())
    if part in ("weekday", "iso year", "year day"):
        raise without(sql, f'part("{part}")')
    return sa.extract(part, at)


def _sqlite_part(at: Any, part: str) -> Any:
    def number(text: str, *modifiers: str) -> Any:
        return sa.cast(sa.func.strftime(_text(text), at, *map(_text, modifiers)), sa.Integer())

    match part:
        case "quarter":
            return Element(["((", number("%m"), " + 2) / 3)"])
        case "weekday":
            return Element(["((", number("%w"), " + 6) % 7 + 1)"])
        case "week":
            # The week is that of its Thursday.
            return Element(["((", number("%j", "-3 days", "weekday 4"), " - 1) / 7 + 1)"])
        case "iso year":
            return number("%Y", "-3 days", "weekday 4")
        case _:
            return number(_FORMATS[part])


def _mysql_part(at: Any, part: str) -> Any:
    match part:
        case "weekday":
            return sa.func.weekday(at) + sa.literal_column("1")
        case "week":
            return sa.func.week(at, sa.literal_column("3"))
        case "iso year":
            return sa.func.yearweek(at, sa.literal_column("3")).op("DIV")(sa.literal_column("100"))
        case "year day":
            return sa.func.dayofyear(at)
        case "day":
            return sa.func.dayofmonth(at)
        case _:
            return getattr(sa.func, part)(at)


@translates(Truncated)
def _truncated(sql: Translator, node: Truncated, scope: Scope) -> Any:
    at, unit = _placed(sql, node, scope), node.what
    is_date = node.kind.storage == "date"
    if sql.dialect == "postgresql":
        if is_date:
            return sa.cast(sa.func.date_trunc(_text(unit), sa.cast(at, sa.DateTime())), sa.Date())
        found = sa.func.date_trunc(_text(unit), at)
        moment = node.zone is None and node.inner.kind.zone
        return sa.func.timezone(_text("UTC"), found) if moment else found
    if sql.dialect == "sqlite":
        return _sqlite_beginning(at, unit, is_date=is_date)
    if sql.dialect in MYSQL:
        if unit == "week":
            found = sa.func.subdate(sa.func.date(at), sa.func.weekday(at))
        else:
            found = sa.func.date_format(at, _text(_BEGINNINGS[unit].replace("%M", "%i")))
        return sa.cast(found, sa.Date() if is_date else mysql.DATETIME(fsp=6))
    if sql.dialect == "oracle":
        return sa.func.trunc(at, _text({"week": "IW", "minute": "MI"}.get(unit, unit.upper())))
    raise without(sql, "trunc()")


def _sqlite_beginning(at: Any, unit: str, *, is_date: bool) -> Any:
    modifiers = [_text("-6 days"), _text("weekday 1")] if unit == "week" else []
    text = _BEGINNINGS["day" if unit == "week" else unit]
    return sa.func.strftime(_text(text[:8] + text[8:].partition(" ")[0] if is_date else text), at, *modifiers)


@translates(Day)
def _day(sql: Translator, node: Day, scope: Scope) -> Any:
    at = _placed(sql, node, scope)
    return sa.func.date(at) if sql.dialect in ("sqlite", *MYSQL) else sa.cast(at, sa.Date())


def added(sql: Translator, kind: Kind, at: Any, step: Any, *, minus: bool) -> Any:
    """A time with a duration added to it, or taken from it."""
    storage = kind.storage
    if sql.dialect == "sqlite":
        return sa.func.segue_add(at, -step if minus else step, _text(storage))
    if sql.dialect in MYSQL:
        found = sa.func.timestampadd(sa.literal_column("MICROSECOND"), -step if minus else step, at)
        if storage == "time":
            return sa.func.addtime(
                at, sa.func.sec_to_time((-step if minus else step) / sa.literal_column("1000000"))
            )
        return sa.cast(found, sa.Date()) if storage == "date" else found
    if sql.dialect == "mssql":
        return sa.func.dateadd(sa.literal_column("microsecond"), -step if minus else step, at)
    found = at.op("-")(step) if minus else at.op("+")(step)
    return sa.cast(found, sa.Date()) if storage == "date" else found


def difference(sql: Translator, kind: Kind, one: Any, other: Any) -> Any:
    """How long it is from one time to another."""
    if sql.dialect == "sqlite":
        return sa.func.segue_difference(one, other)
    if sql.dialect in MYSQL:
        return sa.func.timestampdiff(sa.literal_column("MICROSECOND"), other, one)
    if sql.dialect == "mssql":
        return sa.func.datediff_big(sa.literal_column("microsecond"), other, one)
    if sql.dialect == "postgresql" and kind.storage == "date":
        # The difference of days is a number there.
        one, other = sa.cast(one, sa.DateTime()), sa.cast(other, sa.DateTime())
    return one.op("-")(other)
