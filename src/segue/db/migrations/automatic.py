"""Tables that follow the models by themselves: for the first day, and for who wants no files."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event

from segue.db.migrations.comparison import compare
from segue.db.migrations.filling import fill_new_columns
from segue.db.migrations.migrations import Migrations
from segue.db.migrations.operations import Steps, as_current
from segue.db.migrations.outline import outline_of
from segue.db.migrations.source import body_of
from segue.db.schema.extensions import add_extensions
from segue.db.schema.schemalock import only_one

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["follow_models"]

logger = logging.getLogger("segue.db.migrations")


async def follow_models(database: "Database") -> None:
    """Runs the revisions that are missing; where there are none at all, changes the tables to those of the models.

    What would lose data stays: a column that no field has any more may be empty from now on, a table that no model has is left alone.
    Every statement is logged.
    """
    migrations = Migrations(database)
    if migrations.folder.revisions:
        await migrations.migrate()
        return
    metadata = migrations.metadata()
    async with only_one(database.engine):
        await database.engine.run_sync(lambda connection: _follow(connection, metadata), begin=False)


def _follow(connection: sa.Connection, metadata: sa.MetaData) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
    add_extensions(connection, metadata)
    found, context = compare(connection, metadata)
    _keep_data(found)
    fill_new_columns(found, connection, {})
    body = body_of(found, context)
    if not body.lines:
        connection.rollback()
        return
    program = "\n".join(
        ["import sqlalchemy as sa", "from segue.db.migrations import op", *body.imports, body.lines]
    )

    def told(_: Any, __: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("PRAGMA", "SELECT", "SHOW")):
            logger.info("%s", statement.strip())

    event.listen(connection, "before_cursor_execute", told)
    with as_current(Steps(MigrationContext.configure(connection), _Taken())):
        exec(compile(program, "<tables that follow the models>", "exec"), {})  # noqa: S102 -- written by us just now
    if (
        connection.dialect.name == "sqlite"
        and connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
    ):
        connection.rollback()
        logger.error("the tables were not changed: rows would refer to nothing")
        return
    connection.commit()


class _Taken:
    """Takes every step."""

    def step(self, what: Any, take: Callable[[], Any], *, alone: bool) -> Any:
        return take()


def _keep_data(found: ops.UpgradeOps) -> None:
    listed: list[Any] = []
    for one in found.ops:
        if isinstance(one, ops.DropTableOp):
            _left(one)
            continue
        if isinstance(one, ops.ModifyTableOps):
            one.ops = [kept for inner in one.ops if (kept := _kept(inner)) is not None]
        listed.append(one)
    found.ops[:] = listed


def _kept(one: Any) -> Any:
    if not isinstance(one, ops.DropColumnOp):
        return one
    column = one.to_column()
    if column.nullable or column.server_default is not None:
        _left(one)
        return None
    # Rows that come now have nothing for it.
    _left(one)
    return ops.AlterColumnOp(
        one.table_name,
        one.column_name,
        schema=one.schema,
        modify_nullable=True,
        existing_type=column.type,
        existing_nullable=False,
    )


def _left(one: Any) -> None:
    logger.debug(
        "no model has it any more, and it was left as it is: %s. `segue db diff` writes a revision",
        outline_of(one),
    )
