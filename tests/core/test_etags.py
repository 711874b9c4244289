from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from segue import App
from segue.core.etags import ETags
from segue.http.cookies import Cookie
from segue.http.response import Response

Serve = Callable[[Any], Any]


def app_for() -> App:
    app = App()
    app.middleware(ETags())
    app.count = 0  # type: ignore[attr-defined]

    @app.get("/films")
    async def films() -> dict[str, list[str]]:
        return {"films": ["Nuages"]}

    @app.get("/text")
    def text(n: int = 1) -> str:
        return "a" * n

    @app.get("/empty")
    async def empty() -> bytes:
        return b""

    @app.get("/own")
    async def own() -> Response:
        return Response("own", headers={"etag": '"mine"', "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT"})

    @app.get("/private")
    async def private() -> Response:
        return Response("private", headers={"cache-control": "private, no-store"})

    @app.get("/cookie")
    async def cookie() -> Response:
        response = Response("cookie")
        response.set_cookie(Cookie("a", "b"))
        return response

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "a"

    @app.get("/made")
    async def made() -> tuple[str, int]:
        return "made", 201

    @app.post("/films")
    async def add() -> str:
        return "added"

    return app


@pytest.mark.row("TO15")
def test_every_buffered_reply_has_a_tag_and_is_not_sent_again(serve: Serve) -> None:
    ask = serve(app_for())
    for target in ("/films", "/text", "/empty"):
        first = ask.get(target)
        etag = first.headers["etag"]
        assert first.status == 200
        for method in ("GET", "HEAD"):
            for field in (etag, f'"other", W/{etag}', "*"):
                again = ask(method, target, {"if-none-match": field})
                assert (again.status, again.body) == (304, b"")
                assert again.headers["etag"] == etag
                assert "content-type" not in again.headers
                assert again.headers.get("content-length", "0") == "0"
        assert ask.get(target, {"if-none-match": '"other"'})[::2] == (200, first.body)
        assert ask("HEAD", target).headers["etag"] == etag
    assert ask.get("/text?n=2").headers["etag"] != ask.get("/text?n=3").headers["etag"]


def test_preconditions_and_tags_of_the_handler(serve: Serve) -> None:
    ask = serve(app_for())
    assert ask.get("/own").headers["etag"] == '"mine"'
    assert ask.get("/own", {"if-none-match": '"mine"'}).status == 304
    assert ask.get("/own", {"if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"}).status == 304
    assert ask.get("/own", {"if-modified-since": "Sun, 06 Nov 1994 08:49:36 GMT"}).status == 200
    assert ask.get("/films", {"if-match": '"other"'}).status == 412


def test_what_has_no_tag(serve: Serve) -> None:
    ask = serve(app_for())
    for target in ("/private", "/cookie", "/stream", "/made", "/nowhere"):
        assert "etag" not in ask.get(target, {"if-none-match": "*"}).headers, target
    assert "etag" not in ask("POST", "/films", {"if-none-match": "*"}).headers
