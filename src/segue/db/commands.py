"""``segue db``: migrations, the shell of the database, databases made and dropped."""

import asyncio
import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segue.core.appkey import AppKey
from segue.db.engine.errors import DatabaseError
from segue.db.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.db.databases.database import Database
    from segue.db.migrations import Migrations
    from segue.db.migrations.renames import Rename

__all__ = ["add_commands"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

#: The databases that an app lists, in their order.
DATABASES = AppKey["list[Database]"]("segue.db.databases")


def add_commands(database: "Database", to: "Setup") -> None:
    """Adds ``segue db`` to an app, once for all of its databases."""
    # Loaded now: it adds its commands to the group.
    importlib.import_module("segue.db.data.datacommands")
    if DATABASES not in to.app:
        to.app[DATABASES] = []
    known = to.app[DATABASES]
    if not any(one is database for one in known):
        known.append(database)
        database.beside = known
    if known[0] is database:
        to.command(_Group(known), name="db", lifespan=False)


class _Group(click.Group):
    """The commands of ``segue db``, for the databases of one app."""

    def __init__(self, databases: "list[Database]") -> None:
        super().__init__("db", help=_HELP, commands=dict(_commands))
        self.databases = databases
        self.params.append(
            click.Option(
                ["--database", "-d", "chosen"],
                help="Which one, by its name, if the app has several.",
                envvar="SEGUE_DATABASE",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        ctx.obj = self._chosen(ctx.params.pop("chosen", None))
        try:
            return super().invoke(ctx)
        except (ConfigurationError, DatabaseError, TypeError) as error:
            raise click.ClickException(str(error)) from error

    def _chosen(self, name: str | None) -> "Database":
        if name is None:
            named = [one for one in self.databases if one.name == "database"]
            return named[0] if named else self.databases[0]
        found = [one for one in self.databases if one.name == name]
        if not found:
            listed = ", ".join(dict.fromkeys(one.name for one in self.databases))
            raise click.UsageError(f"The app has no database {name!r}. It has: {listed}.")
        return found[0]


_HELP = """The database: its tables, its migrations, its shell.

\b
segue db diff -m "films have a rating"
segue db migrate
segue db rollback
"""

_commands: dict[str, click.Command] = {}


def _command(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Makes a function a command of the group; it is given the database first."""

    def decorate(function: F) -> F:
        name = function.__name__.strip("_").replace("_", "-")
        wrapped: Any = click.pass_obj(_on_each_shard(function) if name in _OF_EACH_SHARD else function)
        for option in reversed(options):
            wrapped = option(wrapped)
        _commands[name] = click.command(name, help=function.__doc__)(wrapped)
        return function

    return decorate


#: What is done in each shard; the others look at the first one, which is as all are.
_OF_EACH_SHARD = frozenset({"migrate", "rollback", "status", "check", "stamp", "create", "drop", "stats"})


def _on_each_shard(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, for one database after the other where there are several with the same tables."""

    @functools.wraps(function)
    def run(database: "Database", *given: Any, **named: Any) -> None:
        if database.shard_of is None:
            function(database, *given, **named)
            return
        codes: list[int] = []
        shards = database.shard_of.databases
        for number, one in enumerate(shards, 1):
            click.echo(f"shard {number} of {len(shards)}: {one!r}", err=True)
            try:
                function(one, *given, **named)
            except SystemExit as left:
                codes.append(int(left.code or 0))
        if any(codes):
            sys.exit(max(codes))

    return run


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _with(database: "Database", use: "Callable[[Migrations], Coroutine[Any, Any, T]]") -> T:
    """Opens the database for one piece of work with its migrations."""

    async def work() -> T:
        from segue.db.migrations import Migrations

        # What is to be done is said by the command.
        database.migrate = False
        async with database:
            return await use(Migrations(database))

    return _run(work())


_wait = click.option(
    "--wait",
    default=60.0,
    show_default=True,
    help="Seconds to wait for others who migrate or use the tables.",
)
_message = click.option("--message", "-m", required=True, help="What changes, in a few words.")


@_command(
    _message,
    click.option(
        "--rename",
        "renames",
        multiple=True,
        metavar="OLD:NEW",
        help="What has another name now: film:movie, film.title:name. May be repeated.",
    ),
    click.option(
        "--fill",
        "fills",
        multiple=True,
        metavar="TABLE.COLUMN=VALUE",
        help="What the rows that are there have in a new column. May be repeated.",
    ),
    click.option(
        "--empty", is_flag=True, help="A revision to be filled in, with the models as they are now."
    ),
    click.option(
        "--split", is_flag=True, help="Three revisions for a database in use: expand, backfill, contract."
    ),
)
def diff(
    database: "Database",
    message: str,
    renames: tuple[str, ...],
    fills: tuple[str, ...],
    empty: bool,
    split: bool,
) -> None:
    """Write a revision that makes the tables those of the models."""
    seen: list[Rename] = []

    def ask(rename: "Rename") -> bool:
        if sys.stdin.isatty():
            what = f"{rename.table}.{rename.old}" if rename.table else rename.old
            return click.confirm(f"Was {what} renamed to {rename.new}?", default=False, err=True)
        seen.append(rename)
        return False

    written = _with(
        database,
        lambda migrations: migrations.diff(
            message, renames=renames, fills=fills, ask=ask, empty=empty, split=split
        ),
    )
    if not written:
        click.echo("The tables are those of the models: there is nothing to do.", err=True)
    for path in written:
        click.echo(path)
    for one in seen:
        typed = f"{one.table}.{one.old}:{one.new}" if one.table else f"{one.old}:{one.new}"
        click.echo(
            f"It drops {typed.partition(':')[0]} and adds {one.new}. If that is a new name, delete the file and say: --rename {typed}",
            err=True,
        )


@_command(
    click.argument("revision", required=False),
    click.option("--plan", is_flag=True, help="Show what would be done, and whom it keeps waiting."),
    click.option("--fake", is_flag=True, help="Only note that it is done."),
    _wait,
)
def migrate(database: "Database", revision: str | None, plan: bool, fake: bool, wait: float) -> None:
    """Run the revisions that are missing, or go to REVISION, back if it lies behind; to "zero" to undo all."""
    if plan:
        for line in _with(database, lambda migrations: _plan(migrations, revision)):
            click.echo(line)
        return
    ran = _with(database, lambda migrations: migrations.migrate(revision, fake=fake, wait=wait))
    if not ran:
        click.echo("There is nothing to run.", err=True)
    for name in ran:
        click.echo(name)


async def _plan(migrations: "Migrations", revision: str | None) -> list[str]:
    from segue.db.migrations.planner import described

    return described(await migrations.plan(revision), migrations.database.engine.dialect)


@_command(click.argument("target", default="1", metavar="[COUNT | REVISION]"), _wait)
def rollback(database: "Database", target: str, wait: float) -> None:
    """Undo the last revision, the last COUNT, or all after REVISION."""
    goal: str | int = int(target) if target.isdecimal() and len(target) < 4 else target
    for name in _with(database, lambda migrations: migrations.rollback(goal, wait=wait)):
        click.echo(name)


@_command()
def history(database: "Database") -> None:
    """List all revisions, the last one first, and what each comes after."""
    from segue.db.migrations import Migrations

    folder = Migrations(database).folder
    for one in reversed(folder.order()):
        after = ", ".join(before.id for before in folder.before(one)) or "nothing"
        click.echo(f"{one.id}  {one.message}  (after {after})")


@_command()
def status(database: "Database") -> None:
    """List all revisions, and which of them this database has."""
    marks = {"applied": "x", "pending": " ", "interrupted": "!"}
    for one in _with(database, lambda migrations: migrations.status()):
        more = (
            f"  {one.applied}"
            if one.applied
            else "  interrupted: migrate goes on"
            if one.state == "interrupted"
            else ""
        )
        click.echo(f"[{marks[one.state]}] {one.id}  {one.message}{more}")


@_command(
    click.argument("first", required=False),
    click.argument("last", required=False),
    click.option("--backwards", is_flag=True, help="The SQL that undoes them."),
)
def sql(database: "Database", first: str | None, last: str | None, backwards: bool) -> None:
    """Print the SQL of a revision, of FIRST to LAST, or of those that are missing; run none."""
    click.echo(_with(database, lambda migrations: migrations.sql(first, last, backwards=backwards)))


@_command()
def check(database: "Database") -> None:
    """Exit with 1 if the models and the database differ, or revisions are missing."""
    told = _with(database, lambda migrations: migrations.check())
    for line in told:
        click.echo(line)
    if told:
        sys.exit(1)


@_command(click.argument("revision", required=False))
def stamp(database: "Database", revision: str | None) -> None:
    """Note that the database is at REVISION (at the last one; "zero" for none), without running anything."""
    for name in _with(database, lambda migrations: migrations.stamp(revision)):
        click.echo(name)


@_command(
    click.option("--message", "-m", default="merge", help="What it says."),
    click.option(
        "--onto", metavar="REVISION", help="Write no revision, but let the others come after this one."
    ),
)
def merge(database: "Database", message: str, onto: str | None) -> None:
    """Put revisions that were written side by side, on two branches, in order."""
    from segue.db.migrations import Migrations

    path = Migrations(database).merge(message, onto=onto)
    click.echo(path if path is not None else "There is nothing to merge.", err=path is None)


@_command(
    click.argument("first"), click.argument("last"), click.option("--message", "-m", default="squashed")
)
def squash(database: "Database", first: str, last: str, message: str) -> None:
    """Write one revision in the place of those from FIRST to LAST."""
    click.echo(_with(database, lambda migrations: migrations.squash(first, last, message)))


@_command(click.argument("tables", nargs=-1))
def inspect(database: "Database", tables: tuple[str, ...]) -> None:
    """Print models for the tables that a database has."""
    from segue.db.migrations.inspection import models_of

    click.echo(_with(database, lambda migrations: models_of(migrations.database, tables)), nl=False)


@_command()
def create(database: "Database") -> None:
    """Create the database on its server, if it is not there."""
    from segue.db.databases.provisioning import create_database

    made = _run(create_database(database.url))
    click.echo("created" if made else "It is there already.", err=not made)


@_command(click.option("--yes", is_flag=True, help="Do not ask."))
def drop(database: "Database", yes: bool) -> None:
    """Drop the whole database with all that is in it."""
    from segue.db.databases.provisioning import drop_database

    if not yes:
        click.confirm(f"Drop {database!r} with all that is in it?", abort=True)
    gone = _run(drop_database(database.url))
    click.echo("dropped" if gone else "It is not there.", err=not gone)


@_command(
    click.option(
        "--older-than",
        default=60.0,
        show_default=True,
        help="Seconds. Those that were begun later may be under way.",
    )
)
def recover(database: "Database", older_than: float) -> None:
    """Finish transactions over several databases that a crash left prepared, in all databases of the app."""
    from segue.db.databases.distributed import recover

    async def work() -> list[str]:
        async with contextlib.AsyncExitStack() as opened:
            for one in database.beside:
                one.migrate = False
                await opened.enter_async_context(one)
            return [
                f"{one.database}: {one.name} was {one.outcome}"
                for one in await recover(*database.beside, older_than=older_than)
            ]

    for line in _run(work()) or ["There is nothing to recover."]:
        click.echo(line)


@_command(click.argument("arguments", nargs=-1, type=click.UNPROCESSED))
def shell(database: "Database", arguments: tuple[str, ...]) -> None:
    """Start the database's own shell: sqlite3, psql or mariadb."""
    from segue.db.databases.provisioning import run_shell

    sys.exit(run_shell(database.url, arguments))
