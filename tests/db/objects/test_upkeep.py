"""What holds of related objects when a transaction is committed, and relations that are rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from shop import Opened

from segue import App
from segue.db import (
    Condition,
    Database,
    Deadlock,
    Field,
    Many,
    Model,
    One,
    Query,
    Ref,
    SoftDelete,
    ValidationError,
    field,
    related,
)
from segue.db.models.rules import row_rule
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Company(Model, table="kept_company"):
    name: Field[str] = field(max_length=30)
    staff: Many[Employee] = related(other="company")
    payroll: Field[int] = field(
        default=0, formula=lambda company: company.staff.aggregate(Employee.salary.sum())
    )
    heads: Field[int] = field(default=0, formula=lambda company: company.staff.count(Employee.salary > 0))
    rich: Field[bool] = field(default=False, formula=lambda company: company.staff.any(Employee.salary > 900))


class Employee(Model, table="kept_employee"):
    name: Field[str] = field(max_length=30)
    salary: Field[int] = field(default=100)
    company: Ref[Company | None] = field(default=None)


class Band(Model, table="kept_band"):
    name: Field[str] = field(max_length=30)
    genres: Many[Genre] = related(least=1, most=2)
    albums: Many[Album] = related(other="band", least=1)
    contract: One[Contract] = related(least=1)
    reviews: Many[Review] = related(via="albums.reviews")
    raves: Many[Review] = related(
        rule=lambda band, review: (review.album.band_id == band.id) & (review.stars >= 4)
    )


class Genre(Model, table="kept_genre"):
    name: Field[str] = field(max_length=30)


class Album(Model, table="kept_album"):
    title: Field[str] = field(max_length=30)
    band: Ref[Band]
    reviews: Many[Review] = related(other="album")


class Review(Model, table="kept_review"):
    stars: Field[int]
    album: Ref[Album] = field(on_delete="cascade")


class Contract(Model, table="kept_contract"):
    band: Ref[Band] = field(unique=True, on_delete="cascade")


STAFF = (Company, Employee)
MUSIC = (Band, Genre, Album, Review, Contract)


async def figures() -> list[tuple[int, int, bool]]:
    return await Company.order_by(Company.id).select(Company.payroll, Company.heads, Company.rich)


async def undone(db: Database, company: Company) -> None:
    async with db.transaction():
        await Employee.create(name="X", salary=9999, company=company)
        1 / 0  # noqa: B018 -- it fails


async def test_a_formula_is_right_after_each_kind_of_write(opened: Opened) -> None:
    db = await opened(*STAFF)
    acme, tyrell = await Company.create(name="Acme"), await Company.create(name="Tyrell")
    ada = await Employee.create(name="Ada", salary=500, company=acme)
    bob = await Employee.create(name="Bob", salary=600, company=acme)
    assert await figures() == [(1100, 2, False), (0, 0, False)]
    ada.salary = 1000
    await ada.save()
    assert (await figures())[0] == (1600, 2, True)
    ada.company = tyrell
    await ada.save()
    assert [row[1:] for row in await figures()] == [(1, False), (1, True)]
    await Employee.where(Employee.name == "Bob").update(company=tyrell)
    assert (await figures())[1] == (1600, 2, True)
    await bob.delete()
    assert (await figures())[1] == (1000, 1, True)
    await Employee.create_many([Employee(name=str(at), company=acme) for at in range(10)])
    assert (await figures())[0] == (1000, 10, False)
    await Employee.where(Employee.company == acme, Employee.name < "5").update(salary=Employee.salary + 1)
    assert (await figures())[0] == (1005, 10, False)
    await Employee.where(Employee.company == acme, Employee.name != "9").delete()
    assert (await figures())[0][1:] == (1, False)
    with pytest.raises(ZeroDivisionError):
        await undone(db, acme)
    assert (await figures())[0][2] is False
    # Both end alike however many writes a transaction has.
    async with db.transaction():
        await ada.delete()
        await Employee.create(name="Eve", salary=1, company=tyrell)
    assert (await figures())[1] == (1, 1, False)


async def test_clients_do_not_write_what_is_computed(opened: Opened) -> None:
    db = await opened(*STAFF)
    app = App(plugins=[db])

    @app.post("/companies")
    async def add(company: Company) -> Company:
        return await company.save()

    async with AsyncClient(app) as client:
        assert (await client.post("/companies", json={"name": "x", "payroll": 7})).json()["payroll"] == 0


async def test_how_many_others_there_are_is_looked_at_when_it_is_committed(opened: Opened) -> None:
    db = await opened(*MUSIC)
    jazz, swing, bop = [await Genre.create(name=name) for name in ("jazz", "swing", "bop")]

    async def band(*genres: Genre) -> Band:
        async with db.transaction():
            made = await Band.create(name="Quintette", genres=list(genres))
            await Album.create(title="One", band=made)
            await Contract.create(band=made)
        return made

    quintette = await band(jazz)
    for wrong in ((), (jazz, swing, bop)):
        with pytest.raises(ValidationError) as caught:
            await band(*wrong)
        assert [one["loc"] for one in caught.value.problems] == [["genres"]]
    assert await Band.all().count() == 1
    with pytest.raises(ValidationError, match="at least 1"):
        await Band.create(name="alone", genres=[jazz])
    for break_it in (
        lambda: quintette.remove(Band.genres, jazz),
        lambda: quintette.add(Band.genres, swing, bop),
        jazz.delete,
        Genre.where(Genre.name == "jazz").delete,
        Album.all().delete,
        Contract.all().delete,
    ):
        with pytest.raises(ValidationError, match="Expected at"):
            await break_it()
    assert await Genre.all().count() == 3
    # In between it may be otherwise.
    async with db.transaction():
        await quintette.remove(Band.genres, jazz)
        await quintette.add(Band.genres, swing, bop)
    other = await band(jazz)
    album = await Album.where(Album.band == quintette).one()
    album.band = other
    with pytest.raises(ValidationError, match="Album"):
        await album.save()


async def test_a_relation_may_be_a_rule(opened: Opened) -> None:
    db = await opened(*MUSIC)
    jazz = await Genre.create(name="jazz")
    bands = []
    for name, stars in (("A", [5, 1]), ("B", [4]), ("C", [])):
        async with db.transaction():
            made = await Band.create(name=name, genres=[jazz])
            await Contract.create(band=made)
            album = await Album.create(title=name, band=made)
            await Review.create_many([Review(stars=one, album=album) for one in stars])
        bands.append(made)
    found = await Band.order_by(Band.id).load(Band.reviews.order_by(Review.stars), Band.raves)
    assert [[one.stars for one in band.reviews] for band in found] == [[1, 5], [4], []]
    assert [[one.stars for one in band.raves] for band in found] == [[5], [4], []]
    assert await Band.where(Band.raves.any()).order_by(Band.id).values(Band.name) == ["A", "B"]
    assert await Band.select(Band.name, Band.reviews.count(), Band.raves.count(Review.stars > 4)).order_by(
        Band.id
    ) == [("A", 2, 1), ("B", 1, 0), ("C", 0, 0)]
    assert await Band.where(Band.reviews.aggregate(Review.stars.max()) == 5).values(Band.name) == ["A"]
    late = await Band.order_by(Band.id)
    await late[1].load(Band.raves.limit(1))
    assert [one.stars for one in late[0].raves] == [5]
    with pytest.raises(TypeError, match="is a rule"):
        await bands[0].add(Band.raves, await Review.get(1))
    app = App(plugins=[db])

    @app.get("/bands")
    async def show() -> Query[Band]:
        return Band.order_by(Band.id).limit(5).load(Band.raves)

    async with AsyncClient(app) as client:
        rows = (await client.get("/bands")).json()
        assert [[one["stars"] for one in row["raves"]] for row in rows] == [[5], [4], []]


async def test_formulas_that_cannot_be_kept_up_are_refused(url: str) -> None:
    class Shelf(Model, table="kept_shelf"):
        books: Many[Book] = related(other="shelf")
        far: Field[int] = field(default=0, formula=lambda shelf: shelf.books.count(Book.author.age > 3))

    class Writer(Model, table="kept_writer"):
        age: Field[int]

    class Book(Model, table="kept_book"):
        shelf: Ref[Shelf]
        author: Ref[Writer]

    async with Database("sqlite://", models=[Shelf, Writer, Book]) as db:
        await db.create_all()
        with pytest.raises(TypeError, match="further away"):
            await Shelf.create()
    from segue.db.models.mapping import forget

    forget(Shelf)


async def both_at_once(one: Callable[[], Awaitable[None]], other: Callable[[], Awaitable[None]]) -> None:
    """MariaDB ends one of two that wait for each other: that one is done again."""

    async def done(work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Deadlock:
            await work()

    await asyncio.gather(done(one), done(other))


async def test_transactions_side_by_side_see_what_each_has_written(opened: Opened) -> None:
    """Both have written before either is committed, where a database has two writers."""
    db = await opened(*STAFF, *MUSIC)
    acme = await Company.create(name="Acme")
    jazz, swing = await Genre.create(name="jazz"), await Genre.create(name="swing")
    async with db.transaction():
        band = await Band.create(name="B", genres=[jazz, swing])
        await Album.create(title="A", band=band)
        await Contract.create(band=band)

    class Together:
        """Waits for the other one, the first time."""

        def __init__(self) -> None:
            self.barrier = asyncio.Barrier(2)
            self.seen = 0

        async def wait(self) -> None:
            self.seen += 1
            if db.engine.name != "sqlite" and self.seen <= 2:
                await self.barrier.wait()

    hiring, leaving = Together(), Together()

    async def hire(name: str) -> None:
        async with db.transaction():
            await Employee.create(name=name, salary=10, company=acme)
            await hiring.wait()

    await both_at_once(lambda: hire("Ada"), lambda: hire("Bob"))
    assert await figures() == [(20, 2, False)]

    async def leave(genre: Genre) -> str:
        try:
            async with db.transaction():
                await (await Band.get(band.id)).remove(Band.genres, genre)
                await leaving.wait()
        except ValidationError:
            return "refused"
        return "gone"

    told: list[str] = []

    async def noted(genre: Genre) -> None:
        told.append(await leave(genre))

    await both_at_once(lambda: noted(jazz), lambda: noted(swing))
    assert sorted(told) == ["gone", "refused"]
    assert await Band.select(Band.genres.count()) == [(1,)]


class RuledShelf(Model, table="ruled_shelf"):
    name: Field[str] = field(max_length=30)
    books: Many[RuledBook] = related(other="shelf")
    count: Field[int] = field(default=0, formula=lambda shelf: shelf.books.count())


class RuledBook(SoftDelete, table="ruled_book"):
    shelf: Ref[RuledShelf]
    owner: Field[str] = field(max_length=30)


async def test_what_is_computed_is_the_same_whoever_asks(opened: Opened) -> None:
    asks = ["ada"]

    def own() -> Condition:
        return RuledBook.owner == asks[0]

    row_rule(RuledBook)(own)
    await opened(RuledShelf, RuledBook)
    shelf = await RuledShelf.create(name="all")
    await RuledBook.create(shelf=shelf, owner="ada")
    asks[0] = "eve"
    await RuledBook.create(shelf=shelf, owner="eve")
    assert (await shelf.refresh()).count == 2
    assert await RuledShelf.select(RuledShelf.books.count()) == [(1,)]
    await (await RuledBook.all().one()).delete()
    assert (await shelf.refresh()).count == 1  # what is deleted softly is there for nobody
