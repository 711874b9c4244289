"""What a database remembers of its migrations: a row for each revision that was begun."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from segue.db.migrations.folder import Folder

__all__ = ["TABLE", "Record"]

TABLE = "segue_migration"

_table = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("revision", sa.String(120), primary_key=True),
    # How many of its steps were begun, and how many are done: less, if it was interrupted.
    sa.Column("begun", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("direction", sa.String(4), nullable=False),
    # Empty while it is under way.
    sa.Column("applied", sa.String(32)),
)


class Record:
    """The table in which a database remembers its revisions. It is made when something is written to it."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def rows(self) -> dict[str, Any]:
        """What is known of each revision that was begun."""
        if not sa.inspect(self.connection).has_table(TABLE):
            return {}
        return {row.revision: row for row in self.connection.execute(sa.select(_table))}

    def applied(self, folder: Folder) -> set[str]:
        """The revisions that are applied; one that was squashed is, where all that it replaces are."""
        found = {name for name, row in self.rows().items() if row.applied}
        for one in folder.order():
            if one.replaces and one.id not in found and found.issuperset(one.replaces):
                found.add(one.id)
        for one in folder.revisions.values():
            if one.id in found:
                found.update(name for name in one.replaces if name in folder.revisions)
        return found

    def make(self) -> None:
        """Makes the table, if it is missing."""
        _table.create(self.connection, checkfirst=True)

    def begin(self, revision: str, direction: str) -> tuple[int, int]:
        """Notes that a revision is under way. Returns how many steps an interrupted run has begun, and how many done."""
        row = self.connection.execute(
            sa.select(_table.c.begun, _table.c.done, _table.c.direction, _table.c.applied).where(
                _table.c.revision == revision
            )
        ).first()
        if row is not None and row.direction == direction and (direction == "down" or not row.applied):
            return row.begun, row.done
        if row is None:
            self.connection.execute(
                sa.insert(_table).values(revision=revision, begun=0, done=0, direction=direction)
            )
        else:
            self._set(revision, begun=0, done=0, direction=direction)
        return 0, 0

    def step(self, revision: str, *, begun: int, done: int) -> None:
        """Notes how far a revision is."""
        self._set(revision, begun=begun, done=done)

    def finish(self, revision: str, direction: str) -> None:
        """Notes that a revision is applied, or is not any more."""
        if direction == "down":
            self.connection.execute(sa.delete(_table).where(_table.c.revision == revision))
        else:
            self._set(revision, applied=datetime.now(UTC).isoformat(" ", "seconds"))

    def stamp(self, revision: str) -> None:
        """Notes that a revision is applied, without having run it."""
        self.begin(revision, "up")
        self.finish(revision, "up")

    def forget(self, revision: str) -> None:
        """Forgets a revision."""
        self.connection.execute(sa.delete(_table).where(_table.c.revision == revision))

    def _set(self, revision: str, **values: Any) -> None:
        self.connection.execute(sa.update(_table).where(_table.c.revision == revision).values(values))
