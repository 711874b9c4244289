"""A database for each test, empty, on the servers that this machine has; and the command `segue`."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from segue.cli.group import main
from segue.db.engine import engine_for
from segue.db.models import registry

Segue = Callable[..., Result]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    """The kinds of databases in turn."""
    name: str = request.param
    return name


@pytest.fixture
def url(kind: str, servers: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind, dropped after the test."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/test.db"
        return
    server = servers[kind]
    name = f"segue_test_{secrets.token_hex(8)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(_run(server, f"DROP DATABASE {name}{' WITH (FORCE)' if kind == 'postgresql' else ''}"))


async def _run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()


@pytest.fixture
def segue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Segue]:
    """Runs ``segue --app app.py ...`` in the folder of the test, and in this process: a process for each takes long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run(*words: str, code: int | None = 0) -> Result:
        sys.modules.pop("app", None)
        # As in a process of its own: there are no other models.
        registry.by_name.clear()
        done = CliRunner().invoke(main, ["--app", "app.py", *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if code is not None:
            assert done.exit_code == code, done.output
        return done

    before = dict(registry.by_name)
    yield run
    sys.modules.pop("app", None)
    registry.by_name.clear()
    registry.by_name.update(before)
