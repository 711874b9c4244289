"""Models as SQLAlchemy sees them in statements: names and types; what shares rows with others as a table of its own."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.types import sql_type
from segue.db.models.heirs import table_name
from segue.db.models.lineage import descendants, everything, homes, in_table
from segue.db.models.mapping import Mapping, resolve_all

__all__ = ["query_table", "stored_table"]


def stored_table(mapping: Mapping) -> sa.TableClause:
    """The table that holds a model's own columns, for statements that write."""
    home = mapping.home
    found: sa.TableClause | None = home.kept.get("stored table")
    if found is None:
        resolve_all()
        found = home.kept["stored table"] = sa.table(
            home.table,
            *(sa.column(column.column, sql_type(column.kind)) for _, column in in_table(home)),
            **({"schema": home.schema} if home.schema else {}),
        )
    return found


def query_table(mapping: Mapping) -> Any:
    """What a query of a model asks: its table; of one that shares rows, those of its class with all their columns."""
    if mapping.lineage.style == "proxy" and mapping.lineage.parent is not None:
        return query_table(mapping.lineage.parent)
    found: Any = mapping.kept.get("query table")
    if found is None:
        resolve_all()
        found = mapping.kept["query table"] = _asked(mapping)
    return found


def _asked(mapping: Mapping) -> Any:
    if mapping.lineage.style == "own":
        return stored_table(mapping)
    listed = homes(mapping)
    tables = {id(home): stored_table(home) for home in listed}
    first: Any = tables[id(listed[0])]
    source = first
    for home in listed[1:]:
        there = tables[id(home)]
        source = source.join(there, sa.and_(*(first.c[c.column] == there.c[c.column] for c in mapping.key)))
    columns = [
        tables[id(column.home)].c[column.column]
        for column in everything(mapping)
        if id(column.home) in tables
    ]
    kinds = [one.lineage.kind for one in (mapping, *descendants(mapping))]
    kind = tables[id(listed[0])].c[mapping.columns[mapping.lineage.kinds or ""].column]
    listed_kinds = [sa.literal_column("'" + str(one).replace("'", "''") + "'", sa.Text()) for one in kinds]
    made = sa.select(*columns).select_from(source).where(kind.in_(listed_kinds))
    return made.subquery(table_name(mapping.model.__name__))
