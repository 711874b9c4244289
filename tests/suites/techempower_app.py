"""An app with the tests of TechEmpower's benchmark, as its rules ask for them."""

from __future__ import annotations

import random
from typing import Any

from segue import App, Request, Response, Struct
from segue.db import Database, Field, Model, field
from segue.html import Page, Templates, render

ROWS = 10_000
FORTUNES = (
    "fortune: No such file or directory",
    "A computer scientist is someone who fixes things that aren't broken.",
    "After enough decimal places, nobody gives a damn.",
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want it to do.",
    "Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen",
    "Any program that runs right is obsolete.",
    "A list is only as strong as its weakest link. — Donald Knuth",
    "Feature: A bug with seniority.",
    "Computers make very fast, very accurate mistakes.",
    '<script>alert("This should not be displayed in a browser alert box.");</script>',
    "フレームワークのベンチマーク",
)
PAGE = (
    "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>"
    "{% for one in fortunes %}<tr><td>{{ one.id }}</td><td>{{ one.message }}</td></tr>{% endfor %}</table></body></html>"
)


class World(Model, table="suite_world"):
    randomNumber: Field[int] = field()  # noqa: N815 -- the name is that of the rules


class Fortune(Model, table="suite_fortune"):
    message: Field[str] = field(max_length=2048)


class Message(Struct):
    message: str


class Shown(Struct):
    id: int
    message: str


def count(text: str | None) -> int:
    """How many: one for what is no number, at least one, at most five hundred."""
    try:
        return min(500, max(1, int(text or "1")))
    except ValueError:
        return 1


def made(url: str, templates: Any) -> App:
    database = Database(url, models=[World, Fortune])
    app = App("techempower", plugins=[database, Templates(templates)], headers={"server": "segue"})
    kept: dict[int, World] = {}

    @app.lifespan
    async def filled() -> Any:
        await database.create_all()
        await World.create_many([World(randomNumber=random.randint(1, ROWS)) for _ in range(ROWS)])
        await Fortune.create_many([Fortune(message=one) for one in FORTUNES])
        kept.update({one.id: one for one in await World.all()})
        yield

    @app.get("/json")
    async def json() -> Message:
        return Message("Hello, World!")

    @app.get("/plaintext")
    async def plaintext() -> Response:
        return Response(b"Hello, World!", content_type="text/plain")

    @app.get("/db")
    async def one() -> World:
        return await World.get(random.randint(1, ROWS))

    @app.get("/queries")
    async def several(request: Request) -> list[World]:
        return [await World.get(random.randint(1, ROWS)) for _ in range(count(request.query.get("queries")))]

    @app.get("/cached-queries")
    async def cached(request: Request) -> list[World]:
        return [kept[random.randint(1, ROWS)] for _ in range(count(request.query.get("count")))]

    @app.get("/updates")
    async def updates(request: Request) -> list[World]:
        found = [
            await World.get(key)
            for key in sorted(random.sample(range(1, ROWS + 1), count(request.query.get("queries"))))
        ]
        async with database.transaction():
            for world in found:
                world.randomNumber = random.randint(1, ROWS)
                await world.save()
        return found

    @app.get("/fortunes")
    async def fortunes() -> Page:
        found = [Shown(one.id, one.message) for one in await Fortune.all()]
        found.append(Shown(0, "Additional fortune added at request time."))
        return render("fortunes.html", fortunes=sorted(found, key=lambda one: one.message))

    return app
