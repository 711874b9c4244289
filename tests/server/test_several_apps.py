"""Several apps in one process: each on its own port, with types of its own, known to the others by its name."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
from pathlib import Path
from typing import Any

import pytest
from process_rig import segue

from segue import App, AppKey, Request, Struct, find_app
from segue.core.apps import known_apps
from segue.server import Server, ServerConfig

FACTORY = """
from segue import App, Request, Struct, find_app


class ShopRequest(Request):
    @property
    def basket(self) -> str:
        return self.cookies.get("basket", "empty")


class Shop(Struct):
    currency: str = "EUR"


def make() -> App[ShopRequest]:
    app = App("shop", request=ShopRequest)
    shop = app.settings(Shop)

    @app.get("/")
    async def index(request: ShopRequest, shop: Shop) -> dict[str, str]:
        return {"basket": request.basket, "currency": shop.currency, "app": find_app("shop").name}

    return app
"""


class Count:
    """What an app keeps for itself."""

    def __init__(self, first: int) -> None:
        self.value = first


COUNT = AppKey[Count]("count")


class PublicRequest(Request):
    visitor: str = "nobody"


class AdminRequest(Request):
    @property
    def rights(self) -> list[str]:
        return self.query.get_all("right")


class PublicSettings(Struct):
    title: str = "The cinema"


class AdminSettings(Struct):
    title: str = "The office"


def public_app() -> App[PublicRequest]:
    app = App("cinema", request=PublicRequest)
    app[COUNT] = Count(0)
    app.settings(PublicSettings)

    @app.before
    def visit(request: PublicRequest) -> None:
        request.visitor = request.query.get("name", "nobody")
        app[COUNT].value += 1

    @app.get("/")
    async def index(request: PublicRequest, settings: PublicSettings) -> dict[str, Any]:
        office = find_app("office")
        return {
            "visitor": request.visitor,
            "title": settings.title,
            "count": app[COUNT].value,
            "there": office[COUNT].value,
            "link": office.url_for("report", year=1936),
        }

    return app


def admin_app() -> App[AdminRequest]:
    app = App("office", request=AdminRequest)
    app[COUNT] = Count(100)
    app.settings(AdminSettings)

    @app.get("/report/{year:int}")
    async def report(request: AdminRequest, settings: AdminSettings, year: int) -> dict[str, Any]:
        return {
            "rights": request.rights,
            "title": settings.title,
            "visits": find_app("cinema")[COUNT].value,
            "class": type(request).__name__,
        }

    return app


@pytest.mark.row("SA20")
def test_two_apps_on_two_ports_in_one_process_with_types_of_their_own(tmp_path: Path) -> None:
    async def both() -> None:
        public, admin = public_app(), admin_app()
        anywhere = ServerConfig(binds=("127.0.0.1:0",))
        async with Server(public, anywhere) as first, Server(admin, anywhere) as second:
            one, two = (int(server.urls[0].rpartition(":")[2]) for server in (first, second))
            assert one != two
            assert await asyncio.to_thread(ask, one, "/?name=django") == {
                "visitor": "django",
                "title": "The cinema",
                "count": 1,
                "there": 100,
                "link": "/report/1936",
            }
            assert await asyncio.to_thread(ask, two, "/report/1936?right=a&right=b") == {
                "rights": ["a", "b"],
                "title": "The office",
                "visits": 1,
                "class": "AdminRequest",
            }
            # Neither has what the other has.
            assert await asyncio.to_thread(ask, one, "/report/1936") is None
            assert (await asyncio.to_thread(ask, two, "/report/1936") or {})["visits"] == 2
        assert [app.name for app in known_apps() if app in (public, admin)] == ["cinema", "office"]

    asyncio.run(both())
    # A factory makes the app in the process that serves it; there it is known by its name.
    (tmp_path / "shop.py").write_text(FACTORY, encoding="utf-8")
    env = {"SHOP_CURRENCY": "USD"}
    with segue("serve", "shop:make", "--factory", "--port", "0", cwd=tmp_path, env=env) as server:
        assert ask(server.ready().port, "/", {"cookie": "basket=full"}) == {
            "basket": "full",
            "currency": "USD",
            "app": "shop",
        }


def ask(port: int, path: str, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={**(headers or {}), "connection": "close"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    found: dict[str, Any] | None = json.loads(body) if response.status == 200 else None
    return found


def test_an_app_that_cannot_be_found_is_told_and_one_that_is_gone_is_forgotten() -> None:
    one = App("a name that nobody else has")
    assert find_app(one.name) is one

    def lose() -> None:
        two = App(one.name)
        two.cycle = two  # type: ignore[attr-defined]

    gc.disable()
    try:
        lose()
        assert find_app(one.name) is one  # though the collector has not run by itself
    finally:
        gc.enable()
    two = App(one.name)
    told = r"several apps named 'a name .*test_several_apps.py:\d+.*of their own"
    with pytest.raises(LookupError, match=told):
        find_app(two.name)
    with pytest.raises(LookupError, match=r"there are several apps in this process.*say which"):
        find_app()
    with pytest.raises(
        LookupError, match=r"no app named 'nowhere'; there are: .*a name that nobody else has"
    ):
        find_app("nowhere")
