"""An including app changes the pages and files of another one without a copy of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segue import App
from segue.core.plan import FreezeError
from segue.html import Templates
from segue.testing import Client

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def package(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with templates and files of its own, as somebody else has published it."""
    name = f"blog_{os.urandom(4).hex()}"
    write(f"{name}/__init__.py", "")
    write(
        f"{name}/templates/post.html", "{% extends 'layout.html' %}{% block body %}post of blog{% endblock %}"
    )
    write(f"{name}/templates/list.html", "list of blog")
    write(f"{name}/templates/layout.html", "blog: {% block body %}{% endblock %}")
    write(f"{name}/static/site.css", "blog")
    write(f"{name}/static/logo.txt", "logo of blog")
    write(f"{name}/static/deep/a.txt", "a of blog")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def blog_of(package: str) -> App:
    blog = App("blog", plugins=[Templates(f"{package}:templates")])
    blog.static("/static", f"{package}:static")

    @blog.get("/post", template="post.html")
    async def post() -> None: ...

    @blog.get("/list", template=f"{package}:templates/list.html")
    async def posts() -> None: ...

    @blog.get("/urls", template="urls.html")
    async def urls() -> None: ...

    return blog


def app_of(blog: App, folder: Path | None = None) -> App:
    app = App("site", plugins=[Templates(folder, texts={"urls.html": "{{ static_url('site.css') }}"})])
    app.include(blog, at="/blog")
    return app


@pytest.mark.row("PY-15")
def test_a_file_a_folder_or_a_whole_package_is_overridden_and_overrides_are_stacked(
    package: str, write: Write, tmp_path: Path
) -> None:
    def pages(app: App) -> list[str]:
        client = Client(app)
        paths = ("post", "list", "static/site.css", "static/logo.txt", "static/deep/a.txt")
        return [client.get(f"/blog/{path}").text for path in paths]

    own = ["blog: post of blog", "list of blog", "blog", "logo of blog", "a of blog"]
    assert pages(app_of(blog_of(package))) == own

    file = app_of(blog_of(package))
    file.override(f"{package}:templates/post.html", write("ours/post.html", "our post"))
    file.override(f"{package}:static/site.css", write("ours/site.css", "our css"))
    assert pages(file) == ["our post", "list of blog", "our css", "logo of blog", "a of blog"]

    folder = app_of(blog_of(package))
    write("folder/list.html", "our list")
    write("files/deep/a.txt", "our a")
    folder.override(f"{package}:templates/", tmp_path / "folder")
    folder.override(f"{package}:static", tmp_path / "files")
    assert pages(folder) == ["blog: post of blog", "our list", "blog", "logo of blog", "our a"]

    whole = app_of(blog_of(package))
    write("whole/templates/layout.html", "ours: {% block body %}{% endblock %}")
    write("whole/static/logo.txt", "our logo")
    whole.override(f"{package}:", tmp_path / "whole")
    assert pages(whole) == ["ours: post of blog", "list of blog", "blog", "our logo", "a of blog"]

    # The last one declared is asked first, and what it does not have, the others may; then the apps below.
    inner = blog_of(package)
    inner.override(f"{package}:static", write("inner/logo.txt", "inner logo").parent)
    write("inner/site.css", "inner css")
    stacked = app_of(inner)
    stacked.override(f"{package}:", tmp_path / "whole")
    stacked.override(f"{package}:static", tmp_path / "files")
    assert pages(stacked) == ["ours: post of blog", "list of blog", "inner css", "our logo", "our a"]

    # Nothing of it is left in the package, or in another app.
    assert pages(app_of(blog_of(package))) == own


def test_links_to_overridden_files_have_the_hash_of_what_is_served(package: str, write: Write) -> None:
    plain, ours = app_of(blog_of(package)), app_of(blog_of(package))
    ours.override(f"{package}:static/site.css", write("ours/site.css", "our css"))
    before, after = Client(plain).get("/blog/urls").text, Client(ours).get("/blog/urls").text
    assert before.startswith("/blog/static/site.css?v=")
    assert before != after
    answer = Client(ours).get(after)
    assert (answer.text, "immutable" in answer.headers["cache-control"]) == ("our css", True)


