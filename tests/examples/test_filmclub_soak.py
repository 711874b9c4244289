"""The film club under mixed traffic on two workers: no error, and memory that stays as it is.

Twenty seconds in the suite; ``SEGUE_SOAK=600 pytest -s tests/examples/test_filmclub_soak.py`` for ten minutes, with figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from filmclub_rig import Club, club

SECONDS = float(os.environ.get("SEGUE_SOAK", "20"))
MEMBERS = ("ripley", "hicks", "hudson", "vasquez")
WORDS = ("alien", "star", "the", "love", "night", "king", "x", "amelie", "zzz")
READERS = 8


class Soak:
    """Visitors, members, listeners; what they were answered, and how long it took."""

    def __init__(self, served: Club, cookies: list[str]) -> None:
        self.served = served
        self.cookies = cookies
        self.end = time.monotonic() + SECONDS
        self.outcomes: Counter[str] = Counter()
        self.times: list[float] = []
        self.errors: list[str] = []
        self.memory: list[tuple[float, float]] = []
        self.chance = random.Random(7)

    async def run(self) -> None:
        async with httpx2.AsyncClient(base_url=self.served.url, timeout=30) as visitors:
            work: list[Callable[[], Awaitable[None]]] = [lambda: self.read(visitors)] * READERS
            work += [self.watch, self.listen, self.listen]
            work += [lambda cookie=cookie: self.talk(cookie) for cookie in self.cookies]  # type: ignore[misc]
            work += [lambda cookie=cookie: self.write(visitors, cookie) for cookie in self.cookies[:2]]  # type: ignore[misc]
            await asyncio.gather(*(self.until_the_end(one) for one in work))

    async def until_the_end(self, one: Callable[[], Awaitable[None]]) -> None:
        while time.monotonic() < self.end:
            try:
                await one()
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is told at the end
                self.errors.append(f"{type(error).__name__}: {error}")

    async def ask(self, client: httpx2.AsyncClient, path: str, *good: int, **more: object) -> None:
        began = time.monotonic()
        reply = await client.request("POST" if "data" in more else "GET", path, **more)  # type: ignore[arg-type]
        self.times.append(time.monotonic() - began)
        self.outcomes[f"{reply.status_code}"] += 1
        if reply.status_code not in (good or (200,)):
            self.errors.append(f"{path}: {reply.status_code} {reply.text[:200]}")

    async def read(self, client: httpx2.AsyncClient) -> None:
        word, film = self.chance.choice(WORDS), self.chance.randint(1, 3_000)
        path = self.chance.choices(
            (
                f"/?q={word}",
                f"/films/{film}",
                "/",
                f"/de/films/{film}",
                "/top-ten",
                "/reviews/live",
                f"/films.csv?q={word}",
                f"/films.rss?q={word}",
                "/login",
                "/films/999999",
            ),
            weights=(6, 8, 4, 2, 1, 1, 1, 1, 1, 1),
        )[0]
        await self.ask(client, path, 404 if "999999" in path else 200)

    async def write(self, client: httpx2.AsyncClient, cookie: str) -> None:
        """Puts films on a list and moves on; the list of the member was made before."""
        film, headers = self.chance.randint(1, 3_000), {"cookie": cookie, "origin": self.served.url}
        found = (await client.get("/api/lists", headers=headers | {"accept": "application/json"})).json()
        if not found or len(found[-1]["entries"]) > 50:
            title = f"List {time.monotonic_ns()}"
            await self.ask(client, "/lists", 303, 422, data={"title": title}, headers=headers)
        else:
            await self.ask(
                client, f"/films/{film}/lists", 303, data={"list": found[-1]["id"]}, headers=headers
            )
        await asyncio.sleep(0.2)

    async def talk(self, cookie: str) -> None:
        """Comes into a chat, says something, hears it, leaves."""
        address = f"{self.served.url.replace('http', 'ws', 1)}/films/{self.served.film}/chat/socket"
        async with connect(address, additional_headers={"cookie": cookie}, origin=self.served.url) as socket:  # type: ignore[arg-type]
            text = f"{time.monotonic_ns()}"
            await socket.send(json.dumps({"type": "say", "text": text}))
            async with asyncio.timeout(30):
                while (told := json.loads(await socket.recv())).get("text") != text:
                    assert told["type"] != "refused"
            self.outcomes["heard in the chat"] += 1
            with suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(3):  # ten in twenty seconds are allowed
                    while True:
                        await socket.recv()

    async def listen(self) -> None:
        """Listens to new reviews for a while."""
        async with (
            httpx2.AsyncClient(base_url=self.served.url, timeout=30) as client,
            client.stream("GET", "/reviews/live/events") as reply,
        ):
            assert reply.status_code == 200
            self.outcomes["event streams"] += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    async for _ in reply.aiter_lines():
                        pass

    async def watch(self) -> None:
        """How much memory the workers have for themselves."""
        used = 0.0
        for pid in self.served.process.workers:
            with suppress(psutil.Error):
                used += psutil.Process(pid).memory_full_info().uss / 1e6
        self.memory.append((time.monotonic(), used))
        await asyncio.sleep(max(0.5, SECONDS / 200))


@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.requires("procfs")
def test_no_error_and_flat_memory(tmp_path: Path) -> None:
    with club(tmp_path, *MEMBERS) as served:
        cookies = []
        for name in MEMBERS:
            with closing(served.member(name)) as member:
                cookies.append(member.headers["cookie"])
        workers = set(served.process.workers)
        soak = Soak(served, cookies)
        asyncio.run(soak.run())
        output = served.process.output
        same = set(served.process.workers) == workers
    used = [one for _, one in soak.memory]
    quarter = len(used) // 4
    before, after = statistics.median(used[quarter : 2 * quarter]), statistics.median(used[-quarter:])
    slow = sorted(soak.times)
    print(
        f"\n{SECONDS:g} s: {dict(soak.outcomes)}; {len(slow) / SECONDS:.0f} requests/s, "
        f"p50 {slow[len(slow) // 2] * 1e3:.0f} ms, p99 {slow[len(slow) * 99 // 100] * 1e3:.0f} ms; "
        f"memory of the workers {used[0]:.0f} MB, then {before:.0f} MB, at the end {after:.0f} MB"
    )
    assert not soak.errors, soak.errors[:10]
    assert same, "a worker has ended"
    assert "Traceback" not in output, output[-5000:]
    assert soak.outcomes["heard in the chat"] >= len(MEMBERS)
    # The first quarter fills what is filled once: caches of statements, of templates, of the allocator.
    assert after < before * 1.1 + 10, used
