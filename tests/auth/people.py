"""What the tests of accounts have in common."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segue import App
from segue.auth import Accounts, AuthEvent, Passwords, Strength, User

KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"
PASSWORD = "nuages over the seine"
OTHER = "minor swing in the rain"


def cheap(**more: Any) -> Passwords:
    """Hashes that take no time."""
    return Passwords(memory=64, rounds=1, lanes=1, strength=Strength(**more))


class Browsers:
    """Several browsers of one client: each has cookies of its own, ``with browsers("telephone"):``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[str, dict[str, str]] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        before = self._take()
        self._put(self._kept.get(name, {}))
        try:
            yield
        finally:
            self._kept[name] = self._take()
            self._put(before)

    def _take(self) -> dict[str, str]:
        return {name: self._client.cookies[name] for name in self._client.cookies}

    def _put(self, cookies: dict[str, str]) -> None:
        self._client.cookies.clear()
        for name, value in cookies.items():
            self._client.cookies.set(name, value)


def arrived(mails: Any, count: int) -> Any:
    """The letters, once there are so many: they are sent beside the request."""
    deadline = time.monotonic() + 30
    while len(mails) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(mails) == count
    return mails[count - 1]


def link_in(letter: Any) -> str:
    found = re.search(r"https://films\.example(/\S+)", letter.text)
    assert found is not None, letter.text
    return found[1]


def sign_in(client: Any, login: str = "ann@example.org", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", data={"login": login, "password": password, **more})


def with_helpers(app: App) -> App:
    @app.get("/me")
    async def me(user: User) -> dict[str, Any]:
        return {"email": user.email, "confirmed": user.confirmed is not None}

    @app.post("/new", skip=["csrf"])
    async def new(accounts: Accounts, email: str, name: str | None = None) -> str:
        user: User = await accounts.create(email=email, name=name, password=PASSWORD)
        return str(user.id)

    @app.post("/state", skip=["csrf"])
    async def state(accounts: Accounts, email: str, to: str) -> None:
        await accounts.set_state(await accounts.find(email), to)  # type: ignore[arg-type]

    @app.get("/events")
    async def events() -> list[list[str]]:
        return [[one.kind, one.owner, one.by] for one in await AuthEvent.order_by(AuthEvent.id)]

    return app
