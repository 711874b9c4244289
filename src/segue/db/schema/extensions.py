"""Extensions of PostgreSQL that tables need: they are there before the tables are."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from segue.db.compiling.geometries import PostGIS

__all__ = ["add_extensions", "extensions_of"]


def extensions_of(metadata: sa.MetaData) -> list[str]:
    """The extensions that the types and indexes of tables come from."""
    found: set[str] = set()
    for table in metadata.tables.values():
        for column in table.columns:
            there = column.type.dialect_impl(postgresql.dialect())  # type: ignore[no-untyped-call] # SQLAlchemy's
            if isinstance(there, postgresql.HSTORE):
                found.add("hstore")
            elif isinstance(there, PostGIS):
                found.add("postgis")
        for one in table.indexes:
            if any("trgm" in ops for ops in one.dialect_options["postgresql"].get("ops", {}).values()):
                found.add("pg_trgm")
        for constraint in table.constraints:
            if isinstance(constraint, postgresql.ExcludeConstraint) and constraint.using == "gist":
                # What is compared with = has no gist of its own.
                if any(operator == "=" for _, _, operator in constraint._render_exprs):
                    found.add("btree_gist")
    return sorted(found)


def add_extensions(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Creates the extensions that are missing. The owner of a database may create each of these."""
    if connection.dialect.name != "postgresql":
        return
    wanted = extensions_of(metadata)
    if not wanted:
        return
    present = {row[0] for row in connection.execute(sa.text("SELECT extname FROM pg_extension"))}
    for name in wanted:
        if name not in present:
            connection.execute(sa.text(f"CREATE EXTENSION IF NOT EXISTS {name}"))
