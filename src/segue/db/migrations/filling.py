"""New columns that must not be empty, in tables that have rows: what is in them at first."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from segue.db.migrations.errors import MigrationError

__all__ = ["fill_new_columns", "read_fills"]


def read_fills(given: Sequence[str]) -> dict[str, str]:
    """What is typed for new columns: ``film.rating=3``. Raises MigrationError for what is none."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name.count(".") < 1:
            raise MigrationError(f"{one!r} does not say what is in a column: write film.rating=3")
        found[name] = value
    return found


def fill_new_columns(found: ops.UpgradeOps, connection: sa.Connection, fills: Mapping[str, str]) -> None:
    """Gives new columns a default for as long as it takes to fill the rows that are there.

    Raises MigrationError where there are rows, and nobody knows what should be in them.
    """
    later: list[ops.ModifyTableOps] = []
    renamed = {one.new_table_name: one.table_name for one in found.ops if isinstance(one, ops.RenameTableOp)}
    for group in found.ops:
        if not isinstance(group, ops.ModifyTableOps):
            continue
        for one in group.ops:
            if isinstance(one, ops.AddColumnOp) and _must_be_filled(one.column):
                there = renamed.get(group.table_name, group.table_name)
                text = _filling(group, there, one.column, connection, fills)
                if text is not None:
                    one.column = _with_default(one.column, text)
                    later.append(ops.ModifyTableOps(group.table_name, [_without(one)], schema=group.schema))
    found.ops += later


def _must_be_filled(column: sa.Column[Any]) -> bool:
    return not column.nullable and column.server_default is None


def _filling(
    group: ops.ModifyTableOps,
    there: str,
    column: sa.Column[Any],
    connection: sa.Connection,
    fills: Mapping[str, str],
) -> Any:
    name = f"{group.table_name}.{column.name}"
    given = fills.get(name)
    if given is not None:
        return sa.text(_literal(given))
    known = column.info.get("fill")
    if known is not None:
        return known
    table = sa.table(there, schema=group.schema)
    if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None:
        return None
    raise MigrationError(
        f"{name} must not be empty, and the rows that are there have nothing for it. Give the field a default, allow None, or say what is in "
        f"them: --fill {name}=VALUE"
    )


def _literal(value: str) -> str:
    """A number as it is, all else as text."""
    try:
        float(value)
    except ValueError:
        return "'" + value.replace("'", "''").replace(":", "\\:") + "'"
    return value if value.lower() not in ("nan", "inf", "-inf", "infinity") else f"'{value}'"


def _with_default(column: sa.Column[Any], text: Any) -> sa.Column[Any]:
    return sa.Column(
        column.name,
        column.type,
        server_default=text,
        nullable=column.nullable,
        comment=column.comment,
        info=column.info,
    )


def _without(one: ops.AddColumnOp) -> ops.AlterColumnOp:
    return ops.AlterColumnOp(
        one.table_name,
        str(one.column.name),
        schema=one.schema,
        modify_server_default=None,
        existing_server_default=one.column.server_default,
        existing_type=one.column.type,
        existing_nullable=False,
    )
