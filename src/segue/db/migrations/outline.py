"""What a revision does, without doing it: its steps, and what each is called by people."""

import contextlib
from collections.abc import Callable
from typing import Any

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from segue.db.migrations.folder import Folder
from segue.db.migrations.operations import Steps, as_current
from segue.db.migrations.revision import Revision
from segue.db.migrations.wordindexes import CreateWordIndexOp, DropWordIndexOp

__all__ = ["outline_of", "owned_tables", "steps_of"]


class _Listed:
    """Takes no step, and remembers all."""

    def __init__(self) -> None:
        self.steps: list[Any] = []

    def step(self, what: Any, take: Callable[[], Any], *, alone: bool) -> Any:
        self.steps.append(what)


def steps_of(revision: Revision, dialect: Any, name: str = "upgrade") -> list[Any]:
    """The steps of a revision: operations of Alembic, and functions that change rows.

    What it asks the database on its way it is not answered; its steps are known up to there.
    """
    run = revision.step(name)
    listed = _Listed()
    if run is None:
        return []
    context = MigrationContext.configure(dialect=dialect, opts={"as_sql": True})
    steps = Steps(context, listed)
    steps.one_by_one = True
    with as_current(steps), contextlib.suppress(Exception):  # it wanted an answer
        run()
    return listed.steps


def owned_tables(folder: Folder) -> set[str]:
    """The tables that revisions have made and not dropped: what may be dropped once no model has them."""
    from segue.db.compiling.dialects import dialect_named

    found: set[str] = set()
    for revision in folder.order():
        if revision.replaces:
            continue
        for step in steps_of(revision, dialect_named("postgresql")):
            match step:
                case ops.CreateTableOp():
                    found.add(step.table_name)
                case ops.DropTableOp():
                    found.discard(step.table_name)
                case ops.RenameTableOp():
                    found.discard(step.table_name)
                    found.add(step.new_table_name)
                case _:
                    pass
    return found


def outline_of(step: Any) -> str:  # noqa: C901 -- a case for each kind
    """A step in a few words."""
    match step:
        case ops.CreateTableOp():
            return f"create the table {step.table_name}"
        case ops.DropTableOp():
            return f"drop the table {step.table_name}"
        case ops.RenameTableOp():
            return f"rename the table {step.table_name} to {step.new_table_name}"
        case ops.AddColumnOp():
            return f"add the column {step.table_name}.{step.column.name}"
        case ops.DropColumnOp():
            return f"drop the column {step.table_name}.{step.column_name}"
        case ops.AlterColumnOp() if step.modify_name:
            return f"rename the column {step.table_name}.{step.column_name} to {step.modify_name}"
        case ops.AlterColumnOp():
            return f"change {_changes(step)} of the column {step.table_name}.{step.column_name}"
        case CreateWordIndexOp():
            return f"create the index {step.index_name} of the words in {step.table_name}"
        case DropWordIndexOp():
            return f"drop the index {step.index_name} of the words in {step.table_name}"
        case ops.CreateIndexOp():
            return f"create the index {step.index_name} on {step.table_name}"
        case ops.DropIndexOp():
            return f"drop the index {step.index_name}"
        case ops.CreateForeignKeyOp():
            return f"let {step.source_table} refer to {step.referent_table} ({step.constraint_name})"
        case ops.AddConstraintOp():
            return f"add the constraint {getattr(step, 'constraint_name', None)} to {getattr(step, 'table_name', None)}"
        case ops.DropConstraintOp():
            return f"drop the constraint {step.constraint_name} of {step.table_name}"
        case ops.ExecuteSQLOp():
            return f"run {' '.join(str(step.sqltext).split()):.80}"
        case _ if callable(step):
            return f"change rows: {getattr(step, '__name__', step)}()"
        case _:
            return type(step).__name__


def _changes(step: ops.AlterColumnOp) -> str:
    found: list[str] = []
    if step.modify_type is not None:
        found.append(f"the type (to {step.modify_type!r})")
    if step.modify_nullable is not None:
        found.append("whether it may be empty")
    if step.modify_server_default is not False:
        found.append("the default")
    if step.modify_comment is not False:
        found.append("the comment")
    return " and ".join(found) or "something"
