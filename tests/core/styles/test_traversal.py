"""Trees of resources: the walk, the views of what it finds, and the way back to URLs."""

from abc import ABC
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol, runtime_checkable

import pytest

from segue import App, NotFound, Query, Request, Unauthorized, before
from segue.core.plan import FreezeError
from segue.core.styles.lineage import find_parent, inside, lineage, resource_path, resource_url, root_of
from segue.core.styles.traversal import traversed
from segue.testing import Client


class Folder(dict[str, Any]):
    """A resource with others in it."""

    def __init__(self, name: str = "", parent: "Folder | None" = None) -> None:
        self.__name__ = name
        self.__parent__ = parent
        super().__init__()

    def add(self, name: str) -> "Folder":
        self[name] = type(self)(name, self)
        return self[name]

    def page(self, name: str) -> "Page":
        self[name] = page = Page(name, self)
        return page


class Page:
    def __init__(self, name: str, parent: Folder) -> None:
        self.__name__ = name
        self.__parent__ = parent


class Secret(Page):
    pass


def tree() -> Folder:
    root = Folder()
    root.add("a").add("b").page("p")
    return root


def show(context: Any, subpath: tuple[str, ...], request: Request) -> list[Any]:
    """A view that tells what it was given."""
    return [type(context).__name__, context.__name__, traversed(request).view_name, list(subpath)]


def app_of(*views: dict[str, Any], root: Any = None, at: str = "/docs") -> App:
    app = App("docs")
    app.traverse(at, tree() if root is None else root)
    for options in views:
        app.view(inline=True, **options)(show)
    return app


def ask(app: App, target: str, method: str = "GET", **more: Any) -> Any:
    with Client(app) as client:
        return client.request(method, target, **more)


# --- the walk ----------------------------------------------------------------------------------------------------


@pytest.mark.row("PY-08")
def test_a_path_is_walked_to_a_context_a_view_and_the_rest() -> None:
    app = app_of({}, {"name": "x"}, {"name": "b"})
    answers = {
        "/docs": ["Folder", "", "", []],
        "/docs/": ["Folder", "", "", []],
        "/docs/a/b": ["Folder", "b", "", []],
        "/docs/a/b/": ["Folder", "b", "", []],
        "/docs/a/b/x/y": ["Folder", "b", "x", ["y"]],
        "/docs/a/b/p": ["Page", "p", "", []],
        "/docs/a/b/p/x/1/2": ["Page", "p", "x", ["1", "2"]],
        # `b` is in the folder: only @@ asks for the view.
        "/docs/a/@@b/c": ["Folder", "a", "b", ["c"]],
        "/docs/a/x%2Fy": 404,
        "/docs/a/nothing": 404,
        "/docs/a//b": 404,
        "/docs/a/./b": 404,
        "/docs/a/../a": 404,
        "/elsewhere": 404,
    }
    with Client(app) as client:
        found = {path: client.get(path) for path in answers}
        assert {
            path: one.json() if one.status == 200 else one.status for path, one in found.items()
        } == answers


@pytest.mark.row("PY-08")
def test_a_tree_stands_below_a_route_with_parameters() -> None:
    app = App()

    def documents_of(id: int, lang: Query[str] = "en") -> Folder:
        if id == 0:
            raise NotFound("no such user")
        root = tree()
        root.page(f"{lang}-{id}")
        return root

    @app.view(context=Page)
    async def page(context: Page, id: int) -> list[Any]:
        return [context.__name__, id]

    @app.view()
    async def folder(context: Folder, request: Request) -> list[str]:
        return [*context, resource_url(request, context["a"])]

    @app.get("/users/{id:int}/docs/about")
    async def about(id: int) -> str:
        return f"about {id}"

    app.traverse("/users/{id:int}/docs", documents_of)
    assert ask(app, "/users/7/docs/en-7").json() == ["en-7", 7]
    assert ask(app, "/users/7/docs/fr-7?lang=fr").json() == ["fr-7", 7]
    assert ask(app, "/users/7/docs").json() == ["a", "en-7", "/users/7/docs/a/"]
    assert ask(app, "/users/7/docs/about").text == "about 7"
    assert ask(app, "/users/0/docs/a").json()["detail"] == "no such user"
    assert ask(app, "/users/x/docs/a").status == 404


