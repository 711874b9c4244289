"""JSON that is always an object, where an app wants that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue import App, JSONObjects, NotFound, Response, Struct
from segue.formats import CSV, JSON
from segue.testing import Client


class Film(Struct):
    title: str


class Point(Struct, array_like=True):
    x: int


def films(folder: Path) -> App:
    app = App()
    app.middleware(JSONObjects())
    (folder / "list.json").write_text("[1]")

    @app.get("/dict")
    async def one() -> dict[str, list[int]]:
        return {"items": [1]}

    @app.get("/struct")
    async def struct() -> Film:
        return Film("Nuages")

    @app.get("/list")
    async def many() -> list[int]:
        return [1]

    @app.get("/array-like")
    async def point() -> Point:
        return Point(1)

    @app.get("/stream", formats=[JSON, CSV])
    async def stream() -> AsyncIterator[Film]:
        yield Film("Nuages")

    @app.get("/own")
    async def own() -> Response:
        return Response(b" [1]", 200, None, "application/json; charset=utf-8")

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound

    @app.get("/text")
    async def text() -> str:
        return "[1]"

    app.static("/files", folder)
    return app


def test_objects_errors_files_and_other_formats_pass(tmp_path: Path) -> None:
    with Client(films(tmp_path)) as client:
        assert client.get("/dict").json() == {"items": [1]}
        assert client.get("/struct").json() == {"title": "Nuages"}
        assert client.get("/missing").status == 404
        assert client.get("/text").text == "[1]"
        assert client.get("/files/list.json").json() == [1]
        assert client.get("/stream", headers={"accept": "text/csv"}).status == 200


@pytest.mark.parametrize("path", ["/list", "/array-like", "/stream", "/own"])
def test_arrays_are_a_mistake_that_names_the_handler(tmp_path: Path, path: str) -> None:
    app = films(tmp_path)
    with Client(app) as client, pytest.raises(TypeError, match=r"test_jsonobjects.*return \{"):
        client.get(path)
    with Client(films(tmp_path), raise_server_exceptions=False) as client:
        assert client.get(path).status == 500
