"""Models that are guarded by rules, for tests of permissions."""

from __future__ import annotations

from segue.auth import Who, granted, protect
from segue.db import Condition, Field, Many, Model, Ref, field


class Shelf(Model, table="auth_shelf"):
    label: Field[str] = field(max_length=40)
    papers: Many[Paper]


class Paper(Model, table="auth_paper"):
    title: Field[str] = field(max_length=80)
    owner: Field[int | None] = field(default=None)
    public: Field[bool] = field(default=False)
    shelf: Ref[Shelf | None] = field(default=None)


class Note(Model, table="auth_note"):
    text: Field[str] = field(max_length=80)


def own(who: Who) -> Condition | bool:
    return who.owns(Paper.owner)


def readable(who: Who) -> Condition | bool:
    return True if who.has("group:readers") else who.owns(Paper.owner) | Paper.public.is_in([True])


protect(
    Paper,
    view=readable,
    add=own,
    change=lambda who: who.owns(Paper.owner) | granted(who, "change", Paper),
    delete=own,
)
protect(Note)
