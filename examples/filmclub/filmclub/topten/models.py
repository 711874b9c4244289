"""The ten best films of each day."""

from datetime import date

from filmclub.models import Film
from segue.db import Field, Model, Ref, field, unique


class Ranked(Model, table="top_ten"):
    """A film among the ten of a day. That a place is there once makes it one list, however many machines reckon it."""

    day: Field[date] = field(index=True)
    place: Field[int] = field(ge=1, le=10)
    film: Ref[Film] = field(on_delete="cascade")
    score: Field[float]
    #: Its place the day before, if it had one.
    before: Field[int | None] = field(default=None)

    constraints = (unique("day", "place"), unique("day", "film"))
