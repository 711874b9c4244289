"""Related objects: in how many statements they come, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop import Author, Opened, Post, Tag

from segue.db import Database, Field, Keyed, Many, NotLoaded, Ref, field

pytestmark = pytest.mark.anyio

Counting = Callable[[Database], Any]


async def hundred_posts() -> None:
    authors = await Author.create_many(
        [Author(name=f"Author {n}", email=f"{n}@example.org") for n in range(10)]
    )
    await Post.create_many([Post(title=f"Post {n}", author=authors[n % 10]) for n in range(100)])


@pytest.mark.row("DJ-08")
@pytest.mark.row("EM-06")
@pytest.mark.row("U-DJ-05")
async def test_a_relation_to_one_is_joined_to_many_is_one_more(db: Database, counted: Counting) -> None:
    await hundred_posts()
    statements = counted(db)
    posts = await Post.order_by(Post.id).load(Post.author, Post.editor)
    assert [post.author.name for post in posts[:2]] == ["Author 0", "Author 1"]
    assert (len(posts), len(statements)) == (100, 1)
    statements.statements.clear()
    authors = await Author.order_by(Author.id).load(
        Author.posts.where(Post.title.endswith("7")).order_by(Post.id.desc())
    )
    assert len(statements) == 2
    assert [post.title for post in authors[7].posts][:2] == ["Post 97", "Post 87"]
    assert authors[0].posts == []
    statements.statements.clear()
    for post in (late := await Post.order_by(Post.id)):
        await post.load(Post.author)
        assert post.author.name == f"Author {(post.id - late[0].id) % 10}"
    assert len(statements) == 2
    statements.statements.clear()
    for author in await Author.all():
        await author.load(Author.posts)
        assert len(author.posts) == 10
    assert len(statements) == 2
    statements.statements.clear()
    post = (await Post.all().limit(1))[0]
    with pytest.raises(NotLoaded, match=r"Add \.load\(Post\.author\)"):
        _ = post.author.name
    assert len(statements) == 1


async def test_objects_of_different_queries_are_loaded_together(db: Database, counted: Counting) -> None:
    await hundred_posts()
    posts = [await Post.get(title=f"Post {n}") for n in range(5)]
    statements = counted(db)
    await Post.load_all(posts, Post.author, Post.tags)
    assert len(statements) == 2
    assert [post.author.name for post in posts] == [f"Author {n}" for n in range(5)]
    assert [post.tags for post in posts] == [[]] * 5


async def test_what_was_made_together_is_loaded_together(db: Database, counted: Counting) -> None:
    await hundred_posts()
    author = (await Author.all().limit(1))[0]
    made = await Post.create_many([Post(title=str(n), author_id=author.id) for n in range(3)])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # by its column
    statements = counted(db)
    for post in made:
        await post.load(Post.author, Post.tags)
        assert post.author.name == author.name
    assert len(statements) == 2


async def test_lists_of_lists(db: Database, counted: Counting) -> None:
    await hundred_posts()
    jazz = await Tag.create(name="jazz")
    await (await Post.get(title="Post 3")).add(Post.tags, jazz)
    statements = counted(db)
    authors = await Author.order_by(Author.id).load(
        Author.posts.order_by(Post.id).load(Post.tags, Post.author)
    )
    assert len(statements) == 4
    assert authors[3].posts[0].tags == [jazz]
    assert authors[3].posts[0].author.name == "Author 3"


class House(Keyed, table="loading_house"):
    street: Field[str] = field(key=True, max_length=40)
    number: Field[int] = field(key=True)
    rooms: Many[Room]


class Room(Keyed, table="loading_room"):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    name: Field[str] = field(max_length=40)
    house: Ref[House] = field(on_delete="cascade")
    inside: Ref[Room | None] = field(default=None)
    parts: Many[Room] = field(other="inside")


async def test_keys_of_several_columns_and_uuids(opened: Opened, counted: Counting) -> None:
    db = await opened(House, Room)
    houses = await House.create_many([House(street="Rue", number=n) for n in range(3)])
    for house in houses:
        hall = await Room.create(name=f"hall {house.number}", house=house)
        await Room.create_many([Room(name=f"{n}", house=house, inside=hall) for n in range(house.number)])
    statements = counted(db)
    found = await House.order_by(House.number).load(
        House.rooms.where(Room.inside == None).order_by(Room.name)  # noqa: E711 -- SQL
    )
    assert [[room.name for room in house.rooms] for house in found] == [["hall 0"], ["hall 1"], ["hall 2"]]
    assert len(statements) == 2
    statements.statements.clear()
    for room in (rooms := await Room.order_by(Room.name)):
        await room.load(Room.house, Room.inside, Room.parts.order_by(Room.name))
    assert len(statements) == 4
    assert [(room.name, room.house.number, [one.name for one in room.parts]) for room in rooms][-1] == (
        "hall 2",
        2,
        ["0", "1"],
    )
    assert {room.inside.name for room in rooms if room.inside is not None} == {"hall 1", "hall 2"}
    houses[0].number = 7
