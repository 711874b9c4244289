"""Validators of fields: the ready ones, those of annotations, and those that ask the database; in a form, beside the field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from shop import Opened

from segue import App, Email, between, cleaned, json_text, strong
from segue.db import Database, Field, Model, ValidationError, field, in_db, not_in_db
from segue.html import FormOf, Page, Templates
from segue.html.forms import Label
from segue.i18n import I18n, in_language, lazy_gettext as _l
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Country(Model, table="checked_country"):
    code: Field[str] = field(max_length=2, unique=True)
    open: Field[bool] = field(default=True)


class Banned(Model, table="checked_banned"):
    name: Field[str] = field(max_length=80)


class Guest(Model, table="checked_guest"):
    name: Field[Annotated[str, cleaned()]] = field(
        max_length=40, label=_l("Your name"), validate=not_in_db(lambda: Banned.name)
    )
    email: Field[Email] = field(unique=True)
    country: Field[str] = field(
        max_length=2, validate=in_db(lambda: Country.code, where=lambda: Country.open.is_in([True]))
    )
    password: Field[str] = field(max_length=80, validate=strong(8, digits=1), default="nuages 1937")
    wishes: Field[str] = field(text=True, default="{}", validate=json_text())
    age: Field[int] = field(default=30, validate=between(18, 120))


async def filled(opened: Opened) -> Database:
    database = await opened(Country, Banned, Guest)
    await Country.create(code="fr")
    await Country.create(code="xx", open=False)
    await Banned.create(name="Mallory")
    return database


RIGHT = {"name": "  Django   R. ", "email": "d@example.org", "country": "fr"}


@pytest.mark.row("W-18")
async def test_they_hold_when_an_object_is_written(opened: Opened) -> None:
    await filled(opened)
    guest = await Guest.create(**RIGHT)
    assert guest.name == "Django R."
    for name, value, told in [
        ("country", "de", "There is no such value."),
        ("country", "xx", "There is no such value."),
        ("name", "Mallory", "This is taken already."),
        ("password", "short", "This needs: at least 8 characters, 1 digit."),
        ("wishes", "{", "This is no JSON."),
        ("age", 17, "This must be at least 18."),
        ("email", "d@", "Expected `str` matching regex"),
    ]:
        with pytest.raises(ValidationError) as failed:
            await Guest.create(**{**RIGHT, "email": "e@example.org", name: value})
        (problem,) = failed.value.problems
        assert problem["loc"] == [name]
        assert problem["msg"].startswith(told)
    assert await Guest.all().count() == 1
    guest.age = 64
    await guest.save()


async def test_a_form_tells_them_beside_the_fields_in_the_language_of_who_reads(
    opened: Opened, tmp_path: Path
) -> None:
    database = await filled(opened)
    await Guest.create(**RIGHT)
    app = App(
        plugins=[database, I18n("en", "de", folder=tmp_path), Templates(None, texts={"a.html": "{{ form }}"})]
    )

    @app.route("/", methods=["GET", "POST"])
    async def register(form: FormOf[Guest]) -> Page | str:
        return "saved" if await form.save() else form.render("a.html")

    sent = {**RIGHT, "password": "nuages 1937", "wishes": "{}", "age": "30"}
    async with AsyncClient(app) as client:
        taken = (await client.post("/", data=sent)).text
        assert "There is one with this already." in taken
        german = await client.post("/", data={**sent, "country": "de"}, headers={"accept-language": "de"})
        assert german.status == 422
        assert "Diesen Wert gibt es nicht." in german.text
        assert 'id="form-guest"' in german.text
        sent["email"] = "f@example.org"
        assert (await client.post("/", data=sent)).text == "saved"


def test_labels_of_models_are_translated(tmp_path: Path) -> None:
    from segue.core.binding.validation import object_fields
    from segue.html.forms.fieldtype import field_type

    (tmp_path / "de.csv").write_text("Your name,Ihr Name\n", encoding="utf-8")
    name = next(one for one in object_fields(Guest) or () if one.name == "name")
    assert isinstance(field_type(name.type).mark(Label), Label)
    with in_language(App(plugins=[I18n("en", "de", folder=tmp_path)]), "de"):
        assert str(field_type(name.type).label) == "Ihr Name"


class Addressed(Model, table="checked_addressed"):
    address: Field[Email] = field(max_length=30)
    other: Field[Email | None] = field(default=None, max_length=300)
    code: Field[Annotated[str, msgspec.Meta(pattern="^[A-Z]+$", min_length=2)]] = field(
        default="AB", pattern="B$"
    )
    count: Field[Annotated[int, msgspec.Meta(ge=2)]] = field(default=5, ge=1, le=9)


@pytest.mark.parametrize("many", [False, True])
async def test_limits_of_the_type_and_of_the_field_both_hold(opened: Opened, many: bool) -> None:
    await opened(Addressed)

    async def create(**values: Any) -> Addressed:
        given: dict[str, Any] = {"address": "a@example.org", **values}
        made = Addressed(**given)
        return (await Addressed.create_many([made]))[0] if many else await made.save()

    assert (await create(other="b@example.org", code="CAB")).address == "a@example.org"
    for values, told in (
        ({"address": "nobody"}, "regex"),
        ({"address": f"{'a' * 30}@example.org"}, "length <= 30"),
        ({"other": f"{'a' * 60}@{'b.' * 120}org"}, "length <= 254"),
        ({"code": "CAC"}, "regex"),
        ({"code": "cAB"}, "regex"),
        ({"code": "B"}, "length >= 2"),
        ({"count": 1}, ">= 2"),
        ({"count": 10}, "<= 9"),
    ):
        with pytest.raises(ValidationError, match=told):
            await create(**values)
    assert await Addressed.all().count() == 1
