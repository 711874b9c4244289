import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from segue import App
from segue.core.middleware.cors import Cors
from segue.http.errors import Forbidden
from segue.http.request import Request

Serve = Callable[[Any], Any]

OURS = "https://app.example"
ALLOW = "access-control-allow-origin"


def app_for(*middleware: Any) -> App:
    app = App()
    for one in middleware:
        app.middleware(one)

    @app.get("/films")
    async def films() -> list[str]:
        return []

    @app.get("/crash")
    async def crash() -> str:
        raise ZeroDivisionError

    @app.get("/sync-crash")
    def sync_crash() -> str:
        raise ZeroDivisionError

    @app.get("/first")
    async def first() -> AsyncIterator[str]:
        raise ZeroDivisionError
        yield ""

    return app


@pytest.mark.row("U5")
def test_errors_of_every_kind_can_be_read_by_the_page(serve: Serve, errors: Any) -> None:
    app = app_for(Cors([OURS]))

    @app.error_handler(ZeroDivisionError)
    async def own(request: Request, error: Exception) -> tuple[str, int]:
        return "own", 500

    for ask in (serve(app_for(Cors([OURS]))), serve(app)):
        for target, status in (("/crash", 500), ("/sync-crash", 500), ("/first", 500), ("/nowhere", 404)):
            answer = ask.get(target, {"origin": OURS})
            assert (answer.status, answer.headers.get(ALLOW)) == (status, OURS), target
            assert "origin" in answer.headers["vary"]
        assert ask("DELETE", "/films", {"origin": OURS}).headers.get(ALLOW) == OURS


def test_an_error_of_another_middleware_too(serve: Serve, errors: Any) -> None:
    async def broken(request: Request, next: Any) -> Any:
        if "boom" in request.query:
            raise ZeroDivisionError
        raise Forbidden

    ask = serve(app_for(Cors([OURS]), broken))
    crashed = ask.get("/films?boom", {"origin": OURS})
    assert (crashed.status, crashed.headers.get(ALLOW)) == (500, OURS)
    refused = ask.get("/films", {"origin": OURS})
    assert (refused.status, refused.headers.get(ALLOW)) == (403, OURS)
    assert ALLOW not in ask.get("/films", {"origin": "https://evil.example"}).headers


@pytest.mark.row("FC16", "SEC-76")
@pytest.mark.parametrize("origin", [
    "null", "https://evil.example", "https://app.example.evil.example", "https://evil-app.example", "https://appXexample",
    "http://app.example", "https://app.example:444", "https://app.example/", "https://APP.example", "app.example",
    "https://app.example, https://evil.example", "", "*",
])  # fmt: skip
def test_no_other_origin_is_reflected(serve: Serve, origin: str) -> None:
    ask = serve(app_for(Cors([OURS], credentials=True)))
    answer = ask.get("/films", {"origin": origin})
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = ask("OPTIONS", "/films", {"origin": origin, "access-control-request-method": "PUT"})
    assert preflight.status == 403
    assert not [name for name in preflight.headers if name.startswith("access-control")]
    assert "origin" in preflight.headers["vary"]


@pytest.mark.row("FC16", "SEC-76")
def test_a_preflight_says_what_is_allowed(serve: Serve) -> None:
    ask = serve(app_for(Cors([OURS], methods=["PUT"], headers=["x-own"], credentials=True, max_age=60)))
    asked = {
        "origin": OURS,
        "access-control-request-method": "PUT",
        "access-control-request-private-network": "true",
    }
    answer = ask("OPTIONS", "/films", asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers[ALLOW] == OURS
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT"
    assert answer.headers["access-control-allow-headers"] == "x-own"
    assert answer.headers["access-control-max-age"] == "60"
    assert "access-control-allow-private-network" not in answer.headers
    private = serve(app_for(Cors([OURS], private_network=True)))
    assert private("OPTIONS", "/films", asked).headers["access-control-allow-private-network"] == "true"
    # An ordinary OPTIONS request is the app's.
    assert "GET" in ask("OPTIONS", "/films", {"origin": OURS}).headers["allow"]


def test_replies_with_and_without_credentials(serve: Serve) -> None:
    answer = serve(app_for(Cors([OURS], credentials=True, expose=["etag"]))).get("/films", {"origin": OURS})
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "etag"
    without = serve(app_for(Cors([OURS]))).get("/films")
    assert ALLOW not in without.headers
    # A cache must not hand this reply to a page that asks with its origin.
    assert without.headers["vary"] == "origin"


@pytest.mark.row("SEC-76")
def test_any_origin_is_told_as_a_star_and_never_with_credentials(serve: Serve) -> None:
    answer = serve(app_for(Cors("*"))).get("/films", {"origin": "https://anything.example"})
    assert answer.headers[ALLOW] == "*"
    assert "vary" not in answer.headers
    assert json.loads(answer.body) == []
    with pytest.raises(ValueError, match="any site could act"):
        Cors("*", credentials=True)
    with pytest.raises(ValueError, match="any site could act"):
        Cors(["*"], credentials=True)


@pytest.mark.parametrize("origin", [
    "app.example", "https://app.example/", "https://app.example/x", "https://APP.example", "https://app.example:443",
    "null", "", "https://*.example", "//app.example", "https://user@app.example",
])  # fmt: skip
def test_what_no_browser_sends_is_refused_when_it_is_declared(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        Cors([origin])


def test_the_hint_names_the_origin_that_was_meant() -> None:
    with pytest.raises(ValueError, match=r"perhaps 'https://app\.example'"):
        Cors(["https://App.example:443/x"])
    with pytest.raises(TypeError, match="list"):
        Cors("https://app.example")  # type: ignore[arg-type]
