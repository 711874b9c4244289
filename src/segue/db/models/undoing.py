"""The log of transactions: looked at, and one of them undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from segue.db.databases.database import Database, chosen, database_of
from segue.db.engine.errors import ForeignKeyViolation, IntegrityError
from segue.db.errors import Missing, Stale, ValidationError
from segue.db.models.mapping import Mapping
from segue.db.models.undoable import undoing, version_of
from segue.http.errors import Conflict

__all__ = ["CannotUndo", "Logged", "transactions", "undo", "undo_last"]


class CannotUndo(Conflict):
    """A transaction cannot be undone: ``problems`` says why, one text for each. In a handler it is a 409."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(self.problems), extra={"problems": self.problems})


class Logged(msgspec.Struct, frozen=True, eq=False):
    """A transaction in the log: its ``name``, when and by whom it was made, what was done in it, and the one that it ``undoes``."""

    name: str
    at: datetime
    by: str | None
    undoes: str | None
    actions: list[Any]


def _logs_in(database: Database) -> Any:
    for mapping in database.mappings():
        if "log" in mapping.kept:
            return mapping.kept["log"]
    raise TypeError(f"no model of {database!r} is Undoable, so nothing is logged in it")


async def transactions(
    *, by: str | None = None, limit: int = 20, before: str | None = None, using: Any = None
) -> list[Logged]:
    """The last transactions, of everybody or by somebody, the last one first. ``before``: the name of the one where the page before ended.

    ``using``: one of several databases.
    """
    database = database_of(None, using)
    log = _logs_in(database)
    last = log.id.max()
    with chosen(database):
        asked = log.all() if by is None else log.where(log.by == by)
        if before is not None:
            ended = await log.where(log.transaction == before).select(last)
            asked = asked.where(log.id < ended[0][0])
        # One that ends before another has begun to end may have begun later: what is in it tells.
        rows = (
            await asked.select(log.transaction, last)
            .group_by(log.transaction)
            .order_by(last.desc())
            .limit(limit)
        )
        names = [row[0] for row in rows]
        actions = await log.where(log.transaction.is_in(names)).order_by(log.id) if names else []
    return [_logged([one for one in actions if one.transaction == name]) for name in names]


def _logged(actions: list[Any]) -> Logged:
    first = actions[0]
    return Logged(first.transaction, first.at, first.by, first.undoes, actions)


async def undo_last(by: str, *, using: Any = None) -> Logged | None:
    """Undoes somebody's last transaction that was not undone; called again, the one before. None where there is none.

    Raises CannotUndo as ``undo`` does.
    """
    database = database_of(None, using)
    log = _logs_in(database)
    passed: list[str] = []
    with chosen(database):
        while True:
            asked = log.where(log.by == by, log.undoes == None)  # noqa: E711 -- SQL
            if passed:
                asked = asked.where(log.transaction.not_in(passed))
            last = await asked.order_by(log.id.desc()).first()
            if last is None:
                return None
            if not await _is_undone(log, last.transaction):
                return await undo(last.transaction, by=by, using=database)
            passed.append(last.transaction)


async def _is_undone(log: Any, name: str) -> bool:
    """Whether a transaction is undone, by one that is not undone itself."""
    undoers = await log.where(log.undoes == name).select(log.transaction).distinct()
    for (undoer,) in undoers:
        if not await _is_undone(log, undoer):
            return True
    return False


async def undo(name: str, *, by: str | None = None, using: Any = None) -> Logged:
    """Takes back all that was done in a transaction, in one that is logged itself and may be undone in turn.

    ``by``: it has to be theirs. Raises Missing where there is no such transaction, and CannotUndo, having changed nothing, where objects were changed
    since, are gone, or are needed by others.
    """
    database = database_of(None, using)
    log = _logs_in(database)
    with chosen(database):
        async with database.transaction():
            actions = await log.where(log.transaction == name).order_by(log.id.desc()).for_update()
            if not actions or (by is not None and actions[0].by != by):
                raise Missing(f"there is no transaction {name!r:.80}")
            problems = await _changed_since(log, actions)
            if problems:
                raise CannotUndo(problems)
            token = undoing.set(name)
            try:
                await _take_back(database, actions)
            finally:
                undoing.reset(token)
    return _logged(actions[::-1])


async def _changed_since(log: Any, actions: list[Any]) -> list[str]:
    """What others, or the same person, did afterwards to the same objects, and is not undone."""
    problems: list[str] = []
    for model, record in dict.fromkeys((one.model, one.record) for one in actions):
        own = [one.id for one in actions if (one.model, one.record) == (model, record)]
        later = await log.where(
            log.model == model,
            log.record == record,
            log.id > max(own),
            log.transaction != actions[0].transaction,
        ).order_by(log.id.desc())
        kept: dict[str, Any] = {}
        taken_back: set[str] = set()
        inside = {one.transaction for one in later}
        for one in later:
            if one.transaction in taken_back:
                continue
            if one.undoes in inside:
                taken_back.add(one.undoes)
            else:
                kept[one.transaction] = one
        problems += [
            f"{model} {record} was changed by {one.by or 'somebody'} at {one.at:%Y-%m-%d %H:%M}"
            for one in kept.values()
        ]
    return problems


async def _take_back(database: Database, actions: list[Any]) -> None:
    waiting = actions
    while waiting:
        left: list[Any] = []
        problems: list[str] = []
        for one in waiting:
            try:
                async with database.transaction():
                    await _reverse(one)
            except (ForeignKeyViolation, _NotThere) as error:
                # What it refers to may come back later.
                left.append(one)
                problems.append(f"{one.model} {one.record}: {_told(error)}")
            except (IntegrityError, Stale, ValidationError, LookupError) as error:
                raise CannotUndo([f"{one.model} {one.record}: {_told(error)}"]) from error
        if len(left) == len(waiting):
            raise CannotUndo(problems)
        waiting = left


class _NotThere(Exception):
    """An object that is needed to undo something is not there, or not yet again."""


def _told(error: Exception) -> str:
    return str(getattr(error, "public", "") or error)


async def _reverse(one: Any) -> None:
    model = type(one).of[one.model]
    if one.kind in ("update", "delete"):
        version = await version_of(one)
        if version is None:
            raise LookupError("its version is gone")
        await version.restore()
        return
    try:
        target = await _found(model, one.record)
        if one.kind == "insert":
            await target.delete()
            return
        relation = model.__mapping__.relations[one.names[0]]
        others = [await _found(relation.target, record) for record in one.others]
    except _NotThere:
        if one.kind == "link":
            return  # what is gone is related to nothing
        raise
    path = getattr(model, relation.name)
    await (target.remove(path, *others) if one.kind == "link" else target.add(path, *others))


async def _found(model: Any, record: str) -> Any:
    mapping: Mapping = model.__mapping__
    key = msgspec.json.decode(record)
    parts = key if len(mapping.key) > 1 else [key]
    same = [
        mapping.expression(column.name) == msgspec.convert(part, column.hint, strict=False)
        for column, part in zip(mapping.key, parts, strict=True)
    ]
    found = await model.where(*same).unscoped().first()
    if found is None:
        raise _NotThere("it is not there any more")
    return found
