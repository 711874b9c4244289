"""Objects in files and back: forms, order, references, two databases that are brought together; commands; factories."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from shop import Author, Post, Tag

from segue.cli import main
from segue.db import ConfigurationError, Database, Field, Model, Ref, field
from segue.db.data.factories import Factory
from segue.db.data.fixtures import Form, dump, load

pytestmark = pytest.mark.anyio


class Office(Model):
    uuid: Field[UUID] = field(unique=True, default_factory=uuid4)
    name: Field[str] = field(max_length=40)
    boss: Ref[Office | None] = field(default=None)


class Desk(Model):
    uuid: Field[UUID] = field(unique=True, default_factory=uuid4)
    office: Ref[Office]
    price: Field[Decimal] = field(digits=8, places=2, default=Decimal("1.50"))
    since: Field[datetime] = field(default=datetime(2026, 1, 1, tzinfo=UTC))
    facts: Field[dict[str, Any]] = field(default_factory=lambda: {"a": [1, None, "x"]})
    wood: Field[bool] = field(default=True)
    data: Field[bytes] = field(default_factory=lambda: b"\x00\xff")
    kind: Field[Literal["s", "m"]] = field(default="m")
    note: Field[str | None] = field(default=None)
    token: Field[str] = field(private=True, default="secret")


MODELS = [Author, Tag, Post, Office, Desk]


@pytest.fixture
async def shop(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(url, models=MODELS) as db:
        await db.drop_all()
        await db.create_all()
        yield db
        await db.drop_all()


async def _filled() -> None:
    django = await Author.create(name='Dj"ango,\n1', email="d")
    other = await Author.create(name="\\N", email="o")
    tags = await Tag.create_many([Tag(name="jazz"), Tag(name="swing")])
    post = await Post.create(title="Nuages", author=django, editor=other)
    await Post.create(title="Minor Swing", author=other)
    post = await Post.get(post.id)
    await post.load(Post.tags)
    boss = await Office.create(name="Paris")
    office = await Office.create(name="Nice", boss=boss)
    boss.boss = office
    await boss.save()
    await Desk.create(office=office)
    assert tags


async def _everything(db: Database) -> str:
    file = io.StringIO()
    await dump(db, file)
    return file.getvalue()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
async def test_what_was_dumped_is_loaded(shop: Database, tmp_path: Path, form: Form) -> None:
    await _filled()
    before = await _everything(shop)
    assert "secret" in before
    count = await dump(shop, tmp_path / f"all.{form}")
    assert count == len(before.splitlines())
    await shop.drop_all()
    await shop.create_all()
    loaded = await load(shop, tmp_path / f"all.{form}")
    assert loaded == (count, 0)
    assert await _everything(shop) == before
    # Keys go on after those of the file.
    assert (await Author.create(name="new", email="n")).id > 2


async def test_a_file_that_is_wrong_leaves_nothing(shop: Database) -> None:
    lines = [
        json.dumps({"model": "Tag", "fields": {"id": 1, "name": "jazz"}}),
        json.dumps({"model": "Tag", "fields": {"id": 2, "name": "x" * 31}}),
    ]
    with pytest.raises(Exception, match="name"):
        await load(shop, io.StringIO("\n".join(lines)))
    assert await Tag.all().count() == 0


@pytest.mark.parametrize("form", ["json", "jsonl"])
async def test_plain_objects_are_loaded_where_one_model_is_meant(shop: Database, form: Form) -> None:
    rows = [{"name": "Django", "email": "d"}, {"name": "Stéphane", "email": "s"}]
    text = json.dumps(rows) if form == "json" else "\n".join(map(json.dumps, rows))
    loaded = await load(shop, io.StringIO(text), models=[Author], form=form)
    assert loaded.created == 2
    assert await Author.order_by(Author.name).values(Author.name) == ["Django", "Stéphane"]
    with pytest.raises(ConfigurationError, match="does not say of which model it is"):
        await load(shop, io.StringIO(text), form=form)


async def test_two_databases_are_brought_together(shop: Database, tmp_path: Path) -> None:
    await _filled()
    async with Database(f"sqlite:///{tmp_path}/branch.db", name="branch", models=MODELS) as branch:
        await branch.create_all()
        file = io.StringIO(await _everything(shop))
        own = Office(name="Lyon")
        await branch.execute(
            "insert into office (uuid, name) values (:uuid, :name)", uuid=own.uuid, name=own.name
        )
        await load(branch, file, models=MODELS, match="uuid")
        names = {one.name: one for one in await Office.all().using(branch)}
        assert set(names) == {"Lyon", "Paris", "Nice"}
        assert names["Nice"].boss_id == names["Paris"].id
        assert names["Paris"].boss_id == names["Nice"].id
        assert (await Desk.all().using(branch))[0].office_id == names["Nice"].id
    async with Database(f"sqlite:///{tmp_path}/branch.db", models=MODELS) as branch:
        changed = await Office.get(name="Nice")
        changed.name = "Nizza"
        await changed.save()
        file = io.StringIO()
        await dump(branch, file, models=[Office, Desk])
    found = await load(shop, io.StringIO(file.getvalue()), models=[Office, Desk], match="uuid")
    assert found == (1, 3)
    assert await Office.all().order_by(Office.name).values(Office.name) == ["Lyon", "Nizza", "Paris"]
    nice = await Office.get(name="Nizza")
    assert nice.boss.id == (await Office.get(name="Paris")).id


async def test_factories_make_what_models_allow(shop: Database) -> None:
    posts = await Factory(Post, title=lambda number: f"Post {number}").create_many(30)
    assert posts[29].title == "Post 30"
    assert len({one.author_id for one in posts}) == 1
    assert await Author.all().count() == 1
    authors = Factory(Author, seed=3)
    made = await authors.create_many(20)
    assert len({one.email for one in made}) == 20
    assert [one.name for one in made] == [
        Factory(Author, seed=3).build().name,
        *[one.name for one in made[1:]],
    ]
    mine = await Factory(Post, author=made[0]).create(views=7)
    assert (mine.author_id, mine.views) == (made[0].id, 7)
    await Factory(Desk).create_many(3)
    assert await Office.all().count() == 1
    assert len(await Factory(Tag).create_many(100)) == 100
    with pytest.raises(TypeError, match="no field"):
        Factory(Post, nobody=1)


_APP = """
from segue import App
from segue.db import Database, Field, Model, field

