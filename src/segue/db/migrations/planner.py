"""What each step does to those who use the tables meanwhile: what it locks, what it rewrites, what it breaks."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import sqlalchemy as sa
from alembic.operations import ops

from segue.db.migrations.outline import outline_of, steps_of
from segue.db.migrations.revision import Revision
from segue.db.migrations.wordindexes import CreateWordIndexOp

__all__ = ["Effect", "Weight", "described", "effect_of"]

Weight: TypeAlias = Literal["instant", "online", "locks", "rewrites", "breaks", "unknown"]
"""How heavy a step is: ``instant``: a lock for milliseconds. ``online``: long, others go on. ``locks``: writers wait as long as it reads the
table. ``rewrites``: all wait while the table is written anew. ``breaks``: quick, but programs of before or after it fail. ``unknown``: it is
up to its author."""


class Effect(NamedTuple):
    """What one step does: its ``weight``, ``why``, and what to do ``instead``, if there is something better."""

    step: str
    weight: Weight
    why: str = ""
    instead: str = ""


def described(revisions: Sequence[Revision], dialect: sa.Dialect) -> list[str]:
    """Revisions and their steps, for people."""
    lines: list[str] = []
    for one in revisions:
        lines.append(f"{one.id}: {one.message}")
        for step in steps_of(one, dialect):
            effect = effect_of(step, dialect)
            more = f": {effect.why}" if effect.why else ""
            lines.append(f"  {effect.weight:9} {effect.step}{more}")
            if effect.instead:
                lines.append(f"            instead: {effect.instead}")
    return lines or ["There is nothing to run."]


def effect_of(step: Any, dialect: sa.Dialect) -> Effect:
    """What a step does on a kind of database."""
    told = outline_of(step)
    if callable(step) or isinstance(step, ops.ExecuteSQLOp):
        if getattr(step, "__gradual__", False):
            return Effect(told, "online", "a few rows at a time")
        return Effect(told, "unknown", "it is as long as what it does")
    weigh = {"postgresql": _postgresql, "mysql": _mysql, "mariadb": _mysql}.get(dialect.name, _sqlite)
    weight, why, instead = weigh(step)
    breaking = _breaks(step)
    if breaking and weight in ("instant", "online"):
        return Effect(told, "breaks", breaking, "diff --split")
    return Effect(told, weight, why, instead)


Judged: TypeAlias = tuple[Weight, str, str]

_QUICK: Judged = ("instant", "", "")
_SPLIT = "diff --split"


def _breaks(step: Any) -> str:
    match step:
        case ops.AlterColumnOp() if step.modify_name:
            return "programs that know the old name fail"
        case ops.RenameTableOp():
            return "programs that know the old name fail"
        case ops.DropColumnOp() | ops.DropTableOp():
            return "programs that still use it fail, and what is in it is gone"
        case ops.AddColumnOp() if not step.column.nullable and not _has_default(step.column):
            return "it fails where there are rows, and programs that do not know it insert none"
        case _:
            return ""


def _has_default(column: sa.Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None or bool(column.identity)


def _postgresql(step: Any) -> Judged:
    match step:
        case ops.AddColumnOp():
            if step.column.computed is not None:
                return "rewrites", "a stored column is computed for each row", ""
            if _is_volatile(step.column):
                return "rewrites", "its default is another one for each row", _SPLIT
            return _QUICK
        case ops.AlterColumnOp() if step.modify_type is not None:
            if _only_grows(step.existing_type, step.modify_type):
                return _QUICK
            return "rewrites", "each row is written in the new type", _SPLIT
        case ops.AlterColumnOp() if step.modify_nullable is False:
            return "locks", "all rows are read to see that none is empty", _SPLIT
        case CreateWordIndexOp() if step.words.stored:
            return "rewrites", "the words of each row are stored", ""
        case ops.CreateIndexOp():
            if step.kw.get("postgresql_concurrently"):
                return "online", "", ""
            return (
                "locks",
                "writers wait while the index is built",
                "index(..., concurrently=True), or " + _SPLIT,
            )
        case ops.CreateForeignKeyOp():
            return "locks", "writers of both tables wait while the rows are checked", _SPLIT
        case ops.CreateCheckConstraintOp():
            return "locks", "all wait while the rows are checked", _SPLIT
        case ops.CreateUniqueConstraintOp() | ops.CreatePrimaryKeyOp() | ops.AddConstraintOp():
            return "locks", "all wait while its index is built", _SPLIT
        case _:
            return _QUICK


def _mysql(step: Any) -> Judged:
    match step:
        case ops.AddColumnOp():
            if step.column.computed is not None and step.column.computed.persisted:
                return "rewrites", "a stored column is computed for each row", ""
            return _QUICK
        case ops.AlterColumnOp() if step.modify_type is not None:
            if _only_grows(step.existing_type, step.modify_type):
                return _QUICK
            return "rewrites", "the table is copied, and writers wait", _SPLIT
        case ops.AlterColumnOp() if step.modify_nullable is not None:
            return "online", "the table is rebuilt, and writers go on", ""
        case CreateWordIndexOp():
            return "rewrites", "the table is copied, and writers wait", ""
        case ops.CreateIndexOp() | ops.CreateUniqueConstraintOp():
            return "online", "", ""
        case ops.CreateForeignKeyOp() | ops.CreateCheckConstraintOp():
            return "rewrites", "the table is copied, and writers wait", _SPLIT
        case _:
            return _QUICK


def _sqlite(step: Any) -> Judged:
    match step:
        case ops.CreateTableOp() | ops.DropTableOp() | ops.RenameTableOp() | ops.DropIndexOp():
            return _QUICK
        case ops.AddColumnOp() if step.column.computed is None:
            return _QUICK
        case ops.CreateIndexOp():
            return "locks", "writers wait while the index is built; readers do not", ""
        case _:
            return "rewrites", "SQLite makes the table anew; writers wait, readers do not", ""


def _is_volatile(column: sa.Column[Any]) -> bool:
    default = column.server_default
    text = str(getattr(default, "arg", "")).lower()
    return any(name in text for name in ("random", "uuid", "clock_timestamp", "nextval", "timeofday"))


def _only_grows(old: Any, new: Any) -> bool:
    """Whether text may only be longer than before: then nothing is written."""
    if not isinstance(old, sa.String) or not isinstance(new, sa.String):
        return False
    return new.length is None or (old.length is not None and new.length >= old.length)
