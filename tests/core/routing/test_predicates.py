"""Routes with one method and path, told apart by what else the request is."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segue import App, Form, Next, Predicate, Request, Response, all_of, any_of, not_
from segue.core.plan import FreezeError
from segue.http.errors import Conflict
from segue.testing import Client


def says(app: App, text: str, path: str = "/", **options: Any) -> None:
    """A GET route that answers ``text``."""

    @app.get(path, **options)
    async def answer() -> str:
        return text


def asked(app: App, target: str = "/", **headers: str) -> Any:
    with Client(app) as client:
        return client.get(target, headers={name.replace("_", "-"): value for name, value in headers.items()})


# --- one of several ----------------------------------------------------------------------------------------------


def test_a_parameter_of_the_query_chooses() -> None:
    app = App()
    says(app, "plain")
    says(app, "there", param="preview")
    says(app, "edit", param={"mode": "edit"})
    says(app, "digits", param={"mode": re.compile("[0-9]+")})
    assert asked(app).text == "plain"
    assert asked(app, "/?preview").text == "there"
    assert asked(app, "/?mode=edit").text == "edit"
    assert asked(app, "/?mode=12").text == "digits"
    assert asked(app, "/?mode=other").text == "plain"


def test_a_header_chooses_and_is_named_in_vary() -> None:
    app = App()
    says(app, "any")
    says(app, "some", header="X-Version")
    says(app, "two", header={"x-version": "2"})
    assert asked(app).text == "any"
    assert asked(app, x_version="1").text == "some"
    # Both have one predicate of one kind: what was declared first goes first.
    assert asked(app, x_version="2").text == "some"
    assert asked(app).headers["vary"] == "x-version"


def test_a_script_and_a_page_get_different_answers() -> None:
    app = App()
    says(app, "script", xhr=True)
    says(app, "page", xhr=False)
    assert asked(app, x_requested_with="XMLHttpRequest").text == "script"
    assert asked(app).text == "page"


def test_a_parameter_of_the_path_chooses() -> None:
    app = App()

    @app.get("/{action}", match={"action": "edit"})
    async def edit(action: str) -> str:
        return f"edit by {action}"

    @app.get("/{action}")
    async def other(action: str) -> str:
        return f"other {action}"

    assert asked(app, "/edit").text == "edit by edit"
    assert asked(app, "/show").text == "other show"


def test_a_function_chooses_sync_or_async() -> None:
    app = App()

    async def named_django(request: Request) -> bool:
        return b"django" in await request.body()

    @app.post("/", when=named_django)
    async def django(request: Request) -> str:
        return f"django: {(await request.body()).decode()}"

    @app.post("/", when=lambda request: request.query_string == "x")
    async def marked() -> str:
        return "marked"

    @app.post("/")
    async def rest() -> str:
        return "rest"

    with Client(app) as client:
        assert client.post("/", content=b"hello django").text == "django: hello django"
        assert client.post("/?x", content=b"hello").text == "marked"
        assert client.post("/", content=b"hello").text == "rest"


def test_predicates_are_negated_and_combined() -> None:
    def robot(request: Request) -> bool:
        return "bot" in request.headers.get("user-agent", "")

    app = App()
    says(app, "human", when=not_(robot))
    says(app, "robot who likes it plain", when=[robot, any_of(param="plain", header={"x-plain": "yes"})])
    says(app, "other robot", when=all_of(robot, not_(param="plain")))
    says(app, "rest")
    assert asked(app).text == "human"
    assert asked(app, "/?plain", user_agent="bot").text == "robot who likes it plain"
    assert asked(app, "/?a", user_agent="bot", x_plain="yes").text == "robot who likes it plain"
    assert asked(app, user_agent="bot").text == "other robot"
    assert asked(app, user_agent="bot").headers["vary"] == "x-plain"


def test_the_most_specific_wins_whatever_the_order() -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        app = App()
        routes: Sequence[tuple[str, dict[str, Any]]] = [
            ("none", {}),
            ("one", {"param": "a"}),
            ("two", {"param": ["a", "b"]}),
        ]
        for at in order:
            says(app, routes[at][0], **routes[at][1])
        assert asked(app, "/?a&b").text == "two"
        assert asked(app, "/?a").text == "one"
        assert asked(app, "/?b").text == "none"


def test_where_none_holds_it_is_a_404() -> None:
    app = App()
    says(app, "edit", param={"mode": "edit"})
    assert asked(app, "/?mode=edit").status == 200
    assert asked(app).status == 404


def test_another_method_is_still_a_405() -> None:
    app = App()
    says(app, "edit", param="edit")
    with Client(app) as client:
        assert client.post("/").status == 405
        assert client.post("/").headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.head("/?edit").status == 200


def test_what_no_get_route_takes_is_for_any_method() -> None:
    app = App()
    says(app, "edit", param="edit")

    @app.any("/")
    async def rest(request: Request) -> str:
        return f"{request.method} by any"

    assert asked(app, "/?edit").text == "edit"
    assert asked(app).text == "GET by any"


def test_the_request_knows_the_endpoint_that_was_chosen() -> None:
    app = App()

    @app.get("/", param="a", name="chosen")
    async def chosen(request: Request) -> str:
        return str(request.endpoint).split(" ")[0]

    says(app, "b")
    assert asked(app, "/?a").text == "test_predicates.chosen"


def test_a_plugin_adds_a_named_predicate() -> None:
    class Departments:
        name = "departments"

        def setup(self, to: Any) -> None:
            def department(wanted: str) -> Callable[[Request], bool]:
                return lambda request: request.headers.get("x-department") == wanted

            to.predicate("department", department)

    app = App(plugins=[Departments()])
    inner = App("inner")
    says(inner, "it", where={"department": "it"})
    says(inner, "all")
    app.include(inner)
    assert asked(app, x_department="it").text == "it"
    assert asked(app, x_department="law").text == "all"


def test_a_predicate_says_what_varies() -> None:
    app = App()
    says(app, "beta", when=Predicate(lambda request: "beta" in request.cookies, vary=("cookie",)))
    says(app, "all")
    assert asked(app, cookie="beta=1").text == "beta"
    assert asked(app).headers["vary"] == "cookie"


def test_a_predicate_that_fails_is_an_error_of_the_app_around_it() -> None:
    inner = App("inner")

    def broken(_: Request) -> bool:
        raise Conflict("no telling")

    @inner.error_handler(Conflict)
    def undecided(request: Request, error: Conflict) -> str:
        return f"undecided: {error.detail}"

    says(inner, "never", when=broken)
    app = App()
    app.include(inner, at="/in")
    assert (asked(app, "/in/").status, asked(app, "/in/").text) == (409, "undecided: no telling")


# --- media types -------------------------------------------------------------------------------------------------


def pages() -> App:
    app = App()
    says(app, "json", accept="application/json")
    says(app, "html", accept=["text/html", "application/xhtml+xml"])
    return app


@pytest.mark.row("PY-10")
def test_what_the_client_likes_best_answers_and_the_order_of_the_rest_is_the_apps() -> None:
    app = pages()
    assert asked(app, accept="text/html").text == "html"
    assert asked(app, accept="application/xhtml+xml").text == "html"
    assert asked(app, accept="text/html;q=0.5, application/json;q=0.8").text == "json"
    assert asked(app, accept="*/*").text == "json"
    assert asked(app, accept="text/html").headers["vary"] == "accept"
    refused = asked(app, accept="image/png")
    assert refused.status == 406
    assert refused.json()["detail"] == "This is there as application/json, text/html, application/xhtml+xml."
    ordered = App(accept_order=["text/html", "application/json"])
    ordered.include(pages())
    assert asked(ordered, accept="*/*").text == "html"
    assert asked(ordered, accept="application/json").text == "json"


def test_a_route_without_a_media_type_takes_what_the_others_refuse() -> None:
    app = pages()
    says(app, "whatever")
    assert asked(app, accept="image/png").text == "whatever"
    assert asked(app, accept="text/html").text == "html"


def test_the_media_type_of_the_body_chooses() -> None:
    app = App()

    @app.post("/", consumes="application/json")
    async def json() -> str:
        return "json"

    @app.post("/", consumes=["image/*", "text/plain"])
    async def image() -> str:
        return "image"

    with Client(app) as client:
        post = lambda kind: client.post("/", content=b"x", headers={"content-type": kind})  # noqa: E731
        assert post("application/json; charset=utf-8").text == "json"
        assert post("image/png").text == "image"
        refused = post("text/css")
        assert refused.status == 415
        assert refused.headers["accept"] == "application/json, image/*, text/plain"
        assert client.post("/").status == 415


# --- what is wrong is said at freeze -----------------------------------------------------------------------------


def test_two_routes_with_the_same_predicates_are_a_conflict_that_names_both() -> None:
    app = App()
    says(app, "one", param={"a": "1"}, header="x")
    says(app, "two", param={"a": "1"}, header="X")
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    assert "GET / with param={'a': '1'}, header='X' is declared at test_predicates.py:" in str(caught.value)
    assert "no request can tell them apart" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"where": {"beta": True}},
            "there is no predicate 'beta', but: none; app.predicate('beta', ...) adds one",
        ),
        ({"when": "beta"}, "when= takes a function of the request"),
        ({"param": {"a": 3}}, "param= takes a name, a list of names, or a mapping"),
        ({"accept": "json"}, "accept= takes media types"),
        ({"accept": "text/*"}, "a whole media type"),
    ],
)
def test_what_is_no_predicate_is_an_error_at_freeze(options: dict[str, Any], told: str) -> None:
    app = App()
    says(app, "x", **options)
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    assert told in str(caught.value)
    assert "test_predicates.py:" in str(caught.value)


def test_an_empty_combination_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="not_ needs a predicate"):
        not_()
    with pytest.raises(TypeError, match="not_ takes no accept="):
        not_(accept="text/html")


def test_a_route_without_predicates_is_called_directly() -> None:
    app = App()
    says(app, "one", "/a")
    says(app, "two", "/b")
    says(app, "three", "/b", param="x")
    found: list[Any] = []

    @app.get("/look")
    async def look(request: Request) -> str:
        found.append(request.endpoint)
        return ""

    asked(app, "/look")
    assert found[0] in app.plan.endpoints


def test_the_button_of_a_form_chooses() -> None:
    app = App()

    @app.post("/", field="save")
    async def save(title: Form[str]) -> str:
        return f"saved {title}"

    @app.post("/", field={"action": "delete"})
    async def delete() -> str:
        return "deleted"

    with Client(app) as client:
        assert client.post("/", data={"title": "Nuages", "save": ""}).text == "saved Nuages"
        assert client.post("/", data={"action": "delete"}, files={"x": b"y"}).text == "deleted"
        assert client.post("/", data={"action": "other"}).status == 404
        assert client.post("/", content=b"save=1").status == 404


def test_vary_joins_what_else_a_response_says(serve: Callable[[App], Any]) -> None:
    app = App()

    @app.get("/", header="x-version")
    async def versioned(request: Request) -> Response:
        response = Response("versioned", 201)
        response.headers.vary("cookie")
        response.headers.add("set-cookie", "seen=1")
        return response

    @app.get("/")
    async def plain() -> str:
        return "plain"

    @app.get("/marked")
    async def marked() -> str:
        return "marked"

    @app.middleware
    async def marking(request: Request, next: Next) -> Response:
        response = await next(request)
        if request.query_string:
            assert response.content_type == "text/plain; charset=utf-8"
            response.headers["x-marked"] = "yes"
        return response

    ask = serve(app)
    for _ in range(2):  # the second head is one that was kept
        answer = ask("GET", "/")
        assert (answer.status, answer.text, answer.headers["vary"]) == (200, "plain", "x-version")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "vary" not in ask("GET", "/marked").headers
        answer = ask("GET", "/", {"x-version": "1"})
        assert (answer.status, answer.headers["vary"]) == (201, "cookie, x-version")
        assert answer.headers["set-cookie"].startswith("seen=1")
        answer = ask("GET", "/?mark")
        assert (answer.headers["vary"], answer.headers["x-marked"]) == ("x-version", "yes")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
