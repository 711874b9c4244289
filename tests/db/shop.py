"""Models that several tests use: who writes what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from segue.db import Database, Field, Many, Model, Ref, field, now

Opened: TypeAlias = Callable[..., Awaitable[Database]]
"""Opens a database with the tables of models: the fixture ``opened`` of the tests of objects."""


class Author(Model):
    name: Field[str] = field(max_length=80, index=True)
    email: Field[str] = field(unique=True, max_length=120)
    born: Field[int | None] = field(default=None)
    posts: Many[Post] = field(other="author")


class Tag(Model):
    name: Field[str] = field(max_length=30, unique=True)
    posts: Many[Post]


class Post(Model):
    title: Field[str] = field(max_length=200)
    body: Field[str] = field(text=True, default="")
    author: Ref[Author] = field(on_delete="cascade")
    editor: Ref[Author | None] = field(default=None)
    tags: Many[Tag]
    views: Field[int] = field(default=0)
    published: Field[datetime | None] = field(default=None, index=True)
    created: Field[datetime] = field(default=now)
