"""The films of `movies.json` as they should be: what can be decided is mended, the rest stays as it was found."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from segue import Struct

#: The data end in this year: a later one was two digits of the century before.
LAST_YEAR = 2011


class FoundFilm(Struct, kw_only=True, frozen=True):
    """A film of the file, mended. None is what nobody knows."""

    title: str
    released: date | None
    minutes: int | None
    director: str | None
    genre: str | None
    distributor: str | None
    rating: str | None
    source: str | None
    kind: str | None
    budget: int | None
    us_gross: int | None
    worldwide_gross: int | None
    us_dvd_sales: int | None
    imdb_score: float | None
    imdb_votes: int
    tomatoes: int | None


def read_films(path: Path) -> Iterator[FoundFilm]:
    """The films of the file, in its order. One without a title cannot be found by anybody: it is left out."""
    for row in json.loads(path.read_bytes()):
        title = mended_title(row["Title"])
        if title is not None:
            yield FoundFilm(
                title=title,
                released=mended_date(row["Release Date"]),
                minutes=row["Running Time min"],
                director=mended_text(row["Director"]),
                genre=mended_text(row["Major Genre"]),
                distributor=mended_text(row["Distributor"]),
                rating=mended_text(row["MPAA Rating"]),
                source=mended_text(row["Source"]),
                kind=mended_text(row["Creative Type"]),
                budget=row["Production Budget"],
                us_gross=row["US Gross"],
                worldwide_gross=row["Worldwide Gross"],
                us_dvd_sales=row["US DVD Sales"],
                imdb_score=row["IMDB Rating"],
                imdb_votes=row["IMDB Votes"] or 0,
                tomatoes=row["Rotten Tomatoes Rating"],
            )


def mended_title(title: Any) -> str | None:
    """Text, also of a title that is a number: 1776."""
    return None if title is None else mended_text(str(title))


def mended_text(text: str | None) -> str | None:
    """Text in which the bytes of Windows are no longer read as those of a Macintosh: "LÈon" becomes "Léon"."""
    if text is None or not text.strip():
        return None
    try:
        return text.strip().encode("mac-roman").decode("cp1252")
    except UnicodeError:  # the ³ of "Alien³" cannot have come from there: it is right as it is
        return text.strip()


def mended_date(text: str | None) -> date | None:
    """The date in "Jun 12 1998" or "18-Oct-98". A year after the end of the data is one of the century before."""
    for written in ("%b %d %Y", "%d-%b-%y"):
        try:
            found = datetime.strptime(text or "", written).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
        return found if found.year <= LAST_YEAR else found.replace(year=found.year - 100)
    return None
