"""memcached as it fails: away, several servers, what is too large."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import time
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path

import pytest

from segue.stores import StoreDown, open_store
from segue.stores.memcached import MemcachedStore, _servers

pytestmark = pytest.mark.requires("memcached")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of its own, which a test may end."""
    path = tmp_path / "own.sock"
    process = subprocess.Popen(["memcached", "-u", getuser(), "-s", str(path), "-m", "64"])
    try:
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield f"memcached://{path}", process
    finally:
        process.terminate()
        process.wait(10)


def test_what_is_too_large_is_not_kept_and_does_not_stay_as_it_was(memcached: str) -> None:
    async def work() -> None:
        store = MemcachedStore(memcached, f"{secrets.token_hex(8)}:")
        await store.set("k", b"small", None)
        await store.set("k", b"x" * 5_000_000, None)
        assert await store.get("k") is None
        await store.set("k", b"x" * 900_000, None)
        assert await store.get("k") == b"x" * 900_000
        await store.close()
        assert await store.get("k") == b"x" * 900_000, "it opens again"
        await store.close()

    asyncio.run(work())


def test_a_key_stays_on_its_server_and_one_that_is_away_is_told(
    memcached: str, server: tuple[str, subprocess.Popen[bytes]]
) -> None:
    async def work() -> None:
        store = MemcachedStore(memcached, f"{secrets.token_hex(8)}:")
        store._servers += _servers(server[0])
        names = [f"k{number}" for number in range(40)]
        for name in names:
            await store.set(name, name.encode(), 60)
        assert await store.get_many(names) == [name.encode() for name in names]
        server[1].terminate()
        server[1].wait(10)
        with pytest.raises(StoreDown):
            await store.get_many(names)
        await store.close()

    asyncio.run(work())


def test_where_it_is() -> None:
    assert _servers("memcached://a:1,b,[::1]:2/") == [("a", 1), ("b", 11211), ("::1", 2)]
    assert _servers("memcached:///run/m.sock") == ["/run/m.sock"]
    for bad in ("memcached://", "memcached://a:x", "memcached://a,,b"):
        with pytest.raises(ValueError, match="names no servers"):
            open_store(bad)

    async def away() -> None:
        store = open_store("memcached://127.0.0.1:1")
        with pytest.raises(StoreDown):
            await store.get("k")
        await store.close()

    asyncio.run(away())
