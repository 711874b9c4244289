"""Behind a proxy that takes a prefix off the path, and behind one that does not: links, redirects, and the page."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
from browser import opened

from segue import App, Proxies, Request
from segue.openapi import OpenAPI
from segue.testing import LiveServer


class Forwarding(BaseHTTPRequestHandler):
    """Hands on what is below /api, as nginx does with and without a slash behind its proxy_pass."""

    target: ClassVar[tuple[str, int]]
    strips: ClassVar[bool]

    def do_GET(self) -> None:
        if not self.path.startswith("/api/"):
            self.send_error(404)
            return
        connection = http.client.HTTPConnection(*self.target, timeout=20)
        path = self.path.removeprefix("/api") if self.strips else self.path
        connection.request(
            "GET", path, headers={"host": self.headers["host"], "accept": self.headers.get("accept", "*/*")}
        )
        reply = connection.getresponse()
        body = reply.read()
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def proxied(app: App, *, strips: bool) -> Iterator[str]:
    with LiveServer(app) as server:
        handler = type("Handler", (Forwarding,), {"target": (server.host, server.port), "strips": strips})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
            thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield f"http://127.0.0.1:{proxy.server_port}"
            finally:
                proxy.shutdown()
                thread.join()


def films() -> App:
    app = App("films", plugins=[OpenAPI("Films", "1")])
    app.middleware(Proxies(["127.0.0.1"], prefix="/api"))

    @app.get("/films/")
    async def index(request: Request) -> dict[str, str]:
        return {"self": request.url_for("index"), "seven": request.url_for("show", id=7)}

    @app.get("/films/{id:int}")
    async def show(id: int) -> dict[str, int]:
        return {"id": id}

    return app


@pytest.mark.row("U9")
@pytest.mark.requires("chromium")
@pytest.mark.parametrize("strips", [True, False], ids=["stripping", "not stripping"])
def test_links_redirects_and_the_page_are_right_behind_a_proxy(tmp_path: Path, strips: bool) -> None:
    with proxied(films(), strips=strips) as origin:
        with httpx2.Client(base_url=origin) as client:
            assert client.get("/api/films/").json() == {"self": "/api/films/", "seven": "/api/films/7"}
            redirect = client.get("/api/films")
            assert (redirect.status_code, redirect.headers["location"]) == (308, "/api/films/")
        with opened(f"{origin}/api/docs", tmp_path / "profile") as page:
            page.wait_for("document.querySelectorAll('.opblock').length === 2")
            page.value("document.querySelector('.opblock-summary-control').click()")
            page.wait_for("document.querySelector('.try-out__btn') !== null")
            page.value("document.querySelector('.try-out__btn').click()")
            page.wait_for("document.querySelector('.execute') !== null")
            page.value("document.querySelector('.execute').click()")
            page.wait_for(
                "document.querySelector('.live-responses-table')?.innerText.includes('/api/films/7')"
            )
            assert page.complaints == []


@pytest.mark.requires("chromium")
def test_the_page_is_right_behind_a_proxy_that_nobody_told_the_app_of(tmp_path: Path) -> None:
    app = App("hidden", plugins=[OpenAPI("Hidden", "1")])

    @app.get("/words")
    async def words() -> list[str]:
        return ["Nuages"]

    with proxied(app, strips=True) as origin, opened(f"{origin}/api/docs", tmp_path / "profile") as page:
        page.wait_for("document.querySelectorAll('.opblock').length === 1")
        page.value("document.querySelector('.opblock-summary-control').click()")
        page.wait_for("document.querySelector('.try-out__btn') !== null")
        page.value("document.querySelector('.try-out__btn').click()")
        page.wait_for("document.querySelector('.execute') !== null")
        page.value("document.querySelector('.execute').click()")
        page.wait_for("document.querySelector('.live-responses-table')?.innerText.includes('Nuages')")
