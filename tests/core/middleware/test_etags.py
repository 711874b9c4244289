from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from segue import App, Request, ensure_current
from segue.core.middleware.etags import ETags
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


@pytest.mark.row("CP13")
def test_who_has_seen_another_state_may_not_change_it(serve: Serve) -> None:
    app = App()
    app.middleware(ETags())
    notes = {"a": "ä"}

    @app.get("/{name}")
    async def read(name: str) -> str:
        return notes[name]

    @app.route("/{name}", methods=["PUT", "POST"])
    async def write(request: Request, name: str) -> str:
        ensure_current(request, notes.get(name))
        notes[name] = await request.text()
        return "written"

    ask = serve(app)
    tag = ask.get("/a").headers["etag"]
    assert ask.get("/a").headers["etag"] == tag  # the same text, the same tag
    assert ask.get("/a", {"if-none-match": tag}).status == 304
    assert ask.get("/a", {"if-match": '"other"'}).status == 412
    for method in ("PUT", "POST"):
        assert ask(method, "/a", {"if-none-match": tag}, b"x").status == 412
        assert ask(method, "/a", {"if-match": '"other"'}, b"x").status == 412
    assert ask("PUT", "/a", {"if-none-match": "*"}, b"x").status == 412
    assert ask("PUT", "/b", {"if-match": "*"}, b"x").status == 412
    assert notes == {"a": "ä"}
    assert ask("PUT", "/b", {"if-none-match": "*"}, b"x").status == 200
    assert ask("PUT", "/a", {"if-match": tag}, b"y").status == 200
    assert ask("PUT", "/a", {"if-match": tag}, b"z").status == 412
    assert ask("PUT", "/a", {}, b"free").status == 200
    assert notes == {"a": "free", "b": "x"}
