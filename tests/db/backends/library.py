"""One set of models, and what is asked of them on every database: run where there is one, written down where there is none."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from segue.db import (
    Field,
    Many,
    Model,
    Ref,
    case,
    check,
    coalesce,
    count,
    exists,
    field,
    index,
    outer,
    unique,
)


class Genre(enum.Enum):
    """An enumeration that is stored by its values."""

    NOVEL = "novel"
    POEM = "poem"


class Writer(Model, table="lib_writer"):
    name: Field[str] = field(max_length=60, unique=True)
    born: Field[int | None] = field(default=None)
    books: Many[Book] = field(other="writer")


class Topic(Model, table="lib_topic"):
    name: Field[str] = field(max_length=30, unique=True)
    books: Many[Book]


class Book(Model, table="lib_book"):
    title: Field[str] = field(max_length=100, index=True)
    text: Field[str] = field(text=True, default="")
    writer: Ref[Writer] = field(on_delete="cascade")
    topics: Many[Topic]
    genre: Field[Genre] = field(default=Genre.NOVEL)
    pages: Field[int] = field(default=1)
    price: Field[Decimal] = field(digits=10, places=2, default=Decimal("9.90"))
    weight: Field[float | None] = field(default=None)
    lent: Field[bool] = field(default=False)
    added: Field[datetime] = field(default=datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC))
    day: Field[date | None] = field(default=None)
    hour: Field[time | None] = field(default=None)
    lasts: Field[timedelta | None] = field(default=None)
    isbn: Field[UUID | None] = field(default=None)
    cover: Field[bytes | None] = field(default=None)
    facts: Field[dict[str, Any]] = field(default_factory=dict)

    constraints = (
        unique("writer", "title"),
        check(lambda book: book.pages > 0),
        index("genre", "pages"),
    )


MODELS = [Writer, Topic, Book]

#: What is asked, by name: objects, rows, joins, groups, parts of times, subqueries, windows of the results.
QUERIES: dict[str, Callable[[], Any]] = {
    "equal": lambda: Book.where(Book.title == "Middlemarch").values(Book.title),
    "case of letters": lambda: Book.where(Book.title.icontains("MIDDLE")).values(Book.title),
    "prefix": lambda: Book.where(Book.title.startswith("Or")).values(Book.title),
    "no prefix": lambda: (
        Book.where(~Book.title.startswith("M"), ~Book.title.like("%o")).order_by(Book.id).values(Book.title)
    ),
    "either": lambda: (
        Book.where((Book.pages < 100) | ~Book.lent & (Book.genre == Genre.POEM))
        .order_by(Book.id)
        .values(Book.title)
    ),
    "join": lambda: Book.where(Book.writer.name == "Virginia Woolf").order_by(Book.title).values(Book.title),
    "outer join": lambda: Book.order_by(Book.id).select(Book.title, Book.writer.born),
    "to many": lambda: (
        Writer.where(Writer.books.any(Book.pages > 500)).order_by(Writer.id).values(Writer.name)
    ),
    "over a link": lambda: (
        Book.where(Book.topics.any(Topic.name == "sea")).order_by(Book.id).values(Book.title)
    ),
    "missing last": lambda: Writer.order_by(Writer.born.asc(nulls="last"), Writer.id).values(Writer.name),
    "a page": lambda: Book.order_by(Book.pages.desc(), Book.id).limit(2).offset(1).values(Book.title),
    "group": lambda: (
        Book.select(Book.writer.name, count(Book.id), Book.pages.sum())
        .group_by(Book.writer.name)
        .having(count(Book.id) > 0)
        .order_by(Book.writer.name)
    ),
    "case": lambda: Book.order_by(Book.id).select(
        Book.title, case((Book.pages > 500, "long"), default="short")
    ),
    "coalesce": lambda: Writer.order_by(Writer.id).values(coalesce(Writer.born, 0)),
    "among": lambda: Book.where(Book.pages.is_in([880, 80])).order_by(Book.id).values(Book.title),
    "subquery": lambda: (
        Book.where(Book.writer.id.is_in(Writer.where(Writer.born > 1850).values(Writer.id)))
        .order_by(Book.id)
        .values(Book.title)
    ),
    "exists": lambda: (
        Writer.where(exists(Book.where(Book.writer.id == outer(Writer.id), Book.lent)))
        .order_by(Writer.id)
        .values(Writer.name)
    ),
    "distinct": lambda: Book.select(Book.genre).distinct().order_by(Book.genre),
    # Of parts: Oracle puts no long texts together.
    "union": lambda: (
        Book.where(Book.pages < 100)
        .select(Book.id, Book.title)
        .union(Book.where(Book.lent).select(Book.id, Book.title))
        .order_by(Book.id)
    ),
    "decimals": lambda: Book.where(Book.price > Decimal("10.00")).order_by(Book.id).values(Book.price),
    "times": lambda: (
        Book.where(Book.added < datetime(2026, 6, 1, tzinfo=UTC)).order_by(Book.id).values(Book.added)
    ),
}
