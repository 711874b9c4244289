"""Queries, functions, windows and queries in queries have exact types."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, assert_type

from segue.db import (
    Expr,
    Field,
    LineString,
    Many,
    Model,
    Point,
    Query,
    Ref,
    Rows,
    case,
    coalesce,
    count,
    exists,
    field,
    functions as f,
    outer,
)


class Author(Model):
    name: Field[str] = field(max_length=80)
    nick: Field[str | None] = field(default=None)
    posts: Many[Post]


class Post(Model):
    title: Field[str]
    author: Ref[Author]
    published: Field[datetime | None] = field(default=None)
    created: Field[datetime]
    day: Field[date]
    views: Field[int] = field(default=0)
    facts: Field[dict[str, Any]] = field(default_factory=dict)
    words: Field[list[str]] = field(array=True, default_factory=list)


async def rows() -> None:
    assert_type(await Author.select(Author, Author.posts.count()), list[tuple[Author, int]])
    assert_type(await Post.select(Post.title, Post.author), list[tuple[str, Author]])
    assert_type(Post.select(Post.title, Post.views, Post.day), Rows[tuple[str, int, date]])
    assert_type(await Post.all().select(Post).first(), tuple[Post] | None)
    assert_type(await Post.all().values(Post.views.max()), list[int | None])
    assert_type(Post.all().values(Post.views).as_subquery(), Expr[int])
    assert_type(Post.where(Post.views > 3).union(Post.all()).order_by(Post.title), Query[Post])
    Post.select(7)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
    Post.all().union(Author.all())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def tables() -> None:
    views = Post.views.sum()
    table = Post.select(Post.author.id, views).group_by(Post.author.id).as_table()
    assert_type(table[views], Expr[int | None])
    assert_type(await Author.all().join(table, table[Post.author.id] == Author.id), list[Author])
    assert_type(await table.select(table[views].avg()), list[tuple[float | None]])
    Author.all().join(Post.all(), Author.id == 1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def functions() -> None:
    assert_type(f.trim(Post.title), Expr[str])
    assert_type(f.trim(Author.nick), Expr[str | None])
    assert_type(f.string_agg(Post.title, ", ", order_by=Post.views), Expr[str | None])
    assert_type(f.collect(Post.views), Expr[list[int] | None])
    assert_type(f.row_number().over(order_by=Post.views.desc()), Expr[int])
    assert_type(f.lag(Post.title).over(order_by=Post.views), Expr[str | None])
    assert_type(Post.views.sum().over(partition_by=Post.author.id), Expr[int | None])
    assert_type(f.greatest(Post.views, 3), Expr[int])
    assert_type(coalesce(Author.nick, ""), Expr[str])
    assert_type(f.function("abs", Post.views, type=int), Expr[int])
    assert_type(f.fragment("{} + 1", Post.views, type=int), Expr[int])
    assert_type(f.value(3), Expr[int])
    f.trim(Post.views)  # type: ignore[type-var] # pyright: ignore[reportArgumentType]


def times() -> None:
    assert_type(Post.published.part("year"), Expr[int])
    assert_type(Post.day.trunc("month"), Expr[date])
    assert_type(Post.created.trunc("day", zone="Europe/Paris"), Expr[datetime])
    assert_type(Post.created.date(), Expr[date])
    assert_type(Post.created + timedelta(days=1), Expr[datetime])
    assert_type(Post.created - datetime.now(UTC), Expr[timedelta])
    Post.created.part("moon")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def choices() -> None:
    assert_type(case((Post.views > 3, "hot"), default="cold"), Expr[str])
    assert_type(case((Post.views > 3, "hot")), Expr[str | None])
    assert_type(exists(Post.where(Post.author.id == Author.id)), Expr[bool])
    assert_type(outer(Post.views), Expr[int])
    assert_type(count(where=Post.views > 3), Expr[int])
    assert_type(Post.facts.get("a", type=int), Expr[int])
    assert_type(Post.facts.put("a", value=3), Expr[dict[str, Any]])
    assert_type(Post.words.includes("x"), Expr[bool])
    exists(Post.views > 3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


class Place(Model):
    at: Field[Point]
    way: Field[LineString | None] = field(default=None)
    name: Field[str]


async def places() -> None:
    here = Point((1, 2))
    assert_type(Place.at.distance(here), Expr[float])
    assert_type(Place.way.length(), Expr[float])
    assert_type(Place.name.length(), Expr[int])
    assert_type(Place.at.contains(here), Expr[bool])
    assert_type(Place.at.centroid(), Expr[Point])
    assert_type(await Place.all().values(Place.at), list[Point])
    Place.at.contains("text")  # type: ignore[arg-type] # pyright: ignore[reportCallIssue, reportArgumentType]
