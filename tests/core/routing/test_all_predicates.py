"""Every predicate that a route or a view may have, together: the most specific wins, and what fits none is a 404."""

from typing import Any

import msgspec
import pytest

from segue import App, Request, not_, resource_path, traversed
from segue.testing import Client


class User(msgspec.Struct):
    id: str
    principals: list[str]


class Folder:
    def __init__(self, name: str, parent: "Folder | None" = None, **children: Any) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.children = children

    def __getitem__(self, name: str) -> Any:
        child = self.children[name]
        child.__name__, child.__parent__ = name, self
        return child


class Archive(Folder):
    pass


class Page:
    __name__ = ""
    __parent__: Any = None


def who(request: Request) -> User | None:
    name = request.headers.get("x-user")
    return None if name is None else User(name, [f"user:{name}", "group:editors"])


def routes() -> App:
    app = App()
    app.identifies(who)
    app.predicate("weekday", lambda wanted: lambda request: request.headers.get("x-day") == wanted)

    def answer(name: str, path: str = "/x", methods: tuple[str, ...] = ("GET",), **options: Any) -> None:
        async def handler() -> str:
            return name

        handler.__name__ = name
        app.route(path, methods=methods, **options)(handler)

    answer("plain")
    answer("method", methods=("PUT",))
    answer("param", param={"mode": "edit"})
    answer("header", header="x-version")
    answer("json", path="/formats", accept="application/json")
    answer("csv", path="/formats", accept="text/csv")
    answer("xhr", xhr=True)

    @app.get("/any/{rest:path}", when=lambda request: request.path.endswith("/special"))
    async def by_path(rest: str) -> str:
        return "path"

    @app.get("/do/{action}", match={"action": "edit"})
    async def by_action(action: str) -> str:
        return "match"

    answer("signed_in", authenticated=True)
    answer("editors", authenticated=True, principals="group:editors")
    answer("typed", when=lambda request: isinstance(request, Request) and "t" in request.query)
    answer("monday", where={"weekday": "monday"})
    answer("strangers", path="/strangers", when=not_(authenticated=True))
    answer("both", param="mode", header="x-version")
    return app


@pytest.mark.row("PY-09")
def test_of_routes_the_most_specific_wins() -> None:
    with Client(routes()) as client:

        def get(path: str = "/x", **headers: str) -> Any:
            response = client.get(
                path, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            return response.text if response.status == 200 else response.status

        assert get() == "plain"
        assert client.put("/x").text == "method"
        assert get("/x?mode=edit") == "param"
        assert get(x_version="1") == "header"
        assert get("/x?mode=edit", x_version="1") == "both"
        assert (get("/formats", accept="text/csv"), get("/formats", accept="application/json")) == (
            "csv",
            "json",
        )
        assert get("/formats", accept="image/png") == 406
        assert get(x_requested_with="XMLHttpRequest") == "xhr"
        assert get("/any/very/special") == "path"
        assert get("/any/other") == 404
        assert (get("/do/edit"), get("/do/drop")) == ("match", 404)
        assert get("/x?t") == "typed"
        assert get(x_day="monday") == "monday"
        assert get("/strangers") == "strangers"
        assert get("/strangers", x_user="django") == 404
        assert get(x_user="django") == "editors"


@pytest.mark.row("PY-09")
def test_of_views_too() -> None:
    root = Folder("", None, old=Archive("old", None, page=Page()), page=Page())
    app = App()
    app.identifies(who)
    app.traverse("/docs", root)

    @app.view(context=Page)
    async def page(context: Page) -> str:
        return "page"

    @app.view(context=Page, inside=Archive)
    async def archived(context: Page) -> str:
        return "in the archive"

    @app.view(context=Folder, name="edit", authenticated=True)
    async def edit(context: Folder) -> str:
        return "edit"

    @app.view(context=Folder, name="edit", principals="user:django")
    async def edit_all(context: Folder) -> str:
        return "edit all"

    @app.view(context=Archive, when=lambda request: resource_path(traversed(request).context) == "/old")
    async def archive(context: Archive) -> str:
        return "the archive itself"

    with Client(app) as client:
        assert client.get("/docs/page").text == "page"
        assert client.get("/docs/old/page").text == "in the archive"
        assert client.get("/docs/old").text == "the archive itself"
        assert client.get("/docs/edit").status == 404
        assert client.get("/docs/edit", headers={"x-user": "stephane"}).text == "edit"
        assert client.get("/docs/edit", headers={"x-user": "django"}).text == "edit all"
        assert client.get("/docs/nothing").status == 404
