"""Guards that are objects: they are called as functions are, and never taken for what is provided."""

import functools
from typing import Any

import pytest

from segue import App, Forbidden, Header, Request
from segue.testing import Client


class Async:
    async def __call__(self, request: Request) -> None:
        raise Forbidden


class Sync:
    def __call__(self, request: Request) -> None:
        raise Forbidden


class Asking:
    async def __call__(self, x_key: Header[str] = "") -> None:
        if x_key != "k3y":
            raise Forbidden


class Methods:
    async def refuse(self) -> None:
        raise Forbidden

    @classmethod
    async def never(cls) -> None:
        raise Forbidden

    @staticmethod
    def static() -> None:
        raise Forbidden


async def refuse(reason: str) -> None:
    raise Forbidden(reason)


GUARDS: dict[str, Any] = {
    "an object with async __call__": Async(),
    "an object with __call__": Sync(),
    "a method": Methods().refuse,
    "a class method": Methods.never,
    "a static method": Methods.static,
    "a partial": functools.partial(refuse, reason="no"),
    "a partial of an object": functools.partial(Async()),
}


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_refuses_refuses(name: str) -> None:
    app = App()

    @app.get("/", requires=[GUARDS[name]])
    async def index() -> str:
        return "in"

    with Client(app) as client:
        assert client.get("/").status == 403


def test_an_object_takes_what_a_function_takes() -> None:
    app = App()

    @app.get("/", requires=[Asking()])
    async def index() -> str:
        return "in"

    with Client(app) as client:
        assert client.get("/").status == 403
        assert client.get("/", headers={"x-key": "k3y"}).text == "in"


def test_a_guard_that_only_makes_a_coroutine_lets_nobody_in() -> None:
    app = App()

    @app.get("/", requires=[lambda request: Async()(request)])  # noqa: PLW0108 -- somebody writes it
    async def index() -> str:
        return "in"

    with Client(app) as client, pytest.raises(TypeError, match="coroutine"):
        client.get("/")
