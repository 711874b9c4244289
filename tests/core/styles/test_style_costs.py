"""What a style costs: a request runs the same code, whatever its handler was declared with."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from segue import App, Request, expose
from segue.http.response import Response


def decorated() -> App:
    app = App("decorated")

    @app.get("/plaintext")
    async def plaintext() -> str:
        return "Hello, World!"

    @app.get("/hello/{name}")
    async def hello(name: str) -> dict[str, str]:
        return {"hello": name}

    return app


class Plaintext:
    async def get(self) -> str:
        return "Hello, World!"


class Hello:
    async def get(self, name: str) -> dict[str, str]:
        return {"hello": name}


def resources() -> App:
    app = App("resources")
    app.resource("/plaintext")(Plaintext)
    app.resource("/hello/{name}")(Hello)
    return app


class Root:
    @expose
    async def plaintext(self) -> str:
        return "Hello, World!"

    @expose
    async def hello(self, name: str) -> dict[str, str]:
        return {"hello": name}


def tree() -> App:
    app = App("tree")
    app.tree("/", Root())
    return app


def folder(directory: Path) -> App:
    (directory / "plaintext.py").write_text('async def index() -> str:\n    return "Hello, World!"\n')
    (directory / "hello.py").write_text(
        "from segue import Args\n\n"
        'async def index(args: Args) -> dict[str, str]:\n    return {"hello": args[0]}\n'
    )
    app = App("folder")
    app.folder(directory)
    return app


def calls(app: App, path: str) -> tuple[Response, int]:
    """The response, and how many functions were called to make it, those of C included."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    async def answer() -> Response:
        await app.handle(Request("GET", path, []))  # compiles
        nonlocal count
        request = Request("GET", path, [])
        sys.setprofile(profile)
        try:
            return await app.handle(request)
        finally:
            sys.setprofile(None)

    response = asyncio.run(answer())
    return response, count


@pytest.mark.parametrize("make", [resources, tree])
def test_a_style_calls_nothing_more_than_the_decorators(make: Callable[[], App]) -> None:
    plain, app = decorated(), make()
    for path in ("/plaintext", "/hello/Django"):
        (wanted, most), (response, count) = calls(plain, path), calls(app, path)
        assert (response.body, response.media_type, count) == (wanted.body, wanted.media_type, most)
    assert calls(decorated(), "/plaintext")[1] > 3  # it counts


def test_a_folder_calls_nothing_more_either(tmp_path: Path) -> None:
    plain, app = decorated(), folder(tmp_path)
    for path in ("/plaintext", "/hello/Django"):
        assert calls(app, path)[1] == calls(plain, path)[1]
