"""Django's ORM, sync, which is where it is fastest: psycopg 3, sqlite3."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

NAMES = ("id", "title", "year", "rating", "colour", "released", "director_id")


class Peer:
    def __init__(self, database: str, url: str) -> None:
        from django.conf import settings

        parts = urlsplit(url)
        if database == "sqlite":
            found: dict[str, Any] = {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": url.removeprefix("sqlite:///"),
            }
        else:
            found = {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path[1:],
                "HOST": parts.hostname,
                "PORT": parts.port,
                "USER": parts.username,
            }
        settings.configure(DATABASES={"default": found}, USE_TZ=True, INSTALLED_APPS=[])
        import django

        django.setup()
        from data.peers import django_models

        self.models = django_models

    def open(self) -> None:
        import os

        # The ORM refuses to be called where a loop runs; nothing else runs on this one.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

    def get(self, number: int) -> str:
        return self.models.Film.objects.get(pk=1 + number % 1000).title

    def rows(self, number: int) -> int:
        return len(list(self.models.Film.objects.all()))

    def reply(self, number: int) -> bytes:
        films = self.models.Film.objects.order_by("id")[:1000].values(*NAMES)
        return msgspec.json.encode(list(films))

    def _loaded(self) -> Any:
        return (
            self.models.Film.objects.select_related("director").prefetch_related("awards").order_by("id")[:20]
        )

    def load(self, number: int) -> int:
        return sum(len(film.awards.all()) for film in self._loaded() if film.director.name)

    def nested(self, number: int) -> bytes:
        return msgspec.json.encode(
            [
                {
                    **{name: getattr(film, name) for name in NAMES},
                    "director": {"id": film.director.id, "name": film.director.name},
                    "awards": [
                        {"id": one.id, "name": one.name, "year": one.year, "film_id": one.film_id}
                        for one in film.awards.all()
                    ],
                }
                for film in self._loaded()
            ]
        )

    def insert(self, number: int) -> int:
        from django.db import transaction

        award = self.models.Award
        with transaction.atomic():
            made = award.objects.bulk_create(
                [award(name=f"Award {at}", year=2000, film_id=1 + at % 1000) for at in range(1000)]
            )
            transaction.set_rollback(True)
        return len(made)
