"""``op``: what a revision does to the tables, step by step, so that one that was interrupted can go on."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, cast

import sqlalchemy as sa
from alembic.operations import BatchOperations, MigrateOperation, Operations
from alembic.operations.ops import CreateIndexOp, CreateTableOp, DropIndexOp
from alembic.runtime.migration import MigrationContext

from segue.db.migrations.errors import MigrationError
from segue.db.migrations.wordindexes import CreateWordIndexOp, DropWordIndexOp
from segue.db.schema.schema import TABLE_OPTIONS
from segue.db.schema.searchindexes import WordIndex

__all__ = ["Progress", "Steps", "data", "op", "running_steps"]

_current: ContextVar["Steps | None"] = ContextVar("segue.db.migrations", default=None)


class Progress(Protocol):
    """Who is told of each step of a revision, and decides whether it has to be taken."""

    def step(self, what: Any, take: Callable[[], Any], *, alone: bool) -> Any:
        """Takes a step, if it was not taken before. ``alone``: it cannot be in a transaction."""
        ...


class Steps(Operations):
    """Alembic's operations; each is a step of its own."""

    def __init__(self, context: MigrationContext, progress: Progress) -> None:
        super().__init__(context)
        self.progress = progress
        #: Whether changes of a table are told apart on SQLite too: to look at them, not to make them.
        self.one_by_one = context.dialect.name != "sqlite"
        self._inside = False

    def invoke(self, operation: MigrateOperation) -> Any:
        if self._inside:
            return super().invoke(operation)
        if isinstance(operation, CreateTableOp):
            self._prepare(operation)
        if isinstance(operation, CreateIndexOp) and self._has_no_such_index(operation):
            return None
        return self.progress.step(
            operation, lambda: self._invoke(operation), alone=_stands_alone(operation, self)
        )

    def create_word_index(
        self,
        table: str,
        columns: Sequence[str],
        *,
        language: str = "simple",
        stored: bool = False,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Makes what ``searchable(...)`` of a model needs: an index, or on SQLite a table of words that follows the rows."""
        self.invoke(CreateWordIndexOp(WordIndex(table, tuple(columns), language, stored, schema), **kw))

    def drop_word_index(
        self,
        table: str,
        columns: Sequence[str] = (),
        *,
        language: str = "simple",
        stored: bool = False,
        schema: str | None = None,
    ) -> None:
        """Takes it away."""
        self.invoke(DropWordIndexOp(WordIndex(table, tuple(columns), language, stored, schema)))

    def _prepare(self, operation: CreateTableOp) -> None:
        operation.kw = {**TABLE_OPTIONS, **operation.kw}
        if self.migration_context.dialect.name in ("mysql", "mariadb"):
            for part in operation.columns:
                if isinstance(part, sa.PrimaryKeyConstraint):
                    # It warns of a name that it does not keep.
                    part.name = None

    def _has_no_such_index(self, operation: CreateIndexOp) -> bool:
        """MariaDB indexes columns only. Queries find the same rows without it."""
        return bool(getattr(self.migration_context.dialect, "is_mariadb", False)) and any(
            isinstance(part, sa.TextClause) for part in operation.columns
        )

    def _invoke(self, operation: MigrateOperation) -> Any:
        self._inside = True
        try:
            return super().invoke(operation)
        finally:
            self._inside = False

    @contextmanager
    def batch_alter_table(  # type: ignore[override] # what is left out goes on as it is
        self, table_name: str, schema: str | None = None, **options: Any
    ) -> Generator[Any]:
        """Changes of one table: on SQLite, which can do few of them, the table is made anew, once; elsewhere step by step."""
        if self.one_by_one:
            yield _OneByOne(self, table_name, schema)
            return
        with _Collected(self, table_name, schema, options) as batch:
            yield batch


class _Collected(AbstractContextManager["BatchOperations"]):
    """A batch of SQLite: what is said in the block is one step."""

    def __init__(self, steps: Steps, table: str, schema: str | None, options: dict[str, Any]) -> None:
        self.steps = steps
        self.table = table
        self.batch = super(Steps, steps).batch_alter_table(table, schema, **options)

    def __enter__(self) -> BatchOperations:
        self.steps._inside = True
        return self.batch.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.steps._inside = False
        if error is not None:
            self.batch.__exit__(kind, error, traceback)
            return
        self.steps.progress.step(("batch", self.table), self._flush, alone=False)

    def _flush(self) -> None:
        """Makes the changes. A table that is made anew loses what Alembic does not know of: triggers, indexes over expressions."""
        context = self.steps.migration_context
        connection = context.connection
        if connection is None:
            self.batch.__exit__(None, None, None)
            return
        before = _parts(connection, self.table)
        self.batch.__exit__(None, None, None)
        after = _parts(connection, self.table)
        for (kind, name), sql in before.items():
            if (kind, name) not in after and (kind == "trigger" or "(" in sql.partition("(")[2]):
                connection.exec_driver_sql(sql)


def _parts(connection: sa.Connection, table: str) -> dict[tuple[str, str], str]:
    """The triggers and indexes of a table of SQLite, and the statements that made them."""
    rows = connection.execute(
        sa.text(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = :name AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        ),
        {"name": table},
    )
    return {(row.type, row.name): row.sql for row in rows}


class _OneByOne:
    """What ``with op.batch_alter_table(...)`` gives where tables can be changed: each line is a step."""

    #: Operations whose first argument is a name, and the table comes after it.
    _NAMED = frozenset(
        {
            "create_index",
            "create_unique_constraint",
            "create_foreign_key",
            "create_check_constraint",
            "create_primary_key",
            "create_exclude_constraint",
            "drop_constraint",
            "drop_index",
        }
    )

    def __init__(self, steps: Steps, table: str, schema: str | None) -> None:
        self._steps = steps
        self._table = table
        self._schema = schema

    def f(self, name: str) -> Any:
        return self._steps.f(name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._steps, name)

        def call(*given: Any, **named: Any) -> Any:
            if self._schema is not None:
                key = "source_schema" if name == "create_foreign_key" else "schema"
                named.setdefault(key, self._schema)
            for option in ("insert_before", "insert_after"):
                named.pop(option, None)
            if name in self._NAMED and given:
                return operation(given[0], self._table, *given[1:], **named)
            return operation(self._table, *given, **named)

        return call


def _stands_alone(operation: Any, steps: Steps) -> bool:
    """Whether a step cannot be in a transaction: an index that is built while others write."""
    if steps.migration_context.dialect.name != "postgresql":
        return False
    if isinstance(operation, CreateIndexOp | DropIndexOp):
        return bool(operation.kw.get("postgresql_concurrently"))
    return False


class _Op:
    """What a revision does to the tables: ``op.add_column("film", sa.Column("rating", sa.Integer()))``.

    The operations are those of Alembic, for the revision that is being run.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(running_steps(), name)


if TYPE_CHECKING:
    op: Steps
else:
    op = _Op()


def running_steps() -> Steps:
    """The operations of the revision that is being run."""
    found = _current.get()
    if found is None:
        raise MigrationError("no revision is being run: op and data() are for its upgrade() and downgrade()")
    return found


@contextmanager
def as_current(steps: Steps) -> Generator[None]:
    """Lets ``op`` be these operations in the block."""
    token = _current.set(steps)
    try:
        yield
    finally:
        _current.reset(token)


def data(function: Callable[[], Awaitable[Any]], *, alone: bool = False) -> None:
    """Runs a function that changes rows as a step of a revision, with models that the revision defines.

        class Film(Model, table="film"):
            title: Field[str]
            slug: Field[str | None]

        async def fill() -> None:
            async for film in Film.where(Film.slug == None).stream():
                film.slug = slugify(film.title)
                await film.save()

        def upgrade() -> None:
            data(fill)

    It may wait for queries and for nothing else. With the other steps it is in one transaction, where the database allows that.
    ``alone``: it is not, and commits by itself; interrupted it is begun again, so it has to look for what is left to do.
    """
    from segue.db.migrations.bridge import run_with_models

    steps = running_steps()
    context = steps.migration_context
    name = getattr(function, "__qualname__", repr(function))
    if context.as_sql:
        steps.progress.step(
            function,
            lambda: context.impl.static_output(f"-- {name}() of Python is run here"),
            alone=False,
        )
        return
    connection = cast("sa.Connection", context.connection)
    steps.progress.step(function, lambda: run_with_models(connection, function, alone=alone), alone=alone)
