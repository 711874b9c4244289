"""Conditions of queries as MongoDB writes them."""

import re
from typing import TYPE_CHECKING, Any

from segue.db.models.ciphers import refuse_encrypted
from segue.db.models.columns import ColumnField
from segue.db.models.mapping import resolve_all
from segue.db.mongo.documents import name_of, stored
from segue.db.queries.expressions import Column, Expr, Operation, Value, Values

if TYPE_CHECKING:
    from segue.db.queries.query import Asking

__all__ = ["column_of", "condition", "criteria"]

_COMPARED = {"=": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def criteria(query: "Asking[Any]") -> dict[str, Any]:
    """The conditions of a query as MongoDB writes them. Raises TypeError for what it has no counterpart of."""
    from segue.db.queries.scoping import scoped

    resolve_all()
    found: list[dict[str, Any]] = []
    for step in scoped(query)._steps():
        match step._step:
            case "where":
                found += [condition(one) for one in step._payload]
            case "all" | "order" | "limit" | "no limit" | "offset" | "using" | "unscoped" | "load":
                pass
            case other:
                raise TypeError(
                    f"MongoDB has no counterpart of {other}: objects are asked for by where, order_by, limit and offset"
                )
    return found[0] if len(found) == 1 else ({"$and": found} if found else {})


def condition(one: Any) -> dict[str, Any]:
    """One condition."""
    if isinstance(one, Column) and one.kind.storage == "bool":
        return {_field(one): True}
    if not isinstance(one, Operation):
        raise _unknown(one)
    parts = one.arguments
    match one.operator:
        case "and" | "or":
            return {f"${one.operator}": [condition(part) for part in parts]}
        case "not":
            return {"$nor": [condition(parts[0])]}
        case "is null":
            return {_field(parts[0]): {"$eq": None}}
        case "is not null":
            return {_field(parts[0]): {"$nin": [None]}}
        case "between":
            low, high = (_value(one, parts[0], part) for part in parts[1:])
            return {_field(parts[0]): {"$gte": low, "$lte": high}}
        case "in" if isinstance(parts[1], Values):
            given = [_value(one, parts[0], Value(value, parts[0].kind)) for value in parts[1].values]
            return {_field(parts[0]): {"$in": given}}
        case "like" | "ilike":
            asked: dict[str, Any] = {"$regex": _regex(_value(one, parts[0], parts[1]))}
            if one.operator == "ilike":
                asked["$options"] = "i"
            return {_field(parts[0]): asked}
        case operator if operator in _COMPARED:
            left, right = parts
            if isinstance(left, Value):
                left, right, operator = right, left, _TURNED[operator]
            value = _value(one, left, right)
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


def _value(asked: Operation[Any], column: Any, one: Any) -> Any:
    if not isinstance(one, Value) or not isinstance(column, Column):
        raise _unknown(asked)
    if column.kind.cipher is not None:
        refuse_encrypted(column, asked.operator)
    return stored(one.value, column.kind)


def _field(one: Any) -> str:
    return name_of(column_of(one))


def column_of(one: Any) -> ColumnField:
    """The column that an expression is. The key of a related object is a column of this one. Raises TypeError for anything else."""
    if not isinstance(one, Column):
        raise _unknown(one)
    if not one.path:
        return one.field
    relation = one.path[0]
    if len(one.path) == 1 and one.field.options.key and relation.refers and len(relation.columns) == 1:
        found: ColumnField = relation.columns[0]
        return found
    raise _unknown(one)


def _unknown(one: Expr[Any]) -> TypeError:
    return TypeError(f"MongoDB has no counterpart of {one!r}: it compares fields of a document with values")
