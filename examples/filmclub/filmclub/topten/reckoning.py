"""How the ten best are found: what members think, and as long as few have said it, what others thought before."""

from datetime import date, timedelta

from filmclub.models import Film
from filmclub.topten.models import Ranked
from segue.db import Database, UniqueViolation

#: The score at IMDb counts as so many reviews.
PRIOR = 5
KNOWN = 20_000
KEPT = 400


def score(film: Film) -> float:
    """From 1 to 5: the stars of members, and the score at IMDb as if five more had given it."""
    prior = (film.imdb_score or 5.0) / 2
    return ((film.stars or 0.0) * film.review_count + prior * PRIOR) / (film.review_count + PRIOR)


async def reckon(db: Database, day: date) -> bool:
    """Writes the list of a day. False if it is there already: another worker, or another machine, was faster."""
    if await Ranked.where(Ranked.day == day).exists():
        return False
    reviewed = await Film.where(Film.review_count > 0).order_by(Film.stars.desc(), Film.id).limit(500)
    known = (
        await Film.where(Film.imdb_votes >= KNOWN)
        .order_by(Film.imdb_score.desc(nulls="last"), Film.id)
        .limit(50)
    )
    films = {film.id: film for film in (*reviewed, *known)}
    best = sorted(films.values(), key=lambda film: (-score(film), -film.imdb_votes, film.id))[:10]
    last = await Ranked.where(Ranked.day < day).aggregate(Ranked.day.max())
    before = {one.film.id: one.place for one in await Ranked.where(Ranked.day == last)} if last else {}
    try:
        async with db.transaction():
            await Ranked.create_many(
                Ranked(day=day, place=place, film=film, score=score(film), before=before.get(film.id))
                for place, film in enumerate(best, 1)
            )
            await Ranked.where(Ranked.day < day - timedelta(days=KEPT)).delete()
    except UniqueViolation:
        return False
    return True
