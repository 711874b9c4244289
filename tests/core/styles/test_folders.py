"""Folders: names of files and functions are paths."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App, Args, Struct
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[App], Any]

DEFAULT = """
from dataclasses import dataclass
from math import floor
from segue import Args, Extension, Query, Request, Response, Struct, WebSocket, before, expose, options, Unauthorized


class Film(Struct):
    title: str


def index(request: Request):
    return "index"


def f(args: Args, extension: Extension, p: Query[int] = 0):
    return {"args": args, "extension": extension, "p": p}


async def plain():
    return {"film": Film("Nuages")}


def numbers(args: Args) -> list[int]:
    return [len(args)]


@options(status=201)
@expose(["neu"], methods=["POST"])
def new(request: Request) -> str:
    return request.method


def _guard(key: Query[str] = ""):
    if key != "open":
        raise Unauthorized


@before(_guard)
def guarded():
    return "in"


async def talk(socket: WebSocket, args: Args):
    await socket.send(",".join(args))


def helper(x):
    return "helper"


def typed(x: int = 0):
    return "typed"


def many(*args, **params):
    return "many"


def filmed(film: Film):
    return film


def _private(request: Request):
    return "private"


def __hidden():
    return "hidden"


VALUE = 7
"""


@pytest.fixture
def controllers(tmp_path: Path) -> Path:
    folder = tmp_path / "controllers"
    (folder / "admin").mkdir(parents=True)
    (folder / "default.py").write_text(DEFAULT)
    (folder / "admin" / "users.py").write_text(
        "def index():\n    return 'users'\n\n\ndef show():\n    return 'show'\n"
    )
    (folder / "_shared.py").write_text("def show():\n    return 'shared'\n")
    (folder / "notes.txt").write_text("no code")
    return folder


def folder(controllers: Path, at: str = "/", **options: Any) -> App:
    app = App("app")
    app.folder(controllers, at, **options)
    return app


@pytest.mark.row("W-04")
def test_files_and_functions_are_paths_and_what_has_arguments_is_private(
    controllers: Path, serve: Serve
) -> None:
    ask = serve(folder(controllers, "/app"))
    assert ask.get("/app/default/f.json/x/y?p=1").text == '{"args":["x","y"],"extension":"json","p":1}'
    assert ask.get("/app/default/f/x%2Fy/%C3%A9").text == '{"args":["x/y","é"],"extension":"html","p":0}'
    assert ask.get("/app/default/f.xml/x%2Fy").text == '{"args":["x/y"],"extension":"xml","p":0}'
    assert ask.get("/app/default/f").text == '{"args":[],"extension":"html","p":0}'
    for path in ("/app/", "/app/default", "/app/default/", "/app/default/index"):
        assert ask.get(path).text == "index", path
    for path in (
        "helper",
        "typed",
        "many",
        "filmed",
        "_private",
        "__hidden",
        "_guard",
        "floor",
        "VALUE",
        "Film",
    ):
        assert ask.get(f"/app/default/{path}").status == 404, path
    for path in ("/app/_shared/show", "/app/notes/show", "/app/default/plain/x", "/app/default/plain.xml"):
        assert ask.get(path).status == 404, path
    assert ask.get("/app/default/plain.json").text == '{"film":{"title":"Nuages"}}'
    assert ask.get("/app/default/f?p=x").status == 422


def test_folders_nest_and_functions_take_options_and_hooks(controllers: Path) -> None:
    app = folder(controllers)
    client = Client(app)
    assert [client.get(path).text for path in ("/admin/users", "/admin/users/", "/admin/users/show")] == [
        "users",
        "users",
        "show",
    ]
    posted = client.post("/default/new")
    assert (posted.status, posted.text, client.post("/default/neu").status) == (201, "POST", 201)
    assert client.get("/default/new").status == 405
    assert [client.get(f"/default/guarded{query}").status for query in ("", "?key=open")] == [401, 200]
    assert client.get("/default/numbers/a/b").json() == [2]
    with client.websocket("/default/talk") as socket:
        assert socket.receive() == ""
    assert app.url_for("admin.users.show") == "/admin/users/show"
    assert app.url_for("default.f", args="x/y", extension="json") == "/default/f.json/x/y"
    assert folder(controllers, name="web").url_for("web.default.guarded") == "/default/guarded"


def test_one_folder_serves_two_apps_each_with_its_own_modules(controllers: Path) -> None:
    (controllers / "count.py").write_text(
        "n = 0\n\ndef index():\n    global n\n    n += 1\n    return str(n)\n"
    )
    one, two = Client(folder(controllers)), Client(folder(controllers))
    assert [client.get("/count").text for client in (one, one, two)] == ["1", "2", "1"]
    assert "controllers.count" in sys.modules


def test_provided_types_are_no_plain_arguments(controllers: Path) -> None:
    class Mailer(Struct):
        name: str = "mailer"

    (controllers / "mail.py").write_text("def index(mailer: 'Mailer'): ...\n")
    app = folder(controllers)
    with pytest.raises(FreezeError, match="the annotation 'Mailer' is not known"):
        app.freeze()
    (controllers / "mail.py").write_text(
        "from segue.http.url import URL\n\ndef index(url: URL):\n    return str(url)\n\ndef show(url: str):\n    return url\n"
    )
    from segue import URL

    app = folder(controllers)
    app.provide(URL, lambda: URL.parse("http://x.test/"))
    client = Client(app)
    assert [client.get("/mail").text, client.get("/mail/show").status] == ["http://x.test/", 404]
    assert Client(folder(controllers)).get("/mail").status == 404


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(FreezeError, match=r"test_folders.py:\d+: no function in .*nowhere answers"):
        folder(tmp_path / "nowhere").freeze()
    (tmp_path / "bad.py").write_text("def index(:\n")
    with pytest.raises(SyntaxError, match=r"bad\.py"):
        folder(tmp_path).freeze()
    app = App()

    @app.get("/")
    def index(args: Args) -> str:
        return ""

    with pytest.raises(FreezeError, match="'args': Args and Extension are for functions of folders"):
        app.freeze()
