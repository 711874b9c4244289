"""Lists of films, and the rule that nobody sees those of others."""

import secrets
from datetime import UTC, datetime

from filmclub.models import Film, Member
from segue.auth import Who, protect
from segue.db import Condition, Field, Many, Model, Ref, field, related, unique

#: How many a member may have, and how many films one may have.
MOST_LISTS, MOST_FILMS = 50, 500


class FilmList(Model, table="film_list"):
    """What a member wants to see, or has seen. ``link`` is the secret part of the address under which others see it."""

    owner: Ref[Member] = field(on_delete="cascade", read_only=True)
    title: Field[str] = field(min_length=1, max_length=80)
    about: Field[str] = field(text=True, default="", max_length=1_000)
    link: Field[str | None] = field(default=None, unique=True, max_length=40, private=True)
    created: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), read_only=True)
    entries: Many["Entry"] = related(other="list")

    constraints = (unique("owner", "title"),)


class Entry(Model, table="film_list_entry"):
    """A film on a list, at its place."""

    list: Ref[FilmList] = field(on_delete="cascade", read_only=True)
    film: Ref[Film] = field(on_delete="cascade")
    place: Field[int] = field(default=0, ge=0, read_only=True)

    constraints = (unique("list", "film"),)


async def lists_of(member: Member | None) -> list[FilmList]:
    """The lists of somebody; nobody has none."""
    return [] if member is None else await FilmList.where(FilmList.owner == member).order_by(FilmList.title)


def new_link() -> str:
    """What nobody can guess."""
    return secrets.token_urlsafe(18)


def own_list(who: Who) -> Condition | bool:
    """Lists belong to one member."""
    return who.owns(FilmList.owner.id)


def on_own_list(who: Who) -> Condition | bool:
    """What is on a list belongs to the owner of the list."""
    return who.owns(Entry.list.owner.id)


# Every query obeys: pages, exports, the API, what is loaded with other objects. Who has a link asks past it, for that one list.
protect(FilmList, view=own_list, add=own_list, change=own_list, delete=own_list)
protect(Entry, view=on_own_list, add=on_own_list, change=on_own_list, delete=on_own_list)
