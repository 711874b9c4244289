"""Channels over everything that can carry them, one after the other; two of them see the same, as two processes do."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.channels import Channels

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

POSTGRESQL = os.environ.get("SEGUE_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("SEGUE_TEST_REDIS", "redis://127.0.0.1:6379/15")
NATS = os.environ.get("SEGUE_TEST_NATS", "nats://127.0.0.1:4222")

Make = Callable[..., Channels]


@pytest.fixture(
    params=[
        "memory",
        "local",
        pytest.param("redis", marks=pytest.mark.requires("redis")),
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("nats", marks=pytest.mark.requires("nats")),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def make(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes channels that meet with all that this fixture has made."""
    name = f"test{secrets.token_hex(6)}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    database = ""
    where = {"memory": "memory:", "local": f"local:{name}", "redis": REDIS, "nats": NATS}.get(kind, "")
    if kind == "postgresql":
        database = f"segue_test_{name}"
        _administer(f'CREATE DATABASE "{database}"')
        where = POSTGRESQL.rpartition("/")[0] + f"/{database}"

    def one(**options: Any) -> Channels:
        channels = Channels(where, **options)
        channels.belong_to(name)
        return channels

    yield one
    if kind == "postgresql":
        _administer(f'DROP DATABASE "{database}" WITH (FORCE)')
    elif kind == "redis":
        import redis

        with redis.Redis.from_url(REDIS) as server:
            for key in server.scan_iter(match=f"segue:{name}:*", count=1000):
                server.delete(key)
    elif kind == "nats":
        asyncio.run(_without_streams(name))


@pytest.fixture
def run() -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Runs a test's coroutine; a minute is for ever."""

    def start(work: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await work()

        asyncio.run(bounded())

    return start


def _administer(statement: str) -> None:
    import asyncpg

    async def execute() -> None:
        connection = await asyncpg.connect(POSTGRESQL)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


async def _without_streams(name: str) -> None:
    import nats

    connection = await nats.connect(NATS)
    try:
        for what in ("messages", "there"):
            try:
                await connection.jetstream().delete_stream(f"segue_{name}_{what}")
            except nats.js.errors.NotFoundError:
                pass
    finally:
        await connection.close()
