"""Templates with tokens, messages and nonces; and all that a page needs of a site, together."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, Compression, Form, Query, Request, SeeOther, Struct
from segue.core.identity import identity_of
from segue.db import Database, Field, Model, field
from segue.html import Templates
from segue.security import Flash, MemorySessions, Security, Session, Sessions, signed_in
from segue.testing import Client, LiveServer

PAGE = """<!doctype html>
<title>before</title>
<link rel="icon" href="data:,">
{% for message in flashes() %}<p class="{{ message.category }}">{{ message.text }}</p>{% endfor %}
<form method="post" action="/save">{{ csrf_field() }}<input name="name" value="{{ name }}"><button>Save</button></form>
<script nonce="{{ csp_nonce }}">document.title = "ran"</script>
<script>document.title = "injected"</script>
<img src="/missing.png" onerror="document.title = 'injected'">
<meta name="token" content="{{ csrf_token() }}">
"""


class Named(Struct):
    name: str


class User(Struct):
    id: str
    principals: list[str]


class Film(Model):
    title: Field[str] = field(max_length=80)


def site(key: str, **options: Any) -> App:
    app = App(
        plugins=[
            Security(hosts=["localhost", "127.0.0.1"], **options),
            Sessions(MemorySessions(), key=key),
            Templates(None, texts={"page.html": PAGE}),
        ]
    )

    @app.get("/", template="page.html")
    async def index(session: Session) -> dict[str, str]:
        return {"name": session.get("name", "")}

    @app.post("/save")
    async def save(session: Session, form: Form[Named], flash: Flash) -> None:
        session["name"] = form.name
        flash(f"Saved <{form.name}>.", "success")
        raise SeeOther("/")

    return app


def test_a_template_has_the_token_the_messages_and_the_nonce(key: str) -> None:
    with Client(site(key)) as client:
        page = client.get("/")
        nonce = re.search(r'<script nonce="([\w-]{22})">', page.text)
        field_ = re.search(r'<input type="hidden" name="_csrf" value="([\w-]{86})">', page.text)
        assert nonce
        assert field_
        assert f"'nonce-{nonce[1]}'" in page.headers["content-security-policy"]
        sent = client.post(
            "/save", data={"name": "Django", "_csrf": field_[1]}, headers={"sec-fetch-site": "none"}
        )
        assert sent.status == 303
        page = client.get("/")
        assert '<p class="success">Saved &lt;Django&gt;.</p>' in page.text
        assert 'value="Django"' in page.text
        assert "Saved" not in client.get("/").text


@pytest.mark.requires("chromium")
def test_a_browser_runs_our_script_and_no_other_and_sends_our_form(key: str, browser: Any) -> None:
    with LiveServer(site(key)) as server:
        page = browser.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(server.url.replace("127.0.0.1", "localhost"))
        assert page.title() == "ran"
        assert sum("Content Security Policy" in text for text in told) >= 2
        page.fill("input[name=name]", "Django")
        page.click("button")
        page.wait_for_selector("p.success")
        assert page.inner_text("p.success") == "Saved <Django>."
        assert page.input_value("input[name=name]") == "Django"
        cookies = {one["name"]: one for one in page.context.cookies()}
        assert cookies["__Host-session"]["secure"]
        assert cookies["__Host-session"]["httpOnly"]
        assert page.evaluate("document.cookie") == ""
        # Another site that sends the form in the visitor's name, and a page that frames ours.
        page.goto("data:text/html,<form method=post action='" + server.url.replace("127.0.0.1", "localhost")
                  + "/save'><input name=name value=evil><button>x</button></form>")  # fmt: skip
        with page.expect_response("**/save") as answered:
            page.click("button")
        assert answered.value.status == 403
        page.close()


@pytest.fixture
def browser() -> Iterator[Any]:
    import shutil

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.row("DJ-21")
def test_what_a_site_has_against_the_usual_attacks(key: str, tmp_path: Path, ask: Any) -> None:
    url = f"sqlite:///{tmp_path / 'films.db'}"

    async def fill() -> None:
        async with Database(url, models=[Film]) as database:
            await database.create_all()
            await Film.create(title="Nuages")

    asyncio.run(fill())
    app = App(
        plugins=[
            Security(hosts=["example.com"]),
            Sessions(MemorySessions(), key=key),
            Database(url, models=[Film]),
            Templates(None, texts={"page.html": "{{ csp_nonce }} {{ csrf_field() }}"}),
        ]
    )

    @app.get("/", template="page.html")
    async def index() -> dict[str, str]:
        return {}

    @app.get("/films")
    async def films(title: Query[str]) -> list[str]:
        return [film.title for film in await Film.where(Film.title == title)]

    @app.post("/write")
    async def write(session: Session) -> str:
        return "written"

    with Client(app, base_url="https://example.com") as client:
        page = client.get("/")
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert f"'nonce-{page.text.split()[0]}'" in page.headers["content-security-policy"]
        assert client.post("/write").status == 200
        assert client.post("/write", headers={"cookie": "a=b", "sec-fetch-site": "cross-site"}).status == 403
        assert (
            client.post("/write", headers={"cookie": "a=b", "origin": "https://evil.example"}).status == 403
        )
        token = re.search(r'value="([\w-]+)"', page.text)
        assert token
        for attack in ("' OR 1=1 --", "'; DROP TABLE film; --", '" OR ""="', "\\' OR 1=1 --"):
            assert client.get("/films", params={"title": attack}).json() == []
        assert client.get("/films", params={"title": "Nuages"}).json() == ["Nuages"]
    with Client(app, base_url="http://example.com") as client:
        assert client.get("/films?title=x").headers["location"] == "https://example.com/films?title=x"
    with Client(app, base_url="https://evil.example") as client:
        assert client.get("/").status == 400


@pytest.mark.row("FX11")
def test_what_a_toolkit_for_sites_has(key: str, tmp_path: Path) -> None:
    """An ASGI application with routes, hosts, mounts, sessions, files, templates, gzip, hosts, HTTPS and logins."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    (tmp_path / "a.txt").write_text("file " * 1_000)

    async def inner(request: Any) -> Any:
        return PlainTextResponse(f"mounted {request.session.get('name')} {request.user.id}")

    app = App(
        plugins=[
            Security(hosts=["example.com", "*.example.com"]),
            Sessions(MemorySessions(), key=key),
            Templates(None, texts={"hello.html": "<p>hello {{ name }}</p>"}),
        ]
    )
    app.middleware(Compression())

    @app.identifies
    def who(request: Request) -> User | None:
        auth = request.basic_auth
        return User(auth[0], []) if auth and auth[1] == "secret" else None

    @app.get("/", template="hello.html")
    async def index(session: Session) -> dict[str, str]:
        return {"name": session.get("name", "<stranger>")}

    @app.get("/name/{name}")
    async def remember(name: str, session: Session) -> None:
        session["name"] = name

    @app.get("/who", host="{tenant}.example.com")
    async def tenant(tenant: str) -> str:
        return tenant

    @app.get("/me", requires=[signed_in(challenge='Basic realm="films"')])
    async def me(request: Request) -> str:
        user = await identity_of(request)
        return user.id if user else ""

    @app.get("/long")
    async def long() -> str:
        return "long " * 1_000

    app.static("/static", tmp_path)
    app.mount("/inner", Starlette(routes=[Route("/", inner)]))

    # As another ASGI server would run it.
    with TestClient(app, base_url="https://example.com") as client:
        page = client.get("/")
        assert (page.text, page.headers["content-type"]) == (
            "<p>hello &lt;stranger&gt;</p>",
            "text/html; charset=utf-8",
        )
        assert client.get("/name/Django").status_code == 204
        assert client.get("/").text == "<p>hello Django</p>"
        assert client.get("/inner/", auth=("django", "secret")).text == "mounted Django django"
        assert client.get("/static/a.txt").text == "file " * 1_000
        packed = client.get("/long", headers={"accept-encoding": "gzip"})
        assert (packed.headers["content-encoding"], packed.text) == ("gzip", "long " * 1_000)
        refused = client.get("/me")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="films"')
        assert client.get("/me", auth=("django", "secret")).text == "django"
        assert client.get("https://shop.example.com/who").text == "shop"
        assert client.get("https://evil.example/").status_code == 400
        assert (
            client.get("http://example.com/", follow_redirects=False).headers["location"]
            == "https://example.com/"
        )
