"""Object trees: attributes are parts of the path, exposed methods answer, parameters are arguments."""

from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Body, Header, Request, Response, Struct, Unauthorized, before, expose, popargs
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[App], Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}


def tree(root: object, at: str = "/", **options: Any) -> App:
    app = App("shop")
    app.tree(at, root, **options)
    return app


class Posts:
    @expose
    def index(self) -> str:
        return "all posts"

    @expose
    def show(self, id: int = 0) -> str:
        return f"post {id}"

    def hidden(self) -> str:
        return "hidden"

    @expose
    def _private(self) -> str:
        return "private"


class Blog:
    def __init__(self) -> None:
        self.posts = Posts()
        self._secret = Posts()
        self.parent: object = None


class Root:
    def __init__(self) -> None:
        self.blog = Blog()
        self.blog.parent = self  # a circle is walked once

    @expose
    async def index(self) -> dict[str, str]:
        return {"hello": "root"}


@pytest.mark.row("CP1")
def test_exposed_methods_answer_where_they_are_in_the_tree(serve: Serve) -> None:
    ask = serve(tree(Root()))
    assert ask.get("/blog/posts/show").text == "post 0"
    assert ask.get("/").text == '{"hello":"root"}'
    assert [ask.get(path).text for path in ("/blog/posts", "/blog/posts/")] == ["all posts", "all posts"]
    for path in (
        "/blog/posts/hidden",
        "/blog/posts/_private",
        "/blog/_secret/show",
        "/blog/",
        "/blog/posts/__init__",
        "/blog/parent/blog/posts/show",
        "/blog/posts/show/__class__",
    ):
        assert ask.get(path).status == 404, path


@pytest.mark.row("CP2")
def test_default_takes_what_nothing_else_does_and_index_the_object_itself(serve: Serve) -> None:
    class Default:
        @expose
        def default(self, *vpath: str, **params: Any) -> Any:
            return [vpath, params]

    ask = serve(tree(Default()))
    assert ask.get("/a/b/c").text == '[["a","b","c"],{}]'
    assert ask.get("/a%2Fb/%C3%A9?x=1&y=2&y=3").text == '[["a/b","é"],{"x":"1","y":["2","3"]}]'
    assert ask.get("/").text == "[[],{}]"

    class Both(Default):
        posts = Posts()

        @expose
        def index(self, page: int = 1) -> str:
            return f"page {page}"

    ask = serve(tree(Both(), at="/shop"))
    assert [ask.get("/shop").text, ask.get("/shop/?page=2").text] == ["page 1", "page 2"]
    assert ask.get("/shop/posts/show/7").text == "post 7"
    assert ask.get("/shop/posts/other").text == '[["posts","other"],{}]'
    assert ask.get("/elsewhere").status == 404


@pytest.mark.row("CP3")
def test_arguments_come_from_path_query_and_form_and_what_does_not_fit_has_its_status(serve: Serve) -> None:
    class Films:
        @expose
        def show(self, id: int, lang: str = "en") -> list[Any]:
            return [id, lang]

        @expose
        def free(self, *, q: str = "", **others: Any) -> Any:
            return [q, others]

        @expose
        def nothing(self) -> str:
            return "nothing"

    ask = serve(tree(Films()))

    def post(path: str, form: str) -> Any:
        return ask("POST", path, FORM, form.encode())

    assert ask.get("/show/7/fr").text == ask.get("/show/7?lang=fr").text == '[7,"fr"]'
    assert ask.get("/show?id=7").text == post("/show", "id=7").text == '[7,"en"]'
    assert post("/show/7?lang=de", "").text == '[7,"de"]'
    # Unexpected and missing: in the query 404, in a body 400; too much of a path 404.
    assert [ask.get(path).status for path in ("/show/7?x=1", "/nothing?x=1", "/show", "/show/7?id=7")] == [
        404
    ] * 4
    assert [
        post("/show/7", "x=1").status,
        post("/nothing", "x=1").status,
        post("/show", "lang=fr").status,
    ] == [400] * 3
    assert [ask.get(path).status for path in ("/show/7/fr/x", "/nothing/x", "/show/x")] == [404] * 3
    # A wrong type is told field by field; in the path it is another address.
    wrong = ask.get("/show?id=x")
    assert (wrong.status, b'{"loc":["query","id"],' in wrong.body) == (422, True)
    wrong = post("/show", "id=x")
    assert (wrong.status, b'{"loc":["form","id"],' in wrong.body) == (422, True)
    assert ask.get("/free?q=1&z=2").text == '["1",{"z":"2"}]'
    assert post("/free?a=1", "a=2&b=3").text == '["",{"a":["1","2"],"b":"3"}]'


