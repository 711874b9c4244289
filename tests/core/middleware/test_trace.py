"""TRACE: answered where it is wanted, and never with secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segue import App, Trace


def test_it_is_the_head_as_it_came_without_secrets(serve: Callable[[App], Any]) -> None:
    app = App()
    app.middleware(Trace())
    secrets = {
        "Authorization": "Bearer s3cret",
        "Proxy-Authorization": "Basic s3cret",
        "Cookie": "id=s3cret",
        "X-Api-Key": "s3cret",
        "X-Session-Token": "s3cret",
    }
    reply = serve(app)("TRACE", "/a?b=%20c", {"X-By": "proxy", **secrets})
    assert (reply.status, reply.headers["content-type"]) == (200, "message/http")
    assert reply.headers["cache-control"] == "no-store"
    lines = reply.text.split("\r\n")
    assert lines[0] == "TRACE /a?b=%20c HTTP/1.1"
    assert "x-by: proxy" in lines
    assert lines[-2:] == ["", ""]
    assert "s3cret" not in reply.text


def test_content_is_refused_and_other_methods_pass(serve: Callable[[App], Any]) -> None:
    app = App()
    app.middleware(Trace())

    @app.get("/")
    async def index() -> str:
        return "ok"

    ask = serve(app)
    assert ask("TRACE", "/", body=b"x").status == 400
    assert ask.get("/").text == "ok"


def test_without_it_trace_is_a_method_that_nobody_handles(serve: Callable[[App], Any]) -> None:
    app = App()

    @app.get("/")
    async def index() -> str:
        return "ok"

    assert serve(app)("TRACE", "/").status == 405
