"""Models as SQLAlchemy sees them: light tables for queries, full ones for the schema."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.types import sql_type
from segue.db.models.mapping import ColumnField, Mapping, resolve_all

__all__ = ["query_table"]


def query_table(mapping: Mapping) -> sa.TableClause:
    """The table for use in queries: names and types, nothing else."""
    found: sa.TableClause | None = mapping.kept.get("query table")
    if found is None:
        resolve_all()
        found = mapping.kept["query table"] = sa.table(
            mapping.table,
            *(sa.column(column.column, sql_type(column.kind)) for column in mapping.columns.values()),
            **({"schema": mapping.schema} if mapping.schema else {}),
        )
    return found


def column_in(table: sa.FromClause, field: ColumnField) -> Any:
    """A column of a table or of an alias of it."""
    return table.c[field.column]
