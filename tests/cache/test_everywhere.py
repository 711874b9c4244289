"""Caching per site, per view, per fragment and by hand, over every store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Request
from segue.cache import Cache, Caching, Pages, Store
from segue.html import Page, Templates, render
from segue.testing import Client

TEXT = "{% cache name, seconds=60, tags=['parts'] %}{{ look('part') }}{% endcache %} {{ look('page') }}"


def site(cache: Cache) -> tuple[App, dict[str, int]]:
    made: dict[str, int] = {}

    def look(what: str) -> str:
        made[what] = made.get(what, 0) + 1
        return f"{what} {made[what]}"

    app = App(plugins=[Templates(None, texts={"page.html": TEXT}), Caching(cache)])
    shop = App("shop")

    @shop.get("/a")
    async def a(request: Request) -> str:
        return look(f"a {request.headers.get('accept-language', '')}")

    @shop.get("/b")
    async def b() -> str:
        return look("b")

    app.include(shop, at="/shop", middleware=[Pages(60, vary=["Accept-Language"])])

    @app.get("/view", middleware=[Pages(60, tags=["views"])])
    async def view() -> str:
        return look("view")

    @app.get("/page/{name}")
    async def page(name: str) -> Page:
        return render("page.html", name=name, look=look)

    @app.get("/value")
    async def value(cache: Cache) -> dict[str, Any]:
        kept = await cache.get("value")
        if kept is None:
            await cache.set("value", look("value"), 60)
        return {
            "kept": kept,
            "many": await cache.get_many(["value", "none"]),
            "hits": await cache.increment("hits"),
        }

    @app.post("/forget")
    async def forget(cache: Cache) -> None:
        await cache.invalidate("parts", "views")

    return app, made


@pytest.mark.row("DJ-24")
def test_whole_sites_views_parts_and_values_over_every_store(make_store: Callable[[], Store]) -> None:
    app, _ = site(Cache(make_store()))
    with Client(app) as client:

        def texts(*paths: str, **headers: str) -> list[str]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return [client.get(path, headers=named).text for path in paths]

        site_wide = ["a en 1", "b 1"]
        assert texts("/shop/a", "/shop/b", accept_language="en") == site_wide
        assert texts("/shop/a", accept_language="de") == ["a de 1"]
        assert texts("/shop/a", accept_language="en") == ["a en 1"]
        assert texts("/shop/a", accept_language="de") == ["a de 1"]

        first = client.get("/view")
        assert first.text == "view 1"
        assert client.get("/view", headers={"if-none-match": first.headers["etag"]}).status == 304
        assert "age" in client.get("/view").headers

        assert texts("/page/x", "/page/x", "/page/y") == ["part 1 page 1", "part 1 page 2", "part 2 page 3"]
        assert client.get("/value").json() == {"kept": None, "many": {"value": "value 1"}, "hits": 1}
        assert client.get("/value").json() == {"kept": "value 1", "many": {"value": "value 1"}, "hits": 2}
        client.post("/forget")
        assert texts("/page/x", "/view") == ["part 3 page 4", "view 2"]
        assert client.get("/value").json()["kept"] == "value 1"


@pytest.mark.row("DJ-24")
def test_a_store_that_keeps_nothing_changes_nothing_else() -> None:
    app, _ = site(Cache("none:"))
    with Client(app) as client:
        assert [client.get("/shop/b").text for _ in range(2)] == ["b 1", "b 2"]
        assert [client.get("/page/x").text for _ in range(2)] == ["part 1 page 1", "part 2 page 2"]
        first = client.get("/view")
        assert client.get("/view", headers={"if-none-match": first.headers["etag"]}).text == "view 2"
        assert [client.get("/value").json() for _ in range(2)] == [{"kept": None, "many": {}, "hits": 1}] * 2
