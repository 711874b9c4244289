"""Routers of users' own."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from segue import App, Request
from segue.core.plan import FreezeError
from segue.http.negotiate import accepts
from segue.testing import Client


async def data(request: Request) -> dict[str, str]:
    return {"as": "data"}


async def page(page: int = 1) -> str:
    return f"page {page}"


class ByAccept:
    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {"application/json": data, "text/html": page}

    def find(self, request: Request, path: str) -> str | None:
        return accepts(request.headers.get("accept"), [*self.handlers()]) if path == "" else None


class Numbered:
    """Leads ``/7/edit`` to ``edit`` with the number."""

    values = ("id",)

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {"edit": self.edit}

    async def edit(self, id: int, lang: str) -> str:
        return f"edit {id} in {lang}"

    def find(self, request: Request, path: str) -> tuple[str, Mapping[str, Any]] | str:
        number, _, name = path.partition("/")
        return name, {"id": number}


def marking(name: str) -> Callable[..., Any]:
    async def middleware(request: Request, next: Callable[[Request], Any]) -> Any:
        response = await next(request)
        response.headers.add("x-through", name)
        return response

    return middleware


def ask(app: App, target: str, **headers: str) -> Any:
    with Client(app) as client:
        return client.get(target, headers=headers)


@pytest.mark.row("AI3")
def test_a_router_chooses_by_accept_and_works_with_middleware() -> None:
    inner = App("inner")
    inner.middleware(marking("inner"))
    inner.router("/films", ByAccept())
    app = App()
    app.middleware(marking("outer"))
    app.include(inner, at="/in")
    html = ask(app, "/in/films?page=3", accept="text/html")
    assert html.text == "page 3"
    assert html.headers.get_all("x-through") == ["inner", "outer"]
    assert ask(app, "/in/films", accept="application/json").json() == {"as": "data"}
    assert ask(app, "/in/films", accept="image/png").status == 404
    assert ask(app, "/in/films/more").status == 404
    assert ask(app, "/in/films?page=x", accept="text/html").status == 422


@pytest.mark.row("AI3")
def test_a_router_gives_values_that_are_bound_like_those_of_a_path() -> None:
    app = App()
    app.router("/{lang}", Numbered())
    assert ask(app, "/fr/7/edit").text == "edit 7 in fr"
    assert ask(app, "/fr/x/edit").status == 404


def test_a_handler_that_the_router_does_not_have_is_an_error_that_names_it() -> None:
    app = App()
    app.router("/{lang}", Numbered())
    with pytest.raises(LookupError, match=r"found the handler 'show', but has: edit"):
        ask(app, "/fr/7/show")


def test_a_handler_that_cannot_be_bound_is_told_at_freeze() -> None:
    class Wrong(ByAccept):
        def handlers(self) -> Mapping[str, Callable[..., Any]]:
            return {"x": lambda anything: anything}

    app = App()
    app.router("/", Wrong())
    with pytest.raises(FreezeError, match="the parameter 'anything' has no annotation"):
        app.freeze()
