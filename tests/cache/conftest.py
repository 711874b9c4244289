"""Stores to keep things in, one after the other."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from segue.cache import Cache, MemoryStore, SQLiteStore, Store

T = TypeVar("T")
REDIS = os.environ.get("SEGUE_TEST_REDIS", "redis://127.0.0.1:6379/15")


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.requires("redis"))])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def make_store(kind: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Stores that see the same, as two workers have them (but for memory)."""
    prefix = f"segue:test:{secrets.token_hex(8)}:"

    def make() -> Store:
        if kind == "memory":
            return MemoryStore()
        if kind == "sqlite":
            return SQLiteStore(tmp_path / "cache.db")
        from segue.cache.redis import RedisStore

        return RedisStore(REDIS, prefix)

    yield make
    if kind == "redis":
        import redis

        with redis.Redis.from_url(REDIS) as server:
            for name in server.scan_iter(match=prefix + "*", count=1000):
                server.delete(name)


@pytest.fixture
def run(make_store: Callable[[], Store]) -> Iterator[Callable[[Callable[[Cache], Awaitable[T]]], T]]:
    """Runs a test's coroutine with a cache, and empties that afterwards."""

    def start(work: Callable[[Cache], Awaitable[T]]) -> T:
        async def bounded() -> T:
            cache = Cache(make_store())
            try:
                async with asyncio.timeout(60):
                    return await work(cache)
            finally:
                await cache.clear()
                await cache.close()

        return asyncio.run(bounded())

    return start
