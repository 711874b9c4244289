"""segue.testing.Client: requests, forms, cookies, redirects, errors, lifespan."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import msgspec
import pytest

from segue import App
from segue.http.cookies import Cookie
from segue.http.errors import NotFound, SeeOther, TemporaryRedirect
from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits
from segue.testing import Client, ClientResponse, IncompleteResponse, StatusError, TooManyRedirects


class Film(msgspec.Struct):
    title: Annotated[str, msgspec.Meta(min_length=1)]
    year: int = 0


def echo_app() -> App:
    app = App()

    @app.any("/echo")
    async def echo(request: Request) -> dict[str, object]:
        return {
            "method": request.method,
            "target": request.target,
            "query": request.query.multi_items(),
            "headers": request.headers.multi_items(),
            "cookies": dict(request.cookies),
            "body": (await request.body()).decode(),
            "client": request.client,
            "url": str(request.url),
        }

    return app


def test_methods_have_names() -> None:
    with Client(echo_app()) as client:
        assert [
            getattr(client, name)("/echo").json()["method"]
            for name in ("get", "options", "post", "put", "patch", "delete")
        ] == ["GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
        assert client.request("query", "/echo").json()["method"] == "QUERY"
        response = client.head("/echo")
        assert (response.status, response.content) == (200, b"")
        assert int(response.headers["content-length"]) > 0


def test_params_are_added_to_the_query() -> None:
    client = Client(echo_app())
    response = client.get("/echo?a=1", params={"b": "x y", "c": [1, 2], "d": None, "e": True})
    assert response.json()["query"] == [["a", "1"], ["b", "x y"], ["c", "1"], ["c", "2"], ["e", "true"]]


def test_text_that_a_url_cannot_hold_is_encoded_and_the_rest_left_alone() -> None:
    client = Client(echo_app(), raise_server_exceptions=False)
    assert client.get("/echo?q=ä b").json()["target"] == "/echo?q=%C3%A4%20b"
    assert client.get("/echo/../%2e").status == 404
    assert client.get("/%ff").status == 400


def test_headers_of_the_client_and_of_the_request() -> None:
    client = Client(echo_app(), headers={"authorization": "Bearer 1", "accept": "text/plain"})
    client.headers["x-own"] = "1"
    sent = client.get("/echo", headers=[("X-Own", "2"), ("x-own", "3")]).json()["headers"]
    assert [pair for pair in sent if pair[0] in ("authorization", "x-own", "accept", "host")] == [
        ["host", "localhost"],
        ["accept", "text/plain"],
        ["authorization", "Bearer 1"],
        ["x-own", "2"],
        ["x-own", "3"],
    ]


def test_bodies() -> None:
    client = Client(echo_app())

    def told(response: ClientResponse) -> tuple[str, dict[str, str]]:
        headers = dict(map(tuple, response.json()["headers"]))
        return response.json()["body"], {
            name: headers[name]
            for name in ("content-type", "content-length", "transfer-encoding")
            if name in headers
        }

    assert told(client.post("/echo", json={"a": [1]})) == (
        '{"a":[1]}',
        {"content-type": "application/json", "content-length": "9"},
    )
    assert told(client.post("/echo", json=Film("Nuages", 1940)))[0] == '{"title":"Nuages","year":1940}'
    assert told(client.post("/echo", data={"a": "x y", "b": ["1", "2"]})) == (
        "a=x+y&b=1&b=2",
        {"content-type": "application/x-www-form-urlencoded", "content-length": "13"},
    )
    assert told(client.post("/echo", content="ä")) == (
        "ä",
        {"content-type": "text/plain; charset=utf-8", "content-length": "2"},
    )
    assert told(client.post("/echo", content=b"ab")) == ("ab", {"content-length": "2"})
    assert told(client.post("/echo")) == ("", {"content-length": "0"})
    assert told(client.post("/echo", content=iter([b"a", b"", b"b"]))) == (
        "ab",
        {"transfer-encoding": "chunked"},
    )

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        yield b"y"

    assert told(client.post("/echo", content=pieces()))[0] == "xy"
    with pytest.raises(TypeError, match="one body"):
        client.post("/echo", json=1, content=b"")
    with pytest.raises(TypeError, match="content="):
        client.post("/echo", data="a=1")  # type: ignore[arg-type]


def test_files_make_a_multipart_form() -> None:
    app = App()

    @app.post("/up")
    async def up(request: Request) -> list[object]:
        form = await request.form()
        return [
            (
                name,
                value
                if isinstance(value, str)
                else [value.raw_filename, value.content_type, value.read().decode()],
            )
            for name, value in form.multi_items()
        ]

    named = io.BytesIO(b"three")
    named.name = "/some/where/3.bin"
    with Client(app) as client:
        response = client.post(
            "/up",
            data={"title": "Nuages", "tag": ["a", "b"]},
            files={
                "one": b"1",
                "two": ("2.txt", "zwei"),
                "many": [("a.pdf", b"%PDF", "application/pdf"), named],
            },
        )
    assert response.json() == [
        ["title", "Nuages"],
        ["tag", "a"],
        ["tag", "b"],
        ["one", ["one", "application/octet-stream", "1"]],
        ["two", ["2.txt", "text/plain", "zwei"]],
        ["many", ["a.pdf", "application/pdf", "%PDF"]],
        ["many", ["3.bin", "application/octet-stream", "three"]],
    ]


def test_the_app_sees_the_base_url_and_the_client() -> None:
    client = Client(echo_app(), base_url="https://films.example:8443", client=("192.0.2.7", 1234))
    told = client.get("/echo").json()
    assert told["url"] == "https://films.example:8443/echo"
    assert told["client"] == ["192.0.2.7", 1234]
    assert client.get("http://other.example/echo").json()["url"] == "http://other.example/echo"
    with pytest.raises(ValueError, match="base_url"):
        Client(echo_app(), base_url="/films")


def test_cookies_are_kept_and_sent_back() -> None:
    app = echo_app()

    @app.get("/set")
    async def set_them() -> Response:
        response = Response("")
        response.set_cookie(Cookie("theme", "dark"))
        response.set_cookie(Cookie("__Host-id", "7", secure=True))
        response.set_cookie(Cookie("deep", "1", path="/deep"))
        response.set_cookie(Cookie("brief", "1", max_age=0))
        return response

    @app.get("/forget")
    async def forget() -> Response:
        response = Response("")
        response.delete_cookie("theme")
        return response

    with Client(app) as client:
        response = client.get("/set")
        assert dict(response.cookies) == {"theme": "dark", "__Host-id": "7", "deep": "1", "brief": "1"}
        assert dict(client.cookies) == {"theme": "dark", "__Host-id": "7", "deep": "1"}
        assert client.cookies.stored("__Host-id").http_only
        client.cookies.set("own", "x")
        assert client.get("/echo", cookies={"once": "1"}).json()["cookies"] == {
            "theme": "dark",
            "__Host-id": "7",
            "own": "x",
            "once": "1",
        }
        client.get("/forget")
        assert client.get("/echo").json()["cookies"] == {"__Host-id": "7", "own": "x"}
        assert client.get("http://other.example/echo").json()["cookies"] == {}
        client.cookies.delete("own")
        client.cookies.clear()
        assert len(client.cookies) == 0
        with pytest.raises(KeyError, match="it has: none"):
            client.cookies["theme"]


def redirecting_app() -> App:
    app = echo_app()

    @app.post("/films")
    async def create(request: Request) -> None:
        raise SeeOther("/step?n=1")

    @app.get("/step")
    async def step(n: int) -> Response:
        if n == 3:
            return Response("arrived")
        return Response(b"", 302, {"location": f"?n={n + 1}", "set-cookie": f"step{n}=1"})

    @app.post("/moved")
    async def moved() -> None:
        raise TemporaryRedirect("/echo")

    @app.get("/away")
    async def away() -> None:
        raise TemporaryRedirect("https://other.example/echo")

    @app.get("/loop")
    async def loop() -> None:
        raise SeeOther("/loop")

    return app


def test_redirects_are_not_followed_unless_asked_for() -> None:
    with Client(redirecting_app()) as client:
        response = client.post("/films")
        assert (response.status, response.location, response.history) == (303, "/step?n=1", [])


def test_a_followed_redirect_has_its_history() -> None:
    with Client(redirecting_app(), follow_redirects=True) as client:
        response = client.post("/films", json={"title": "Nuages"})
        assert response.text == "arrived"
        assert [(one.status, one.method, str(one.url)) for one in response.history] == [
            (303, "POST", "http://localhost/films"),
            (302, "GET", "http://localhost/step?n=1"),
            (302, "GET", "http://localhost/step?n=2"),
        ]
        assert dict(client.cookies) == {"step1": "1", "step2": "1"}
        assert client.post("/films", follow_redirects=False).status == 303


def test_a_307_repeats_the_body_and_another_origin_gets_no_secrets() -> None:
    with Client(redirecting_app(), follow_redirects=True) as client:
        assert client.post("/moved", content=b"again").json()["body"] == "again"
        told = client.get("/away", headers={"authorization": "Bearer 1", "x-own": "1"}).json()
        names = [name for name, _ in told["headers"]]
        assert told["url"] == "https://other.example/echo"
        assert "x-own" in names
        assert "authorization" not in names


def test_redirects_end_somewhere() -> None:
    with (
        Client(redirecting_app(), follow_redirects=True) as client,
        pytest.raises(TooManyRedirects) as caught,
    ):
        client.get("/loop")
    assert len(caught.value.history) == 21


def test_a_response_reads_itself() -> None:
    app = App()

    @app.get("/film")
    async def film() -> Film:
        return Film("Nuages", 1940)

    @app.get("/latin")
    async def latin() -> Response:
        return Response("été".encode("latin-1"), content_type="text/plain; charset=latin-1")

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("no such film")

    with Client(app) as client:
        assert client.get("/film").json(Film) == Film("Nuages", 1940)
        assert client.get("/film").content_type == "application/json"
        assert client.get("/latin").text == "été"
        assert client.get("/film").raise_for_status().reason == "OK"
        with pytest.raises(StatusError, match=r"404 Not Found: .*no such film") as caught:
            client.get("/missing").raise_for_status()
        assert caught.value.response.status == 404


def test_what_a_handler_does_not_catch_is_raised_in_the_test() -> None:
    app = App()

    @app.get("/boom")
    async def boom() -> None:
        raise LookupError("the score is gone")

    @app.get("/later")
    async def later() -> AsyncIterator[bytes]:
        yield b"x" * 10
        raise LookupError("half-way")

    with Client(app) as client:
        with pytest.raises(LookupError, match="the score is gone"):
            client.get("/boom")
        with pytest.raises(LookupError, match="half-way"):
            client.get("/later")
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/boom").status == 500
        with pytest.raises(IncompleteResponse):
            client.get("/later")


def test_the_lifespan_runs_with_the_with_statement() -> None:
    app = App()
    seen: list[str] = []

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    @app.get("/")
    async def index() -> str:
        return "hello"

    Client(app).get("/")
    assert seen == []
    with Client(app) as client:
        assert client.get("/").text == "hello"
        assert seen == ["up"]
    assert seen == ["up", "down"]


def test_a_lifespan_that_fails_fails_the_test() -> None:
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    with pytest.raises(OSError, match="no database"), Client(app):
        pass


def test_the_limits_of_the_server_hold() -> None:
    with Client(echo_app(), limits=Limits(max_body=10, max_header_count=20, max_target=100)) as client:
        assert client.post("/echo", content=b"x" * 11).status == 413
        assert client.post("/echo", content=iter([b"x" * 6, b"x" * 6])).status == 413
        assert client.post("/echo", content=b"x" * 10).status == 200
        assert client.get("/echo?" + "x" * 100).status == 414
        assert client.get("/echo", headers=[("x-n", str(n)) for n in range(20)]).status == 431
        assert client.get("/echo", headers={"host": "a b"}).status == 400
        assert client.get("/echo", headers=[("host", "a"), ("host", "b")]).status == 400
        assert client.post("/echo", content=b"ab", headers={"content-length": "3"}).status == 400
        assert client.post("/echo", content=b"ab", headers={"content-length": "+2"}).status == 400


def test_a_handler_that_hangs_fails_the_test_instead_of_hanging_it() -> None:
    app = App()
    ended = threading.Event()

    @app.get("/")
    async def hang() -> None:
        import asyncio

        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    client = Client(app, timeout=0.1)
    with pytest.raises(TimeoutError, match=r"GET http://localhost/ was not answered within 0\.1 seconds"):
        client.get("/")
    assert ended.wait(5)


def test_work_after_the_response_is_done_before_the_next_line_of_the_test() -> None:
    app = App()
    done: list[str] = []

    @app.get("/")
    async def index(request: Request) -> str:
        request.after(done.append, "after")
        return "sent"

    with Client(app) as client:
        assert client.get("/").text == "sent"
        assert done == ["after"]


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="base_ulr"):
        Client(App(), base_ulr="x")  # type: ignore[call-arg]


def test_two_apps_have_clients_of_their_own() -> None:
    def app_of(name: str) -> App:
        app = App()

        @app.get("/")
        async def index() -> Response:
            return Response(name, headers={"set-cookie": f"name={name}"})

        return app

    with Client(app_of("a")) as one, Client(app_of("b")) as other:
        assert (one.get("/").text, other.get("/").text) == ("a", "b")
        assert (dict(one.cookies), dict(other.cookies)) == ({"name": "a"}, {"name": "b"})


def test_a_client_that_nobody_closes_ends_its_loop() -> None:
    def threads() -> set[str]:
        return {thread.name for thread in threading.enumerate() if thread.name == "segue-testing"}

    before = threads()
    client: Client | None = Client(echo_app())
    assert client is not None
    client.get("/echo")
    client = None
    assert threads() <= before


def test_sync_generators_of_the_test_may_wait_for_the_app() -> None:
    app = App()
    arrived = threading.Event()

    @app.post("/")
    async def take(request: Request) -> dict[str, int]:
        count = 0
        async for _ in request.stream():
            count += 1
            arrived.set()
        return {"count": count}

    def slowly() -> Iterator[bytes]:
        yield b"first"
        assert arrived.wait(10)
        yield b"second"

    with Client(app) as client:
        assert client.post("/", content=slowly()).json() == {"count": 2}
