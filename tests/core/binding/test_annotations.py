"""Annotations that are texts, because of `from __future__ import annotations`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue import App, Header, Query, Request, Struct
from segue.core.plan import FreezeError
from segue.testing import Client

if TYPE_CHECKING:
    from datetime import date


class Film(Struct):
    title: str


def test_names_of_the_module() -> None:
    app = App()

    @app.post("/{id}")
    async def create(
        id: int, film: Film, request: Request, q: Query[int] = 1, user_agent: Header[str] = ""
    ) -> dict[str, int]:
        return {"id": id, "q": q}

    with Client(app) as client:
        assert client.post("/3?q=4", json={"title": "x"}).json() == {"id": 3, "q": 4}


def test_names_of_the_function_that_declares() -> None:
    class Local(Struct):
        n: int

    app = App()

    @app.post("/")
    async def create(local: Local) -> dict[str, int]:
        return {"n": local.n}

    @app.get("/stream")
    async def stream() -> dict[str, Local]:
        return {"a": Local(1)}

    with Client(app) as client:
        assert client.post("/", json={"n": 4}).json() == {"n": 4}
        assert client.get("/stream").json() == {"a": {"n": 1}}


def test_a_name_that_is_only_there_for_the_type_checker_is_told() -> None:
    app = App()

    @app.get("/")
    async def handler(day: date) -> None: ...

    with pytest.raises(
        FreezeError,
        match=r"the annotation 'date' is not known where the handler is defined. Import it at run",
    ):
        app.freeze()


def test_an_unknown_result_type_does_not_matter() -> None:
    app = App()

    @app.get("/")
    async def handler() -> date:
        return {"a": 1}  # type: ignore[return-value]

    with Client(app) as client:
        assert client.get("/").json() == {"a": 1}
