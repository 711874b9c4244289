"""Models and queries have exact types, with no plugin."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

from segue.db import Expr, Field, Inserting, Keyed, Many, Model, One, Ref, count, field, related


class Author(Model):
    name: Field[str] = field(max_length=80)
    nick: Field[str | None] = field(default=None)
    posts: Many[Post]


class Post(Model):
    title: Field[str]
    author: Ref[Author]
    editor: Ref[Author | None] = field(default=None)
    published: Field[datetime | None] = field(default=None)
    views: Field[int] = field(default=0)


class Token(Keyed):
    code: Field[str] = field(key=True)


class Animal(Model, kinds="kind"):
    name: Field[str]
    toys: Many[Post] = related()
    chip: One[Chip] = related()


class Dog(Animal):
    tricks: Field[int] = field(default=0)


class Chip(Model):
    animal: Ref[Animal] = field(unique=True)


async def families() -> None:
    dog = Dog(name="Rex", tricks=3)
    Dog(tricks=3)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    assert_type(dog.name, str)
    assert_type(dog.chip, Chip | None)
    assert_type(Dog.name, Expr[str])
    assert_type(Animal.chip, type[Chip])
    assert_type(await Dog.where(Dog.tricks > 3, Animal.name == "x"), list[Dog])
    assert_type(await Animal.all().load(Animal.chip), list[Animal])


async def objects(post: Post) -> None:
    assert_type(await Post.get(7), Post)
    assert_type(post.id, int)
    assert_type(post.title, str)
    assert_type(post.author, Author)
    assert_type(post.editor, Author | None)
    assert_type(post.author.posts, list[Post])
    assert_type(await Post.create(title="Nuages", author=post.author), Post)
    Post(title="Nuages", author=post.author)
    Post(title=3, author=post.author)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Post(author=post.author)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    post.title = 3  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    Token(code="x")


def expressions() -> None:
    assert_type(Post.title, Expr[str])
    assert_type(Post.author.name, Expr[str])
    assert_type(Post.editor.name, Expr[str])
    assert_type(Post.views + 1, Expr[int])
    assert_type(Post.title == "Nuages", Expr[bool])
    assert_type(Author.posts.any(Post.title == "Nuages"), Expr[bool])
    assert_type(Author.posts.count(), Expr[int])
    Post.author.nick.icontains("x")
    Post.id.icontains("x")  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


async def queries(author: Author) -> None:
    assert_type(await Post.where(Post.title == "x", Post.author == author).limit(3), list[Post])
    assert_type(await Post.order_by(Post.published.desc()).load(Post.author).first(), Post | None)
    assert_type(await Author.all().load(Author.posts), list[Author])
    assert_type(
        await Post.select(Post.author.name, count(Post.id)).group_by(Post.author.name), list[tuple[str, int]]
    )
    assert_type(await Post.all().aggregate(Post.views.sum()), int | None)
    assert_type(await Post.all().values(Post.title), list[str])
    async for post in Post.all():
        assert_type(post, Post)
    Post.where(Post.title == 3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Post.where("title = 3")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def writes(post: Post, author: Author) -> None:
    await author.add(Author.posts, post)
    await author.add(Author.posts, author)  # type: ignore[misc] # pyright: ignore[reportArgumentType]
    await author.assign(Author.posts, [post])
    assert_type(await Post.get_or_create(title="x"), tuple[Post, bool])
    assert_type(await Post.upsert([post], on=("title",)), list[Post])
    assert_type(await post.choices(Post.author), list[Author])
    assert_type(post.changes(), frozenset[str])

    @Post.on(Inserting)
    async def before(change: Inserting[Post]) -> None:
        assert_type(change.target, Post)