def test_templates_of_the_including_app_hide_those_of_the_included_one(
    package: str, write: Write, tmp_path: Path
) -> None:
    write("site/layout.html", "site: {% block body %}{% endblock %}")
    other = App("other", plugins=[Templates(write("other/post.html", "post of other").parent)])

    @other.get("/post", template="post.html")
    async def post() -> None: ...

    app = app_of(blog_of(package), tmp_path / "site")
    app.include(other, at="/other")

    @app.get("/borrowed", template="list.html")
    async def borrowed() -> None: ...

    client = Client(app)
    assert client.get("/blog/post").text == "site: post of blog"
    assert client.get("/other/post").text == "post of other"  # siblings do not see each other
    assert client.get("/borrowed").text == "list of blog"  # an app sees what it includes
    assert Client(blog_alone(package)).get("/post").text == "blog: post of blog"


def blog_alone(package: str) -> App:
    blog = App("alone", plugins=[Templates(f"{package}:templates")])

    @blog.get("/post", template="post.html")
    async def post() -> None: ...

    return blog


def test_a_file_that_stands_in_may_not_lead_elsewhere(package: str, write: Write, tmp_path: Path) -> None:
    secret = write("secret.txt", "secret")
    write("files/site.css", "our css")
    (tmp_path / "files" / "logo.txt").symlink_to(secret)
    app = app_of(blog_of(package))
    app.override(f"{package}:static", tmp_path / "files")
    client = Client(app)
    assert client.get("/blog/static/site.css").text == "our css"
    assert client.get("/blog/static/logo.txt").status == 404
    assert client.get("/blog/static/../secret.txt").status == 404


def test_a_package_that_is_not_there_is_an_error_where_it_is_named() -> None:
    app = App()
    with pytest.raises(Exception, match=r"test_overriding\.py:[0-9]+: 'nowhere_at_all:x' is in a package"):
        app.override("nowhere_at_all:x", "y")


@pytest.mark.row("TG-09")
def test_pages_of_another_app_are_replaced_or_patched_by_selectors(package: str, write: Write) -> None:
    write(
        f"{package}/templates/post.html",
        '<article id="post" class="big post"><h1>{{ "<h1>" }}</h1>{% if 1 < 2 %}<ul><li data-x="1">a<li>b</ul>{% endif %}'
        "<br><p>text</p><!-- <p>no</p> --></article><p>end</p>",
    )
    kept = '<article id="post" class="big post"><h1>&lt;h1&gt;</h1><ul><li data-x="1">a<li>b</ul><br><p>text</p><!-- <p>no</p> --></article><p>end</p>'

    def page(*patches: tuple[str, dict[str, str]], name: str = f"{package}:templates/post.html") -> str:
        app = app_of(blog_of(package))
        for selector, parts in patches:
            app.patch_template(name, selector, **parts)  # type: ignore[misc] # names that are not known before
        return Client(app).get("/blog/post").text

    assert page(("h1", {"append": ""})) == kept
    assert page(("#post > h1", {"content": "{{ 1 + 1 }}"})) == kept.replace("&lt;h1&gt;", "2")
    assert page(("article.post.big", {"prepend": "A", "append": "Z"}), name="post.html") == kept.replace(
        "<h1>&", "A<h1>&"
    ).replace("</article>", "Z</article>")
    assert page(("article p, ul li[data-x='1']", {"replace": "R"})) == kept.replace(
        "<p>text</p>", "R"
    ).replace('<li data-x="1">a', "R")
    assert page(("br", {"before": "B", "after": "A"}), ("ul", {"after": "U"})) == kept.replace(
        "<br>", "UB<br>A"
    )
    whole = app_of(blog_of(package))
    whole.override(f"{package}:templates/post.html", write("ours.html", "ours {{ request.path }}"))
    assert Client(whole).get("/blog/post").text == "ours /blog/post"
    # Of the app that is patched nothing has changed for others.
    assert page(("h1", {"append": ""})) == kept


def test_a_patch_that_finds_nothing_is_told_when_the_app_is_frozen(package: str) -> None:
    for selector, told in {
        "#nowhere": "test_overriding.py:[0-9]+: a patch is for '#nowhere' in the template .*, which has no such element",
        "a:hover": "is no selector that is known here",
    }.items():
        app = app_of(blog_of(package))
        app.patch_template(f"{package}:templates/list.html", selector, content="x")
        with pytest.raises(FreezeError, match=told):
            app.freeze()
    with pytest.raises(TypeError, match="a patch says what to do"):
        App().patch_template("x.html", "p")
