"""An app in a package that others plug in: twice under two ids, with models, tables, statics, helpers and a first start of its own each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.core.plan import FreezeError
from segue.db import Database, Field, Model, Ref, field
from segue.html import Templates
from segue.testing import Client

PACKAGE = {
    "__init__.py": '''
import types
from collections.abc import AsyncIterator
from typing import Any

from segue import App
from segue.db import Field, Model, field


class BlogPost(Model, abstract=True):
    title: Field[str] = field(max_length=80)


def plug(id: str, *, welcome: str) -> tuple[App, type[Any]]:
    """A blog: its app, and the model of its posts, in a table of this name."""

    Post: Any = types.new_class(f"{id.capitalize()}Post", (BlogPost,), {"table": f"{id}_post"})
    app = App(id)
    app.templates("templates")
    app.static("/static", "plugged_blog:static")

    @app.template_global
    def shout(text: str) -> str:
        return f"{id}: {text.upper()}"

    @app.lifespan
    async def first_start() -> AsyncIterator[None]:
        if not await Post.all().exists():
            await Post.create(title=welcome)
        yield

    @app.get("/", template="blog/posts.html")
    async def index() -> dict[str, Any]:
        return {"posts": await Post.order_by(Post.id)}

    @app.post("/")
    async def add(title: str) -> tuple[str, int]:
        post = await Post.create(title=title)
        return app.name, 201

    return app, Post
''',
    "templates/blog/posts.html": '<link href="{{ static_url("blog.css", name="static") }}">{% for post in posts %}<p>{{ shout(post.title) }}{% endfor %}',
    "static/blog.css": "p { color: teal }",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, text in PACKAGE.items():
        path = tmp_path / "plugged_blog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    import plugged_blog  # type: ignore[import-not-found]

    yield plugged_blog
    del sys.modules["plugged_blog"]


@pytest.mark.row("TG-08")
def test_it_is_plugged_in_twice(package: Any, tmp_path: Path) -> None:
    # A reference to what is plugged in only afterwards, by its name.
    class PluggedComment(Model):
        text: Field[str] = field(max_length=80)
        post: Ref["NewsPost"]  # type: ignore[name-defined]  # noqa: F821 -- it is made below

    news, news_post = package.plug("news", welcome="hello news")
    diary, diary_post = package.plug("diary", welcome="hello diary")
    db = Database(
        f"sqlite:///{tmp_path}/site.db", migrate=True, models=[news_post, diary_post, PluggedComment]
    )
    app = App("site", plugins=[db, Templates(None)])
    app.include(news, at="/news")
    app.include(diary, at="/diary")

    @app.post("/comments")
    async def comment(text: str) -> dict[str, Any]:
        made = await PluggedComment.create(text=text, post=await news_post.get(1))
        found = await PluggedComment.where(PluggedComment.post.title == "hello news").load(
            PluggedComment.post
        )
        return {"id": made.id, "about": [one.post.title for one in found]}

    assert {one.table for one in db.mappings()} == {"news_post", "diary_post", "plugged_comment"}
    with Client(app) as client:
        # Handlers, rows, helpers of templates and files: each has its own.
        assert client.post("/diary/?title=Nuages").text == "diary"
        assert "<p>news: HELLO NEWS" in client.get("/news/").text
        assert "<p>diary: HELLO DIARY<p>diary: NUAGES" in client.get("/diary/").text
        assert 'href="/diary/static/blog.css?v=' in client.get("/diary/").text
        assert client.get("/news/static/blog.css").text == "p { color: teal }"
        assert (app.url_for("news.index"), app.url_for("diary.index")) == ("/news/", "/diary/")
        assert client.post("/comments?text=yes").json() == {"id": 1, "about": ["hello news"]}
    with Client(app) as client:  # what is done at the first start is not done at the second
        assert client.get("/news/").text.count("<p>") == 1


def test_twice_under_one_id_is_told(package: Any) -> None:
    one, _ = package.plug("twin", welcome="a")
    other, _ = package.plug("twin", welcome="b")
    app = App("site", plugins=[Database("sqlite://"), Templates(None)])
    app.include(one, at="/one")
    app.include(other, at="/other")
    with pytest.raises(FreezeError, match="twin"):
        app.freeze()
