"""Operators that clients may name, and how a program adds its own."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

from segue.db.queries.expressions import Condition, Expr

__all__ = ["Lookup", "Takes", "lookup", "lookup_named"]

Takes: TypeAlias = Literal["value", "values", "text", "truth"]


class Lookup(NamedTuple):
    """What makes a condition of an expression and of what a client gave, and what that has to be.

    ``takes``: a value of the column's type, several of them, text, or true or false. ``storages``: of which columns it can be asked;
    all, if there are none.
    """

    condition: Callable[[Expr[Any], Any], Condition]
    takes: Takes = "value"
    storages: frozenset[str] = frozenset()


_TEXT = frozenset({"str", "text"})
_ORDERED = frozenset({"int", "float", "decimal", "str", "text", "datetime", "date", "time", "timedelta"})

_LOOKUPS: dict[str, Lookup] = {
    "eq": Lookup(lambda of, value: of == value),
    "ne": Lookup(lambda of, value: of.is_distinct_from(value)),
    "lt": Lookup(lambda of, value: of < value, storages=_ORDERED),
    "le": Lookup(lambda of, value: of <= value, storages=_ORDERED),
    "gt": Lookup(lambda of, value: of > value, storages=_ORDERED),
    "ge": Lookup(lambda of, value: of >= value, storages=_ORDERED),
    "in": Lookup(lambda of, values: of.is_in(values), "values"),
    "contains": Lookup(lambda of, text: of.contains(text), "text", _TEXT),
    "icontains": Lookup(lambda of, text: of.icontains(text), "text", _TEXT),
    "startswith": Lookup(lambda of, text: of.startswith(text), "text", _TEXT),
    "istartswith": Lookup(lambda of, text: of.istartswith(text), "text", _TEXT),
    "endswith": Lookup(lambda of, text: of.endswith(text), "text", _TEXT),
    "iendswith": Lookup(lambda of, text: of.iendswith(text), "text", _TEXT),
    "iequals": Lookup(lambda of, text: of.iequals(text), "text", _TEXT),
    "is_null": Lookup(lambda of, wanted: of.is_null() if wanted else ~of.is_null(), "truth"),
}


def lookup(
    name: str, *, takes: Takes = "value"
) -> Callable[[Callable[[Any, Any], Condition]], Callable[[Any, Any], Condition]]:
    """Names a function of the program as an operator that clients may use, in ``filtered`` and ``matching``.

    @lookup("sounds_like", takes="text")
    def sounds_like(of: Expr[str], word: str) -> Condition:
        return function("soundex", of, type=str) == function("soundex", value(word), type=str)

    Film.filtered({"title.sounds_like": "elian"}, allowed=(Film.title,))
    Film.where(sounds_like(Film.title, "elian"))
    """
    if not name.isidentifier() or name in _LOOKUPS:
        raise ValueError(f"{name!r} is no name for an operator, or there is one of that name")

    def register(function: Callable[[Any, Any], Condition]) -> Callable[[Any, Any], Condition]:
        _LOOKUPS[name] = Lookup(function, takes)
        return function

    return register


def lookup_named(name: str) -> Lookup | None:
    """The operator of a name."""
    return _LOOKUPS.get(name)
