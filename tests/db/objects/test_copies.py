"""Objects in Python: copies, pickles, other values, equality, and what their text does not tell."""

from __future__ import annotations

import copy
import pickle
import sys

import msgspec
import pytest
from shop import Opened

from segue.core.binding.drafts import Partial
from segue.core.binding.json_codec import JSONCodec
from segue.db import Field, Keyed, Many, Model, NotLoaded, Ref, ValidationError, field

pytestmark = pytest.mark.anyio


class User(Model, table="copies_user"):
    name: Field[str] = field(max_length=30)
    password: Field[str] = field(private=True, default="")
    code: Field[str] = field(write_only=True, default="")
    boss: Ref[User | None] = field(default=None)
    staff: Many[User] = field(other="boss")


class Key(Keyed, table="copies_key"):
    code: Field[str] = field(key=True, max_length=30)


async def test_copies_and_pickles_keep_what_is_private(opened: Opened) -> None:
    await opened(User)
    boss = await User.create(name="Boss", password="b")
    user = await User.create(name="Django", password="secret", code="1934", boss=boss)
    user.name = "Jean"
    made = {
        "copy": copy.copy(user),
        "deepcopy": copy.deepcopy(user),
        "pickle": pickle.loads(pickle.dumps(user)),
        "replace": user.__replace__(name="Jean"),
    }
    if sys.version_info >= (3, 13):
        made["copy.replace"] = copy.replace(user, name="Jean")
    for how, other in made.items():
        assert other is not user, how
        assert (other.id, other.name, other.password, other.code) == (user.id, "Jean", "secret", "1934"), how
        assert other == user
        assert hash(other) == hash(user)
        assert other.changes() == {"name"}
        assert other.boss.name == "Boss"
        other.password = "other"
        assert user.password == "secret"
        with pytest.raises(NotLoaded):
            _ = other.staff
        assert b"secret" not in msgspec.json.encode(other)
        await other.save()
        assert other.changes() == frozenset()
    assert (await User.get(user.id)).password == "other"
    part = (await User.where(User.id == user.id).only(User.name))[0]
    for other in (copy.copy(part), pickle.loads(pickle.dumps(part))):
        with pytest.raises(NotLoaded):
            _ = other.code


async def test_a_copy_of_a_stored_object_is_stored(opened: Opened) -> None:
    await opened(Key)
    key = await Key.create(code="x")
    await pickle.loads(pickle.dumps(key)).save()
    await copy.copy(key).save()
    assert await Key.all().count() == 1


async def test_changes_from_a_body_keep_the_rest(opened: Opened) -> None:
    await opened(User)
    user = await User.create(name="Django", password="secret")
    changes = Partial(User, msgspec.convert({"name": "Jean"}, Partial.__shaped__(User)), JSONCodec())
    made = changes.apply(user)
    assert (made.name, made.password, user.name) == ("Jean", "secret", "Django")
    with pytest.raises(ValidationError):
        user.__replace__(name="x" * 31)


def test_the_text_of_an_object_tells_no_secret() -> None:
    text = repr(User(name="Django", password="secret", code="1934"))
    assert "secret" not in text
    assert "1934" not in text
    assert "Django" in text


def test_fields_that_would_hide_a_method_are_refused() -> None:
    for name in ("save", "load", "where", "on", "changes"):
        with pytest.raises(TypeError, match=rf"models have a method {name}\(\)"):
            type(Model)("Odd", (Model,), {"__module__": __name__, "__annotations__": {name: Field[int]}})
    with pytest.raises(TypeError, match="do not begin with _"):
        type(Model)("Odd", (Model,), {"__module__": __name__, "__annotations__": {"_x": Field[int]}})
