"""Models for the tables of a database that is there already."""

import keyword
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from segue.db.compiling.geometries import MySQLGeometry, PostGIS
from segue.db.errors import ConfigurationError
from segue.db.migrations.modelsource import Written
from segue.db.migrations.record import TABLE
from segue.db.migrations.source import sorted_imports
from segue.db.models.geometry import GEOMETRIES

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["models_of"]


async def models_of(database: "Database", tables: Sequence[str] = ()) -> str:
    """The text of a module with a model for each table, or for those that are named.

    Raises ConfigurationError for a table that is not there.
    """
    return await database.engine.run_sync(lambda connection: _module(connection, tables))


def _module(connection: sa.Connection, tables: Sequence[str]) -> str:
    look = sa.inspect(connection)
    # Among others a table of PostGIS.
    others = {TABLE, "alembic_version", *_tables_of_extensions(connection)}
    there = [name for name in look.get_table_names() if name not in others]
    for name in tables:
        if name not in there:
            raise ConfigurationError(f"there is no table {name!r}; there are {', '.join(there) or 'none'}")
    chosen = [name for name in there if not tables or name in tables]
    written = [_Inspected(look, name, set(there)).written() for name in chosen]
    imports: set[str] = set()
    for one in written:
        imports |= one.imports
    lines = [f'"""Models of the tables of {connection.engine.url.database or "a database"}."""', ""]
    lines += sorted_imports(imports)
    return "\n".join(lines) + "\n\n" + "\n\n\n".join(one.text for one in written) + "\n"


