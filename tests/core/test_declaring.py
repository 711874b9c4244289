"""Ways to declare the same: decorators, calls, modules that are gone through; and what the others lead to."""

import sys
import types
from typing import Any

import pytest

from segue import App, Forbidden, HTTPError, NotFound, Request, SeeOther
from segue.core.plan import FreezeError
from segue.testing import Client


async def show(id: int) -> dict[str, int]:
    return {"id": id}


MODULE = """
from segue import App

films = App("films")

@films.get("/films/{id:int}")
async def show(id: int) -> dict[str, int]:
    return {"id": id}
"""


def told(app: App) -> list[Any]:
    return [(one.methods, one.path, one.name, one.source) for one in app.plan.endpoints]


@pytest.mark.row("PY-02")
def test_a_call_a_decorator_and_a_module_say_the_same() -> None:
    called = App("films")
    called.get("/films/{id:int}")(show)

    decorated = App("films")

    @decorated.get("/films/{id:int}")
    async def show_it(id: int) -> dict[str, int]:
        return {"id": id}

    show_it.__name__ = "show"
    imported = types.ModuleType("shop_films")
    exec(MODULE, imported.__dict__)
    assert told(called) == told(decorated) == told(imported.films)


@pytest.mark.row("PY-02")
def test_an_import_only_records_and_nothing_is_there_until_it_is_included() -> None:
    imported = types.ModuleType("shop_films")
    before = set(sys.modules)
    exec(MODULE, imported.__dict__)
    assert not imported.films.declared.frozen
    assert set(sys.modules) == before
    assert imported.show.__name__ == "show"  # what was decorated is the function itself
    app = App()

    @app.get("/")
    async def index() -> str:
        return "index"

    with Client(app) as client:
        assert client.get("/films/7").status == 404
    whole = App()
    whole.include(imported.films)
    with Client(whole) as client:
        assert client.get("/films/7").json() == {"id": 7}


@pytest.mark.row("PY-19")
def test_views_of_exceptions_by_class_by_status_and_for_any() -> None:
    class OutOfPrint(LookupError):
        pass

    app = App()
    errors: dict[str, Exception] = {
        "print": OutOfPrint("x"),
        "no": Forbidden("no"),
        "bug": ZeroDivisionError(),
    }

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise errors[name]

    @app.get("/dir/")
    async def folder() -> str:
        return "folder"

    @app.error_handler(LookupError)
    def lookup(request: Request, error: LookupError) -> tuple[str, int]:
        return f"lookup {type(error).__name__}", 410

    @app.error_handler(NotFound)
    def notfound(request: Request, error: NotFound) -> str:
        return "not found"

    @app.error_handler(403)
    def forbidden(request: Request, error: HTTPError) -> str:
        return f"forbidden: {error.detail}"

    @app.error_handler(Exception)
    def anything(request: Request, error: Exception) -> str:
        return f"broken: {type(error).__name__}"

    with Client(app, raise_server_exceptions=False, follow_redirects=False) as client:
        found = [client.get(path) for path in ("/raise/print", "/none", "/raise/no", "/raise/bug", "/dir")]
        assert [(one.status, one.text) for one in found[:4]] == [
            (410, "lookup OutOfPrint"),
            (404, "not found"),
            (403, "forbidden: no"),
            (500, "broken: ZeroDivisionError"),
        ]
        assert (found[4].status, found[4].headers["location"]) == (308, "/dir/")


@pytest.mark.row("TO17")
def test_hosts_patterns_names_nested_apps_redirects_and_what_is_left() -> None:
    news = App("news")

    @news.get(r"/{year:re:\d{4}}/{slug}", name="story")
    async def story(year: str, slug: str) -> str:
        return f"{slug} of {year}"

    app = App("site")
    app.include(news, at="/news")
    app.redirect("/old/{year}/{slug}", "/news/{year}/{slug}")

    @app.get("/", host="admin.example.com")
    async def admin() -> str:
        return "admin"

    @app.any("/{path:path}", name="rest")
    async def rest(path: str) -> tuple[str, int]:
        return f"nothing at {path}", 404

    with Client(app, follow_redirects=False) as client:
        assert client.get("/news/1940/nuages").text == "nuages of 1940"
        assert client.get("/news/19/nuages").text == "nothing at news/19/nuages"
        assert client.get("/", headers={"host": "admin.example.com"}).text == "admin"
        moved = client.get("/old/1940/nuages?x=1")
        assert (moved.status, moved.headers["location"]) == (308, "/news/1940/nuages?x=1")
        assert client.get("/x/y").text == "nothing at x/y"
    assert app.url_for("news.story", year=1940, slug="nuages") == "/news/1940/nuages"


def test_a_redirect_never_leads_to_another_host_by_what_is_in_the_path() -> None:
    app = App()
    app.redirect("/old/{rest:path}", "/{rest}", status=302)
    app.redirect("/help/{page}", "https://help.example.com/{page}?from=here")
    outer = App()
    outer.mount("/m", app)

    def location(of: App, target: str) -> str:
        with Client(of, follow_redirects=False) as client:
            return str(client.request("POST", target).headers["location"])

    assert location(app, "/old/films/7") == "/films/7"
    assert location(app, "/old/x//evil.example") == "/x//evil.example"
    assert location(app, "/old/%5Cevil.example") == "/%5Cevil.example"
    assert location(app, "/old/é%0Ax".replace("é", "%C3%A9")) == "/%C3%A9%0Ax"
    assert location(app, "/help/a%2Fb?q=1") == "https://help.example.com/a/b?from=here&q=1"
    assert location(outer, "/m/old/a") == "/m/a"


@pytest.mark.parametrize(
    ("to", "status", "message"),
    [
        ("films", 308, "leads to a path"),
        ("/films", 200, "has the status 301"),
        ("{x}://y", 308, "leads to a path"),
    ],
)
def test_a_redirect_that_cannot_be(to: str, status: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        App().redirect("/x", to, status=status)


def test_a_redirect_that_needs_what_the_path_does_not_have_is_an_error_at_freeze() -> None:
    app = App()
    app.redirect("/movies/{id}", "/films/{number}")
    with pytest.raises(FreezeError, match="number"):
        app.freeze()


@pytest.mark.row("AI2")
def test_tables_of_routes_classes_and_patterns() -> None:
    class Films:
        async def get(self, id: int) -> str:
            return f"film {id}"

        async def delete(self, id: int) -> None: ...

    app = App()
    for path, handler in {"/films/{id:int}": show, r"/code/{x:re:\d+}": lambda x: x}.items():
        app.get(path, name=path[1:5])(handler)
    app.resource("/class/{id:int}")(Films)

    @app.get("/go")
    async def go(request: Request) -> None:
        raise SeeOther(request.url_for("film", id=3))

    with Client(app, follow_redirects=False) as client:
        assert client.get("/films/7").json() == {"id": 7}
        assert [client.get(path).status for path in ("/code/12", "/code/x")] == [200, 404]
        assert client.get("/class/7").text == "film 7"
        assert client.delete("/class/7").status == 204
        assert client.put("/class/7").status == 405
        assert client.get("/go").headers["location"] == "/films/3"
