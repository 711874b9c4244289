"""What tests of apps with accounts have: somebody is signed in without a page in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from segue import App, WebSocket
from segue.auth import Accounts, User, freshly
from segue.auth.testing import sign_in
from segue.testing import AsyncClient, Client, WebSocketRefused


def test_a_socket_is_refused_and_not_sent_to_the_login(make_app: Callable[..., App]) -> None:
    app = make_app()

    @app.websocket("/chat")
    async def chat(socket: WebSocket, user: User) -> None:
        await socket.send(str(user.email))

    with Client(app) as client:
        with pytest.raises(WebSocketRefused) as refused, client.websocket("/chat"):
            pass
        assert refused.value.response.status == 403


def test_somebody_is_signed_in_as_if_by_the_page(make_app: Callable[..., App]) -> None:
    app = make_app()

    @app.get("/me")
    async def me(user: User) -> str:
        return str(user.email)

    @app.get("/dangerous", requires=[freshly()])
    async def dangerous() -> str:
        return "done"

    @app.post("/accounts/{name}")
    async def add(name: str, accounts: Accounts) -> None:
        await accounts.create(email=f"{name}@example.com", password="nuages over the seine")

    @app.post("/accounts/{name}/block")
    async def block(name: str, accounts: Accounts) -> None:
        await accounts.set_state(await accounts.find(f"{name}@example.com"), "blocked")

    async def main() -> None:
        async with AsyncClient(app) as client:
            for name in ("ada", "grace"):
                await client.post(f"/accounts/{name}")
            ada, grace = [await User.get(email=f"{name}@example.com") for name in ("ada", "grace")]
            assert (await client.get("/me")).status == 302
            async with client.session() as session:
                session["left"] = "by a visitor"
                sign_in(session, ada)
            assert (await client.get("/me")).text == "ada@example.com"
            assert (await client.get("/dangerous")).text == "done"
            # Another browser than the one that has signed in has to give the password again.
            assert (await client.get("/dangerous", headers={"user-agent": "another"})).status == 302
            async with client.session() as session:
                assert "left" not in session
                sign_in(session, grace)
            assert (await client.get("/me")).text == "grace@example.com"
            await client.post("/accounts/grace/block")
            async with client.session() as session:
                sign_in(session, grace)  # as she was: her stamp is another now
            assert (await client.get("/me")).status == 302

    asyncio.run(main())
