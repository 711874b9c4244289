"""Patterns, a tree behind a route, prefixes, and URLs written from objects: one app that has all of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from segue import App, Request, resource_url
from segue.core.inspection.checks import check_app
from segue.core.plan import UnknownRoute
from segue.testing import Client

Serve = Callable[[Any], Any]


@dataclass
class Film:
    id: int
    title: str


class Folder:
    def __init__(self, **inside: Any) -> None:
        self.inside = inside

    def __getitem__(self, name: str) -> Any:
        return self.inside[name]


def of_film(values: dict[str, Any], request: Request | None) -> dict[str, Any]:
    film: Film | None = values.pop("film", None)
    if film is not None:
        values |= {"id": film.id, "slug": film.title.lower().replace(" ", "-")}
    if request is not None and "preview" in request.query:
        values["preview"] = "1"
    return values


def cinema() -> App:
    films, app = App("films"), App("cinema")

    @films.get(r"/{id:re:\d+}", name="film", url_from=of_film)
    @films.get(r"/{id:re:\d+}/{slug:re:[a-z-]+}", name="film", url_from=of_film)
    async def film(id: str, slug: str = "") -> list[str]:
        return [id, slug]

    @films.get("/files/{rest:path}")
    async def files(rest: str) -> str:
        return rest

    @films.get("/links")
    async def links(request: Request) -> list[str]:
        nuages = Film(7, "Minor Swing")
        return [
            request.url_for("film", film=nuages),
            request.url_for("film", film=nuages, page=2, _anchor="cast"),
            request.url_for("film", film=nuages, _external=True),
            request.url_for("film", id=3),
            request.url_for("files", rest="a/b c"),
        ]

    def folder_of(year: int) -> Folder:
        return Folder(jazz=Folder(swing=Folder()), year=year)

    films.traverse("/years/{year:int}", folder_of)

    @films.view(context=Folder)
    async def folder(context: Folder, request: Request, subpath: tuple[str, ...], year: int) -> list[Any]:
        return [year, sorted(context.inside), resource_url(request, context), *subpath]

    @films.view(context=Folder, name="list")
    async def listing(context: Folder, subpath: tuple[str, ...]) -> list[Any]:
        return ["list", sorted(context.inside), *subpath]

    @films.url_defaults
    def language(request: Request | None) -> dict[str, Any]:
        return {"lang": request.path.split("/")[1] if request else "en"}

    @films.url_values
    def taken(request: Request, values: dict[str, Any]) -> None:
        del values["lang"]

    app.include(films, at="/{lang}/cinema")
    return app


@pytest.mark.row("PY-07")
def test_patterns_trees_behind_routes_prefixes_and_urls_from_objects(serve: Serve) -> None:
    ask = serve(cinema())

    def got(path: str) -> Any:
        answer = ask.get(path, {"host": "films.example"})
        return json.loads(answer.body) if answer.status == 200 else answer.status

    # Patterns, below the prefix that the app was included at.
    assert got("/fr/cinema/7") == ["7", ""]
    assert got("/fr/cinema/7/minor-swing") == ["7", "minor-swing"]
    assert got("/fr/cinema/seven") == got("/fr/cinema/7/Minor") == got("/fr/cinema/7/a/b") == 404
    assert got("/cinema/7") == 404
    assert ask.get("/fr/cinema/files/a/b%20c").text == "a/b c"
    # What is left of the path of a route is walked: a tree whose root the route makes.
    assert got("/fr/cinema/years/1936/jazz") == [1936, ["swing"], "/fr/cinema/years/1936/jazz/"]
    assert got("/fr/cinema/years/1936/jazz/swing/list/1/2") == ["list", [], "1", "2"]
    assert got("/fr/cinema/years/x/jazz") == 404
    # URLs: what a route makes of the values that it is given; as paths, as whole URLs, with anchor and query.
    assert got("/fr/cinema/links") == [
        "/fr/cinema/7/minor-swing",
        "/fr/cinema/7/minor-swing?page=2#cast",
        "http://films.example/fr/cinema/7/minor-swing",
        "/fr/cinema/3",
        "/fr/cinema/files/a/b%20c",
    ]
    assert got("/fr/cinema/links?preview")[0] == "/fr/cinema/7/minor-swing?preview=1"
    assert cinema().url_for("films.film", film=Film(1, "Nuages"), lang="de") == "/de/cinema/1/nuages"


def test_the_parts_of_a_url_may_come_from_the_function_and_the_prefix_stays() -> None:
    app = App()

    def elsewhere(values: dict[str, Any], request: Request | None) -> dict[str, Any]:
        return {**values, "_host": "cdn.example", "_scheme": "https", "_anchor": "top"}

    @app.get("/logo", url_from=elsewhere)
    async def logo() -> str: ...

    @app.get("/a", url_from=lambda values, request: {"n": 1})
    async def plain(request: Request) -> str:
        return request.url_for("plain", thrown="away")

    assert app.url_for("logo", size=2) == "https://cdn.example/logo?size=2#top"
    outer = App()
    outer.mount("/below", app)
    with Client(outer) as client:
        assert client.get("/below/a").text == "/below/a?n=1"
    with pytest.raises(UnknownRoute, match="did you mean 'logo'"):
        app.url_for("lego")


def test_links_to_such_routes_are_not_called_dead() -> None:
    app = cinema()
    assert [str(one) for one in check_app(app) if "url_for" in str(one)] == []
