"""What has to be done to the tables of a database so that they are those of the models."""

import re
import warnings
from collections.abc import Iterable, Mapping as MappingOf
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import CompileError

from segue.db.migrations.record import TABLE
from segue.db.migrations.wordindexes import compare_word_indexes, is_of_words

__all__ = ["compare", "context_for", "flat"]


def context_for(connection: sa.Connection, metadata: sa.MetaData, owned: Iterable[str]) -> MigrationContext:
    """The context of a comparison. ``owned``: tables that no model has any more, and that may be dropped."""
    known = {table.name for table in metadata.tables.values()} | set(owned)
    schemas = {table.schema for table in metadata.tables.values()} or {None}

    def include(name: str | None, kind: str, parents: MappingOf[str, Any]) -> bool:
        if is_of_words(name, kind, parents.get("table_name")):
            return False
        if kind == "schema":
            return name in schemas
        if kind == "table":
            return name in known and name != TABLE
        return True

    return MigrationContext.configure(
        connection,
        opts={
            "target_metadata": metadata,
            "include_name": include,
            "include_schemas": len(schemas) > 1 or None not in schemas,
            "compare_type": _types_differ,
            "compare_server_default": False,
        },
    )


def compare(
    connection: sa.Connection, metadata: sa.MetaData, owned: Iterable[str] = ()
) -> tuple[ops.UpgradeOps, MigrationContext]:
    """The operations that make the tables those of the models. Constraints that are conditions are told apart by name."""
    context = context_for(connection, metadata, owned)
    with warnings.catch_warnings():
        # Circles of references are taken apart below.
        warnings.filterwarnings("ignore", "Cannot correctly sort tables")
        warnings.filterwarnings("ignore", "Skipped unsupported reflection")
        warnings.filterwarnings("ignore", "Computed default on")
        warnings.filterwarnings("ignore", "Did not recognize type")
        warnings.filterwarnings("ignore", "autogenerate skipping")
        warnings.filterwarnings("ignore", "Predicate of partial index")
        script = produce_migrations(context, metadata)
    found = script.upgrade_ops_list[0]
    _compare_defaults(connection, metadata, found)
    _compare_conditions(connection, metadata, found)
    if connection.dialect.name == "sqlite":
        _compare_expression_indexes(connection, metadata, found)
    _take_circles_apart(found)
    created = {(one.table_name, one.schema) for one in found.ops if isinstance(one, ops.CreateTableOp)}
    for one in flat(found):
        if isinstance(one, ops.CreateIndexOp) and (one.table_name, one.schema) in created:
            # Nobody writes to it yet.
            one.kw.pop("postgresql_concurrently", None)
    for group in found.ops:
        if isinstance(group, ops.ModifyTableOps):
            # MariaDB drops no index that a reference needs.
            group.ops.sort(
                key=lambda one: (
                    not (isinstance(one, ops.DropConstraintOp) and one.constraint_type == "foreignkey")
                )
            )
    compare_word_indexes(connection, metadata, found)
    return found, context


def flat(found: ops.UpgradeOps) -> list[ops.MigrateOperation]:
    """The operations without the groups by table that they come in."""
    listed: list[ops.MigrateOperation] = []
    for one in found.ops:
        listed += one.ops if isinstance(one, ops.ModifyTableOps) else [one]
    return listed


def table_ops(found: ops.UpgradeOps, name: str, schema: str | None, *, after: int = 0) -> ops.ModifyTableOps:
    """The group of the operations on one table, from the ``after``th on; made if there is none yet."""
    for one in found.ops[after:]:
        if isinstance(one, ops.ModifyTableOps) and (one.table_name, one.schema) == (name, schema):
            return one
    made = ops.ModifyTableOps(name, [], schema=schema)
    found.ops.append(made)
    return made


# -- types and defaults


def _types_differ(
    context: MigrationContext, _there: Any, _here: Any, there_type: Any, here_type: Any
) -> bool | None:
    dialect = context.dialect
    try:
        a, b = _type_text(there_type, dialect), _type_text(here_type, dialect)
    except CompileError:
        return None
    return a != b


_SAME_TYPES = (
    (r"\bcharacter varying\b", "varchar"),
    (r"\btimestamp with time zone\b", "timestamptz"),
    (r"\btimestamp without time zone\b", "timestamp"),
    (r"\btime without time zone\b", "time"),
    (r"\bdecimal\b", "numeric"),
    (r"\bdouble precision\b", "double"),
    (r"\b(?:integer|int)\b(?:\(\d+\))?", "integer"),
    (r"\b(bigint|smallint)\(\d+\)", r"\1"),
    (r"\bbool\b|\btinyint\(1\)", "boolean"),
    # What MariaDB calls JSON is long text.
    (r"\bjson\b(?!b)", "json"),
    (r" (?:character set|collate) \S+", ""),
    # Of geometries MySQL does not say in which system they are.
    (r" (?:ref_system_id=|srid )\d+", ""),
)


def _type_text(kind: Any, dialect: sa.Dialect) -> str:
    text = " ".join(kind.compile(dialect=dialect).lower().split())
    for pattern, plain in _SAME_TYPES:
        text = re.sub(pattern, plain, text)
    if dialect.name in ("mysql", "mariadb"):
        text = {"json": "longtext", "bool": "boolean", "tinyint": "boolean"}.get(text, text)
        text = re.sub(r"^uuid$", "char(32)", text)
        text = re.sub(r"^double\(\d+, ?\d+\)$", "double", text)
    return text.replace(", ", ",")


