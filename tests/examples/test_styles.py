"""One app, written in every style: the same addresses, the same replies."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from segue.testing import Client

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "styles"
STYLES = ["by_decorators", "by_resources", "by_tree", "by_traversal", "by_folder", "by_predicates"]


def load(style: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"styles_{style}", FOLDER / f"{style}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.fixture
def path() -> Iterator[None]:
    """The folder of the examples on the path, as it is for who runs one of them."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))
    for name in ("shelf", "controllers.default", "controllers.films"):
        sys.modules.pop(name, None)


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(client: Client, method: str, target: str, form: dict[str, str] | None = None) -> Reply:
    more: dict[str, Any] = {} if form is None else {"data": form}
    response = client.request(method, target, **more)
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return Reply(response.status, headers, response.content)


CONVERSATION: list[tuple[str, str, dict[str, str] | None, int, bytes]] = [
    ("GET", "/", None, 200, b"A shelf of films"),
    ("HEAD", "/", None, 200, b""),
    ("GET", "/films", None, 200, b'[{"id":1,"title":"Nuages"},{"id":2,"title":"Minor Swing"}]'),
    ("GET", "/films?q=swing", None, 200, b'[{"id":2,"title":"Minor Swing"}]'),
    ("GET", "/films?q=none", None, 200, b"[]"),
    ("GET", "/films/1", None, 200, b'{"id":1,"title":"Nuages"}'),
    ("GET", "/films/1/title", None, 200, b"Nuages"),
    ("POST", "/films", {"title": "Djangology"}, 201, b'{"id":3,"title":"Djangology"}'),
    ("GET", "/films/3/title", None, 200, b"Djangology"),
    ("POST", "/films", {"title": ""}, 422, b""),
    ("DELETE", "/films/1", None, 204, b""),
    ("DELETE", "/films/1", None, 404, b""),
    ("GET", "/films/1", None, 404, b""),
    ("GET", "/films/1/title", None, 404, b""),
    ("GET", "/films/x", None, 404, b""),
    ("GET", "/films/2/x", None, 404, b""),
    ("GET", "/nothing", None, 404, b""),
]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("style", STYLES)
def test_every_style_says_the_same(style: str) -> None:
    with Client(load(style)) as client, Client(load("by_decorators")) as other:
        for method, target, form, status, body in CONVERSATION:
            reply = ask(client, method, target, form)
            assert (reply.status, reply.body if status < 300 else b"") == (status, body), (method, target)
            assert reply == ask(other, method, target, form), (method, target)


def test_all_styles_are_here() -> None:
    assert sorted(path.stem for path in FOLDER.glob("by_*.py")) == sorted(STYLES)
