"""Fields whose values are made: computed, slugs, hashes of passwords, lists of keys; and how they are shown."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from shop import Opened

from segue import App
from segue.auth import Passwords
from segue.db import Database, Field, Model, Query, ValidationError, field
from segue.db.data.fixtures import dump, load
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Hasher:
    """Quick, for tests; async as those are that work in a thread."""

    def __init__(self) -> None:
        self.round = 1

    async def hash(self, text: str) -> str:
        return f"{self.round}${hashlib.sha256(text.encode()).hexdigest()}"

    async def verify(self, text: str, hashed: str) -> tuple[bool, bool]:
        number, _, digest = hashed.partition("$")
        return digest == hashlib.sha256(text.encode()).hexdigest(), number != str(self.round)


HASHER = Hasher()


class Label(Model, table="kinds_label"):
    name: Field[str] = field(max_length=30)


class Article(Model, table="kinds_article"):
    title: Field[str] = field(max_length=60)
    slug: Field[str] = field(slug="title", unique=True, max_length=20)
    words: Field[int] = field(compute=lambda article: len(article.title.split()))
    price: Field[int] = field(default=0, represent=lambda article: f"{article.price / 100:.2f} EUR")
    label_ids: Field[list[int]] = field(default_factory=list, keys_of=Label)
    aliases: Field[list[str]] = field(default_factory=list, array=True)

    @property
    def shout(self) -> str:
        return self.title.upper()

    def repeated(self, times: int) -> str:
        return self.title * times


class Login(Model, table="kinds_login"):
    name: Field[str] = field(max_length=30)
    password: Field[str] = field(hashed=HASHER, min_length=8, max_length=20)
    pin: Field[str | None] = field(hashed=HASHER, default=None)


MODELS = (Label, Article, Login)


async def test_slugs_are_made_of_another_field_and_are_unique(opened: Opened) -> None:
    await opened(*MODELS)
    made = [(await Article.create(title="Là-bas, près du Canal!")).slug for _ in range(13)]
    assert made == ["la-bas-pres-du-canal", *(f"la-bas-pres-du-can-{at}" for at in range(2, 10))] + [
        f"la-bas-pres-du-ca-{at}" for at in range(10, 14)
    ]
    assert (await Article.create(title="???")).slug == "kinds-article"[:20].replace("-", "_")
    assert (await Article.create(title="Привет мир")).slug == "привет-мир"
    assert (await Article.create(title="x", slug="my-own")).slug == "my-own"
    several = await Article.create_many([Article(title=title) for title in ("a", "b", "a")])
    assert [one.slug for one in several] == ["a", "b", "a-2"]
    article = await Article.get(slug="my-own")
    article.title = "other"
    await article.save()
    assert article.slug == "my-own"


async def test_computed_in_python_at_each_write(opened: Opened) -> None:
    db = await opened(*MODELS)
    article = await Article.create(title="one two three", words=99)
    assert article.words == (await Article.get(article.id)).words == 3
    article.title = "one"
    await article.save()
    assert (await Article.where(Article.words == 1).one()) == article
    assert article.shout == "ONE"
    assert article.repeated(2) == "oneone"
    article.price = 1250
    assert article.represented(Article.price) == "12.50 EUR"
    assert article.represented(Article.title) == "one"
    app = App(plugins=[db])

    @app.post("/articles")
    async def add(article: Article) -> Article:
        return await article.save()

    async with AsyncClient(app) as client:
        reply = await client.post("/articles", json={"title": "a b", "words": 7})
        assert (reply.status, reply.json()["words"], reply.json()["slug"]) == (200, 2, "a-b"), reply.text


async def undone(db: Database, login: Login) -> None:
    async with db.transaction():
        login.password = "another one"
        await login.save()
        1 / 0  # noqa: B018 -- it fails


@pytest.mark.row("W-18")
async def test_a_password_is_kept_as_what_its_hasher_makes(opened: Opened, tmp_path: Path) -> None:
    db = await opened(*MODELS)
    login = await Login.create(name="Ada", password="correct horse")
    assert login.password.startswith("1$")
    assert login.pin is None
    for one in (login, await Login.get(login.id)):
        assert await one.verify(Login.password, "correct horse")
        assert not await one.verify(Login.password, "wrong horse")
        assert not await one.verify(Login.pin, "")
        assert "horse" not in repr(one)
        assert "$" not in repr(one)
    stored = login.password
    for value in ("plain text", Login.name):
        with pytest.raises(TypeError, match="assign to objects"):
            await Login.all().update(password=value)
    await Login.all().update(pin=None)
    login.name = "Lovelace"
    await login.save()
    await login.save(only=("password",))
    assert (await Login.get(login.id)).password == stored
    login.password = "battery staple"
    await login.save()
    assert await (await Login.get(login.id)).verify(Login.password, "battery staple")
    for wrong in ("short", "x" * 21):
        with pytest.raises(ValidationError):
            login.password = wrong
    with pytest.raises(ZeroDivisionError):
        await undone(db, login)
    await login.save()
    assert await (await Login.get(login.id)).verify(Login.password, "another one")
    await dump(db, tmp_path / "logins.jsonl", models=[Login])
    await Login.all().delete()
    await load(db, tmp_path / "logins.jsonl", models=[Login])
    login = await Login.get(login.id)
    assert await login.verify(Login.password, "another one")
    HASHER.round = 2
    try:
        assert await login.verify(Login.password, "another one")
        assert (await Login.get(login.id)).password.startswith("2$")
    finally:
        HASHER.round = 1


class Account(Model, table="kinds_account"):
    password: Field[str] = field(hashed=Passwords(memory=64, rounds=1, lanes=1))


class Vague:
    """It says more than yes or no."""

    def hash(self, text: str) -> str:
        return text[::-1]

    def verify(self, text: str, hashed: str) -> object:
        return {"fits": self.hash(text) == hashed}


class Careless(Model, table="kinds_careless"):
    password: Field[str] = field(hashed=Vague())


async def test_hashers_of_others(opened: Opened) -> None:
    await opened(Account, Careless)
    account = await Account.create(password="correct horse")
    assert (await Account.get(account.id)).password.startswith("$argon2id$")
    assert await account.verify(Account.password, "correct horse")
    assert not await account.verify(Account.password, "wrong horse")
    careless = await Careless.create(password="x")
    with pytest.raises(TypeError, match="True or False"):
        await careless.verify(Careless.password, "anything")


async def test_no_reply_has_a_password(opened: Opened) -> None:
    db = await opened(*MODELS)
    app = App(plugins=[db])

    @app.post("/logins")
    async def add(login: Login) -> Login:
        return await login.save()

    @app.get("/logins")
    async def listed() -> Query[Login]:
        return Login.all().limit(5)

    @app.get("/loose")
    async def loose() -> list[Any]:
        return list(await Login.all())

    async with AsyncClient(app) as client:
        made = await client.post("/logins", json={"name": "Bob", "password": "0123456789"})
        assert made.json() == {"id": 1, "name": "Bob"}, made.text
        assert (await client.post("/logins", json={"name": "Bob", "password": "x"})).status == 422
        for path in ("/logins", "/loose"):
            assert (await client.get(path)).json() == [{"id": 1, "name": "Bob"}]


async def test_a_list_of_keys_names_objects_that_are_there(opened: Opened) -> None:
    await opened(*MODELS)
    a, b, c = [await Label.create(name=name) for name in "abc"]
    article = await Article.create(title="x", label_ids=[c.id, a.id], aliases=["p", "q"])
    assert await article.named_by(Article.label_ids) == [c, a]
    assert await Article.where(Article.label_ids.includes([a.id])).count() == 1
    assert await Article.where(Article.label_ids.includes([b.id])).count() == 0
    assert await Article.where(Article.aliases.includes("q")).count() == 1
    article.label_ids = [*article.label_ids, 99]
    with pytest.raises(ValidationError, match="no Label 99"):
        await article.save()
    await a.delete()
    assert await (await Article.get(article.id)).named_by(Article.label_ids) == [c]


async def test_what_cannot_be_is_told(url: str) -> None:
    class Odd(Model, table="kinds_odd"):
        secret: Field[int] = field(hashed=HASHER)

    with pytest.raises(TypeError, match="hashed= is of text"):
        Odd.secret  # noqa: B018 -- asked
    from segue.db.models.mapping import forget

    forget(Odd)
    async with Database("sqlite://", models=[Label]) as db:
        await db.create_all()
        label = await Label.create(name="x")
        with pytest.raises(TypeError, match="no field with hashed="):
            await label.verify(Label.name, "x")
        with pytest.raises(TypeError, match="has no keys of others"):
            await label.named_by(Label.name)  # type: ignore[arg-type] # it is refused
