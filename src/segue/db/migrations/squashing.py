"""Several revisions in the place of one: their steps together, without those that undo each other."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from segue.db.migrations.errors import MigrationError
from segue.db.migrations.folder import Folder
from segue.db.migrations.outline import steps_of
from segue.db.migrations.revision import Revision
from segue.db.migrations.source import Body, body_of, file_of

__all__ = ["squashed"]


def squashed(
    folder: Folder, first: Revision, last: Revision, message: str, dialect: sa.Dialect
) -> tuple[str, str]:
    """The name and the text of the revision that stands for those from ``first`` to ``last``.

    Raises MigrationError where they are not one line, or one of them changes rows or runs SQL: nobody but its author knows whether that is
    needed in an empty database.
    """
    between = folder.ancestors([last.id]) & (folder.descendants(first.id) | {first.id})
    chosen = [one for one in folder.order() if one.id in between]
    if not chosen:
        raise MigrationError(f"{last.id} does not come after {first.id}")
    for one in chosen[1:]:
        if not {before.id for before in folder.before(one)} <= between:
            raise MigrationError(
                f"{one.id} comes after something that is not between {first.id} and {last.id}"
            )
    up = [step for one in chosen for step in _known_steps(one, dialect, "upgrade")]
    down = [step for one in reversed(chosen) for step in _known_steps(one, dialect, "downgrade")]
    text = file_of(
        message,
        after=first.after,
        replaces=[name for one in chosen for name in (*one.replaces, one.id)],
        upgrade=_body(shortened(up), dialect),
        downgrade=_body(shortened(down), dialect),
    )
    return folder.next_id(message), text


def _known_steps(one: Revision, dialect: sa.Dialect, name: str) -> list[Any]:
    found = steps_of(one, dialect, name)
    for step in found:
        if callable(step) or isinstance(step, ops.ExecuteSQLOp):
            raise MigrationError(
                f"{one.id} changes rows or runs SQL. Squash what comes before it and what comes after it, or take that out of the file first if an "
                f"empty database does not need it"
            )
    return found


def _body(steps: Sequence[Any], dialect: sa.Dialect) -> Body:
    context = MigrationContext.configure(dialect=dialect)
    listed: list[Any] = []
    for one in steps:
        if isinstance(one, ops.CreateTableOp | ops.DropTableOp | ops.CreateIndexOp | ops.DropIndexOp):
            listed.append(one)
        elif isinstance(one, ops.RenameTableOp):
            from segue.db.migrations.renames import TableRename

            listed.append(TableRename(one.table_name, one.new_table_name, schema=one.schema))
        else:
            table, schema = table_of(one)
            listed.append(ops.ModifyTableOps(table, [_renaming(one)], schema=schema))
    return body_of(ops.UpgradeOps(listed), context)


def _renaming(one: Any) -> Any:
    if isinstance(one, ops.AlterColumnOp) and one.modify_name is not None:
        from segue.db.migrations.renames import ColumnRename

        return ColumnRename(
            one.table_name,
            one.column_name,
            schema=one.schema,
            modify_name=one.modify_name,
            existing_type=one.existing_type,
            existing_nullable=one.existing_nullable,
        )
    return one


def table_of(one: Any) -> tuple[str, str | None]:
    """The table that a step is about."""
    if isinstance(one, ops.CreateForeignKeyOp):
        return one.source_table, one.kw.get("source_schema")
    return one.table_name, getattr(one, "schema", None)


def shortened(steps: Sequence[Any]) -> list[Any]:
    """The same effect with fewer steps: what is made and changed is made as it will be, what is dropped again is not made."""
    found: list[Any] = []
    for one in steps:
        match one:
            case ops.DropTableOp():
                created = _created(found, one.table_name)
                # What is done to a table before it goes is in vain.
                found = [other for other in found if _table_name(other) != one.table_name]
                if created is None:
                    found.append(one)
            case ops.AddColumnOp() if (table := _created(found, one.table_name)) is not None:
                table.columns = [*table.columns, one.column]
            case ops.DropColumnOp() if _drop_column(found, one):
                pass
            case ops.AlterColumnOp() if _alter_column(found, one):
                pass
            case ops.DropIndexOp() if _drop_named(found, ops.CreateIndexOp, "index_name", one.index_name):
                pass
            case ops.DropConstraintOp() if _drop_constraint(found, one):
                pass
            case _:
                found.append(one)
    return found


def _table_name(one: Any) -> str | None:
    return one.source_table if isinstance(one, ops.CreateForeignKeyOp) else getattr(one, "table_name", None)


def _created(found: Sequence[Any], name: str) -> Any:
    return next((one for one in found if isinstance(one, ops.CreateTableOp) and one.table_name == name), None)


def _column(table: Any, name: str) -> Any:
    return next((one for one in table.columns if isinstance(one, sa.Column) and one.name == name), None)


def _drop_column(found: list[Any], one: ops.DropColumnOp) -> bool:
    table = _created(found, one.table_name)
    column = None if table is None else _column(table, one.column_name)
    if table is not None and column is not None:
        table.columns = [
            part for part in table.columns if part is not column and not _uses(part, one.column_name)
        ]
        return True
    return _drop_named(
        found,
        ops.AddColumnOp,
        "column",
        next(
            (
                other.column
                for other in found
                if isinstance(other, ops.AddColumnOp)
                and (other.table_name, other.column.name) == (one.table_name, one.column_name)
            ),
            None,
        ),
    )


def _uses(part: Any, name: str) -> bool:
    if isinstance(part, sa.ForeignKeyConstraint):
        return name in part.column_keys
    if isinstance(part, sa.UniqueConstraint):
        return name in [getattr(one, "name", one) for one in part._pending_colargs]
    return False


def _alter_column(found: list[Any], one: ops.AlterColumnOp) -> bool:
    table = _created(found, one.table_name)
    column = None if table is None else _column(table, one.column_name)
    if column is None or one.modify_name is not None:
        return False
    if one.modify_type is not None:
        column.type = one.modify_type
    if one.modify_nullable is not None:
        column.nullable = one.modify_nullable
    if one.modify_server_default is not False:
        default = one.modify_server_default
        column.server_default = (
            default if default is None or isinstance(default, sa.FetchedValue) else sa.DefaultClause(default)
        )
    if one.modify_comment is not False:
        column.comment = one.modify_comment or None
    return True


def _drop_named(found: list[Any], kind: type[Any], attribute: str, value: Any) -> bool:
    if value is None:
        return False
    for other in found:
        if (isinstance(other, kind) and getattr(other, attribute) is value) or (
            isinstance(other, kind) and isinstance(value, str) and getattr(other, attribute) == value
        ):
            found.remove(other)
            return True
    return False


def _drop_constraint(found: list[Any], one: ops.DropConstraintOp) -> bool:
    table = _created(found, one.table_name)
    if table is not None:
        for part in table.columns:
            if isinstance(part, sa.Constraint) and part.name == one.constraint_name:
                table.columns = [other for other in table.columns if other is not part]
                return True
    return _drop_named(found, ops.AddConstraintOp, "constraint_name", one.constraint_name)
