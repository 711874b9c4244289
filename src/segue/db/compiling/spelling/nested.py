"""JSON, arrays and ranges as each database spells them."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.patterns import path_text
from segue.db.compiling.spelling.functions import without
from segue.db.compiling.translation import MYSQL, Bound, Element, Scope, Translator, translates
from segue.db.compiling.types import sql_type
from segue.db.models.kinds import Kind
from segue.db.queries.expressions import Value
from segue.db.queries.nested import Bound as End, Changed, Compared, HasKeys, Item, JSONPath

_POSITION = Kind("int", int, bits=32)
_TEXT = Kind("str", str)
_RANGES = {
    "includes": "@>",
    "overlaps": "&&",
    "within": "<@",
    "before": "<<",
    "after": ">>",
    "touches": "-|-",
}
_NULL: Any = sa.literal_column("'NULL'")


def _path(sql: Translator, kind: Kind) -> Any:
    """A path into JSON, as a parameter."""
    bound = Bound(sql.value(), kind, convert=path_text(sql.dialect))
    if sql.dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import ARRAY

        return sql.bind(bound, ARRAY(sa.Text()))
    return sql.bind(bound, sa.Text())


def _key(sql: Translator) -> Any:
    """The one key of a path into an hstore, as a parameter."""
    return sql.bind(Bound(sql.value(), _TEXT, convert=lambda path: path[0]), sa.Text())


@translates(JSONPath)
def _json_path(sql: Translator, node: JSONPath[Any], scope: Scope) -> Any:
    if sql.dialect == "postgresql" and node.inner.kind.storage == "hstore":
        key = _key(sql)
        return sql.expression(node.inner, scope).op("->")(key)
    path = _path(sql, node.kind)
    inner = sql.expression(node.inner, scope)
    storage = node.kind.storage
    if sql.dialect == "postgresql":
        if storage == "json":
            return sa.func.nullif(inner.op("#>")(path), sa.literal_column("'null'::jsonb"))
        text = inner.op("#>>")(path)
        return text if storage in ("str", "text") else sa.cast(text, sql_type(node.kind))
    if sql.dialect in MYSQL:
        return _mysql_item(sa.func.json_extract(inner, path), node.kind)
    if sql.dialect == "sqlite":
        found = sa.func.json_extract(inner, path)
        return sa.cast(found, sa.Text()) if storage in ("str", "text") else found
    if sql.dialect in ("oracle", "mssql"):
        found = sa.func.json_value(inner, path)
        return found if storage in ("str", "text") else sa.cast(found, sql_type(node.kind))
    raise without(sql, "JSON")


def _mysql_item(found: Any, kind: Kind) -> Any:
    # JSON's null is a value there, and nothing everywhere else.
    found = sa.case((sa.func.json_type(found) != _NULL, found))
    text = sa.func.json_unquote(found)
    match kind.storage:
        case "int":
            return sa.cast(text, sa.BigInteger())
        case "float":
            return sa.cast(text, sa.Double())
        case "bool":
            return text == sa.literal_column("'true'")
        case "decimal":
            return sa.cast(text, sa.Numeric(38, 10))
        case "json":
            return found
        case _:
            return text


@translates(Item)
def _item(sql: Translator, node: Item[Any], scope: Scope) -> Any:
    inner = sql.expression(node.inner, scope)
    number = sql.value()
    if sql.dialect == "postgresql":
        at = sql.bind(Bound(number, _POSITION), sa.Integer())
        return Element(["(", inner, ")[", at, " + 1]"])
    bound = Bound(number, _POSITION, convert=lambda position: f"$[{int(position)}]")
    found = sa.func.json_extract(inner, sql.bind(bound, sa.Text()))
    return _mysql_item(found, node.kind) if sql.dialect in MYSQL else found


@translates(HasKeys)
def _has_keys(sql: Translator, node: HasKeys, scope: Scope) -> Any:
    kind = Kind("str", str)
    if sql.dialect == "postgresql":
        keys = [
            sql.bind(Bound(sql.value(), kind, convert=lambda path: path[0]), sa.Text()) for _ in node.keys
        ]
        inner = sql.expression(node.inner, scope)
        return sa.and_(*(inner.op("?")(one) for one in keys))
    paths = [_path(sql, kind) for _ in node.keys]
    inner = sql.expression(node.inner, scope)
    if sql.dialect == "sqlite":
        return sa.and_(*(sa.func.json_type(inner, one).is_not(None) for one in paths))
    if sql.dialect in MYSQL:
        return sa.func.json_contains_path(inner, sa.literal_column("'all'"), *paths) == sa.literal_column("1")
    raise without(sql, "has_key()")


@translates(Compared)
def _compared(sql: Translator, node: Compared, scope: Scope) -> Any:
    left = sql.expression(node.left, scope)
    kind = node.left.kind
    if kind.storage == "json" and isinstance(node.right, Value):
        number = sql.value()
        text = sql.bind(
            Bound(number, node.right.kind), None if sql.dialect != "postgresql" else sql_type(kind)
        )
        right = text
    else:
        right = sql.expression(node.right, scope)
    includes = node.comparison == "includes"
    if sql.dialect == "postgresql":
        if kind.storage == "json" and not includes:
            return _json_overlap(left, right)
        return left.op(_RANGES[node.comparison])(right)
    if kind.storage == "range":
        raise without(sql, f"{node.comparison}() of a range")
    if sql.dialect == "sqlite":
        name = "segue_json_contains" if includes else "segue_json_overlaps"
        return sa.type_coerce(getattr(sa.func, name)(left, right), sa.Boolean()) == sa.literal_column("1")
    if sql.dialect in MYSQL:
        name = "json_contains" if includes else "json_overlaps"
        return getattr(sa.func, name)(left, right) == sa.literal_column("1")
    raise without(sql, f"{node.comparison}()")


def _json_overlap(left: Any, right: Any) -> Any:
    """Whether two lists of JSON have an item in common."""
    item = sa.func.jsonb_array_elements(right).table_valued("value", name="item")
    return sa.exists(sa.select(sa.literal_column("1")).select_from(item).where(left.op("@>")(item.c.value)))


@translates(End)
def _end(sql: Translator, node: End[Any], scope: Scope) -> Any:
    inner = sql.expression(node.inner, scope)
    if sql.dialect != "postgresql":
        raise without(sql, f"the {node.end} end of a range")
    return getattr(sa.func, node.end)(inner)


@translates(Changed)
def _changed(sql: Translator, node: Changed[Any], scope: Scope) -> Any:
    inner = sql.expression(node.inner, scope)
    if sql.dialect == "postgresql" and node.inner.kind.storage == "hstore":
        key = _key(sql)
        if node.value is None:
            return inner.op("-")(key)
        return inner.op("||")(sa.func.hstore(key, sa.cast(sql.expression(node.value, scope), sa.Text())))
    path = _path(sql, Kind("str", str))
    if node.value is None:
        match sql.dialect:
            case "postgresql":
                return inner.op("#-")(path)
            case "sqlite" | "mysql" | "mariadb":
                return sa.func.json_remove(inner, path)
            case _:
                raise without(sql, "without()")
    # The text of an hstore is no JSON.
    constant = isinstance(node.value, Value) and node.inner.kind.storage == "json"
    value = sql.expression(node.value, scope)
    match sql.dialect:
        case "postgresql":
            made = sa.cast(value, sql_type(node.inner.kind)) if constant else sa.func.to_jsonb(value)
            return sa.func.jsonb_set(inner, path, made, sa.true())
        case "sqlite":
            return sa.func.json_set(inner, path, sa.func.json(value) if constant else value)
        case "mysql" | "mariadb":
            made = sa.func.json_extract(value, sa.literal_column("'$'")) if constant else value
            return sa.func.json_set(inner, path, made)
        case _:
            raise without(sql, "put()")