@pytest.mark.row("PY-08")
def test_the_lineage_of_a_resource() -> None:
    root = tree()
    page = root["a"]["b"]["p"]
    assert list(lineage(page)) == [page, root["a"]["b"], root["a"], root]
    assert root_of(page) is root
    assert inside(page, root["a"])
    assert not inside(root, page)
    assert find_parent(page, Folder) is root["a"]["b"]
    assert find_parent(root, Page) is None
    assert resource_path(page) == "/a/b/p"
    assert resource_path(page, "a/b c") == "/a/b/p/a%2Fb%20c"
    assert resource_path(root) == "/"


def urls(request: Request, context: Folder) -> list[str]:
    return [
        resource_url(request, context),
        resource_url(request, context, "edit", query={"q": "1"}),
        resource_url(request, context, external=True),
    ]


@pytest.mark.row("PY-08")
def test_a_virtual_root_is_where_urls_begin() -> None:
    app = App()
    app.traverse("/", tree(), virtual_root="/a")
    app.view(inline=True)(urls)

    @app.view(name="up", inline=True)
    def up(request: Request, context: Folder, root: Folder) -> list[str]:
        assert traversed(request).virtual_root is root["a"]
        return [resource_url(request, root)]

    assert ask(app, "/b").json() == ["/b/", "/b/edit?q=1", "http://localhost/b/"]
    assert ask(app, "/").json()[0] == "/"
    with Client(app) as client, pytest.raises(ValueError, match="it is at /, and URLs begin at /a"):
        client.get("/b/up")


def test_a_virtual_root_may_depend_on_the_request() -> None:
    app = App()
    app.traverse("/", tree(), virtual_root=lambda request: request.host.partition(".")[0])
    app.view(inline=True)(urls)
    assert ask(app, "/b", headers={"host": "a.example.com"}).json()[0] == "/b/"
    assert ask(app, "/b", headers={"host": "zzz.example.com"}).status == 404


def test_urls_stand_below_the_place_of_the_tree_and_the_prefix() -> None:
    inner = App("inner")
    inner.traverse("/docs", tree())
    inner.view(inline=True)(urls)
    app = App()
    app.include(inner, at="/{lang}/x")
    assert ask(app, "/fr/x/docs/a").json()[:2] == ["/fr/x/docs/a/", "/fr/x/docs/a/edit?q=1"]
    outer = App()
    outer.mount("/m", app)
    assert ask(outer, "/m/fr/x/docs/a").json()[0] == "/m/fr/x/docs/a/"


def test_resources_without_names_have_urls_where_they_were_passed() -> None:
    app = App()
    app.traverse("/", {"a": {"b": {}}})

    @app.view(inline=True)
    def index(request: Request, context: dict[str, Any]) -> str:
        return resource_url(request, context)

    assert ask(app, "/a/b").text == "/a/b/"


def test_a_resource_may_be_looked_up_asynchronously() -> None:
    class Table:
        async def resolve(self, name: str) -> "Row":
            if not name.isdigit():
                raise KeyError(name)
            return Row(int(name))

    class Row:
        def __init__(self, id: int) -> None:
            self.id = id

    app = App()

    async def table() -> Table:
        return Table()

    app.traverse("/rows", table)

    @app.view()
    async def row(context: Row) -> int | str:
        return str(context.id)

    assert ask(app, "/rows/7").text == "7"
    assert ask(app, "/rows/seven").status == 404
    assert ask(app, "/rows/").status == 404


def test_text_and_lists_are_no_trees() -> None:
    app = App()
    app.traverse("/", {"text": "abc", "list": [1, 2]})

    @app.view(name="0", inline=True)
    def zero(context: object) -> str:
        return str(context)

    assert ask(app, "/text/0").text == "abc"
    assert ask(app, "/list/0").text == "[1, 2]"


