"""Forms that are good for once, and fields that a form asks for though the model can do without."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from segue import App, SeeOther, Struct
from segue.core.plan import FreezeError
from segue.html import FormOf, Forms, Page, Templates
from segue.html.forms import Hidden
from segue.security import MemorySessions, Sessions
from segue.testing import AsyncClient, Client

KEY = "the-key-of-the-tests-of-forms-0123456789-abcdefghijklmnop"


class Order(Struct):
    what: str
    note: str | None = None
    copies: int = 1


class OrderForm(FormOf[Order]):
    once = True


def app_of(placed: list[Any]) -> App:
    app = App(
        "orders",
        plugins=[Templates(None, texts={"form.html": "{{ form }}"}), Sessions(MemorySessions(), key=KEY)],
    )

    @app.route("/", methods=["GET", "POST"])
    async def order(form: OrderForm) -> Page:
        if form.valid:
            await asyncio.sleep(0.05)  # time enough for a second click
            placed.append(form.value)
            raise SeeOther("/done")
        return form.render("form.html")

    @app.get("/done")
    async def done() -> str:
        return "done"

    return app


def key_in(page: str) -> str:
    found = re.search(r'name="_once" value="([^"]+)"', page)
    assert found
    return found[1]


def test_what_was_sent_twice_is_done_once() -> None:
    placed: list[Any] = []
    with Client(app_of(placed)) as client:
        first, second = key_in(client.get("/").text), key_in(client.get("/").text)
        assert first != second
        sent = {"what": "Nuages", "_once": first}
        assert client.post("/", data=sent, follow_redirects=False).status == 303
        again = client.post("/", data=sent)
        assert again.status == 422
        assert "This form was sent already." in again.text
        assert 'value="Nuages"' in again.text
        assert client.post("/", data={**sent, "_once": second}, follow_redirects=False).status == 303
        # The page that refuses has a form that is good.
        assert (
            client.post("/", data={**sent, "_once": key_in(again.text)}, follow_redirects=False).status == 303
        )
        assert len(placed) == 3
        for forged in ("", "x", second):
            assert client.post("/", data={**sent, "_once": forged}).status == 422
        assert client.post("/", data={"what": "Nuages"}).status == 422
        assert len(placed) == 3


def test_a_mistake_does_not_use_it_up() -> None:
    placed: list[Any] = []
    with Client(app_of(placed)) as client:
        key = key_in(client.get("/").text)
        wrong = client.post("/", data={"what": "", "_once": key})
        assert wrong.status == 422
        assert "sent already" not in wrong.text
        assert client.post("/", data={"what": "x", "_once": key}, follow_redirects=False).status == 303


def test_a_key_of_somebody_else_is_worth_nothing() -> None:
    placed: list[Any] = []
    app = app_of(placed)
    with Client(app) as client:
        key = key_in(client.get("/").text)
        client.cookies.clear()
        client.get("/")
        assert client.post("/", data={"what": "x", "_once": key}).status == 422
    assert placed == []


async def test_a_double_click_is_one(anyio_backend: str) -> None:
    placed: list[Any] = []
    async with AsyncClient(app_of(placed)) as client:
        sent = {"what": "x", "_once": key_in((await client.get("/")).text)}
        answers = await asyncio.gather(
            *(client.post("/", data=sent, follow_redirects=False) for _ in range(5))
        )
    assert sorted(one.status for one in answers) == [303, 422, 422, 422, 422]
    assert len(placed) == 1


def test_it_takes_sessions() -> None:
    app = App("bare", plugins=[Forms()])

    @app.post("/")
    async def order(form: OrderForm) -> OrderForm:
        return form

    with pytest.raises(FreezeError, match="FormKeys"):
        app.freeze()


class Strict(FormOf[Order]):
    required = ("note", "copies")
    widgets = {"copies": Hidden()}  # noqa: RUF012 -- as apps write it


def test_a_form_may_ask_for_more_than_the_model() -> None:
    app = App("strict", plugins=[Forms()])

    @app.route("/", methods=["GET", "POST"])
    async def order(form: Strict) -> Any:
        return form.value if form.valid else form

    with Client(app) as client:
        page = client.get("/").text
        assert re.search(r'<input type="text"[^>]*name="note" required', page)
        assert '<input type="hidden" id="order-copies" name="copies" value="1">' in page
        refused = client.post("/", data={"what": "x", "note": "", "copies": ""})
        assert refused.status == 422
        assert 'id="order-note-error">Fill in this field.</p>' in refused.text
        assert '<li><a href="#order-copies">Copies</a></li>' in refused.text  # hidden, so it is told above
        assert client.post("/", data={"what": "x", "note": "n", "copies": "2"}).json() == {
            "what": "x",
            "note": "n",
            "copies": 2,
        }
        for body in ({"what": "x"}, {"what": "x", "note": None, "copies": 1}):
            assert {one["loc"][-1] for one in client.post("/", json=body).json()["errors"]} >= {"note"}


def test_a_field_that_is_not_there_cannot_be_asked_for() -> None:
    class Wrong(FormOf[Order]):
        required = ("nothing",)

    app = App("wrong", plugins=[Forms()])

    @app.post("/")
    async def order(form: Wrong) -> Wrong:
        return form

    with pytest.raises(FreezeError, match="has 'nothing'"):
        app.freeze()
