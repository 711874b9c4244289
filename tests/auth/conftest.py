"""An app with accounts, and passwords that cost little."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from segue import App
from segue.auth import Account, Auth, Passwords, User
from segue.db import Database
from segue.db.engine import engine_for
from segue.mail import Mail
from segue.security import Limiter, MemoryCounts, MemorySessions, Sessions

sys.path.insert(0, str(Path(__file__).parent))

from people import KEY, cheap


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make_app(tmp_path: Path) -> Callable[..., App]:
    """Makes an app with accounts in a database of its own; ``limit`` is out of the way unless a test wants it."""

    def make(
        *plugins: Any,
        user: type[Account] = User,
        passwords: Passwords | None = None,
        models: Any = (),
        **options: Any,
    ) -> App:
        options = {"limit": "1000 per minute", "origin": "https://films.example", **options}
        auth = Auth(user, passwords=passwords or cheap(), **options)
        names = {one.name for one in plugins}
        beside = [
            one
            for one in (Sessions(MemorySessions(), key=KEY), Limiter(MemoryCounts()), Mail("memory:"))
            if one.name not in names
        ]
        database = Database(f"sqlite:///{tmp_path}/accounts.db", models=[*auth.models, *models])
        app = App(plugins=[database, auth, *beside, *plugins])

        async def tables() -> Any:
            await database.create_all()
            yield

        app.lifespan(tables)
        return app

    return make


@pytest.fixture
def time_machine_travel() -> Any:
    """Moves the clock on while a block runs; it goes on from there."""

    @contextlib.contextmanager
    def travel(seconds: float) -> Iterator[None]:
        with time_machine.travel(time.time() + seconds, tick=True):
            yield

    return travel


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind in turn, dropped after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/rows.db"
        return
    server: str = request.getfixturevalue("servers")[request.param]
    name = f"segue_test_{secrets.token_hex(8)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(_run(server, f"DROP DATABASE {name}"))


async def _run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()