def _tables_of_extensions(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.exec_driver_sql(
        "SELECT relname FROM pg_class JOIN pg_depend ON objid = pg_class.oid AND deptype = 'e' WHERE relkind = 'r'"
    )
    return [row[0] for row in rows]


class _Inspected:
    """One table, looked at."""

    def __init__(self, look: Any, table: str, tables: set[str]) -> None:
        self.look = look
        self.table = table
        self.columns = look.get_columns(table)
        self.key = look.get_pk_constraint(table)["constrained_columns"]
        self.references = {
            one["constrained_columns"][0]: one
            for one in look.get_foreign_keys(table)
            if len(one["constrained_columns"]) == 1 and one["referred_table"] in tables
        }
        unique = [one["column_names"] for one in look.get_unique_constraints(table)]
        indexes = look.get_indexes(table)
        unique += [one["column_names"] for one in indexes if one["unique"]]
        self.unique = {names[0] for names in unique if len(names) == 1}
        self.indexed = {one["column_names"][0] for one in indexes if len(one["column_names"]) == 1}
        self.together = sorted({tuple(names) for names in unique if len(names) > 1 and None not in names})

    def written(self) -> Written:
        plain = self.key == ["id"] and any(
            one["name"] == "id" and isinstance(one["type"], sa.Integer) for one in self.columns
        )
        made = Written(_class_name(self.table), self.table, keyed=not plain)
        if not self.key:
            made.lines.append("# This table has no key. Say key=True of what tells its rows apart.")
        for column in self.columns:
            if plain and column["name"] == "id":
                continue
            if column["name"] in self.references:
                self._add_reference(made, column)
            else:
                self._add_field(made, column)
        if self.together:
            listed = ", ".join(
                f"unique({', '.join(map(repr, self._names(names)))})" for names in self.together
            )
            made.lines.append(f"constraints = ({listed},)")
            made.functions.add("unique")
        return made

    def _names(self, columns: Sequence[str]) -> list[str]:
        return [
            _field_name(name.removesuffix("_id") if name in self.references else name) for name in columns
        ]

    def _add_reference(self, made: Written, column: Any) -> None:
        found = self.references[column["name"]]
        name = _field_name(column["name"].removesuffix("_id"))
        options: dict[str, str] = {}
        other = found["referred_columns"][0]
        if column["name"] != f"{name}_{other}":
            options["column"] = repr(column["name"])
        if column["name"] in self.key:
            options["key"] = "True"
        if column["name"] in self.unique:
            options["unique"] = "True"
        action = (found.get("options") or {}).get("ondelete")
        usual = "SET NULL" if column["nullable"] else None
        if action != usual:
            options["on_delete"] = repr((action or "restrict").lower())
        null = " | None" if column["nullable"] else ""
        if null:
            options["default"] = "None"
        made.add(name, f'Ref["{_class_name(found["referred_table"])}{null}"]', options)

    def _add_field(self, made: Written, column: Any) -> None:
        kind, options = _kind(column["type"])
        name = _field_name(column["name"])
        found: dict[str, str] = {}
        if name != column["name"]:
            found["column"] = repr(column["name"])
        if column["name"] in self.key:
            found["key"] = "True"
        found |= options
        if column["name"] in self.unique:
            found["unique"] = "True"
        elif column["name"] in self.indexed:
            found["index"] = "True"
        null = column["nullable"] and column["name"] not in self.key
        if null:
            kind, found["default"] = f"{kind} | None", "None"
        elif column.get("default") is not None and not column.get("computed"):
            found |= _default(str(column["default"]), kind)
        if column.get("comment"):
            found["help"] = repr(column["comment"])
        made.add(name, f"Field[{kind}]", found)


def _kind(type_: Any) -> tuple[str, dict[str, str]]:  # noqa: C901 -- a case for each kind
    if type(type_).__name__ == "TINYINT" and getattr(type_, "display_width", None) == 1:
        return "bool", {}
    match type_:
        case PostGIS() | MySQLGeometry():
            return _geometry(type_)
        case sa.Boolean():
            return "bool", {}
        case sa.SmallInteger():
            return "int", {"bits": "16"}
        case sa.BigInteger():
            return "int", {}
        case sa.Integer():
            return "int", {}
        case sa.Float():
            return "float", {}
        case sa.Numeric():
            digits = (
                {}
                if type_.precision is None
                else {"digits": str(type_.precision), "places": str(type_.scale or 0)}
            )
            return "Decimal", digits
        case sa.Uuid():
            return "UUID", {}
        case sa.DateTime():
            # SQLite and MySQL have none, and we write what a zone makes of it: UTC.
            zone = type_.timezone or not type(type_).__module__.startswith("sqlalchemy.dialects.postgresql")
            return "datetime", {} if zone else {"zone": "False"}
        case sa.Date():
            return "date", {}
        case sa.Time():
            return "time", {}
        case sa.Interval():
            return "timedelta", {}
        case sa.JSON():
            return "Any", {"json": "True"}
        case sa.ARRAY():
            return f"list[{_kind(type_.item_type)[0]}]", {"array": "True"}
        case sa.LargeBinary() | sa.BINARY() | sa.VARBINARY():
            return "bytes", {}
        case sa.Text() | mysql.LONGTEXT() | mysql.MEDIUMTEXT() | mysql.TINYTEXT():
            return "str", {"text": "True"}
        case sa.String():
            return "str", {} if type_.length is None else {"max_length": str(type_.length)}
        case _:
            names = {"INTERVAL": "timedelta", "LONGBLOB": "bytes", "BLOB": "bytes"}
            return names.get(type(type_).__name__, "Any"), (
                {} if type(type_).__name__ in names else {"json": "True"}
            )


def _geometry(type_: PostGIS | MySQLGeometry) -> tuple[str, dict[str, str]]:
    names = {one.__name__.lower(): one.__name__ for one in GEOMETRIES.values()}
    said = (type_.shape or "").lower()
    options = {} if type_.srid in (None, 4326) else {"srid": str(type_.srid)}
    if isinstance(type_, PostGIS) and type_.name == "geography":
        options["geography"] = "True"
    if said.endswith("z"):
        options["dimensions"] = "3"
    return names.get(said.removesuffix("z"), "Geometry"), options


def _default(text: str, kind: str) -> dict[str, str]:
    plain = re.sub(r"::[\w ]+(\(\d+\))?$", "", text.strip()).strip("()")
    if plain.lower().startswith(("current_timestamp", "now")) or re.match(r"strftime\(.*'now'", plain):
        return {"default": "now"}
    if kind == "bool" and plain.lower() in ("0", "1", "true", "false"):
        return {"default": "True" if plain.lower() in ("1", "true") else "False"}
    if kind in ("int", "float") and re.fullmatch(r"-?\d+(\.\d+)?", plain):
        return {"default": plain}
    if kind == "str" and re.fullmatch(r"'[^']*'", plain):
        return {"default": repr(plain[1:-1])}
    return {}


def _class_name(table: str) -> str:
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", table) if part)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Table{name}"


def _field_name(column: str) -> str:
    name = re.sub(r"\W", "_", column)
    if not name or name[0].isdigit() or name.startswith("_"):
        name = f"column_{name.strip('_')}"
    taken = {
        "all",
        "where",
        "get",
        "create",
        "save",
        "delete",
        "load",
        "select",
        "refresh",
        "order_by",
        "constraints",
    }
    return f"{name}_" if keyword.iskeyword(name) or name in taken else name
