"""Models and queries from one end to the other, over every database that this machine has."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from shop import Author, Post, Tag

from segue.db import Ambiguous, Database, Missing, NotLoaded, ValidationError, count
from segue.db.engine import UniqueViolation

pytestmark = pytest.mark.anyio


async def two_authors() -> tuple[Author, Author]:
    django = await Author.create(name="Django Reinhardt", email="django@example.org", born=1910)
    grappelli = await Author.create(name="Stéphane Grappelli", email="grappelli@example.org")
    await Post.create(title="Nuages", author=django)
    for number in range(5):
        await Post.create(title=f"Swing {number}", author=grappelli, views=number)
    return django, grappelli


async def test_what_is_created_is_found_by_its_key(db: Database) -> None:
    django, _ = await two_authors()
    found = await Author.get(django.id)
    assert (found.name, found.email, found.born) == ("Django Reinhardt", "django@example.org", 1910)
    assert found == django
    assert hash(found) == hash(django)


async def test_the_database_fills_in_what_it_knows(db: Database) -> None:
    django, _ = await two_authors()
    post = await Post.get(title="Nuages")
    assert post.author.id == django.id
    assert post.created.tzinfo is not None
    assert abs((datetime.now(UTC) - post.created).total_seconds()) < 120


async def test_what_is_not_there_is_missing(db: Database) -> None:
    with pytest.raises(Missing, match="no Author 7"):
        await Author.get(7)
    assert await Author.get_or_none(7) is None
    assert Missing("").status == 404


async def test_conditions_walk_relations(db: Database) -> None:
    await two_authors()
    found = await (
        Post.where(Post.title.icontains("SWING"), Post.author.name == "Stéphane Grappelli")
        .order_by(Post.views.desc())
        .limit(2)
    )
    assert [post.title for post in found] == ["Swing 4", "Swing 3"]
    assert await Post.where(Post.title.contains("SWING")).count() == 0
    assert await Post.where(Post.title.contains("%")).count() == 0


async def test_rows_are_grouped_and_counted(db: Database) -> None:
    await two_authors()
    rows = await (
        Post.select(Post.author.name, count(Post.id), Post.views.sum())
        .group_by(Post.author.name)
        .order_by(Post.author.name)
    )
    assert rows == [("Django Reinhardt", 1, 0), ("Stéphane Grappelli", 5, 10)]
    assert await Post.all().aggregate(Post.views.avg()) == pytest.approx(10 / 6)


async def test_an_update_may_use_what_is_there(db: Database) -> None:
    await two_authors()
    changed = await Post.where(Post.author.name == "Stéphane Grappelli").update(views=Post.views + 10)
    assert changed == 5
    assert sorted(await Post.all().values(Post.views)) == [0, 10, 11, 12, 13, 14]


async def test_parallel_updates_lose_nothing(db: Database) -> None:
    await two_authors()
    query = Post.where(Post.title == "Nuages")
    await asyncio.gather(*(query.update(views=Post.views + 1) for _ in range(50)))
    assert (await query.one()).views == 50


async def test_only_what_was_changed_is_written(db: Database) -> None:
    await two_authors()
    one, two = await Post.get(title="Nuages"), await Post.get(title="Nuages")
    one.title = "Minor Swing"
    two.views = 7
    await one.save()
    await two.save()
    found = await Post.get(one.id)
    assert (found.title, found.views) == ("Minor Swing", 7)


async def test_what_was_not_loaded_says_how_to_load_it(db: Database) -> None:
    _, grappelli = await two_authors()
    post = await Post.get(title="Swing 1")
    assert post.author.id == grappelli.id
    with pytest.raises(NotLoaded, match=r"Add \.load\(Post\.author\)"):
        _ = post.author.name
    assert post.editor is None
    with pytest.raises(NotLoaded, match=r"Author\.posts"):
        _ = grappelli.posts


async def test_relations_are_loaded_with_the_query(db: Database) -> None:
    await two_authors()
    jazz = await Tag.create(name="jazz")
    posts = await Post.order_by(Post.id).load(Post.author, Post.editor, Post.tags)
    assert [post.author.name for post in posts][:2] == ["Django Reinhardt", "Stéphane Grappelli"]
    assert posts[1].author is posts[2].author
    assert posts[0].tags == []
    assert posts[0].editor is None
    authors = await Author.order_by(Author.id).load(Author.posts.order_by(Post.views.desc()).limit(2))
    assert [[post.title for post in author.posts] for author in authors] == [
        ["Nuages"],
        ["Swing 4", "Swing 3"],
    ]
    assert (await Tag.where(Tag.id == jazz.id).load(Tag.posts))[0].posts == []


async def test_late_loading_is_one_statement_for_all_peers(db: Database) -> None:
    await two_authors()
    posts = await Post.order_by(Post.id)
    await posts[0].load(Post.author)
    assert [post.author.name for post in posts][-1] == "Stéphane Grappelli"


async def test_questions_about_related_objects(db: Database) -> None:
    await two_authors()
    await Author.create(name="Nobody", email="nobody@example.org")
    with_swing = await Author.where(Author.posts.any(Post.title.startswith("Swing")))
    assert [author.name for author in with_swing] == ["Stéphane Grappelli"]
    assert await Author.where(Author.posts.none()).values(Author.name) == ["Nobody"]
    assert await Author.where(Author.posts.all(Post.views < 3)).order_by(Author.name).values(Author.name) == [
        "Django Reinhardt",
        "Nobody",
    ]
    counted = await Author.select(Author.name, Author.posts.count(Post.views > 2)).order_by(Author.name)
    assert counted == [("Django Reinhardt", 0), ("Nobody", 0), ("Stéphane Grappelli", 2)]


async def test_one_is_one(db: Database) -> None:
    await two_authors()
    with pytest.raises(Ambiguous):
        await Author.all().one()
    assert (await Author.where(Author.born == 1910).one()).name == "Django Reinhardt"
    assert await Author.where(Author.born == None).count() == 1  # noqa: E711 -- SQL


async def test_an_exception_rolls_back_and_a_savepoint_only_itself(db: Database) -> None:
    await two_authors()
    called: list[str] = []
    async with db.transaction():
        await Tag.create(name="kept")
        db.on_commit(lambda: called.append("outer"))
        with pytest.raises(RuntimeError):  # noqa: PT012 -- the block is what is tested
            async with db.transaction():
                await Tag.create(name="dropped")
                db.on_commit(lambda: called.append("inner"))
                raise RuntimeError
        assert called == []
    assert await Tag.all().values(Tag.name) == ["kept"]
    assert called == ["outer"]
    with pytest.raises(UniqueViolation):
        await Tag.create(name="kept")


async def test_every_bad_field_is_named_and_nothing_is_written(db: Database) -> None:
    with pytest.raises(ValidationError) as caught:
        await Author.create(name="x" * 81, email="a\0b", born=1 << 70)
    assert [problem["loc"] for problem in caught.value.problems] == [["name"], ["email"], ["born"]]
    assert caught.value.status == 422
    assert await Author.all().count() == 0
    author = Author(name="Django", email="d@example.org")
    with pytest.raises(ValidationError, match=r"Author\.name"):
        author.name = 3  # type: ignore[assignment]


async def test_many_are_inserted_at_once(db: Database) -> None:
    django, _ = await two_authors()
    made = await Post.create_many([Post(title=f"No. {number}", author=django) for number in range(1200)])
    assert len({post.id for post in made}) == 1200
    assert await Post.where(Post.author == django).count() == 1201
    page = await Post.where(Post.author == django).order_by(Post.id).page(3, 500)
    assert (len(page.items), page.total, page.pages, page.has_next) == (201, 1201, 3, False)
    assert [post.title async for post in Post.where(Post.author == django).order_by(Post.id).stream(100)][
        1
    ] == "No. 0"


async def test_sql_of_ones_own_has_its_values_beside_it(db: Database) -> None:
    await two_authors()
    rows = await db.execute("SELECT title FROM post WHERE views > :least ORDER BY title", least=2)
    assert rows == [("Swing 3",), ("Swing 4",)]
    with pytest.raises(TypeError, match="least"):
        await db.execute("SELECT title FROM post WHERE views > :least")


async def test_alike_queries_share_a_statement(db: Database) -> None:
    await two_authors()
    before = len(db.statements)
    for number in range(20):
        await Post.where(Post.views == number).limit(number + 1)
    assert len(db.statements) == before + 1
