"""Segue."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from data.pages import ROWS, URL, count
from segue import App
from segue.db import Database, Field, Model, field
from segue.html import Templates


class World(Model, table="world"):
    randomnumber: Field[int] = field(bits=32)


class Fortune(Model, table="fortune"):
    message: Field[str] = field(max_length=2048)


db = Database(URL, models=[World, Fortune])
app = App(plugins=[db, Templates(Path(__file__).parent / "templates")])
cache: dict[int, World] = {}


@app.get("/db")
async def one() -> World:
    return await World.get(random.randint(1, ROWS))


@app.get("/queries")
async def several(n: str = "1") -> list[World]:
    return [await World.get(random.randint(1, ROWS)) for _ in range(count(n))]


@app.get("/fortunes", template="fortunes.html")
async def fortunes() -> dict[str, Any]:
    found = await Fortune.all()
    found.append(Fortune(id=0, message="Additional fortune added at request time."))
    found.sort(key=lambda fortune: fortune.message)
    return {"fortunes": found}


@app.get("/updates")
async def updates(n: str = "1") -> list[World]:
    worlds = [await World.get(random.randint(1, ROWS)) for _ in range(count(n))]
    for world in worlds:
        world.randomnumber = random.randint(1, ROWS)
    for world in sorted(worlds, key=lambda one: one.id):
        await world.save()
    return worlds


@app.get("/cached")
async def cached(n: str = "1") -> list[World]:
    if not cache:
        cache.update({world.id: world for world in await World.all()})
    return [cache[random.randint(1, ROWS)] for _ in range(count(n))]