def test_arguments_stand_beside_everything_else_that_handlers_take(serve: Serve) -> None:
    class Film(Struct):
        title: str

    class Films:
        @expose
        async def save(
            self, request: Request, id: int, film: Film, user_agent: Header[str] = ""
        ) -> list[Any]:
            return [request.method, id, film.title, user_agent]

        @expose(methods=["PUT"])
        async def raw(self, data: Body[bytes], *path: int) -> list[Any]:
            return [len(data), path]

        @expose
        async def several(self, tag: list[str], untyped, other="x") -> list[Any]:  # type: ignore[no-untyped-def]
            return [tag, untyped, other]

    ask = serve(tree(Films()))
    json = {"content-type": "application/json", "user-agent": "me"}
    assert ask("PUT", "/save/7", json, b'{"title":"a"}').text == '["PUT",7,"a","me"]'
    assert ask("PUT", "/raw/1/2", {}, b"abc").text == "[3,[1,2]]"
    assert [ask.get("/raw/1").status, ask("PUT", "/raw/1/x", {}, b"abc").status] == [405, 404]
    assert ask.get("/several/1?tag=a&tag=b").text == '[["a","b"],"1","x"]'


@pytest.mark.row("CP4")
def test_objects_take_parts_of_the_path_and_methods_have_more_names(serve: Serve) -> None:
    @popargs("album_title")
    class Album:
        @expose
        def index(self, band_name: str, album_title: str = "") -> str:
            return f"{band_name}: {album_title or 'all'}"

    @popargs("band_name")
    class Band:
        albums = Album()

        @expose
        def index(self, band_name: str = "") -> str:
            return f"band {band_name}"

        @expose(["generer", "generar"])
        def generate(self, band_name: str = "nobody") -> str:
            return f"for {band_name}"

    ask = serve(tree(Band()))
    assert ask.get("/nirvana/albums/nevermind").text == "nirvana: nevermind"
    assert ask.get("/nirvana/albums").text == "nirvana: all"
    assert [ask.get("/").text, ask.get("/nirvana").text] == ["band ", "band nirvana"]
    assert [ask.get(f"/{name}").text for name in ("generate", "generer", "generar")] == ["for nobody"] * 3
    assert ask.get("/nirvana/generer").text == "for nirvana"
    assert ask.get("/albums?band_name=nirvana").text == "nirvana: all"


@pytest.mark.row("CP5")
def test_a_class_of_methods_in_a_tree_and_a_tree_for_each_host(serve: Serve) -> None:
    @expose
    class Things:
        def GET(self, id: int = 0) -> str:  # noqa: N802
            return f"thing {id}"

        def POST(self, name: str) -> str:  # noqa: N802
            return name

    class A:
        things = Things()

        @expose
        def index(self) -> str:
            return "a"

    class B:
        @expose
        def index(self) -> str:
            return "b"

    app = tree(A())
    app.tree("/", B(), host="b.test")
    ask = serve(app)
    assert [ask.get("/things/7").text, ask("POST", "/things", FORM, b"name=x").text] == ["thing 7", "x"]
    refused = ask("PUT", "/things", {"content-length": "0"})
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert [ask.get("/", {"host": host}).text for host in ("a.test", "b.test", "b.test:81")] == [
        "a",
        "b",
        "b",
    ]


