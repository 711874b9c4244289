"""Requests that a page of another site makes a browser send: refused before the handler runs."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from segue import App, Cors, MethodOverride, Request, WebSocket
from segue.core.plan import FreezeError
from segue.security import CSRF, MemorySessions, Session, SessionCookie, Sessions, csrf_field, csrf_token
from segue.testing import Client, LiveServer

COOKIE = {"cookie": "__Host-session=x"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def bank(*plugins: Any) -> tuple[App, list[str]]:
    app = App(plugins=plugins)
    done: list[str] = []

    @app.get("/form")
    async def form(request: Request) -> str:
        return f"{csrf_token(request)} {csrf_field(request)}"

    @app.post("/pay")
    async def pay(request: Request) -> str:
        done.append((await request.body()).decode() or "paid")
        return "paid"

    @app.delete("/account")
    async def close() -> str:
        done.append("closed")
        return "closed"

    @app.any("/anything")
    async def anything() -> str:
        done.append("anything")
        return "anything"

    @app.post("/webhook", skip=["csrf"])
    async def webhook() -> str:
        return "heard"

    return app, done


@pytest.fixture
def guarded(key: str) -> Iterator[Any]:
    app, done = bank(Sessions(MemorySessions(), key=key))
    with LiveServer(app) as server:
        yield server, done


@pytest.mark.row("SEC-70")
def test_what_another_site_sends_is_refused(guarded: Any, ask: Any) -> None:
    server, done = guarded
    own = f"http://{server.host}:{server.port}"
    refused = [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # a sibling subdomain
        {"sec-fetch-site": "cross-site", "origin": own},
        {"sec-fetch-site": "SAME-ORIGIN"},
        {"sec-fetch-site": ""},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://evil.example"},
        {"origin": own.replace("http:", "https:")},
        {"origin": f"http://sub.{server.host}:{server.port}"},
        {"origin": f"http://{server.host}:{server.port + 1}"},
        {"origin": f"http://{server.host}"},
        {"origin": f"{own}.evil.example"},
        {"origin": f"{own}/"},
        {"origin": f"http://user@{server.host}:{server.port}"},
        {},  # neither field: nothing says that it is no attack
        {"x-requested-with": "XMLHttpRequest"},
        {"x-csrf-token": ""},
        {"x-csrf-token": "A" * 86},
        {"x-csrf-token": "x" * 10_000},
        {"referer": own + "/form"},
        {"content-type": "text/plain"},
        {"content-type": "text/plain", "sec-fetch-site": "cross-site"},
        {"x-http-method-override": "GET", "sec-fetch-site": "cross-site"},
    ]
    for headers in refused:
        for method, path in (("POST", "/pay"), ("DELETE", "/account"), ("PATCH", "/anything")):
            answer = ask(server, method, path, {**COOKIE, **headers}, b'{"to": "evil"}')
            assert answer.status == 403, (method, path, headers)
    # A form that logs the victim in as somebody else needs no cookie.
    assert ask(server, "POST", "/pay", {"sec-fetch-site": "cross-site"}).status == 403
    assert ask(server, "POST", "/pay", {"origin": "https://evil.example"}).status == 403
    assert done == []


def test_what_comes_from_here_or_from_no_browser_is_let_through(guarded: Any, ask: Any) -> None:
    server, done = guarded
    own = f"http://{server.host}:{server.port}"
    for headers in (
        {**COOKIE, "sec-fetch-site": "same-origin"},
        {**COOKIE, "sec-fetch-site": "none"},
        {**COOKIE, "origin": own},
        {},
        {"authorization": "Bearer token"},
    ):
        assert ask(server, "POST", "/pay", headers).status == 200, headers
    assert ask(server, "GET", "/anything", {**COOKIE, "sec-fetch-site": "cross-site"}).status == 200
    assert ask(server, "POST", "/webhook", {**COOKIE, "sec-fetch-site": "cross-site"}).text == "heard"
    assert len(done) == 6


def test_a_method_that_is_overridden_is_judged_as_what_it_is(key: str, ask: Any) -> None:
    app, done = bank(Sessions(MemorySessions(), key=key))
    app.middleware(MethodOverride())
    with LiveServer(app) as server:
        headers = {**COOKIE, "x-http-method-override": "DELETE", "sec-fetch-site": "cross-site"}
        assert ask(server, "POST", "/account", headers).status == 403
        assert done == []


@pytest.mark.row("TO10", "SEC-70")
def test_the_token_of_a_page_stands_in_for_what_a_browser_does_not_say(guarded: Any, ask: Any) -> None:
    server, done = guarded
    page = ask(server, "GET", "/form")
    token = page.text.partition(" ")[0]
    cookie = page.cookie("__Host-csrf")
    assert re.search(r'<input type="hidden" name="_csrf" value="[\w-]{86}">', page.text)
    assert (page.headers["cache-control"], page.headers["vary"]) == ("private", "cookie")
    known = {"cookie": f"__Host-csrf={cookie}; __Host-session=x"}
    # Each page has another text, so that its compressed size tells nothing, and all of them are good.
    pages = [ask(server, "GET", "/form", known) for _ in range(3)]
    tokens = [token, *[one.text.partition(" ")[0] for one in pages]]
    assert len(set(tokens)) == 4
    assert [one.cookie("__Host-csrf") for one in pages] == [None, None, None]
    for one in tokens:
        assert ask(server, "POST", "/pay", {**known, "x-csrf-token": one}).status == 200
        assert ask(server, "POST", "/pay", {**known, **FORM}, f"_csrf={one}&to=a".encode()).text == "paid"
    multipart = f'--b\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n{token}\r\n--b--\r\n'.encode()
    as_multipart = {**known, "content-type": "multipart/form-data; boundary=b"}
    assert ask(server, "POST", "/pay", as_multipart, multipart).status == 200
    count = len(done)
    # It does not outweigh what the browser says, and it needs its own cookie.
    other = ask(server, "GET", "/form")
    other_cookie = other.cookie("__Host-csrf")
    refused = [
        {**known, "x-csrf-token": token, "sec-fetch-site": "same-site"},
        {**known, "x-csrf-token": token, "origin": "https://evil.example"},
        {**known, "x-csrf-token": other.text.partition(" ")[0]},
        {**known, "x-csrf-token": token[:-1]},
        {**known, "x-csrf-token": token[43:] + token[:43]},
        {"cookie": "__Host-session=x", "x-csrf-token": token},
        {"cookie": f"csrf={cookie}", "x-csrf-token": token},
        # Planted beside the real one: neither is believed.
        {"cookie": f"__Host-csrf={other_cookie}; __Host-csrf={cookie}", "x-csrf-token": token},
        {"cookie": f"__Host-csrf={cookie[:-1]}", "x-csrf-token": token},
        {"cookie": "__Host-csrf=", "x-csrf-token": token},
    ]
    for headers in refused[:3] + refused[5:]:
        assert ask(server, "POST", "/pay", headers).status == 403, headers
    assert ask(server, "POST", "/pay", {**known, **FORM}, b"_csrf=&to=a").status == 403
    assert len(done) == count


def test_origins_that_are_trusted_are_named_exactly(key: str, ask: Any) -> None:
    app, _ = bank(Sessions(MemorySessions(), key=key), CSRF(trusted=["https://app.example"]))
    app.middleware(Cors(["https://app.example"], credentials=True))
    with LiveServer(app) as server:
        good = {**COOKIE, "origin": "https://app.example", "sec-fetch-site": "cross-site"}
        assert ask(server, "POST", "/pay", good).status == 200
        refused = ask(server, "POST", "/pay", {**good, "origin": "https://app.example.evil.example"})
        assert refused.status == 403
    for bad in ("https://app.example/", "app.example", "*", "https://*.example", "https://App.example"):
        with pytest.raises(FreezeError, match="not an origin"):
            App(plugins=[CSRF(trusted=[bad], key=key)]).freeze()
    with pytest.raises(TypeError, match="are a list"):
        CSRF(trusted="https://app.example")


def test_it_can_do_without_sessions_and_follows_them_where_cookies_are_not_secure(key: str) -> None:
    app, _ = bank(CSRF(key=key))
    with Client(app) as client:
        client.get("/form")
        assert client.cookies.stored("__Host-csrf").http_only
        assert client.post("/pay").status == 200, "the client of tests is a browser that stays on the site"
        assert client.post("/pay", headers={"sec-fetch-site": "cross-site"}).status == 403
    plain = Sessions(MemorySessions(), key=key, cookie=SessionCookie(secure=False))
    for order in ((plain, CSRF()), (CSRF(), plain)):
        with Client(bank(*order)[0]) as client:
            client.get("/form")
            assert not client.cookies.stored("csrf").secure
    with pytest.raises(FreezeError, match="skip='csrf'"):
        bank()[0].freeze()


def test_an_error_names_no_secret_and_a_refusal_is_logged(key: str, caplog: pytest.LogCaptureFixture) -> None:
    app, _ = bank(Sessions(MemorySessions(), key=key))
    with Client(app) as client:
        refused = client.post("/pay", headers={"origin": "https://evil.example", "cookie": "a=b"})
    assert json.loads(refused.text)["title"] == "Forbidden"
    assert "evil" not in refused.text
    assert "Origin is 'https://evil.example', which is not http://localhost" in caplog.text


@pytest.mark.row("U24")
def test_every_unsafe_route_is_guarded_unless_it_is_exempted_by_name(key: str, ask: Any) -> None:
    """However it is written: functions, resources, trees, included and mounted apps."""
    from segue import expose

    app = App(plugins=[Sessions(MemorySessions(), key=key)])

    @app.post("/function")
    async def function() -> str:
        return "done"

    @app.resource("/resource")
    class Resource:
        async def get(self) -> str:
            return "seen"

        async def put(self) -> str:
            return "done"

    class Tree:
        @expose
        def index(self) -> str:
            return "done"

        def _lookup(self, name: str, *rest: str) -> Any:
            return Tree(), rest

    app.tree("/tree", Tree())

    class Root:
        def __getitem__(self, name: str) -> Any:
            raise KeyError

    app.traverse("/docs", Root)

    @app.view(context=Root, methods=["POST"])
    async def view(context: Root) -> str:
        return "done"

    inner = App("inner")

    @inner.patch("/")
    async def patch() -> str:
        return "done"

    @inner.post("/free", skip=["csrf"])
    async def free() -> str:
        return "done"

    app.include(inner, at="/inner")

    def foreign(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"done"]

    app.mount("/foreign", foreign)
    app.mount("/free", foreign, skip=["csrf"])

    @app.websocket("/socket")
    async def socket(socket: WebSocket, session: Session) -> None: ...

    attack = {**COOKIE, "sec-fetch-site": "cross-site"}
    own = {**COOKIE, "sec-fetch-site": "same-origin"}
    routes = [
        ("POST", "/function"),
        ("PUT", "/resource"),
        ("POST", "/tree/"),
        ("POST", "/tree/a/b/"),
        ("POST", "/docs"),
    ]
    routes += [("PATCH", "/inner/"), ("POST", "/foreign/x"), ("DELETE", "/foreign")]
    with LiveServer(app) as server:
        for method, path in routes:
            assert ask(server, method, path, attack).status == 403, path
            assert ask(server, method, path, own).text == "done", path
        for path in ("/inner/free", "/free/x"):
            assert ask(server, "POST", path, attack).text == "done", path
        assert ask(server, "GET", "/resource", attack).text == "seen"
        handshake = {
            **COOKIE,
            "upgrade": "websocket",
            "connection": "upgrade",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "origin": "https://evil.example",
        }
        assert ask(server, "GET", "/socket", handshake).status == 403