def _compare_defaults(connection: sa.Connection, metadata: sa.MetaData, found: ops.UpgradeOps) -> None:
    """Defaults, as text: databases put a lot around them."""
    look = sa.inspect(connection)
    for table in metadata.tables.values():
        if not look.has_table(table.name, schema=table.schema):
            continue
        there = {one["name"]: one for one in look.get_columns(table.name, schema=table.schema)}
        for column in table.columns:
            old = there.get(column.name)
            if old is None or column.computed is not None or old.get("computed") is not None:
                continue
            if column.primary_key and column.autoincrement is True:
                continue
            wanted = column.server_default
            text = _default_text(wanted, connection.dialect)
            if _plain_default(old["default"]) == _plain_default(text):
                continue
            group = table_ops(found, table.name, table.schema)
            group.ops.append(
                ops.AlterColumnOp(
                    table.name,
                    column.name,
                    schema=table.schema,
                    modify_server_default=wanted,
                    existing_server_default=None
                    if old["default"] is None
                    else sa.text(_escaped(old["default"])),
                    existing_type=column.type,
                    existing_nullable=old["nullable"],
                )
            )


def _default_text(default: Any, dialect: sa.Dialect) -> str | None:
    if default is None:
        return None
    found = default.arg
    return found if isinstance(found, str) else str(found.compile(dialect=dialect))


def _escaped(text: str) -> str:
    return text.replace(":", "\\:")


def _plain_default(text: str | None) -> str | None:
    """A default as it is written, without what databases put around it."""
    if text is None:
        return None
    plain = re.sub(r"::[\w ]+(?:\([\d, ]*\))?(?:\[\])?", "", text.strip().lower())
    plain = re.sub(r"\b(?:now\(\d*\)|(?:current|utc)_timestamp(?:\(\d*\))?)", "current_timestamp", plain)
    plain = plain.replace("_utf8mb4", "").replace("\\'", "'")
    plain = re.sub(r"[\s()'\"]", "", plain)
    return {"null": None, "false": "0", "true": "1"}.get(plain, plain)


# -- conditions


def _compare_conditions(connection: sa.Connection, metadata: sa.MetaData, found: ops.UpgradeOps) -> None:
    """CHECK constraints. Databases write a condition in their own way, so names tell: those that we make depend on the condition."""
    look = sa.inspect(connection)
    created = {(one.table_name, one.schema) for one in found.ops if isinstance(one, ops.CreateTableOp)}
    for table in metadata.tables.values():
        if (table.name, table.schema) in created or not look.has_table(table.name, schema=table.schema):
            continue
        there = {
            one["name"]: one["sqltext"]
            for one in look.get_check_constraints(table.name, schema=table.schema)
            if one["name"] and not re.match(r"json_valid\(", one["sqltext"])
        }
        here = {
            str(one.name): one
            for one in table.constraints
            if isinstance(one, sa.CheckConstraint) and one.name
        }
        for name in there.keys() - here.keys():
            table_ops(found, table.name, table.schema).ops.insert(
                0,
                ops.DropConstraintOp(
                    name,
                    table.name,
                    type_="check",
                    schema=table.schema,
                    _reverse=ops.CreateCheckConstraintOp(
                        name, table.name, sa.text(there[name]), schema=table.schema
                    ),
                ),
            )
        for name in sorted(here.keys() - there.keys()):
            constraint = here[name]
            table_ops(found, table.name, table.schema).ops.append(
                ops.CreateCheckConstraintOp(name, table.name, constraint.sqltext, schema=table.schema)
            )


# -- indexes over expressions


def _compare_expression_indexes(
    connection: sa.Connection, metadata: sa.MetaData, found: ops.UpgradeOps
) -> None:
    """SQLite's reflection leaves them out; names tell."""
    rows = connection.exec_driver_sql(
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    there: dict[str, set[str]] = {}
    for table_name, name in rows:
        there.setdefault(table_name, set()).add(name)
    for table in metadata.tables.values():
        for index in table.indexes:
            if any(
                isinstance(part, sa.TextClause) for part in index.expressions
            ) and index.name not in there.get(table.name, ()):
                table_ops(found, table.name, table.schema).ops.append(ops.CreateIndexOp.from_index(index))


# -- circles


def _take_circles_apart(found: ops.UpgradeOps) -> None:
    """Tables that refer to each other: the reference to one that comes later is added when all are there."""
    creates = [one for one in found.ops if isinstance(one, ops.CreateTableOp)]
    names = [(one.table_name, one.schema) for one in creates]
    for at, one in enumerate(creates):
        missing = set(names[at + 1 :])
        kept: list[Any] = []
        for part in one.columns:
            if isinstance(part, sa.ForeignKeyConstraint):
                *schema, table, _ = part.elements[0]._get_colspec().split(".")
                if (table, schema[-1] if schema else None) in missing:
                    group = table_ops(found, one.table_name, one.schema, after=len(found.ops))
                    group.ops.append(ops.CreateForeignKeyOp.from_constraint(part))
                    continue
            kept.append(part)
        one.columns = kept
