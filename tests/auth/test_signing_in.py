"""Signing in and out over sessions, and who a handler is told that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from people import PASSWORD

from segue import App
from segue.auth import Accounts, SignedIn, User
from segue.testing import Client


def with_pages(app: App) -> App:
    @app.get("/me")
    async def me(user: User) -> dict[str, Any]:
        return {"email": user.email}

    @app.post("/me")
    async def change(user: User) -> str:
        return "changed"

    @app.post("/new", skip=["csrf"])
    async def new(accounts: Accounts, email: str, name: str | None = None) -> str:
        user: User = await accounts.create(email=email, name=name, password=PASSWORD)
        return str(user.id)

    return app


def test_somebody_signs_in_and_out(make_app: Callable[..., App]) -> None:
    with Client(with_pages(make_app())) as client:
        assert client.get("/me", follow_redirects=False).headers["location"] == "/login?next=%2Fme"
        assert client.post("/me").status == 403
        assert client.get("/me", headers={"accept": "application/json"}).status == 401
        client.post("/new?email=Django@Example.org")
        page = client.get("/login?next=%2Fme")
        assert page.status == 200
        assert 'type="password"' in page.text
        wrong = client.post("/login?next=%2Fme", data={"login": "django@example.org", "password": "wrong"})
        assert wrong.status == 422
        assert "did not work" in wrong.text
        done = client.post(
            "/login?next=%2Fme",
            data={"login": "DJANGO@example.org", "password": PASSWORD},
            follow_redirects=False,
        )
        assert (done.status, done.headers["location"]) == (303, "/me")
        assert client.get("/me").json() == {"email": "django@example.org"}
        assert client.post("/me").text == "changed"
        client.post("/logout")
        assert client.get("/me", follow_redirects=False).status == 302


def test_a_handler_may_take_nobody_too(make_app: Callable[..., App]) -> None:
    app = with_pages(make_app())

    @app.get("/hello")
    async def hello(user: User | None, identity: SignedIn | None) -> str:
        return "stranger" if user is None or identity is None else f"{user.email} by {identity.method}"

    with Client(app) as client:
        assert client.get("/hello").text == "stranger"
        client.post("/new?email=ann@example.org")
        client.post("/login", data={"login": "ann@example.org", "password": PASSWORD})
        assert client.get("/hello").text == "ann@example.org by password"
