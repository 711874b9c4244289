"""A user model of one's own, now or later: an ordinary migration changes it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from people import KEY, PASSWORD, cheap

from segue import App
from segue.auth import Account, Accounts, Auth, User as OurUser
from segue.db import Database, Field, field
from segue.db.migrations import Migrations
from segue.mail import Mail
from segue.security import Limiter, MemoryCounts, MemorySessions, Sessions
from segue.testing import Client


class User(Account, table="segue_user"):
    """What becomes of the users of an app that has begun with ours."""

    nickname: Field[str] = field(default="", max_length=40)


def site(database: Database, model: type[Account]) -> App:
    app = App(
        plugins=[
            database,
            Auth(model, passwords=cheap(), limit="1000 per minute"),
            Sessions(MemorySessions(), key=KEY),
            Limiter(MemoryCounts()),
            Mail("memory:"),
        ]
    )

    @app.post("/new", skip=["csrf"])
    async def new(accounts: Accounts) -> None:
        await accounts.groups.add(await accounts.create(email="ann@example.org", password=PASSWORD), "staff")

    @app.get("/me")
    async def me(user: model) -> dict[str, Any]:  # type: ignore[valid-type]
        return {
            "email": user.email,
            "nickname": getattr(user, "nickname", None),
            "groups": [one.name for one in user.groups],
        }  # type: ignore[attr-defined]

    return app


def test_the_user_model_changes_later_by_an_ordinary_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/grown.db"
    folder = tmp_path / "migrations"

    async def migrated(model: type[Account], message: str) -> list[str]:
        async with Database(url, models=Auth(model).models, migrations=folder) as database:
            migrations = Migrations(database, folder)
            written = await migrations.diff(message)
            await migrations.migrate()
            return [str(written)]

    asyncio.run(migrated(OurUser, "accounts"))
    with Client(site(Database(url, models=Auth(OurUser).models), OurUser)) as client:
        client.post("/new")
        assert client.post("/login", data={"login": "ann@example.org", "password": PASSWORD}).status == 303
        assert client.get("/me").json() == {"email": "ann@example.org", "nickname": None, "groups": ["staff"]}
    asyncio.run(migrated(User, "people have nicknames"))
    with Client(site(Database(url, models=Auth(User).models), User)) as client:
        assert client.post("/login", data={"login": "ann@example.org", "password": PASSWORD}).status == 303
        assert client.get("/me").json() == {"email": "ann@example.org", "nickname": "", "groups": ["staff"]}


def test_what_is_no_user_model_is_told() -> None:
    with pytest.raises(TypeError, match="user model derives"):
        Auth(dict)  # type: ignore[arg-type]
