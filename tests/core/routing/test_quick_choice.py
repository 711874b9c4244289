"""Choosing without a coroutine finds what choosing with one finds."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from segue import App
from segue.testing import Client

PARTS: dict[str, list[Any]] = {
    "header": ["x-a", {"x-a": "1"}, {"x-a": re.compile("[0-9]")}],
    "param": ["p", {"p": "1"}],
    "match": [{"name": "one"}],
    "xhr": [True, False],
    "accept": ["text/html", "application/json", ["text/csv", "text/html"]],
    "consumes": ["text/plain"],
}
ACCEPTS = [
    None,
    "*/*",
    "text/html",
    "text/csv;q=0.5, text/html;q=0.4",
    "application/json, text/*;q=0.1",
    "image/png",
    "text/html;q=0",
    "no media type at all",
]


def with_predicates(seed: int, *, waits: bool) -> App:
    """An app of the same routes for the same seed; if it ``waits``, each has to be asked with a coroutine."""
    choose = random.Random(seed)
    app = App()
    seen = set()
    for number in range(choice_of(choose, 2, 6)):
        names = choose.sample(sorted(PARTS), choose.randrange(3))
        options: Any = {name: choose.choice(PARTS[name]) for name in names}
        key = repr(sorted(options.items(), key=str))
        if key in seen:
            continue
        seen.add(key)
        if waits:
            options["when"] = [always]
        add_route(app, number, options)
    return app


async def always(_: object) -> bool:
    return True


def choice_of(choose: random.Random, least: int, most: int) -> int:
    return choose.randrange(least, most + 1)


def add_route(app: App, number: int, options: Any) -> None:
    @app.get("/{name}", name=f"r{number}", **options)
    async def answer(name: str) -> str:
        return f"{number} {name}"


def ask(client: Client, choose: random.Random) -> tuple[Any, ...]:
    path = f"/{choose.choice(['one', 'two'])}" + choose.choice(["", "?p", "?p=1", "?p=2&p=1"])
    headers = {}
    if (accept := choose.choice(ACCEPTS)) is not None:
        headers["accept"] = accept
    if choose.random() < 0.5:
        headers["x-a"] = choose.choice(["1", "2", "é", ""])
    if choose.random() < 0.3:
        headers["x-requested-with"] = "XMLHttpRequest"
    if choose.random() < 0.3:
        headers["content-type"] = "text/plain"
    reply = client.get(path, headers=headers)
    vary = set(reply.headers.get("vary", "").replace(" ", "").split(",")) - {""}
    return reply.status, reply.text, reply.headers.get("allow"), vary


@pytest.mark.parametrize("seed", range(40))
def test_both_ways_choose_the_same(seed: int) -> None:
    with (
        Client(with_predicates(seed, waits=False)) as quick,
        Client(with_predicates(seed, waits=True)) as slow,
    ):
        for number in range(25):
            assert ask(quick, random.Random(number)) == ask(slow, random.Random(number))


def test_a_query_that_cannot_be_read_is_refused() -> None:
    app = App()

    @app.get("/", param="p")
    async def chosen() -> str:
        return "p"

    @app.get("/")
    async def other() -> str:
        return "other"

    with Client(app) as client:
        assert client.get("/?p").text == "p"
        assert client.get("/").text == "other"
        assert client.get("/?p=%ff").status == 400


def test_accept_fields_without_end_are_not_kept() -> None:
    app = App()

    @app.get("/", accept="text/html")
    async def page() -> str:
        return "page"

    @app.get("/", accept="application/json")
    async def data() -> str:
        return "data"

    with Client(app) as client:
        for number in range(1, 500):
            reply = client.get("/", headers={"accept": f"image/x{number}, application/json;q=0.{number}"})
            assert reply.text == "data"
        assert client.get("/", headers={"accept": "text/html"}).text == "page"


def test_each_of_several_functions_is_asked_once() -> None:
    app = App()
    asked: list[str] = []

    def is_odd(_: object) -> bool:
        asked.append("odd")
        return False

    @app.get("/", when=is_odd, header="x-a")
    async def odd() -> str:
        return "odd"

    @app.get("/", header="x-a")
    async def even() -> str:
        return "even"

    with Client(app) as client:
        assert client.get("/", headers={"x-a": "1"}).text == "even"
    assert asked == ["odd"]
