"""Models of these tests, and an app of generic pages over them."""

from __future__ import annotations

import datetime

from segue.db import Database, Field, Model, field
from segue.site import FlatPage, MovedPage

__all__ = ["MODELS", "CinemaFilm", "CinemaNews", "CinemaOldPage", "CinemaText", "database", "moment"]


class CinemaFilm(Model):
    title: Field[str] = field(min_length=1, max_length=80)
    slug: Field[str] = field(max_length=80, unique=True)
    year: Field[int] = field(ge=1890, le=2100)
    secret: Field[str] = field(default="the end", private=True)


class CinemaNews(Model):
    title: Field[str] = field(max_length=80)
    published: Field[datetime.datetime | None] = field(default=None)
    day: Field[datetime.date | None] = field(default=None)


class CinemaText(FlatPage):
    pass


class CinemaOldPage(MovedPage):
    pass


MODELS = [CinemaFilm, CinemaNews, CinemaText, CinemaOldPage]


def database(url: str) -> Database:
    return Database(url, models=MODELS, migrate=True)


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
