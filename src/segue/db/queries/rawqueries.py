"""Queries of objects over SQL of one's own: ``Post.raw("select ...")``."""

import re
from typing import Any, TypeVar

from segue.db.models.kinds import Kind, kind_of_value
from segue.db.queries.expressions import Expr, Key, Value
from segue.db.queries.query import Asking

__all__ = ["RawSource", "raw_query"]

Q = TypeVar("Q", bound=Asking[Any])

# As SQLAlchemy finds parameters: not the two colons of a cast, not what has a backslash before it.
_PLACE = re.compile(r"(?<![:\w\x5c]):(\w+)(?!:)")
_TEXT = Kind("str", str)


class RawSource:
    """SQL that stands for the table of a model."""

    __slots__ = ("kinds", "parameters", "text")

    def __init__(self, text: str, parameters: dict[str, Any]) -> None:
        self.text = text
        self.parameters = parameters
        self.kinds = [_TEXT if value is None else kind_of_value(value) for value in parameters.values()]

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape."""
        key += (self.text, *self.parameters, *(kind.token for kind in self.kinds))
        values += self.parameters.values()

    @staticmethod
    def renamed(text: str, old: str, new: str) -> str:
        """The text with another name for a parameter."""
        return _PLACE.sub(lambda found: f":{new}" if found[1] == old else found[0], text)


def raw_query(query: Q, sql: str, parameters: dict[str, Any]) -> Q:
    """The query. Raises TypeError where parameters and text do not fit."""
    if not isinstance(sql, str):
        raise TypeError(f"raw() is given SQL as text, not {sql!r:.80}")
    for name, value in parameters.items():
        if isinstance(value, Expr):
            raise TypeError(f"raw(): parameters are values, and {name} is {value!r:.80}")
        if value is not None:
            Value(value, kind_of_value(value))  # says what is wrong with it
    places = set(_PLACE.findall(sql))
    if missing := places - set(parameters):
        raise TypeError(f"the statement has :{', :'.join(sorted(missing))}, for which no value was given")
    if extra := set(parameters) - places:
        raise TypeError(f"{', '.join(sorted(extra))} was given, and does not stand in the statement as :name")
    return query._then("raw", RawSource(sql.strip().rstrip(";"), parameters))
