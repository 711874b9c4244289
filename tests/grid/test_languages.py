"""Grids in the language, and in the time, of who reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bookshelf import KEY, app_of, books
from gridpages import cells, link

from segue import App
from segue.db import Database, Field, Model
from segue.grid import Grid
from segue.i18n import I18n
from segue.security import MemorySessions, Sessions
from segue.testing import Client


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["Filter", "30 gefunden", ">Neu</a>", "Bearbeiten", "Löschen", "ist höchstens"]),
        ("fr", ["Filtres", "30 trouvés", ">Nouveau</a>", "Modifier", "Supprimer", "est au plus"]),
        ("es", ["Filtros", "30 encontrados", ">Nuevo</a>", "Editar", "Eliminar", "es como máximo"]),
        ("zh", ["筛选", "找到 30 项", ">新建</a>", "编辑", "删除", "不大于"]),
    ],
)
def test_a_grid_speaks_the_language_of_who_reads(sqlite: str, language: str, words: list[str]) -> None:
    app = app_of(sqlite, ("/books", books()))
    app.install(I18n("en", "de", "fr", "es", "zh"))
    with Client(app, headers={"accept-language": language}) as client:
        page = client.get("/books/").text
        assert [word for word in words if word not in page] == []
        assert f'<html lang="{language}"' in page
        english = client.get("/books/", headers={"accept-language": "en"}).text
        assert "30 found" in english
        delete = client.get(link(page, "/delete/")).text
        assert "Really delete" not in delete


def test_times_are_those_of_who_reads(sqlite: str) -> None:
    class GridMoment(Model):
        name: Field[str]
        at: Field[datetime]

    app = App(
        "moments",
        plugins=[
            Database(sqlite, models=[GridMoment]),
            Sessions(MemorySessions(), key=KEY),
            I18n("en", zone="Asia/Tokyo"),
        ],
    )
    app.include(Grid(GridMoment, filters=[GridMoment.at], can={"write": True}), at="/moments")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        await GridMoment.create(name="late", at=datetime(2026, 1, 31, 20, 15, tzinfo=UTC))
        yield

    with Client(app) as client:
        page = client.get("/moments/").text
        assert cells(page) == [["late", "2026-02-01 05:15"]]
        assert 'value="2026-02-01T05:15"' in client.get(link(page, "/edit/")).text
        assert len(cells(client.get("/moments/?f.at.from=2026-02-01&f.at.to=2026-02-01").text)) == 1
        assert len(cells(client.get("/moments/?f.at.to=2026-01-31").text)) == 0
