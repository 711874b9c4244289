"""Pages and sessions: what one visitor has touched is never another one's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Request, Response
from segue.cache import Caching, Pages
from segue.security import MemorySessions, Session, Sessions
from segue.testing import Client

TOUCHES: dict[str, Callable[[Session], Any]] = {
    "in": lambda session: "x" in session,
    "get": lambda session: session.get("x"),
    "len": len,
    "set": lambda session: session.__setitem__("x", 1),
}


@pytest.mark.row("SEC-68")
@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
@pytest.mark.parametrize("placed", ["route", "app", "before the plugin"])
def test_any_touch_of_a_session_keeps_a_page_out(touch: Callable[[Session], Any], placed: str) -> None:
    app = App(
        plugins=[
            Caching(),
            Sessions(
                MemorySessions(),
                key="a key of a test, with more than fifty characters: 0123456789-ABCDEFGHIJ",
            ),
        ]
    )
    if placed != "route":
        app.middleware(Pages(60), **({"before": "sessions"} if placed == "before the plugin" else {}))
    around = [Pages(60)] if placed == "route" else []
    runs: list[str] = []

    @app.get("/mine", middleware=around)
    async def mine(session: Session) -> str:
        runs.append("mine")
        touch(session)
        return "mine"

    @app.get("/all", middleware=around)
    async def everyone() -> str:
        runs.append("all")
        return "all"

    with Client(app, base_url="https://localhost") as client:
        for _ in range(3):
            reply = client.get("/mine")
            assert "cookie" in reply.headers["vary"].lower()
            assert "private" in reply.headers["cache-control"]
            assert "age" not in reply.headers
            assert client.get("/all").text == "all"
        assert runs.count("mine") == 3
        assert runs.count("all") == 1


@pytest.mark.row("SEC-68")
@pytest.mark.parametrize(
    "fields",
    [
        {"vary": "*"},
        {"vary": " \t* "},
        {"vary": "accept , *"},
        {"cache-control": "Private"},
        {"cache-control": "public, PRIVATE"},
        {"cache-control": 'max-age=60, private="set-cookie"'},
    ],
)
def test_what_says_that_it_is_private_is_not_kept(fields: dict[str, str]) -> None:
    app = App(plugins=[Caching()])
    runs: list[str] = []

    @app.get("/", middleware=[Pages(60, public=True)])
    async def page(request: Request) -> Response:
        runs.append(request.headers.get("authorization", ""))
        return Response("x", headers=fields if "authorization" not in request.headers else {})

    with Client(app) as client:
        for number in range(1, 4):
            assert "age" not in client.get("/").headers
            assert len(runs) == number
        for number in range(4, 6):
            assert "age" not in client.get("/", headers={"authorization": "Bearer 1"}).headers
            assert len(runs) == number
