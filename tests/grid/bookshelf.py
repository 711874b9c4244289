"""Models, grids and data for the tests of grids: books, who wrote them, and what readers think."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, Literal

from segue import App
from segue.db import Database, Field, Many, Model, Ref, field
from segue.grid import Action, Bits, Column, Grid, Has
from segue.security import MemorySessions, Sessions

KEY = "the-key-of-the-tests-of-grids-0123456789-abcdefghijklmnop"


class Writer(Model, table="shelved_writer"):
    name: Field[str] = field(max_length=80)
    country: Field[str | None] = field(default=None, max_length=40)
    books: Many[Book]


class Topic(Model, table="shelved_topic"):
    name: Field[str] = field(max_length=40)


class Book(Model, table="shelved_book"):
    title: Field[str] = field(max_length=120)
    year: Field[int | None] = field(default=None, ge=1400, le=2100)
    lent: Field[bool] = field(default=False)
    binding: Field[Literal["paper", "cloth"]] = field(default="paper")
    bought: Field[date | None] = field(default=None)
    marks: Field[int] = field(default=0)
    notes: Field[str] = field(text=True, default="")
    shelf_secret: Field[str] = field(default="", private=True)
    writer: Ref[Writer | None] = field(default=None)
    topics: Many[Topic]
    opinions: Many[Opinion]


class Opinion(Model, table="shelved_opinion"):
    book: Ref[Book] = field(on_delete="cascade")
    stars: Field[int] = field(ge=1, le=5)
    text: Field[str] = field(text=True)


MODELS = [Writer, Topic, Book, Opinion]


async def lend(books: Sequence[Book]) -> str:
    for one in books:
        one.lent = True
        await one.save()
    return f"{len(books)} lent."


def age(book: Book) -> int | None:
    return None if book.year is None else 2000 - book.year


def books(**options: Any) -> Grid[Book]:
    """A grid with all that a grid can have."""
    given: dict[str, Any] = {
        "columns": [
            Book.title,
            Book.writer.name,
            Book.year,
            Column(age, sort=Book.year),
            Column(Book.opinions.count(), "Opinions"),
            Book.topics,
        ],
        "search": [Book.title, Book.writer.name],
        "filters": [
            Book.writer,
            Book.binding,
            Book.year,
            Book.bought,
            Book.writer.country,
            Book.topics,
            Has(Book.opinions),
            Bits(Book.marks, {1: "Signed", 2: "Torn"}),
        ],
        "can": {"write": True},
        "actions": [Action("Lend", lend, confirm="Lend them all?")],
        "children": [Opinion.book],
        "sort": "title",
    }
    return Grid(Book, **{**given, **options})


def writers() -> Grid[Writer]:
    below = Grid(
        Book,
        of=Book.writer,
        columns=[Book.title, Book.year],
        can={"write": True},
        children=[Opinion.book],
        name="books",
    )
    return Grid(Writer, can={"write": True}, children=[below], search=[Writer.name])


def app_of(url: str, *grids: tuple[str, Grid[Any]], sessions: bool = True, **options: Any) -> App:
    plugins: list[Any] = [Database(url, models=MODELS)]
    if sessions:
        plugins.append(Sessions(MemorySessions(), key=KEY))
    app = App("library", plugins=plugins, **options)
    for at, grid in grids:
        app.include(grid, at=at)

    @app.lifespan
    async def filled(db: Database) -> AsyncIterator[None]:
        await db.create_all()
        await fill()
        yield
        await db.drop_all()

    return app


async def fill() -> None:
    woolf = await Writer.create(name="Virginia Woolf", country="England")
    mann = await Writer.create(name="Thomas Mann", country="Germany")
    sea, war = [await Topic.create(name=name) for name in ("sea", "war")]
    waves = await Book.create(title="The Waves", year=1931, writer=woolf, marks=1, bought=date(2001, 2, 3))
    await waves.add(Book.topics, sea)
    orlando = await Book.create(title="Orlando", year=1928, writer=woolf, binding="cloth", marks=3)
    magic = await Book.create(title="Der Zauberberg", year=1924, writer=mann, shelf_secret="hidden-thing")
    await magic.add(Book.topics, war)
    for number in range(1, 28):
        await Book.create(title=f"Atlas {number:02}", year=None if number % 3 == 0 else 1900 + number % 5)
    await Opinion.create(book=orlando, stars=5, text="Marvellous")
    await Opinion.create(book=orlando, stars=4, text="Fine")
    await Opinion.create(book=magic, stars=3, text="Long")
