"""One change as three: expand, backfill, contract. Programs of before and of after it both work at each step."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from segue.db.migrations.comparison import flat
from segue.db.migrations.errors import MigrationError
from segue.db.migrations.renames import ColumnRename, TableRename
from segue.db.migrations.source import Body, body_of, imports_of, nothing_of

__all__ = ["Part", "split_up"]


class Part(NamedTuple):
    """One revision of a change that was split: the phase it belongs to, and its two bodies."""

    phase: str | None
    upgrade: Body
    downgrade: Body
    preamble: str = ""


class _Line(NamedTuple):
    """A line that is no operation of Alembic, and what undoes it."""

    up: str
    down: str = ""


class _Phases:
    """What is done in each phase, in order."""

    def __init__(self) -> None:
        self.expand: list[Any] = []
        self.backfill: list[Any] = []
        self.contract: list[Any] = []


def split_up(found: ops.UpgradeOps, context: MigrationContext) -> list[Part]:
    """The parts of a change: those that have something to do.

    **Expand**: what is new, and may be left unused. Then the new program is rolled out. **Backfill**: rows get what is new, some at a time.
    **Contract**, when no old program runs any more: what is strict, and what goes.
    """
    if context.dialect.name == "sqlite":
        raise MigrationError(
            "SQLite has one writer at a time and makes most tables anew to change them: splitting a change helps nobody. Write the revision over "
            "the database that it is for, or without --split"
        )
    phases = _Phases()
    steps = flat(found)
    created = {(one.table_name, one.schema) for one in steps if isinstance(one, ops.CreateTableOp)}
    added = {(one.table_name, str(one.column.name)) for one in steps if isinstance(one, ops.AddColumnOp)}
    renamed = {(one.table_name, str(one.modify_name)) for one in steps if isinstance(one, ColumnRename)}
    for one in steps:
        if isinstance(one, ops.CreateTableOp) or _is_about(one, created):
            phases.expand.append(one)
        else:
            _place(one, phases, (added, renamed), context)
    parts: list[Part] = []
    for name in ("expand", "backfill", "contract"):
        listed = getattr(phases, name)
        if listed:
            parts.append(Part(name, _up(listed, context), _down(listed, context)))
    return parts


def _is_about(one: Any, tables: set[Any]) -> bool:
    name = one.source_table if isinstance(one, ops.CreateForeignKeyOp) else getattr(one, "table_name", None)
    return (name, getattr(one, "schema", None)) in tables


def _place(one: Any, phases: _Phases, fresh: tuple[set[Any], set[Any]], context: MigrationContext) -> None:
    added, renamed = fresh
    match one:
        case ColumnRename():
            _rename_column(one, phases)
        case TableRename():
            _rename_table(one, phases, context)
        case ops.AddColumnOp():
            phases.expand.append(one)
        case ops.DropColumnOp():
            _drop_column(one, phases)
        case ops.DropTableOp():
            phases.contract.append(one)
        case ops.AlterColumnOp():
            _alter_column(one, phases)
        case ops.CreateIndexOp():
            _create_index(one, phases, added, renamed)
        case ops.DropIndexOp():
            _concurrently(one)
            phases.contract.append(one)
        case ops.CreateForeignKeyOp():
            place = (
                phases.expand
                if _all_fresh(one.source_table, one.local_cols, added | renamed)
                else phases.contract
            )
            place.append(_reference(one))
        case ops.CreateCheckConstraintOp():
            phases.contract.append(_check(one))
        case ops.CreateUniqueConstraintOp():
            place = (
                phases.backfill
                if _all_fresh(one.table_name, one.columns, added | renamed)
                else phases.contract
            )
            place.append(_unique(one))
        case ops.DropConstraintOp():
            # What held before is no longer expected by the new program; what the old one writes fits still.
            phases.expand.append(one)
        case _:
            phases.expand.append(one)


def _create_index(one: ops.CreateIndexOp, phases: _Phases, added: set[Any], renamed: set[Any]) -> None:
    _concurrently(one)
    if _all_fresh(one.table_name, one.columns, added):
        # It is empty, and references to others may need it.
        phases.expand.append(one)
    elif one.unique and not _all_fresh(one.table_name, one.columns, added | renamed):
        phases.contract.append(one)
    else:
        phases.backfill.append(one)


def _all_fresh(table: str, columns: Any, fresh: set[tuple[str, str]]) -> bool:
    return all((table, str(getattr(one, "name", one))) in fresh for one in columns)


def _concurrently(one: Any) -> None:
    one.kw["postgresql_concurrently"] = True


def _rename_column(one: ColumnRename, phases: _Phases) -> None:
    table, old, new = one.table_name, one.column_name, str(one.modify_name)
    pair = f'"{table}", "{old}", "{new}"'
    phases.expand.append(
        ops.AddColumnOp(table, sa.Column(new, one.existing_type, nullable=True), schema=one.schema)
    )
    phases.expand.append(_Line(f"gradual.mirror({pair})", f"gradual.unmirror({pair})"))
    strict = not one.existing_nullable
    if strict:
        # The new program does not know it, and inserts rows without it.
        phases.expand.append(
            _Line(_may_be_empty(table, old, one.existing_type), f'gradual.require("{table}", "{old}")')
        )
    phases.backfill.append(_Line(f"gradual.copy({pair})"))
    if strict:
        phases.contract.append(
            _Line(f'gradual.require("{table}", "{new}")', _may_be_empty(table, new, one.existing_type))
        )
    phases.contract.append(_Line("", f'gradual.copy("{table}", "{new}", "{old}")'))
    phases.contract.append(_Line(f"gradual.unmirror({pair})", f"gradual.mirror({pair})"))
    phases.contract.append(
        ops.DropColumnOp.from_column_and_tablename(
            one.schema, table, sa.Column(old, one.existing_type, nullable=True)
        )
    )


def _may_be_empty(table: str, column: str, kind: Any) -> str:
    return (
        f'with op.batch_alter_table("{table}") as batch_op:\n'
        f'    batch_op.alter_column("{column}", existing_type={_type(kind)}, nullable=True)'
    )


def _type(kind: Any) -> str:
    module = type(kind).__module__.split(".")
    place = module[2] if module[:2] == ["sqlalchemy", "dialects"] else "sa"
    return str(getattr(kind, "segue_source", None) or f"{place}.{kind!r}")


def _rename_table(one: TableRename, phases: _Phases, context: MigrationContext) -> None:
    quote = context.dialect.identifier_preparer.quote
    old, new = quote(one.table_name), quote(one.new_table_name)
    make = f"op.execute({f'CREATE VIEW {old} AS SELECT * FROM {new}'!r})"  # noqa: S608 -- names of tables, quoted
    end = f"op.execute({f'DROP VIEW {old}'!r})"
    phases.expand += [one, _Line(make, end)]
    phases.contract.append(_Line(end, make))


def _drop_column(one: ops.DropColumnOp, phases: _Phases) -> None:
    column = one.to_column()
    if not column.nullable and column.server_default is None:
        # The new program inserts rows without it.
        phases.expand.append(
            ops.AlterColumnOp(
                one.table_name,
                one.column_name,
                schema=one.schema,
                modify_nullable=True,
                existing_type=column.type,
                existing_nullable=False,
            )
        )
        nothing = nothing_of(column.type)
        if nothing is not None:
            again = (
                f"UPDATE {one.table_name} SET {one.column_name} = {nothing} WHERE {one.column_name} IS NULL"  # noqa: S608 -- a revision's own text
            )
            phases.expand.append(_Line("", f'op.execute("{again}")'))
        column = sa.Column(column.name, column.type, nullable=True)
    phases.contract.append(ops.DropColumnOp.from_column_and_tablename(one.schema, one.table_name, column))


def _alter_column(one: ops.AlterColumnOp, phases: _Phases) -> None:
    if one.modify_nullable is False:
        rest = _without_nullable(one)
        if rest is not None:
            _alter_column(rest, phases)
        phases.contract.append(
            _Line(
                f'gradual.require("{one.table_name}", "{one.column_name}")',
                _may_be_empty(one.table_name, one.column_name, one.existing_type),
            )
        )
    elif one.modify_type is not None or (
        one.modify_server_default is None and one.existing_nullable is False
    ):
        # A default that fills rows while they are added is needed for as long as an old program inserts some.
        phases.contract.append(one)
    else:
        phases.expand.append(one)


def _without_nullable(one: ops.AlterColumnOp) -> ops.AlterColumnOp | None:
    if one.modify_type is None and one.modify_server_default is False:
        return None
    given: Any = one.existing_server_default
    return ops.AlterColumnOp(
        one.table_name,
        one.column_name,
        schema=one.schema,
        existing_type=one.existing_type,
        existing_nullable=one.existing_nullable,
        existing_server_default=given,
        modify_type=one.modify_type,
        modify_server_default=one.modify_server_default,
    )


def _reference(one: ops.CreateForeignKeyOp) -> _Line:
    action = one.kw.get("ondelete")
    more = f', ondelete="{action}"' if action else ""
    up = (
        f'gradual.reference("{one.constraint_name}", "{one.source_table}", "{one.referent_table}", {_names(one.local_cols)}, '
        f"{_names(one.remote_cols)}{more})"
    )
    return _Line(up, _drop(one.constraint_name, one.source_table, "foreignkey"))


def _check(one: ops.CreateCheckConstraintOp) -> _Line:
    source = getattr(one.condition, "source", None) or repr(str(one.condition))
    return _Line(
        f'gradual.check("{one.constraint_name}", "{one.table_name}", {source})',
        _drop(one.constraint_name, one.table_name, "check"),
    )


def _unique(one: ops.CreateUniqueConstraintOp) -> _Line:
    return _Line(
        f'gradual.unique("{one.constraint_name}", "{one.table_name}", {_names(one.columns)})',
        _drop(one.constraint_name, one.table_name, "unique"),
    )


def _drop(name: Any, table: str, kind: str) -> str:
    return f'op.drop_constraint("{name}", "{table}", type_="{kind}")'


def _names(columns: Any) -> str:
    return "[" + ", ".join(f'"{getattr(one, "name", one)}"' for one in columns) + "]"


def _up(listed: list[Any], context: MigrationContext) -> Body:
    return _joined([one.up if isinstance(one, _Line) else one for one in listed], context)


def _down(listed: list[Any], context: MigrationContext) -> Body:
    undone = [one.down if isinstance(one, _Line) else one.reverse() for one in reversed(listed)]
    return _joined(undone, context)


def _joined(listed: list[Any], context: MigrationContext) -> Body:
    made = Body("")
    for one in listed:
        if isinstance(one, str):
            made += Body(one, imports_of(one))
        else:
            alone = isinstance(
                one, ops.CreateTableOp | ops.DropTableOp | ops.CreateIndexOp | ops.DropIndexOp | TableRename
            )
            table = one.source_table if isinstance(one, ops.CreateForeignKeyOp) else one.table_name
            group = one if alone else ops.ModifyTableOps(table, [one], schema=getattr(one, "schema", None))
            made += body_of(ops.UpgradeOps([group]), context)
    return made
