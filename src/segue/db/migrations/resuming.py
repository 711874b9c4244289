"""Whether a step that was begun, and of which nobody knows the end, has had its effect."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

__all__ = ["has_happened"]


def has_happened(step: Any, connection: sa.Connection) -> bool:
    """Whether the tables look as they do after this step.

    A database without transactions for tables (MariaDB, MySQL) may be killed between a step and the note that it is done.
    What changes nothing when it is done twice is done twice.
    """
    look = sa.inspect(connection)
    match step:
        case ops.CreateTableOp():
            return look.has_table(step.table_name, schema=step.schema)
        case ops.DropTableOp():
            return not look.has_table(step.table_name, schema=step.schema)
        case ops.RenameTableOp():
            return look.has_table(step.new_table_name, schema=step.schema)
        case ops.AddColumnOp():
            return step.column.name in _columns(look, step)
        case ops.DropColumnOp():
            return step.column_name not in _columns(look, step)
        case ops.AlterColumnOp():
            return step.modify_name is not None and step.modify_name in _columns(look, step)
        case ops.CreateIndexOp():
            return _has_index(look, step, connection)
        case ops.DropIndexOp():
            return not _has_index(look, step, connection)
        case ops.CreateForeignKeyOp():
            return step.constraint_name in _names(look.get_foreign_keys(step.source_table))
        case ops.CreateUniqueConstraintOp():
            return step.constraint_name in _names(look.get_unique_constraints(step.table_name))
        case ops.CreateCheckConstraintOp():
            return step.constraint_name in _names(look.get_check_constraints(step.table_name))
        case ops.DropConstraintOp():
            found = {
                *_names(look.get_foreign_keys(step.table_name)),
                *_names(look.get_unique_constraints(step.table_name)),
                *_names(look.get_check_constraints(step.table_name)),
            }
            return step.constraint_name not in found
        case _:
            return False


def _columns(look: Any, step: Any) -> set[str]:
    return {one["name"] for one in look.get_columns(step.table_name, schema=step.schema)}


def _names(found: Any) -> set[Any]:
    return {one["name"] for one in found}


def _has_index(look: Any, step: Any, connection: sa.Connection) -> bool:
    name = step.index_name
    found = name in _names(look.get_indexes(step.table_name, schema=step.schema))
    if found and connection.dialect.name == "postgresql" and not _is_valid(name, connection):
        # Left by a CREATE INDEX CONCURRENTLY that did not come to its end.
        connection.exec_driver_sql(f"DROP INDEX {connection.dialect.identifier_preparer.quote(name)}")
        return False
    return bool(found)


def _is_valid(name: str, connection: sa.Connection) -> bool:
    return bool(
        connection.scalar(
            sa.text(
                "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = :name"
            ),
            {"name": name},
        )
    )
