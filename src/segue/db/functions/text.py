"""Functions of text; ``lower``, ``upper`` and ``length`` are methods of expressions."""

from typing import Any, TypeVar

from segue.db.queries.expressions import BOOLEAN, FLOAT, INTEGER, TEXT, Expr, Function, Value, as_expression

__all__ = [
    "concat",
    "left",
    "left_pad",
    "position",
    "repeat",
    "replace",
    "replace_pattern",
    "reverse",
    "right",
    "right_pad",
    "similar",
    "similarity",
    "substring",
    "title",
    "trim",
    "trim_end",
    "trim_start",
]

S = TypeVar("S", str, str | None)


def concat(*parts: Any) -> Expr[str]:
    """Texts one after the other; None counts as no text: ``concat(Author.name, " <", Author.email, ">")``."""
    return Function("concat", tuple(as_expression(one) for one in parts), TEXT)


def trim(text: Expr[S]) -> Expr[S]:
    """Without spaces before and after it."""
    return Function("trim", (text,), text.kind)


def trim_start(text: Expr[S]) -> Expr[S]:
    """Without spaces before it."""
    return Function("ltrim", (text,), text.kind)


def trim_end(text: Expr[S]) -> Expr[S]:
    """Without spaces after it."""
    return Function("rtrim", (text,), text.kind)


def substring(text: Expr[S], start: int | Expr[int], length: int | Expr[int] | None = None) -> Expr[S]:
    """A part of it. ``start`` counts from 1, as in SQL."""
    arguments: list[Expr[Any]] = [text, as_expression(start, INTEGER)]
    if length is not None:
        arguments.append(as_expression(length, INTEGER))
    return Function("substring", tuple(arguments), text.kind)


def left(text: Expr[S], length: int | Expr[int]) -> Expr[S]:
    """Its first characters."""
    return Function("left", (text, as_expression(length, INTEGER)), text.kind)


def right(text: Expr[S], length: int | Expr[int]) -> Expr[S]:
    """Its last characters."""
    return Function("right", (text, as_expression(length, INTEGER)), text.kind)


def replace(text: Expr[S], old: str | Expr[str], new: str | Expr[str]) -> Expr[S]:
    """With one text in place of another one, everywhere."""
    return Function("replace", (text, as_expression(old, TEXT), as_expression(new, TEXT)), text.kind)


def replace_pattern(text: Expr[S], pattern: str, by: str) -> Expr[S]:
    """With a text in place of what a regular expression finds, everywhere."""
    return Function("replace_pattern", (text, Value(pattern, TEXT), Value(by, TEXT)), text.kind)


def reverse(text: Expr[S]) -> Expr[S]:
    """From its end to its beginning."""
    return Function("reverse", (text,), text.kind)


def repeat(text: Expr[S], count: int) -> Expr[S]:
    """So many times."""
    return Function("repeat", (text, Value(count, INTEGER)), text.kind)


def left_pad(text: Expr[S], length: int, by: str = " ") -> Expr[S]:
    """Filled up before it to a length; cut if it is longer."""
    return Function("lpad", (text, Value(length, INTEGER), Value(by, TEXT)), text.kind)


def right_pad(text: Expr[S], length: int, by: str = " ") -> Expr[S]:
    """Filled up after it to a length; cut if it is longer."""
    return Function("rpad", (text, Value(length, INTEGER), Value(by, TEXT)), text.kind)


def position(text: Expr[S], part: str | Expr[str]) -> Expr[int]:
    """Where ``part`` begins in it, from 1; 0 where it is not there."""
    kind = INTEGER.nullable() if text.kind.null else INTEGER
    return Function("position", (text, as_expression(part, TEXT)), kind)


def title(text: Expr[S]) -> Expr[S]:
    """With a capital at the beginning of each word (not on MySQL and MariaDB, which have nothing for it)."""
    return Function("title", (text,), text.kind)


def similarity(text: Expr[Any], other: str | Expr[str]) -> Expr[float]:
    """How alike two texts are, from 0 to 1, by their groups of three letters: finds what was misspelt.

    SQLite, and PostgreSQL with its extension ``pg_trgm`` (``CREATE EXTENSION pg_trgm``), which has an index for it.
    """
    return Function("similarity", (text, as_expression(other, TEXT)), FLOAT)


def similar(text: Expr[Any], other: str | Expr[str]) -> Expr[bool]:
    """Whether two texts are alike, for which PostgreSQL has an index: ``index("name", method="gin", ops="gin_trgm_ops")``.

    That is a ``similarity`` of more than 0.3, on PostgreSQL of ``pg_trgm.similarity_threshold``. SQLite looks at each row.
    """
    return Function("similar", (text, as_expression(other, TEXT)), BOOLEAN)
