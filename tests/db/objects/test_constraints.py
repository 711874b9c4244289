"""What values and relations are held to: sizes, bounds, patterns, words, and what a query says."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest
from shop import Opened

from segue.db import CheckViolation, Field, Model, Ref, UniqueViolation, ValidationError, check, field, unique

pytestmark = pytest.mark.anyio


class Hall(Model, table="held_hall"):
    name: Field[str] = field(min_length=2, max_length=10)
    seats: Field[int] = field(gt=0, le=500)
    code: Field[str] = field(pattern="^[A-Z]{2}$", max_length=2, default="AA")
    kind: Field[Literal["cinema", "stage"]] = field(default="cinema")
    open: Field[bool] = field(default=True)


async def unlike_any_other(title: str) -> None:
    if await Show.where(Show.title.iequals(title)).exists():
        raise ValueError("There is such a show already")


class Show(Model, table="held_show"):
    title: Field[str] = field(max_length=20, validate=unlike_any_other)
    hall: Ref[Hall] = field(among=lambda show: Hall.where(Hall.open == True, Hall.kind == show.kind))  # noqa: E712 -- SQL
    kind: Field[Literal["cinema", "stage"]] = field(default="cinema")
    begins: Field[date] = field(ge=date(2000, 1, 1))
    ends: Field[date]

    constraints = (unique("hall", "begins"), check(lambda show: show.begins <= show.ends))


@pytest.mark.row("CW-04")
async def test_each_kind_of_constraint_holds(opened: Opened) -> None:
    await opened(Hall, Show)
    with pytest.raises(ValidationError) as caught:
        await Hall.create(name="x", seats=501, code="a", kind="circus")
    assert [one["loc"] for one in caught.value.problems] == [["name"], ["seats"], ["code"], ["kind"]]
    for seats in (0, -1):
        with pytest.raises(ValidationError, match=r"Hall\.seats"):
            await Hall.create(name="Rex", seats=seats)
    rex = await Hall.create(name="Rex", seats=500)
    shut = await Hall.create(name="Shut", seats=1, open=False)
    stage = await Hall.create(name="Stage", seats=1, kind="stage")
    day, later = date(2026, 1, 1), date(2026, 1, 2)
    show = await Show.create(title="Alien", hall=rex, begins=day, ends=later)
    for hall in (shut, stage):
        with pytest.raises(ValidationError) as caught:
            await Show.create(title="Brazil", hall=hall, begins=day, ends=later)
        assert [one["loc"] for one in caught.value.problems] == [["hall"]]
    assert await show.choices(Show.hall) == [rex]
    await Show.create(title="Faust", hall=stage, kind="stage", begins=day, ends=later)
    with pytest.raises(ValidationError, match="such a show"):
        await Show.create(title="ALIEN", hall=rex, begins=later, ends=later)
    with pytest.raises(UniqueViolation):
        await Show.create(title="Cube", hall=rex, begins=day, ends=later)
    with pytest.raises(CheckViolation):
        await Show.create(title="Dune", hall=rex, begins=later, ends=day)
    with pytest.raises(ValidationError, match=r"Show\.begins"):
        await Show.create(title="Emma", hall=rex, begins=date(1999, 1, 1), ends=day)
    assert await Show.all().count() == 2


class Turned:
    def encrypt(self, data: bytes) -> bytes:
        return data[::-1]

    def decrypt(self, data: bytes) -> bytes:
        return data[::-1]


class Same(Turned):
    deterministic = True


class Vault(Model, table="held_vault"):
    sealed: Field[str | None] = field(encrypted=Turned(), default=None)
    found: Field[str] = field(encrypted=Same(), default="")


async def test_what_is_encrypted_is_neither_compared_nor_ordered(opened: Opened) -> None:
    db = await opened(Vault)
    await Vault.create(sealed="gold", found="ring")
    assert (await Vault.where(Vault.found == "ring", Vault.sealed != None).one()).sealed == "gold"  # noqa: E711 -- SQL
    (row,) = await db.execute("select sealed, found from held_vault")
    assert b"gold" not in bytes(row[0])
    questions: list[Any] = [
        Vault.where(Vault.sealed == "gold"),
        Vault.where(Vault.sealed.contains("g")),
        Vault.where(Vault.found.startswith("r")),
        Vault.order_by(Vault.sealed),
    ]
    for question in questions:
        with pytest.raises(TypeError, match="is encrypted"):
            await question
    assert "gold" not in repr(await Vault.all())
