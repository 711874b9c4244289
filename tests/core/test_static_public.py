"""What is public stays so in an app that has guards."""

from pathlib import Path

from segue import App, Forbidden, Request
from segue.html import Page, Templates, render
from segue.testing import Client


def refused(request: Request) -> None:
    raise Forbidden("no")


def test_the_style_sheet_and_what_is_public_are_there_for_everybody(tmp_path: Path) -> None:
    (tmp_path / "own.css").write_text("b{}")
    (tmp_path / "kept.css").write_text("i{}")
    app = App("guarded", requires=[refused], plugins=[Templates(None, texts={"a.html": "a"})])
    app.static("/open", tmp_path, name="open", public=True)
    app.static("/kept", tmp_path, name="kept")

    @app.get("/", template="a.html")
    async def home() -> None: ...

    @app.get("/about", public=True)
    async def about() -> str:
        return "about"

    @app.get("/own", public=True, requires=[refused])
    async def own() -> str:
        return "own"

    signing = App("signing", public=True)

    @signing.get("/login")
    async def login() -> Page:
        return render("a.html")

    @signing.get("/home", requires=[refused])
    async def of_somebody() -> str:
        return "home"

    app.include(signing, at="/sign")
    with Client(app) as client:
        statuses = {
            path: client.get(path).status
            for path in (
                "/_segue/segue.css",
                "/open/own.css",
                "/about",
                "/sign/login",
                "/",
                "/kept/kept.css",
                "/own",
                "/sign/home",
            )
        }
    assert statuses == dict(zip(statuses, [200, 200, 200, 200, 403, 403, 403, 403], strict=True))


def test_a_permission_of_an_app_does_not_hold_for_what_is_public() -> None:
    app = App("permitted", permission="read")
    app.permits(lambda request, permission, context: False)

    @app.get("/")
    async def closed() -> str:
        return "closed"

    @app.get("/open", public=True)
    async def opened() -> str:
        return "open"

    with Client(app) as client:
        assert [client.get(path).status for path in ("/", "/open")] == [403, 200]
