"""REST controllers in object trees."""

from collections.abc import Callable
from typing import Any

import pytest

from segue import App, RestController, Struct, expose
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[App], Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Comments(RestController):
    @expose
    def get_all(self, film: int) -> str:
        return f"comments of {film}"

    @expose
    def get_one(self, film: int, id: int) -> str:
        return f"comment {id} of {film}"

    @expose
    def post(self, film: int, text: str) -> str:
        return f"{text} to {film}"


class Film(Struct):
    title: str


class Films(RestController):
    comments = Comments()

    @expose
    def get_all(self, q: str = "") -> str:
        return f"all {q}"

    @expose
    def get_one(self, id: int, lang: str = "en") -> str:
        return f"one {id} {lang}"

    @expose
    def new(self) -> str:
        return "new"

    @expose
    def edit(self, id: int) -> str:
        return f"edit {id}"

    @expose(status=201)
    def post(self, title: str) -> str:
        return f"post {title}"

    @expose
    def put(self, id: int, title: str = "") -> str:
        return f"put {id} {title}"

    @expose
    def get_delete(self, id: int) -> str:
        return f"delete {id}?"

    @expose
    def post_delete(self, id: int) -> str:
        return f"deleted {id}"

    @expose
    def popular(self) -> str:
        return "popular"

    def patch(self, id: int) -> str:
        return "not exposed"


class Root:
    films = Films()


def films(at: str = "/") -> App:
    app = App()
    app.tree(at, Root())
    return app


@pytest.mark.row("TG-04")
def test_each_method_has_its_path_and_controllers_nest(serve: Serve) -> None:
    ask = serve(films("/api"))

    def form(method: str, path: str, body: str = "") -> Any:
        return ask(method, f"/api{path}", FORM, body.encode())

    assert [
        ask.get(f"/api/films{path}").text
        for path in ("", "/?q=x", "/7", "/7/fr", "/7?lang=fr", "/new", "/7/edit", "/7/delete", "/popular")
    ] == ["all ", "all x", "one 7 en", "one 7 fr", "one 7 fr", "new", "edit 7", "delete 7?", "popular"]
    posted = form("POST", "/films", "title=Nuages")
    assert (posted.status, posted.text) == (201, "post Nuages")
    assert form("PUT", "/films/7", "title=x").text == "put 7 x"
    assert ask("DELETE", "/api/films/7").text == "deleted 7"
    # Nested: what is above comes first.
    assert ask.get("/api/films/7/comments").text == "comments of 7"
    assert ask.get("/api/films/7/comments/3").text == "comment 3 of 7"
    assert form("POST", "/films/7/comments", "text=wow").text == "wow to 7"
    # A form can only be posted: it says what it means.
    for path, body in (("/films/7", "_method=PUT&title=x"), ("/films/7?_method=put", "title=x")):
        assert form("POST", path, body).text == "put 7 x"
    assert form("POST", "/films/7", "_method=DELETE").text == "deleted 7"
    assert form("POST", "/films?_method=DELETE", "id=7").text == "deleted 7"
    for path, body in (("/films/7", "_method=PATCH"), ("/films/7", "_method=GET"), ("/films/7/edit", "")):
        assert form("POST", path, body).status == 405, path
    assert ask.get("/api/films/7?_method=DELETE").text == "one 7 en"  # only POST changes anything
    refused = ask("PATCH", "/api/films/7")
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, POST, PUT")
    assert [ask.get(f"/api/films/{path}").status for path in ("x", "x/edit", "7/8/9")] == [404] * 3


def test_one_method_may_stand_for_both_and_names_lead_back() -> None:
    class Short(RestController):
        @expose
        def get(self, id: int = 0) -> str:
            return f"get {id}"

        @expose
        def delete(self, id: int) -> str:
            return f"delete {id}"

    app = App()
    app.tree("/", Short(), name="short")
    client = Client(app)
    assert [client.get("/").text, client.get("/7").text, client.delete("/7").text] == [
        "get 0",
        "get 7",
        "delete 7",
    ]
    assert app.url_for("short.get", id=3) == "/3"
    assert films().url_for("Root.films.comments.get_one", film=7, id=3) == "/films/7/comments/3"


def test_json_may_be_sent_too() -> None:
    class Films(RestController):
        @expose
        def post(self, film: Film) -> Film:
            return film

        @expose
        def put(self, id: int, film: Film) -> str:
            return f"{id} {film.title}"

    app = App()
    app.tree("/", Films())
    client = Client(app)
    assert client.post("/", json={"title": "Daphne"}).json() == {"title": "Daphne"}
    assert client.put("/7", json={"title": "Daphne"}).text == "7 Daphne"
    assert client.post("/7?_method=PUT", json={"title": 7}).status == 422


def test_a_nested_method_has_to_take_what_is_above() -> None:
    class Lost(RestController):
        @expose
        def get_all(self) -> str:
            return "lost"

    class Above(RestController):
        lost = Lost()

        @expose
        def get_one(self, id: int) -> None: ...

    app = App()
    app.tree("/", Above())
    with pytest.raises(FreezeError, match=r"Above.lost.get_all \(test_restful.py:\d+\) needs 1 parameters"):
        app.freeze()
