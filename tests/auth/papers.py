"""Models that are guarded by rules, for tests of permissions."""

from __future__ import annotations

from segue.auth import Who, granted, protect
from segue.db import Condition, Field, Many, Model, Ref, field


class Shelf(Model, table="auth_shelf"):
    label: Field[str] = field(max_length=40)
    papers: Many[Paper]


class Paper(Model, table="auth_paper"):
    title: Field[str] = field(max_length=80)
    owner: Field[int] = field(default=0)
    public: Field[bool] = field(default=False)
    shelf: Ref[Shelf | None] = field(default=None)


class Note(Model, table="auth_note"):
    text: Field[str] = field(max_length=80)


def own(who: Who) -> Condition | bool:
    return False if who.key is None else Paper.owner == who.key


def readable(who: Who) -> Condition | bool:
    if who.has("group:readers"):
        return True
    mine = own(who)
    return Paper.public == True if mine is False else mine | (Paper.public == True)  # noqa: E712 -- a condition


protect(
    Paper,
    view=readable,
    add=own,
    change=lambda who: (
        granted(who, "change", Paper)
        if who.key is None
        else (Paper.owner == who.key) | granted(who, "change", Paper)
    ),
    delete=own,
)
protect(Note)
