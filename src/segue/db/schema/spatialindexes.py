"""Indexes of geometries: by where they are."""

from typing import Any

import sqlalchemy as sa

from segue.db.models.mapping import ColumnField

__all__ = ["add_spatial_index"]


def add_spatial_index(table: Any, field: ColumnField, dialect: str) -> None:
    """Adds what finds rows by where they are, if the field asks for it and the database has such indexes."""
    if not field.options.index:
        return
    column = table.c[field.column]
    match dialect:
        case "postgresql":
            sa.Index(None, column, postgresql_using="gist")
        case "mysql" | "mariadb" if not field.kind.null:
            # There it is of columns only in which there is always something.
            sa.Index(None, column, mysql_prefix="SPATIAL", mariadb_prefix="SPATIAL")
        case _:
            pass