def test_url_for_writes_paths_of_a_tree() -> None:
    app = App("x")
    app.traverse("/users/{id:int}/docs", {}, name="docs")
    app.view(inline=True)(urls)
    assert app.url_for("docs", id=3, traverse="a/b") == "/users/3/docs/a/b"


# --- views -------------------------------------------------------------------------------------------------------


def test_the_most_specific_class_of_the_context_wins() -> None:
    class Marked(ABC):  # noqa: B024 -- a mark, as zope.interface has
        pass

    @runtime_checkable
    class Titled(Protocol):
        title: str

    class Other:
        pass

    class Film:
        title = "Nuages"

    Marked.register(Other)
    app = App()
    app.traverse(
        "/",
        {
            "secret": Secret("s", Folder()),
            "page": Page("p", Folder()),
            "other": Other(),
            "film": Film(),
            "x": 1,
        },
    )

    def say(text: str, **options: Any) -> None:
        @app.view(inline=True, **options)
        def view() -> str:
            return text

    say("anything")
    say("page", context=Page)
    say("secret", context=Secret)
    say("marked", context=Marked)
    say("titled", context=Titled)
    say("number or text", context=int | str)
    for name, text in {
        "secret": "secret",
        "page": "page",
        "other": "marked",
        "film": "titled",
        "x": "number or text",
    }.items():
        assert ask(app, f"/{name}").text == text
    assert ask(app, "/").text == "anything"


def test_predicates_tell_views_apart_and_the_next_class_is_asked_where_they_do_not_hold() -> None:
    app = App()
    app.traverse("/", tree())

    @app.view(name="edit", param="raw")
    async def raw(context: Folder) -> str:
        return "raw folder"

    @app.view(name="edit", context=dict, accept="text/plain")
    async def plain() -> str:
        return "any dict"

    @app.view(name="edit", methods=["POST"])
    async def save(context: Folder, title: str) -> str:
        return f"saved {title}"

    assert ask(app, "/a/edit?raw").text == "raw folder"
    assert ask(app, "/a/edit").text == "any dict"
    assert ask(app, "/a/edit").headers["vary"] == "accept"
    assert ask(app, "/a/edit", headers={"accept": "image/png"}).status == 406
    assert ask(app, "/a/edit?title=x", "POST").text == "saved x"
    assert ask(app, "/a/edit", "POST").status == 422


