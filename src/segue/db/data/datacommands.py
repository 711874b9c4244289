"""``segue db dump``, ``load``, ``seed`` and ``stats``: what is in the database, out and in."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segue.db.commands import _command

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["dump", "load", "seed", "stats"]

T = TypeVar("T")

_form = click.option(
    "--form", type=click.Choice(["json", "jsonl", "csv"]), help="If the name of the file does not say it."
)
_models = click.option(
    "--model", "-m", "models", multiple=True, help="Only this model; may be given several times."
)
_path = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))


def _with(database: "Database", work: Coroutine[Any, Any, T]) -> T:
    async def run() -> T:
        database.migrate = False
        async with database:
            return await work

    return asyncio.run(run())


def _named(database: "Database", names: tuple[str, ...]) -> list[Any] | None:
    if not names:
        return None
    known = {one.model.__name__: one.model for one in database.mappings()}
    missing = [name for name in names if name not in known]
    if missing:
        raise click.UsageError(f"There is no model {missing[0]!r}. There are: {', '.join(sorted(known))}.")
    return [known[name] for name in names]


@_command(_path, _models, _form)
def dump(database: "Database", file: str, models: tuple[str, ...], form: Any) -> None:
    """Write all objects, or those of some models, into FILE (- is the standard output)."""
    from segue.db.data import fixtures

    chosen = _named(database, models)
    if file == "-":
        _with(database, fixtures.dump(database, sys.stdout, models=chosen, form=form))
        return
    count = _with(database, fixtures.dump(database, Path(file), models=chosen, form=form))
    click.echo(f"{count:,} objects are in {file}.")


@_command(
    _path,
    _models,
    _form,
    click.option("--match", help="A unique field: who has its value here already is updated."),
)
def load(database: "Database", file: str, models: tuple[str, ...], form: Any, match: str | None) -> None:
    """Read the objects in FILE (- is the standard input): all of them, or none if one is wrong."""
    from segue.db.data import fixtures

    source = sys.stdin if file == "-" else Path(file)
    found = _with(
        database, fixtures.load(database, source, models=_named(database, models), form=form, match=match)
    )
    click.echo(f"{found.created:,} objects were created, {found.updated:,} updated.")


@_command()
def seed(database: "Database") -> None:
    """Run the functions that the app decorates with @db.seed, in one transaction."""
    if not database.seeds:
        raise click.ClickException(
            "No function fills this database. Write one: @db.seed above an async function."
        )

    async def run() -> None:
        async with database.transaction():
            for function in database.seeds:
                await function()

    _with(database, run())
    for function in database.seeds:
        click.echo(f"{function.__name__}: done")


@_command()
def stats(database: "Database") -> None:
    """Show how many rows each table has."""

    async def run() -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for mapping in database.mappings():
            model: Any = mapping.model
            found.append((mapping.table, await model.all().unscoped().using(database).count()))
        return found

    rows = _with(database, run())
    width = max((len(name) for name, _ in rows), default=0)
    for name, count in rows:
        click.echo(f"{name.ljust(width)}  {count:>12,}")
