"""Who sends a request: asked once, and what routes make of it."""

import msgspec
import pytest

from segue import App, Request, any_of, not_
from segue.core.identity import identity_of, known_identity
from segue.core.plan import FreezeError
from segue.testing import Client


class User(msgspec.Struct):
    id: str
    principals: list[str] = []


def app_with_users() -> tuple[App, list[str]]:
    app, asked = App(), list[str]()

    @app.identifies
    async def who(request: Request) -> User | None:
        asked.append(request.path)
        name = request.headers.get("x-user")
        return (
            None
            if name is None
            else User(name, [f"user:{name}", *request.headers.get("x-groups", "").split()])
        )

    return app, asked


def test_routes_are_chosen_by_who_asks() -> None:
    app, asked = app_with_users()

    @app.get("/")
    async def anybody() -> str:
        return "anybody"

    @app.get("/", authenticated=True)
    async def somebody(request: Request) -> str:
        user = await identity_of(request)
        assert user is not None
        assert known_identity(request) is user
        return user.id

    @app.get("/", authenticated=True, principals=["group:editors", "group:staff"])
    async def editors() -> str:
        return "editors"

    @app.get("/only", principals="user:django")
    async def only() -> str:
        return "only"

    @app.get("/strangers", when=not_(authenticated=True))
    async def strangers() -> str:
        return "strangers"

    @app.get("/some", when=any_of(principals="user:django", param="free"))
    async def some() -> str:
        return "some"

    with Client(app) as client:
        first = client.get("/")
        assert (first.text, first.headers["vary"]) == ("anybody", "cookie, authorization")
        assert client.get("/", headers={"x-user": "stephane"}).text == "stephane"
        editor = {"x-user": "django", "x-groups": "group:editors group:staff group:other"}
        assert client.get("/", headers=editor).text == "editors"
        assert client.get("/", headers={**editor, "x-groups": "group:staff"}).text == "django"
        assert client.get("/only").status == 404
        assert client.get("/only", headers=editor).text == "only"
        assert client.get("/strangers").text == "strangers"
        assert client.get("/strangers", headers=editor).status == 404
        assert client.get("/some").status == 404
        assert client.get("/some?free").text == "some"
    assert asked.count("/") == 4, "once for each request, however many routes want to know"


def test_what_nobody_can_answer_is_told() -> None:
    app = App()

    @app.get("/", authenticated=True)
    async def index() -> str:
        return ""

    with pytest.raises(FreezeError, match=r"@app\.identifies"):
        app.freeze()
    app = App()

    @app.get("/me")
    async def me(request: Request) -> str:
        await identity_of(request)
        return ""

    with pytest.raises(LookupError, match="nothing says who"):
        Client(app).get("/me")


def test_two_that_say_it_are_one_too_many_but_an_included_app_has_its_own() -> None:
    app, _ = app_with_users()
    app.identifies(lambda request: None)
    with pytest.raises(FreezeError, match="two functions say who"):
        app.freeze()
    app, _ = app_with_users()
    inner = App("inner")

    @inner.identifies
    def robots(request: Request) -> User:
        return User("robot")

    for one in (app, inner):

        @one.get("/me")
        async def me(request: Request) -> str:
            user = await identity_of(request)
            return user.id if user else "nobody"

    app.include(inner, at="/inner")
    with Client(app) as client:
        assert client.get("/me").text == "nobody"
        assert client.get("/inner/me").text == "robot"