def test_methods_of_views() -> None:
    app = App()
    app.traverse("/", tree())

    @app.view(methods=["GET"])
    async def read() -> str:
        return "read"

    @app.view(methods=["put"])
    async def write() -> str:
        return "written"

    assert ask(app, "/a").text == "read"
    assert ask(app, "/a", "HEAD").status == 200
    assert ask(app, "/a", "PUT").text == "written"
    assert ask(app, "/a", "DELETE").status == 405
    assert ask(app, "/a", "DELETE").headers["allow"] == "GET, HEAD, OPTIONS, PUT"
    assert ask(app, "/a", "OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS, PUT"


def test_a_view_may_be_for_what_is_inside_of_something() -> None:
    class Archive(Folder):
        pass

    root = Folder()
    root["archive"] = Archive("archive", root)
    root["archive"].page("p")
    root.page("p")
    app = App()
    app.traverse("/", root)

    @app.view(context=Page)
    async def page() -> str:
        return "page"

    @app.view(context=Page, inside=Archive)
    async def archived() -> str:
        return "archived"

    assert ask(app, "/p").text == "page"
    assert ask(app, "/archive/p").text == "archived"


def test_a_view_without_subpath_answers_no_longer_path() -> None:
    app = App()
    app.traverse("/", tree())

    @app.view(name="edit")
    async def edit() -> str:
        return "edit"

    assert ask(app, "/a/edit").status == 200
    assert ask(app, "/a/edit/more").status == 404


def test_a_view_is_bound_as_any_handler() -> None:
    app = App()
    app.traverse("/", tree())

    @app.view(name="find")
    async def find(context: Folder, page: int = 1) -> list[Any]:
        return [context.__name__, page]

    assert ask(app, "/a/find?page=3").json() == ["a", 3]
    failed = ask(app, "/a/find?page=x")
    assert failed.status == 422
    assert failed.json()["errors"][0]["loc"] == ["query", "page"]


def test_views_of_included_apps_serve_the_tree_with_their_own_middleware() -> None:
    inner = App("inner")

    @inner.middleware
    async def mark(request: Request, next: Callable[[Request], Any]) -> Any:
        response = await next(request)
        response.headers.add("x-through", "inner")
        return response

    @inner.view()
    async def page(context: Page) -> str:
        return context.__name__

    app = App("outer")

    @app.view()
    async def folder(context: Folder) -> str:
        return context.__name__

    app.include(inner)
    app.traverse("/", tree())
    assert ask(app, "/a/b/p").headers.get_all("x-through") == ["inner"]
    assert "x-through" not in ask(app, "/a/b").headers


def test_the_middleware_around_a_tree_runs_once() -> None:
    inner = App("inner")

    @inner.middleware
    async def mark(request: Request, next: Callable[[Request], Any]) -> Any:
        response = await next(request)
        response.headers.add("x-through", "inner")
        return response

    inner.traverse("/docs", tree())
    inner.view(inline=True)(show)
    app = App()
    app.include(inner, at="/in")
    assert ask(app, "/in/docs/a").headers.get_all("x-through") == ["inner"]


def test_an_error_of_a_view_is_for_the_error_handlers() -> None:
    app = app_of(root=tree)

    @app.view(name="boom")
    async def boom() -> str:
        raise KeyError("boom")

    @app.error_handler(404)
    def lost(request: Request, error: NotFound) -> str:
        return f"lost at {traversed(request).context.__name__}"

    @app.error_handler(KeyError)
    def broken(request: Request, error: KeyError) -> str:
        return "broken"

    assert ask(app, "/docs/a/boom").text == "broken"
    assert ask(app, "/docs/a/nothing").text == "lost at a"


# --- permissions -------------------------------------------------------------------------------------------------


def permitted() -> App:
    app = App()
    app.traverse("/", tree())

    @app.permits
    async def permits(request: Request, permission: str, context: Any) -> bool:
        if "user" not in request.query:
            raise Unauthorized
        return request.query["user"] == "django" and (
            context is None or inside(context, root_of(context)["a"])
        )

    @app.view(permission="edit")
    async def edit(context: Folder) -> str:
        return "edited"

    @app.get("/routes/edit", permission="edit")
    async def route() -> str:
        return "route"

    return app


def test_a_permission_is_asked_with_the_context() -> None:
    app = permitted()
    assert ask(app, "/a/b?user=django").text == "edited"
    assert ask(app, "/?user=django").status == 403
    assert ask(app, "/a/b?user=stephane").status == 403
    assert ask(app, "/a/b").status == 401
    assert ask(app, "/routes/edit?user=django").text == "route"
    assert ask(app, "/routes/edit?user=stephane").status == 403


def test_a_permission_of_an_app_holds_for_all_that_is_in_it() -> None:
    app = App(permission="read")
    app.permits(lambda request, permission, context: request.query.get("may") == permission)
    inner = App("inner")

    @inner.get("/page")
    async def page() -> str:
        return "page"

    @inner.get("/open", permission=None)
    async def opened() -> str:
        return "open"

    @inner.websocket("/socket")
    async def socket() -> None: ...

    async def guest(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"guest"})

    app.include(inner)
    app.mount("/guest", guest)
    assert [ask(app, path).status for path in ("/page", "/open", "/socket", "/guest/x")] == [
        403,
        200,
        403,
        403,
    ]
    assert [ask(app, f"{path}?may=read").status for path in ("/page", "/guest/x")] == [200, 200]


