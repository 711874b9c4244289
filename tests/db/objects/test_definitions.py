"""Models are defined in any order and anywhere; what is written wrong says how to write it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from shop import Opened

from segue.db import Field, Keyed, Many, Model, Ref, field
from segue.db.models.registry import forget

pytestmark = pytest.mark.anyio


def module(name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    exec(compile("from segue.db import *\n" + source, name, "exec"), vars(made))
    return made


def forgotten(*models: Any) -> None:
    """The next test defines models of these names."""
    for one in models:
        forget(one)


async def test_models_of_two_modules_refer_to_each_other(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = module(
        "defs_one",
        "class Cat(Model, table='defs_cat'):\n    name: Field[str] = field(max_length=9)\n    owner: Ref['defs_two.Owner | None'] = field(default=None)\n    kittens: Many['Cat'] = field(other='mother')\n    mother: Ref['Cat | None'] = field(default=None)",
        monkeypatch,
    )
    two = module(
        "defs_two",
        "class Owner(Model, table='defs_owner'):\n    name: Field[str] = field(max_length=9)\n    cats: Many['defs_one.Cat']",
        monkeypatch,
    )
    await opened(one.Cat, two.Owner)
    forgotten(one.Cat, two.Owner)
    ann = await two.Owner.create(name="Ann")
    tom = await one.Cat.create(name="Tom", owner=ann)
    await one.Cat.create(name="Kit", mother=tom)
    found = (await two.Owner.all().load(two.Owner.cats.load(one.Cat.kittens)))[0]
    assert [[kitten.name for kitten in cat.kittens] for cat in found.cats] == [["Kit"]]


async def test_models_in_functions_and_mixins(opened: Opened) -> None:
    class Named(Model, abstract=True):
        name: Field[str] = field(max_length=20)

    class Rated(Keyed, abstract=True):
        stars: Field[int] = field(default=3, ge=1, le=5)

        def shown(self) -> str:
            return "*" * self.stars

    class Place(Named, Rated, table="defs_place"):
        inside: Ref[Place | None] = field(default=None)
        places: Many[Place] = field(other="inside")

    await opened(Place)
    paris = await Place.create(name="Paris")
    await Place.create(name="Louvre", stars=5, inside=paris)
    found = await Place.where(Place.inside.name == "Paris").one()
    assert (found.shown(), found.id) == ("*****", 2)


def define(annotations: dict[str, Any], **namespace: Any) -> Any:
    return type(Model)("Odd", (Model,), {"__module__": __name__, "__annotations__": annotations, **namespace})


@pytest.mark.parametrize(
    ("annotations", "namespace", "told"),
    [
        ({"a": int}, {}, r"Odd\.a: int is no field of a model\. Write a: Field\[int\]"),
        ({"a": "int"}, {}, r"Write a: Field\[int\]"),
        ({"a": Field}, {}, r"Field needs a type"),
        ({}, {"a": field(default=1)}, r"has no type: write a: Field\[\.\.\.\]"),
    ],
)
def test_what_is_no_field_says_how_to_write_one(
    annotations: dict[str, Any], namespace: dict[str, Any], told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        define(annotations, **namespace)


def test_an_option_that_is_none_is_told_with_those_that_are() -> None:
    with pytest.raises(TypeError, match="It knows default"):
        field(lenght=3)
    with pytest.raises(TypeError, match="tabel is no option of a model"):
        type(Model)("Odd", (Model,), {"__module__": __name__}, tabel="x")


def test_what_a_relation_names_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for source, told in (
        ("class A1(Model):\n    to: Ref['Nowhere']", "no model of that name"),
        ("class A2(Model):\n    to: Ref[int]", "which is no model"),
        (
            "class A3(Model):\n    to: Ref['A4']\nclass A4(Keyed):\n    code: Field[str] = field(key=True)",
            "define A4 before it",
        ),
    ):
        made = module("defs_wrong", source, monkeypatch)
        models = [one for name, one in vars(made).items() if name[0] == "A" and name[1:].isdigit()]
        try:
            with pytest.raises(TypeError, match=told):
                _ = models[0].to
        finally:
            forgotten(*models)


def test_two_ways_back_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    made = module(
        "defs_two_ways",
        "class Team(Model):\n    games: Many['Game']\nclass Game(Model):\n    home: Ref[Team]\n    away: Ref[Team]",
        monkeypatch,
    )
    from segue.db.models.relations import other_side

    try:
        with pytest.raises(TypeError, match=r"field\(other='home' or 'away'\)"):
            other_side(made.Team.__mapping__.relations["games"])
    finally:
        forgotten(made.Team, made.Game)


ALIKE = """
class {first}(Model, table="named_{at}_first"):
    one: Ref[NamedAlike | None] = field(default=None)
    several: Many[NamedAlike] = field(other="back")

class NamedAlike(Model, table="named_{at}"):
    back: Ref[{first} | None] = field(default=None)
"""


async def test_a_name_means_the_model_of_its_own_module(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come later, and others may be called so too."""
    sources = [ALIKE.format(at=at, first=f"NamedFirst{at}") for at in (1, 2)]
    one, two = (module(f"named_alike_{at}", source, monkeypatch) for at, source in enumerate(sources))
    await opened(two.NamedFirst2, two.NamedAlike)
    assert two.NamedFirst2.one._last.target is two.NamedAlike
    assert two.NamedFirst2.several._last.target is two.NamedAlike
    forgotten(one.NamedFirst1, one.NamedAlike, two.NamedFirst2, two.NamedAlike)
