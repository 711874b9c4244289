"""The SQL of revisions, without running it."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event

from segue.db.migrations.errors import Irreversible
from segue.db.migrations.folder import Folder
from segue.db.migrations.operations import Steps, as_current
from segue.db.migrations.revision import Revision

__all__ = ["script_of"]


class _Taken:
    """Takes every step."""

    def step(self, what: Any, take: Callable[[], Any], *, alone: bool) -> Any:
        return take()


def script_of(folder: Folder, revisions: Sequence[Revision], dialect: Any, name: str) -> str:
    """The statements of revisions, for people to read or to run by hand."""
    if name == "downgrade":
        revisions = list(reversed(revisions))
    if dialect.name == "sqlite":
        return _by_trying(folder, revisions, name)
    told: list[str] = []
    for one in revisions:
        buffer = io.StringIO()
        context = MigrationContext.configure(
            dialect=dialect, opts={"as_sql": True, "output_buffer": buffer, "literal_binds": True}
        )
        _run(one, name, context)
        told.append(f"-- {one.id}: {one.message}\n\n{buffer.getvalue().strip()}\n")
    return "\n".join(told)


def _run(revision: Revision, name: str, context: MigrationContext) -> None:
    run = revision.step(name)
    if run is None:
        raise Irreversible(f"{revision.id} cannot be undone: {revision.path} has no downgrade()")
    with as_current(Steps(context, _Taken())):
        run()


def _by_trying(folder: Folder, revisions: Sequence[Revision], name: str) -> str:
    """SQLite's tables are often made anew from what they are: so the revisions are run in memory, and listened to."""
    engine = sa.create_engine("sqlite://")
    wanted = {one.id for one in revisions}
    heard: list[str] = []
    told: dict[str, list[str]] = {}

    def listen(_: Any, __: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("PRAGMA", "SELECT", "BEGIN")):
            heard.append(statement.strip() + ";")

    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", listen)
        context = MigrationContext.configure(connection)
        newest = list(folder.order())
        last = max((at for at, one in enumerate(newest) if one.id in wanted), default=-1)
        replaced = {old for one in newest if one.id not in wanted for old in one.replaces}
        done = [
            one
            for one in newest[: last + 1]
            if one.id in wanted or not (one.id in replaced or (one.replaces and wanted & set(one.replaces)))
        ]
        for one in done:
            heard.clear()
            _run(one, "upgrade", context)
            told[one.id] = list(heard)
        if name == "downgrade":
            for one in reversed(done):
                if one.id not in wanted:
                    continue
                heard.clear()
                _run(one, "downgrade", context)
                told[one.id] = list(heard)
    engine.dispose()
    parts = [f"-- {one.id}: {one.message}\n\n" + "\n\n".join(told[one.id]) + "\n" for one in revisions]
    return "\n".join(parts)
