"""Messages for the next page."""

from typing import Any

import pytest

from segue import App, Request, SeeOther
from segue.security import Flash, Flashes, MemorySessions, Sessions
from segue.testing import Client


def app_with_messages(key: str) -> App:
    app = App(plugins=[Sessions(MemorySessions(), key=key)])

    @app.post("/save")
    async def save(flash: Flash, text: str = "Saved.") -> None:
        flash(text, "success")
        flash("And <b>this</b>")
        raise SeeOther("/")

    @app.get("/")
    async def index(flash: Flash) -> list[list[str]]:
        assert list(flash) == list(flash), "the same for the whole page"
        return [[one.category, one.text] for one in flash]

    @app.get("/look")
    async def look(flash: Flash) -> int:
        return {"waiting": len(flash.waiting), "any": bool(flash)}  # type: ignore[return-value]

    return app


@pytest.mark.row("FL11")
def test_a_message_is_shown_once_after_a_redirect(key: str) -> None:
    with Client(app_with_messages(key)) as client:
        assert client.get("/").json() == []
        shown = client.post("/save", follow_redirects=True)
        assert shown.json() == [["success", "Saved."], ["info", "And <b>this</b>"]]
        assert shown.headers["vary"] == "cookie"
        assert shown.headers["cache-control"] == "private"
        assert not client.cookies
        assert client.get("/").json() == []


def test_it_waits_until_a_page_shows_it(key: str) -> None:
    with Client(app_with_messages(key)) as client:
        client.post("/save")
        client.post("/save?text=Again")
        assert client.get("/look").json() == {"waiting": 4, "any": True}
        assert len(client.get("/").json()) == 4
        assert client.get("/look").json() == {"waiting": 0, "any": False}


def test_what_was_changed_or_is_old_is_not_shown(key: str, time_machine_travel: Any) -> None:
    with Client(app_with_messages(key)) as client:
        client.post("/save")
        genuine = client.cookies["__Host-flash"]
        for bad in (genuine[:-1], "x", "", f"A{genuine}"):
            client.cookies.set("__Host-flash", bad)
            assert client.get("/").json() == []
        with time_machine_travel(3_700):
            client.cookies.set("__Host-flash", genuine)
            assert client.get("/").json() == []


def test_messages_that_no_cookie_holds_are_told(key: str) -> None:
    app = App(plugins=[Flashes(key=key)])

    @app.get("/")
    async def index(flash: Flash) -> None:
        flash("x" * 3_000)

    with Client(app) as client, pytest.raises(ValueError, match="a cookie has room for 2500"):
        client.get("/")


def test_a_page_that_fails_shows_them_the_next_time(key: str) -> None:
    app = App(plugins=[Flashes(key=key)])

    @app.get("/leave")
    async def leave(flash: Flash) -> None:
        flash("kept")

    @app.get("/")
    async def index(request: Request, flash: Flash) -> str:
        if "fail" in request.query:
            raise ZeroDivisionError
        return "".join(one.text for one in flash)

    with Client(app, raise_server_exceptions=False) as client:
        client.get("/leave")
        assert client.get("/?fail").status == 500
        assert client.get("/").text == "kept"
