"""The toolbar: the last requests, for the developer at this machine."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from segue import App, ETags, Next, Request, Response, Secret, Struct
from segue.debug import Toolbar
from segue.html import Templates
from segue.testing import Client

PAGE = "<!doctype html><html><body><h1>Film</h1></body></html>"


class Mailer:
    pass


def site(*, development: bool = True) -> App:
    app = App("shop", debug=True, plugins=[Toolbar()])
    app.development = development
    app.middleware(ETags())

    @app.get("/films/{id:int}")
    async def show(id: int) -> Response:
        logging.getLogger("shop").warning("film %d was shown", id)
        return Response(PAGE.encode(), 200, {"x-by": "shop"}, "text/html; charset=utf-8")

    @app.get("/threaded")
    def threaded() -> str:
        logging.getLogger("shop").warning("in a thread")
        return "text"

    @app.get("/fail")
    async def fail() -> str:
        raise ValueError("no")

    @app.provide
    def mailer() -> Mailer:
        return Mailer()

    return app


def client_of(app: App, **options: Any) -> Client:
    return Client(app, raise_server_exceptions=False, **options)


def test_a_page_has_a_line_that_leads_to_what_is_known_about_its_request() -> None:
    with client_of(site()) as client:
        page = client.get("/films/7?token=s3cret-token", headers={"authorization": "Bearer b34rer-value"})
        found = re.search(r'<aside id="segue-toolbar" lang="en"><a href="([^"]+)">GET /films/7', page.text)
        assert found is not None
        assert page.text.endswith("</aside></body></html>")
        assert int(page.headers["content-length"]) == len(page.content)
        told = client.get(found[1]).text
    for text in (
        "shop.show (test_toolbar.py",
        "200",
        " ms",
        "warning shop: film 7 was shown",
        "x-by",
        "authorization",
    ):
        assert text in told, text
    assert "b34rer-value" not in told
    assert "s3cret-token" not in told + page.text


def test_the_time_is_told_apart_in_middleware_and_below_it() -> None:
    app = App("slow", debug=True, plugins=[Toolbar()])
    app.development = True

    @app.middleware
    async def waits(request: Request, next: Next) -> Response:
        await asyncio.sleep(0.03)
        return await next(request)

    @app.get("/")
    async def waits_too() -> str:
        await asyncio.sleep(0.06)
        return ""

    with client_of(app) as client:
        client.get("/")
        told = client.get("/_debug/requests/1").text
    times = {name: float(ms) for name, ms in re.findall(r">([\w ]+)</th><td>([0-9.]+) ms<", told)}
    assert times["In middleware"] >= 29
    assert times["Below it"] >= 59
    assert abs(times["Time"] - times["In middleware"] - times["Below it"]) < 0.1


def test_templates_are_shown_with_the_types_of_their_values() -> None:
    app = App(
        "shop",
        debug=True,
        plugins=[Toolbar(), Templates(None, texts={"film.html": "<body>{{ title }}</body>"})],
    )
    app.development = True

    @app.get("/film", template="film.html")
    async def film() -> dict[str, str]:
        return {"title": "Nuages"}

    client = Client(app)
    where = re.search(r'href="([^"]+)"', client.get("/film").text)
    assert where is not None
    page = client.get(where[1]).text
    assert (
        '<h2>Templates</h2>\n<table><tbody><tr><th scope="row">film.html</th><td>title: str</td></tr>' in page
    )
    assert "Nuages" not in page


def test_the_history_has_every_request_the_newest_first() -> None:
    with client_of(site()) as client:
        client.get("/threaded")
        client.get("/fail")
        client.get("/nothing")
        listed = client.get("/_debug/").text
        assert re.findall(r">GET (/\w+)</a>", listed) == ["/nothing", "/fail", "/threaded"]
        numbers = re.findall(r'href="(/_debug/requests/\d+)"', listed)
        assert "warning shop: in a thread" in client.get(numbers[2]).text
        assert "error segue.errors: shop.fail" in client.get(numbers[1]).text
        assert "no route" in client.get(numbers[0]).text


def test_fifty_requests_are_kept() -> None:
    with client_of(site()) as client:
        for _ in range(60):
            client.get("/threaded")
        assert client.get("/_debug/").text.count(">GET /threaded</a>") == 50
        assert client.get("/_debug/requests/1").status == 404


def test_the_app_is_shown_with_its_routes_middleware_and_providers() -> None:
    with client_of(site()) as client:
        told = client.get("/_debug/app").text
    for text in ("GET /films/{id:int}", "ETags", "Mailer", "for the request", "msgspec", "python"):
        assert text in told, text


def test_settings_are_shown_with_where_they_come_from_but_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "segue.toml").write_text('[shop]\ncurrency = "USD"\n')
    monkeypatch.setenv("SHOP_KEY", "s3cret-value")

    class Shop(Struct):
        currency: str = "EUR"
        page: int = 20
        key: Secret[str] | None = None

    app = site()
    app.settings(Shop)
    with client_of(app) as client:
        told = client.get("/_debug/app").text
    for text in ("<h2>Settings</h2>", "shop.currency", "USD (segue.toml:2)", "20 (default)", "shop.key"):
        assert text in told, text
    assert "s3cret-value" not in told


def test_what_is_no_whole_page_stays_as_it_is() -> None:
    with client_of(site()) as client:
        assert client.get("/threaded").text == "text"


def test_its_pages_have_no_script_and_ask_nobody() -> None:
    with client_of(site()) as client:
        client.get("/films/7")
        for path in ("/_debug/", "/_debug/requests/1", "/_debug/app"):
            reply = client.get(path)
            assert reply.status == 200
            assert "<script" not in reply.text
            assert "src=" not in reply.text
            assert reply.headers["content-security-policy"].startswith(
                "default-src 'none'; style-src 'sha256-"
            )


@pytest.mark.parametrize(
    "options",
    [
        {"client": ("192.0.2.1", 9)},
        {"base_url": "http://example.com"},
        {"headers": {"x-forwarded-for": "::1"}},
    ],
)
def test_others_see_nothing_of_it(options: dict[str, Any]) -> None:
    with client_of(site(), **options) as client:
        assert client.get("/films/7").text == PAGE
        for path in ("/_debug/", "/_debug/requests/1", "/_debug/app"):
            assert client.get(path).status == 404


def test_elsewhere_the_plugin_declares_nothing() -> None:
    app = site(development=False)
    assert "/_debug/" not in [one.path for one in app.plan.endpoints]
    assert [type(one.middleware).__name__ for one in app.plan.middleware] == ["ETags"]


def test_it_stops_to_hear_when_the_app_ends() -> None:
    before = list(logging.getLogger().handlers)
    with client_of(site()):
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before