def test_hooks_of_objects_see_the_arguments_and_those_on_the_way_run_first() -> None:
    log: list[Any] = []

    class Inner:
        def _visit(self) -> None:
            log.append("visit inner")

        def _before(self, *args: str, **params: str) -> None:
            log.append(("before", args, params))

        def _after(self, response: Response, *args: str) -> None:
            log.append(("after", response.status, args))

        @expose
        @before(lambda: log.append("own"))
        def show(self, id: int, *rest: str, q: str = "") -> str:
            log.append("show")
            return "shown"

    class Outer:
        inner = Inner()

        def _visit(self, *args: str) -> None:
            log.append(("visit outer", args))

        def _before(self) -> None:
            log.append("not for what is below")

    client = Client(tree(Outer()))
    assert client.get("/inner/show/1/b?q=z").text == "shown"
    assert log == [
        ("visit outer", ("1", "b")),
        "visit inner",
        ("before", ("1", "b"), {"q": "z"}),
        "own",
        "show",
        ("after", 200, ("1", "b")),
    ]


def test_a_hook_may_stop_and_class_hooks_are_inherited() -> None:
    class Guarded:
        async def _before(self, authorization: Header[str] = "") -> None:
            if authorization != "me":
                raise Unauthorized

        @expose
        def index(self) -> str:
            return "in"

    class Sub(Guarded):
        @expose
        def more(self) -> str:
            return "more"

    client = Client(tree(Sub()))
    assert [client.get(path).status for path in ("/", "/more")] == [401, 401]
    assert [client.get(path, headers={"authorization": "me"}).text for path in ("/", "/more")] == [
        "in",
        "more",
    ]


def test_what_a_subclass_overrides_is_exposed_again_or_not_at_all() -> None:
    class Base:
        @expose(status=201)
        def a(self) -> str:
            return "base a"

        @expose(status=202)
        def b(self) -> str:
            return "base b"

        @expose(status=203)
        def c(self) -> str:
            return "base c"

    class Sub(Base):
        def a(self) -> str:
            return "sub a"

        @expose(inherit=True, content_type="text/x-b")
        def b(self) -> str:
            return "sub b"

    client = Client(tree(Sub()))
    assert client.get("/a").status == 404
    b = client.get("/b")
    assert (b.status, b.text, b.headers["content-type"]) == (202, "sub b", "text/x-b")
    assert client.get("/c").status == 203


def test_the_names_of_routes_are_those_of_the_objects() -> None:
    app = tree(Root(), at="/site")
    assert app.url_for("Root.blog.posts.show", id=7) == "/site/blog/posts/show/7"
    assert app.url_for("Root.blog.posts.show") == "/site/blog/posts/show"
    assert app.url_for("Root.index") == "/site/"
    assert tree(Root(), name="main").url_for("main.blog.posts.index") == "/blog/posts/"


def test_a_tree_stands_in_an_included_app_and_takes_options() -> None:
    outer = App("outer")
    outer.include(tree(Root(), at="/tree", slashes="strict"), at="/in")
    client = Client(outer)
    assert client.get("/in/tree/blog/posts/show/3").text == "post 3"
    assert [client.get(f"/in/tree/blog/posts{end}").status for end in ("", "/")] == [404, 200]


def test_what_is_no_tree_is_said() -> None:
    class Empty:
        def index(self) -> str:
            return ""

    class Odd:
        @expose
        def a(self, thing: complex) -> str:
            return ""

    for root, told in {
        Empty(): "Empty has nothing to answer with: put @expose on its methods",
        Posts: r"a tree grows from an object: Posts\(\), not the class",
        Odd(): "where does 'thing' of type complex come from",
    }.items():
        with pytest.raises(FreezeError, match=told):
            tree(root).freeze()
    with pytest.raises(TypeError, match="@expose is for methods, functions and classes, not for 7"):
        expose(7)
