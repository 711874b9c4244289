"""Everything may wait without blocking: handlers, queries, middleware, signals, cache, accounts, pages of results and streams; behind a server of ASGI too."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from segue import App, Request, Response
from segue.auth import Accounts, Auth, Passwords, SignedIn
from segue.cache import Cache, Caching
from segue.core.identity import identity_of
from segue.db import Change, Database, Field, Inserted, Model, field
from segue.mail import Mail
from segue.security import Limiter, MemoryCounts, MemorySessions, Sessions
from segue.testing import LiveServer

KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"


class Tune(Model, table="async_tune"):
    title: Field[str] = field(default="", max_length=100)


heard: list[str] = []


@Tune.on(Inserted)
async def hear(change: Change[Tune]) -> None:
    heard.append(f"{change.target.title}, one of {await Tune.all().count()}")


def made(folder: Path) -> App:
    auth = Auth(passwords=Passwords(memory=64, rounds=1, lanes=1), origin="https://tunes.example")
    database = Database(f"sqlite:///{folder}/tunes.db", models=[*auth.models, Tune])
    cache = Cache("memory:")
    sessions = Sessions(MemorySessions(), key=KEY)
    app = App(plugins=[database, auth, Caching(cache), sessions, Limiter(MemoryCounts()), Mail("memory:")])

    @app.lifespan
    async def tables() -> AsyncIterator[None]:
        await database.create_all()
        yield

    @app.middleware
    async def counted(request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        many = await Tune.all().count()
        response = await next(request)
        response.headers["x-tunes"] = str(many)
        return response

    @app.post("/tunes", skip=["csrf"])
    async def add(title: str) -> Tune:
        tune = await Tune.create(title=title)
        tune.title += "!"
        await tune.save()
        return await Tune.get(tune.id)

    @app.get("/page")
    async def page(number: int) -> dict[str, Any]:
        found = await Tune.order_by(Tune.id).page(number, 2)
        return {"titles": [one.title for one in found.items], "pages": found.pages, "more": found.has_next}

    async def count() -> int:
        return await Tune.all().count()

    @app.get("/kept")
    async def kept() -> list[int]:
        return [await cache.get_or("count", count, 60, type=int)]

    @app.get("/who")
    async def who(request: Request, user: SignedIn | None) -> list[bool]:
        return [user is None, await identity_of(request) is None]

    @app.post("/account", skip=["csrf"])
    async def account(accounts: Accounts) -> list[bool]:
        made = await accounts.create(email="ann@example.org", password="nuages over the seine")
        known = await accounts.check("ann@example.org", "nuages over the seine")
        return [known.id == made.id, await accounts.check("ann@example.org", "another one") is None]

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        async for one in Tune.order_by(Tune.id):
            yield f"{one.title}\n".encode()

    @app.get("/without-waiting")
    async def without_waiting() -> list[str]:
        told = []
        for attempt in (
            lambda: list(Tune.all()),
            lambda: bool(Tune.all()),
            lambda: sorted(Tune.all()),
        ):
            try:
                attempt()
            except TypeError as error:
                told.append(str(error))
        return told

    return app


def check(url: str) -> None:
    with httpx2.Client(base_url=url, timeout=30) as client:
        for title in ("Nuages", "Daphne", "Belleville"):
            assert client.post("/tunes", params={"title": title}).json()["title"] == f"{title}!"
        assert heard[-1] == "Belleville, one of 3"
        assert client.get("/page?number=1").json() == {
            "titles": ["Nuages!", "Daphne!"],
            "pages": 2,
            "more": True,
        }
        second = client.get("/page?number=2")
        assert second.json() == {"titles": ["Belleville!"], "pages": 2, "more": False}
        assert second.headers["x-tunes"] == "3"
        assert [client.get("/kept").json() for _ in range(2)] == [[3], [3]]
        assert client.get("/who").json() == [True, True]
        assert client.post("/account").json() == [True, True]
        assert client.get("/stream").text == "Nuages!\nDaphne!\nBelleville!\n"
        told = client.get("/without-waiting").json()
        assert len(told) == 3
        assert all("await" in one for one in told)


@pytest.mark.row("DJ-29")
def test_all_of_it_waits_without_blocking(tmp_path: Path) -> None:
    with LiveServer(made(tmp_path)) as server:
        check(server.url)


@pytest.mark.row("DJ-29")
@pytest.mark.requires("uvicorn")
def test_and_behind_a_server_of_asgi(tmp_path: Path) -> None:
    import uvicorn

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(made(tmp_path), log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.01)
            check(f"http://127.0.0.1:{sock.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(30)
