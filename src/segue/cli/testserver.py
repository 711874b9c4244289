"""``segue testserver``: the app over databases that are made for it, filled from files, and gone when it ends."""

import asyncio
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option
from segue.server import ServerConfig
from segue.testing.live import LiveServer

if TYPE_CHECKING:
    from segue.db import Database

__all__ = ["testserver"]

_GRACE = 2.0


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option(
    "--load",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="What `segue db dump` has written, to begin with. May be repeated.",
)
@click.option(
    "--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT", help="Where it listens."
)
def testserver(app: str, factory: bool, files: tuple[str, ...], bind: str) -> None:
    """Serve APP over databases of its own, for a try or for tests from outside.

    Each of its databases is replaced by a new one with the tables of all models, which is dropped at the end: what visitors
    write is gone then, and the real one was never touched. In one process, without reloading.
    """
    found = frozen_app(app, factory=factory)
    databases = _databases(found)
    with ExitStack() as stack:
        for one in databases:
            stack.enter_context(one.testing())
        for file in files:
            count = asyncio.run(_load(databases[0], Path(file)))
            click.echo(f"{count:,} object{'s' * (count != 1)} loaded from {file}.")
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        with LiveServer(found, ServerConfig(binds=(bind,), grace=_GRACE)) as server:
            click.echo(f"A test server is at {server.url}, over {_told(databases)}. Ctrl+C ends it.")
            over.wait()
    click.echo("The databases of the test are gone.")


def _databases(app: Any) -> "list[Database]":
    try:
        from segue.db.commands import DATABASES

        return [one for one in app[DATABASES] if one.shard_of is None]
    except (ImportError, KeyError):
        raise click.UsageError(
            "This app has no database that could be replaced: `segue run` serves it."
        ) from None


async def _load(database: "Database", file: Path) -> int:
    from segue.db.data.fixtures import load

    async with database:
        return (await load(database, file)).created


def _told(databases: "list[Database]") -> str:
    names = ", ".join(one.name for one in databases)
    return f"a database of its own ({names})" if len(databases) == 1 else f"databases of its own ({names})"