def test_only_true_opens() -> None:
    app = App(permission="read")
    permits: Any = lambda request, permission, context: "yes"  # noqa: E731
    app.permits(permits)

    @app.get("/")
    async def index() -> str:
        return "open"

    assert ask(app, "/").status == 403


def test_a_permission_that_nobody_decides_about_is_an_error_at_freeze() -> None:
    app = App()
    app.traverse("/", {})
    app.view(permission="edit", inline=True)(urls)
    with pytest.raises(
        FreezeError, match="the permission 'edit' is asked for, but nothing decides who has it"
    ):
        app.freeze()


# --- what is wrong is said at freeze -----------------------------------------------------------------------------


def test_two_views_that_no_request_can_tell_apart() -> None:
    app = app_of({"name": "x", "context": Folder})
    app.view(name="x", inline=True, context=Folder)(urls)
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    assert "the view 'x' of Folder is declared at test_traversal.py:" in str(caught.value)
    assert "(docs.show) and at test_traversal.py:" in str(caught.value)


def test_a_view_without_a_tree() -> None:
    app = App("alone")
    app.view(inline=True)(urls)
    with pytest.raises(FreezeError, match="neither 'alone' nor an app around it has a tree of resources"):
        app.freeze()


def test_a_context_that_is_no_class() -> None:
    class Titled(Protocol):
        title: str

    for wrong, told in ((Titled, "put @typing.runtime_checkable on it"), ("Folder", "is said by a class")):
        app = app_of({"context": wrong})
        with pytest.raises(FreezeError, match=told):
            app.freeze()


def test_two_trees_at_one_place() -> None:
    app = app_of({})
    app.traverse("/docs", {})
    with pytest.raises(FreezeError, match="no request can tell them apart"):
        app.freeze()


def test_a_request_that_was_not_walked() -> None:
    app = App()

    @app.get("/")
    async def index(request: Request) -> str:
        with pytest.raises(LookupError, match="not led through a tree"):
            traversed(request)
        return "ok"

    assert ask(app, "/").text == "ok"


def test_hooks_of_views_are_given_the_context_too() -> None:
    app = App()
    app.traverse("/", tree())
    told: list[str] = []

    async def look(context: Folder, page: int = 1) -> None:
        told.append(f"{context.__name__} {page}")

    @app.view()
    @before(look)
    async def index(context: Folder) -> str:
        return context.__name__

    assert ask(app, "/a?page=2").text == "a"
    assert told == ["a 2"]
    assert ask(app, "/a?page=x").status == 422


def test_the_root_and_the_view_are_provided_with_the_same_objects() -> None:
    class Session:
        open = True

    sessions: list[Session] = []

    async def session() -> AsyncIterator[Session]:
        one = Session()
        sessions.append(one)
        yield one
        one.open = False

    class Root:
        def __init__(self, request: Request, session: Session, lang: Query[str] = "en") -> None:
            self.session, self.lang = session, lang

    app = App()
    app.provide(Session, session)
    app.traverse("/", Root)

    @app.view()
    async def index(context: Root, session: Session) -> list[Any]:
        return [context.session is session, session.open, context.lang]

    assert ask(app, "/?lang=fr").json() == [True, True, "fr"]
    assert [one.open for one in sessions] == [False]


def test_a_permission_of_an_app_is_asked_once_for_what_is_found_in_it() -> None:
    asked: list[Any] = []

    class Films:
        def handlers(self) -> dict[str, Callable[..., Any]]:
            return {"film": film}

        def find(self, request: Request, path: str) -> str:
            return "film"

    async def film() -> str:
        return "film"

    app = App(permission="read")

    @app.permits
    async def permits(request: Request, permission: str, context: Any) -> bool:
        asked.append(context)
        return context is not None

    root = tree()
    app.traverse("/docs", root)
    app.view(inline=True)(urls)
    app.router("/films", Films())
    assert (ask(app, "/docs/a").status, asked) == (200, [root["a"]])
    assert (ask(app, "/films").status, asked) == (403, [root["a"], None])
