"""``Vary`` from what was read."""

from segue import App, AutoVary, Header, Request
from segue.testing import Client


def test_fields_that_were_read_are_named_in_vary() -> None:
    app = App()
    app.middleware(AutoVary())

    @app.get("/lang")
    async def lang(request: Request) -> str:
        return request.headers.get("Accept-Language", "en")

    @app.get("/bound")
    async def bound(x_version: Header[int] = 1) -> str:
        return str(x_version)

    @app.get("/user")
    async def user(request: Request) -> str:
        return request.cookies.get("user", "anyone") + request.host

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    with Client(app) as client:
        fields = {
            path: client.get(path).headers.get("vary") for path in ("/lang", "/bound", "/user", "/plain")
        }
    assert fields == {"/lang": "accept-language", "/bound": "x-version", "/user": "cookie", "/plain": None}
