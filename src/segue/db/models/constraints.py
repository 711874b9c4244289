"""What holds for several columns of a table at once: ``constraints = (unique("author", "slug"), check(...), index(...))``."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

__all__ = [
    "Check",
    "Constraint",
    "Exclude",
    "Index",
    "Searchable",
    "Unique",
    "check",
    "exclude",
    "index",
    "searchable",
    "unique",
]


class Constraint(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What all have: a name in the database; without one it is made from the table and the columns."""

    name: str | None = None


class Unique(Constraint, frozen=True, kw_only=True, eq=False):
    """No two rows are alike in these columns."""

    fields: tuple[str, ...]
    where: Callable[[Any], Any] | None = None
    nulls_distinct: bool = True
    deferrable: bool = False


class Check(Constraint, frozen=True, kw_only=True, eq=False):
    """A condition that holds for each row."""

    condition: Callable[[Any], Any]


class Index(Constraint, frozen=True, kw_only=True, eq=False):
    """Rows are found by these columns or expressions."""

    fields: tuple[Any, ...]
    where: Callable[[Any], Any] | None = None
    unique: bool = False
    method: str | None = None
    include: tuple[str, ...] = ()
    concurrently: bool = False
    ops: str | None = None


class Exclude(Constraint, frozen=True, kw_only=True, eq=False):
    """No two rows for which all operators hold (PostgreSQL)."""

    elements: tuple[tuple[str, str], ...]
    where: Callable[[Any], Any] | None = None
    method: str = "gist"


class Searchable(Constraint, frozen=True, kw_only=True, eq=False):
    """Rows are found by the words in these fields."""

    fields: tuple[str, ...]
    language: str = "simple"
    stored: bool = False


def searchable(*fields: str, language: str = "simple", stored: bool = False) -> Searchable:
    """An index of the words in these fields, for ``Post.search("swing", Post.title, Post.body)``; the first field counts most.

    ``language``: as PostgreSQL calls it, ``"english"``, so that other forms of a word are found too; other databases have the words as they
    stand there. ``stored``: PostgreSQL keeps the words in a generated column (``tsvector``): ranks are found without reading the texts again.
    """
    _named("searchable", fields)
    if not language.isidentifier() or not language.isascii():
        raise ValueError(f"{language!r:.80} is no language, such as 'english'")
    return Searchable(fields=fields, language=language, stored=stored)


def unique(
    *fields: str,
    name: str | None = None,
    where: Callable[[Any], Any] | None = None,
    nulls_distinct: bool = True,
    deferrable: bool = False,
) -> Unique:
    """No two rows are alike in these fields: ``unique("author", "slug")``. ``where``: only among rows for which it holds."""
    _named("unique", fields)
    return Unique(fields=fields, name=name, where=where, nulls_distinct=nulls_distinct, deferrable=deferrable)


def check(condition: Callable[[Any], Any], *, name: str | None = None) -> Check:
    """A condition for each row, as a function of the model: ``check(lambda film: film.rating <= 10)``."""
    if not callable(condition):
        raise TypeError("check() is given a function of the model: check(lambda post: post.views >= 0)")
    return Check(condition=condition, name=name)


def index(
    *fields: str | Callable[[Any], Any],
    name: str | None = None,
    where: Callable[[Any], Any] | None = None,
    method: Literal["btree", "hash", "gin", "gist", "brin", "spgist"] | None = None,
    include: tuple[str, ...] = (),
    concurrently: bool = False,
    ops: str | None = None,
) -> Index:
    """An index over fields, or over expressions: ``index("author", lambda post: post.title.lower())``.

    ``where``: only of rows for which it holds. ``method``, ``include``, ``concurrently``, ``ops`` (how its fields are compared, such as
    ``"gin_trgm_ops"``): PostgreSQL; others leave them out.
    """
    _named("index", fields)
    if ops is not None and not ops.isidentifier():
        raise ValueError(f"{ops!r:.80} is no operator class, such as 'gin_trgm_ops'")
    return Index(
        fields=fields,
        name=name,
        where=where,
        method=method,
        include=include,
        concurrently=concurrently,
        ops=ops,
    )


def exclude(
    *elements: tuple[str, str],
    name: str | None = None,
    where: Callable[[Any], Any] | None = None,
    method: str = "gist",
) -> Exclude:
    """No two rows for which all of these operators hold: ``exclude(("room", "="), ("during", "&&"))``. PostgreSQL only."""
    _named("exclude", elements)
    return Exclude(elements=elements, name=name, where=where, method=method)


def _named(what: str, fields: tuple[Any, ...]) -> None:
    if not fields:
        raise TypeError(f"{what}() is given the fields that it is about: {what}('title')")
