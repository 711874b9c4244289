"""asyncpg by hand behind Segue's server: what its data layer is measured against."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from data.pages import ROWS, URL, count
from segue import App
from segue.html import Templates

app = App(plugins=[Templates(Path(__file__).parent / "templates")])
pool: Any = None
cache: dict[int, Any] = {}


class World(Struct):
    id: int
    randomnumber: int


class Fortune(Struct):
    id: int
    message: str


@app.lifespan
async def opened(_: App) -> AsyncIterator[None]:
    opened = await asyncpg.create_pool(URL, min_size=10, max_size=10)
    globals()["pool"] = opened
    yield
    await opened.close()


BY_KEY = "SELECT id, randomnumber FROM world WHERE id = $1"


@app.get("/db")
async def one() -> World:
    async with pool.acquire() as connection:
        return World(*await connection.fetchrow(BY_KEY, random.randint(1, ROWS)))


@app.get("/queries")
async def several(n: str = "1") -> list[World]:
    async with pool.acquire() as connection:
        return [World(*await connection.fetchrow(BY_KEY, random.randint(1, ROWS))) for _ in range(count(n))]


@app.get("/fortunes", template="fortunes.html")
async def fortunes() -> dict[str, Any]:
    async with pool.acquire() as connection:
        found = [Fortune(*row) for row in await connection.fetch("SELECT id, message FROM fortune")]
    found.append(Fortune(0, "Additional fortune added at request time."))
    found.sort(key=lambda fortune: fortune.message)
    return {"fortunes": found}


@app.get("/updates")
async def updates(n: str = "1") -> list[World]:
    async with pool.acquire() as connection:
        worlds = [World(*await connection.fetchrow(BY_KEY, random.randint(1, ROWS))) for _ in range(count(n))]
        for world in worlds:
            world.randomnumber = random.randint(1, ROWS)
        for world in sorted(worlds, key=lambda one: one.id):
            await connection.execute(
                "UPDATE world SET randomnumber = $1 WHERE id = $2", world.randomnumber, world.id
            )
        return worlds


@app.get("/cached")
async def cached(n: str = "1") -> list[World]:
    if not cache:
        async with pool.acquire() as connection:
            rows = await connection.fetch("SELECT id, randomnumber FROM world")
        cache.update({row[0]: World(*row) for row in rows})
    return [cache[random.randint(1, ROWS)] for _ in range(count(n))]