class SeedReel(Model):
    title: Field[str] = field(max_length=80)

db = Database("sqlite:///films.db", models=[SeedReel])
app = App(plugins=[db])

@db.seed
async def films() -> None:
    await SeedReel.create_many([SeedReel(title="Alien"), SeedReel(title="Brazil")])
"""


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    name = f"films_{uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(_APP)
    runner = CliRunner()

    def run(*words: str) -> str:
        result = runner.invoke(main, ["exec", f"{name}:app", "db", *words])
        assert result.exit_code == 0, result.output
        return result.output

    import asyncio
    import importlib

    async def make() -> None:
        async with importlib.import_module(name).db as db:
            await db.create_all()

    asyncio.run(make())
    run("seed")
    assert run("stats").split() == ["seed_reel", "2"]
    run("dump", "films.jsonl")
    run("dump", "films.csv", "--model", "SeedReel")
    assert "Alien" in (tmp_path / "films.csv").read_text()
    assert "Brazil" in run("dump", "-")
    lines = (tmp_path / "films.jsonl").read_text().replace('"id":1', '"id":11').replace('"id":2', '"id":12')
    (tmp_path / "films.jsonl").write_text(lines)
    assert "2 objects were created" in run("load", "films.jsonl")
    assert run("stats").split() == ["seed_reel", "4"]
