"""Renamed tables and columns: found among what is gone and what is new, once somebody says that they are the same."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from alembic.autogenerate import renderers
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from segue.db.migrations.errors import MigrationError
from segue.db.migrations.wordindexes import DropWordIndexOp

__all__ = ["Ask", "Rename", "candidates", "read_renames", "with_renames"]


class Rename(NamedTuple):
    """A table, or a column of ``table``, that has another name now."""

    table: str | None
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.table}.{self.old} -> {self.new}" if self.table else f"{self.old} -> {self.new}"


class ColumnRename(ops.AlterColumnOp):
    """A column gets another name; undone, its old one."""

    def reverse(self) -> "ColumnRename":
        return ColumnRename(
            self.table_name,
            str(self.modify_name),
            schema=self.schema,
            modify_name=self.column_name,
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
        )


class TableRename(ops.RenameTableOp):
    """A table gets another name; undone, its old one."""

    def reverse(self) -> "TableRename":
        return TableRename(self.new_table_name, self.table_name, schema=self.schema)


@renderers.dispatch_for(ColumnRename)
def _column_rename(context: Any, one: ColumnRename) -> str:
    from alembic.autogenerate.render import _repr_type

    kind_there: Any = one.existing_type
    given = f"{one.column_name!r}, new_column_name={one.modify_name!r}"
    kind = f"existing_type={_repr_type(kind_there, context)}"
    if context._has_batch:
        return f"batch_op.alter_column({given}, {kind}, existing_nullable={one.existing_nullable!r})"
    return (
        f"op.alter_column({one.table_name!r}, {given}, {kind}, existing_nullable={one.existing_nullable!r})"
    )


@renderers.dispatch_for(TableRename)
def _table_rename(_: Any, one: TableRename) -> str:
    schema = f", schema={one.schema!r}" if one.schema else ""
    return f"op.rename_table({one.table_name!r}, {one.new_table_name!r}{schema})"


#: Asked whether something was renamed.
Ask = Callable[[Rename], bool]


def read_renames(given: Sequence[str]) -> list[Rename]:
    """Renames as they are typed: ``film:movie``, ``film.title:name``. Raises MigrationError for what is none."""
    found: list[Rename] = []
    for one in given:
        old, colon, new = one.partition(":")
        table, dot, column = old.partition(".")
        name = new.rpartition(".")[2]
        if not colon or not table or not name or (dot and not column):
            raise MigrationError(
                f"{one!r} is no rename: write film:movie for a table, film.title:name for a column"
            )
        found.append(Rename(table, column, name) if dot else Rename(None, table, name))
    return found


def candidates(found: ops.UpgradeOps, context: MigrationContext) -> list[Rename]:
    """What may have been renamed: something is gone, and something like it is new."""
    listed: list[Rename] = []
    gone = [one for one in found.ops if isinstance(one, ops.DropTableOp)]
    new = [one for one in found.ops if isinstance(one, ops.CreateTableOp)]
    for old_table in gone:
        columns = {column.name for column in old_table.to_table().columns}
        for new_table in new:
            others = {column.name for column in new_table.to_table().columns}
            if len(columns & others) * 2 >= max(len(columns), len(others)):
                listed.append(Rename(None, old_table.table_name, new_table.table_name))
    for group in found.ops:
        if not isinstance(group, ops.ModifyTableOps):
            continue
        dropped = [one for one in group.ops if isinstance(one, ops.DropColumnOp)]
        added = [one for one in group.ops if isinstance(one, ops.AddColumnOp)]
        for one in dropped:
            listed += [
                Rename(group.table_name, one.column_name, other.column.name)
                for other in added
                if _alike(one, other, context)
            ]
    return listed


def _alike(dropped: ops.DropColumnOp, added: ops.AddColumnOp, context: MigrationContext) -> bool:
    there, here = dropped.to_column(), added.column
    same = there.type._type_affinity is here.type._type_affinity
    return bool(same or not context.impl.compare_type(there, here))


def with_renames(
    found: ops.UpgradeOps, context: MigrationContext, given: Sequence[Rename], ask: Ask
) -> list[Rename]:
    """Puts renames in the place of what is gone and what is new. Returns those that were found.

    Raises MigrationError for one that was given and does not fit.
    """
    possible = candidates(found, context)
    for one in given:
        if one.table is not None and not _fits(one, found):
            raise MigrationError(
                f"{one}: the models have that column, and the database has not, only then it was renamed"
            )
    done: list[Rename] = []
    used: set[tuple[str | None, str, str]] = set()
    for one in sorted(set(possible) | set(given), key=lambda one: (one.table is not None, str(one))):
        if (one.table, one.old, "old") in used or (one.table, one.new, "new") in used:
            continue
        if one not in given and not ask(one):
            continue
        if one.table is None:
            _rename_table(found, one)
        else:
            _rename_column(found, one, context)
        used |= {(one.table, one.old, "old"), (one.table, one.new, "new")}
        done.append(one)
    return done


def _fits(one: Rename, found: ops.UpgradeOps) -> bool:
    for group in found.ops:
        if isinstance(group, ops.ModifyTableOps) and group.table_name == one.table:
            dropped = any(isinstance(o, ops.DropColumnOp) and o.column_name == one.old for o in group.ops)
            added = any(isinstance(o, ops.AddColumnOp) and o.column.name == one.new for o in group.ops)
            return dropped and added
    return False


def _rename_column(found: ops.UpgradeOps, one: Rename, context: MigrationContext) -> None:
    for group in found.ops:
        if not isinstance(group, ops.ModifyTableOps) or group.table_name != one.table:
            continue
        dropped = next(o for o in group.ops if isinstance(o, ops.DropColumnOp) and o.column_name == one.old)
        added = next(o for o in group.ops if isinstance(o, ops.AddColumnOp) and o.column.name == one.new)
        there, here = dropped.to_column(), added.column
        group.ops.remove(dropped)
        group.ops.remove(added)
        first: list[Any] = [
            ColumnRename(
                group.table_name,
                one.old,
                schema=group.schema,
                modify_name=one.new,
                existing_type=there.type,
                existing_nullable=there.nullable,
            )
        ]
        more: dict[str, Any] = {}
        if context.impl.compare_type(there, here):
            more["modify_type"] = here.type
        if there.nullable != here.nullable:
            more["modify_nullable"] = here.nullable
        if more:
            first.append(
                ops.AlterColumnOp(
                    group.table_name,
                    one.new,
                    schema=group.schema,
                    existing_type=there.type,
                    existing_nullable=there.nullable,
                    **more,
                )
            )
        group.ops[:0] = first[:1]
        group.ops += first[1:]


def _rename_table(found: ops.UpgradeOps, one: Rename) -> None:
    gone = next((o for o in found.ops if isinstance(o, ops.DropTableOp) and o.table_name == one.old), None)
    new = next((o for o in found.ops if isinstance(o, ops.CreateTableOp) and o.table_name == one.new), None)
    if gone is None or new is None:
        raise MigrationError(
            f"{one}: the table was renamed only if no model has the old one and one has the new one"
        )
    found.ops.remove(gone)
    found.ops.remove(new)
    # Indexes of a table that is dropped are dropped before it; those of the renamed one have new names.
    group = next(
        (o for o in found.ops if isinstance(o, ops.ModifyTableOps) and o.table_name == one.new), None
    )
    if group is None:
        group = ops.ModifyTableOps(one.new, [], schema=new.schema)
    else:
        found.ops.remove(group)
    old_group = next(
        (o for o in found.ops if isinstance(o, ops.ModifyTableOps) and o.table_name == one.old), None
    )
    before: list[Any] = [] if old_group is None else [old_group]
    if old_group is not None:
        found.ops.remove(old_group)
    there, here = gone.to_table(), new.to_table()
    old_columns, new_columns = {c.name: c for c in there.columns}, {c.name: c for c in here.columns}
    changes: list[Any] = [
        ops.AddColumnOp(one.new, column._copy(), schema=new.schema)
        for name, column in new_columns.items()
        if name not in old_columns
    ]
    changes += [
        ops.DropColumnOp.from_column_and_tablename(new.schema, one.new, column)
        for name, column in old_columns.items()
        if name not in new_columns
    ]
    group.ops[:0] = changes
    renamed = TableRename(one.old, one.new, schema=new.schema)
    # Indexes of words go while the table still has its old name.
    words = [one for one in found.ops if isinstance(one, DropWordIndexOp)]
    others = [one for one in found.ops if not isinstance(one, DropWordIndexOp)]
    found.ops[:] = [*words, *before, renamed, *([group] if group.ops else []), *others]
