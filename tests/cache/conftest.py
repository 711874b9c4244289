"""Caches over stores, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from segue.cache import Cache
from segue.stores import Store

T = TypeVar("T")


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
