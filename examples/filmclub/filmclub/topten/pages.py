"""The page of the ten best, and when they are reckoned."""

from datetime import UTC, datetime

from filmclub.topten.models import Ranked
from filmclub.topten.reckoning import reckon
from segue import App
from segue.db import Database
from segue.html import Page, render

topten = App("topten")


@topten.daily("03:00", once=True)
async def nightly(db: Database) -> None:
    """Once each night, by one worker."""
    await reckon(db, datetime.now(UTC).date())


@topten.task(once=True)
async def first(db: Database) -> None:
    """On the first day there is no night before: a new site has its list at once."""
    if not await Ranked.all().exists():
        await reckon(db, datetime.now(UTC).date())


@topten.get("/top-ten", documented=False)
async def show() -> Page:
    """The list of the last night."""
    day = await Ranked.all().aggregate(Ranked.day.max())
    ranked = (
        await Ranked.where(Ranked.day == day).order_by(Ranked.place).load(Ranked.film, Ranked.film.director)
    )
    return render("topten/show.html", day=day, ranked=ranked)


@topten.get("/api/top-ten")
async def current() -> list[Ranked]:
    """The list of the last night, with its films."""
    day = await Ranked.all().aggregate(Ranked.day.max())
    return await Ranked.where(Ranked.day == day).order_by(Ranked.place).load(Ranked.film)
