"""Functions and operators of a database that Segue has no name for."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from segue.db.models.kinds import Kind, kind_of
from segue.db.queries.expressions import Expr, Function, Key, as_expression

__all__ = ["Fragment", "fragment", "function"]

T = TypeVar("T")

_PLACE = re.compile(r"\{\}")


class Fragment(Expr[T]):
    """SQL with places for expressions."""

    __slots__ = ("arguments", "kind", "texts")

    def __init__(self, texts: dict[str, str], arguments: tuple[Expr[Any], ...], kind: Kind) -> None:
        self.texts = texts
        self.arguments = arguments
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("fragment", *self.texts.items(), self.kind.token)
        for one in self.arguments:
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return self.arguments

    def name(self) -> str:
        return "fragment"


def function(name: str, *arguments: Any, type: type[T]) -> Expr[T]:
    """Any function of the database: ``function("levenshtein", Post.title, "swing", type=int)``.

    The name is the program's; arguments are expressions, or values that are sent beside the statement.
    """
    return Function(name, tuple(as_expression(one) for one in arguments), kind_of(type))


def fragment(sql: str, /, *arguments: Any, type: type[T], **dialects: str) -> Expr[T]:
    """SQL of your own, with ``{}`` where its arguments stand: the way to an operator that only one database has.

        def sounds_like(text: Expr[str], word: str) -> Expr[bool]:
            return fragment("soundex({}) = soundex({})", text, word, type=bool)

        await Film.where(sounds_like(Film.title, "elian"))

    ``dialects``: other SQL for some databases, ``postgresql="{} <-> {}"``. The text is written by the program: what comes
    from a client is an argument, and is sent beside the statement.
    """
    texts = {"": sql, **dialects}
    for text in texts.values():
        if len(_PLACE.findall(text)) != len(arguments):
            raise TypeError(
                f"fragment({text!r:.80}) has to have {len(arguments)} places {{}} for its arguments"
            )
    return Fragment(texts, tuple(as_expression(one) for one in arguments), kind_of(type))
