"""The migrations of one database: what there is to be done with them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from segue.core.settings.projectfolder import in_project
from segue.db.migrations.comparison import compare, flat
from segue.db.migrations.errors import MigrationError
from segue.db.migrations.filling import fill_new_columns, read_fills
from segue.db.migrations.folder import Folder
from segue.db.migrations.outline import outline_of, owned_tables
from segue.db.migrations.record import Record
from segue.db.migrations.renames import Ask, read_renames, with_renames
from segue.db.migrations.revision import Revision
from segue.db.migrations.runner import Runner
from segue.db.migrations.script import script_of
from segue.db.migrations.source import Body, body_of, file_of, reverse_of
from segue.db.migrations.splitting import split_up
from segue.db.schema.extensions import add_extensions
from segue.db.schema.schemalock import only_one

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["Migrations", "Status"]


class Status(NamedTuple):
    """One revision: its ``id``, what it says, and when it was applied here; ``state`` is "applied", "pending" or "interrupted"."""

    id: str
    message: str
    state: str
    applied: str | None


class Migrations:
    """The migrations of one database, in a folder of files.

        migrations = Migrations(database)
        await migrations.diff("films have a rating")
        await migrations.migrate()

    The database has to be open. ``folder``: by default what ``Database(migrations=...)`` says, else ``migrations``, with a folder inside for
    each database that has a name.
    """

    def __init__(self, database: "Database", folder: str | Path | None = None) -> None:
        self.database = database
        given = folder or database.migrations
        if given is None:
            given = "migrations" if database.name == "database" else f"migrations/{database.name}"
        self.path = in_project(given)

    @property
    def folder(self) -> Folder:
        """The revisions as they are in the folder now."""
        return Folder(self.path)

    def metadata(self) -> sa.MetaData:
        """The tables of the models."""
        from segue.db.schema.schema import metadata_of

        return metadata_of(self.database.mappings(), self.database.engine.name)

    # -- writing revisions

    async def diff(
        self,
        message: str,
        *,
        renames: Sequence[str] = (),
        fills: Sequence[str] = (),
        ask: Ask | None = None,
        empty: bool = False,
        split: bool = False,
    ) -> list[Path]:
        """Writes a revision that makes the tables those of the models. Returns the files: none, if nothing is to be done.

        ``renames``: ``film.title:name`` for what has another name now; ``ask`` is asked about what else may have one. ``fills``:
        ``film.rating=3`` for what is in new columns. ``empty``: a revision to
        be filled in, with the models as they are now. ``split``: three, for a database that is used meanwhile: expand, backfill, contract.
        """
        folder = self.folder
        heads = folder.heads()
        if len(heads) > 1:
            raise MigrationError(
                f"{' and '.join(heads)} were written side by side. Put them in order first: segue db merge"
            )
        if empty:
            return [self._write_empty(folder, message)]
        given = read_renames(renames)
        refuse: Ask = lambda _: False  # noqa: E731 -- the type of a default

        def work(connection: sa.Connection) -> Any:
            applied = Record(connection).applied(folder)
            missing = [one.id for one in folder.pending(applied, heads)]
            if missing:
                raise MigrationError(
                    f"the database is behind: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not applied. Run `segue db migrate` first"
                )
            found, context = compare(connection, self.metadata(), owned_tables(folder))
            with_renames(found, context, given, ask or refuse)
            if not flat(found):
                return None
            fill_new_columns(found, connection, read_fills(fills))
            if split:
                return split_up(found, context)
            up = body_of(found, context)
            return [(None, up, body_of(reverse_of(found), context), "")]

        parts = await self.database.engine.run_sync(work)
        if not parts:
            return []
        written: list[Path] = []
        after = heads
        for phase, up, down, preamble in parts:
            name = folder.next_id(f"{message} {phase}" if phase else message)
            text = file_of(
                f"{message} ({phase})" if phase else message,
                after=after,
                upgrade=up,
                downgrade=down,
                phase=phase,
                preamble=preamble,
            )
            written.append(self._write(name, text))
            folder = self.folder
            after = [name]
        return written

    def _write_empty(self, folder: Folder, message: str) -> Path:
        from segue.db.migrations.modelsource import source_of

        models = source_of(self.database.mappings())
        preamble = (
            f"{models.lines}\n\n\nasync def fill() -> None:\n"
            '    """Change rows here: for example `await Model.where(...).update(...)`."""\n\n\n'
            'async def empty() -> None:\n    """Change them back."""\n'
        )
        up, down = Body("data(fill)", models.imports), Body("data(empty)")
        text = file_of(message, after=folder.heads(), upgrade=up, downgrade=down, preamble=preamble)
        return self._write(folder.next_id(message), text)

    def _write(self, name: str, text: str) -> Path:
        self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / f"{name}.py"
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        return path

    async def check(self) -> list[str]:
        """What differs between the models and the database, and which revisions are missing; nothing if all is well."""
        folder = self.folder
        told: list[str] = []
        heads = folder.heads()
        if len(heads) > 1:
            told.append(f"{' and '.join(heads)} were written side by side: segue db merge")

        def work(connection: sa.Connection) -> list[str]:
            record = Record(connection)
            missing = folder.pending(record.applied(folder), heads)
            found, _ = compare(connection, self.metadata(), owned_tables(folder))
            return [
                *(f"{one.id} is not applied: segue db migrate" for one in missing),
                *(outline_of(one) for one in flat(found)),
            ]

        return told + await self.database.engine.run_sync(work)

    # -- running them

    async def migrate(
        self, target: str | None = None, *, fake: bool = False, wait: float = 60.0
    ) -> list[str]:
        """Runs what is missing, or goes to ``target``, back if it is behind; ``"zero"`` undoes all. Returns what was run.

        ``fake``: only notes that it is done. ``wait``: seconds to wait for others who migrate, or who use the tables.
        """
        folder = self.folder
        if target == "zero":
            return await self._undo(lambda applied: _newest_first(folder, applied), wait, fake)
        wanted = [folder.named(target).id] if target else self._single_head(folder)

        if target and not fake:
            applied = await self.database.engine.run_sync(lambda c: Record(c).applied(folder))
            if wanted[0] in applied:
                after = folder.descendants(wanted[0])
                return await self._undo(lambda done: _newest_first(folder, done & after), wait, fake)
        if fake:
            return await self.stamp(target)

        metadata = self.metadata()

        def work(connection: sa.Connection) -> list[str]:
            add_extensions(connection, metadata)
            connection.commit()
            return Runner(folder, connection, wait=wait).upgrade(wanted)

        async with only_one(self.database.engine, timeout=wait):
            return await self.database.engine.run_sync(work, begin=False)

    def _single_head(self, folder: Folder) -> list[str]:
        heads = folder.heads()
        if len(heads) > 1:
            raise MigrationError(
                f"{' and '.join(heads)} were written side by side, and nobody knows which comes first. Run `segue db merge`"
            )
        return heads

    async def rollback(self, target: str | int = 1, *, wait: float = 60.0) -> list[str]:
        """Undoes so many revisions, or all that come after the one named. Returns what was undone."""
        folder = self.folder
        if isinstance(target, str):
            keep = folder.named(target).id
            applied = await self.database.engine.run_sync(lambda c: Record(c).applied(folder))
            if keep not in applied:
                raise MigrationError(f"{keep} is not applied, so nothing can be rolled back to it")
            return await self._undo(
                lambda done: _newest_first(folder, done & folder.descendants(keep)), wait, fake=False
            )
        left = target

        def choose(applied: set[str]) -> list[Revision]:
            nonlocal left
            if left <= 0:
                return []
            left -= 1
            return _newest_first(folder, applied)

        return await self._undo(choose, wait, fake=False)

    async def _undo(self, choose: Callable[[set[str]], list[Revision]], wait: float, fake: bool) -> list[str]:
        folder = self.folder

        def work(connection: sa.Connection) -> list[str]:
            if not fake:
                return Runner(folder, connection, wait=wait).downgrade(choose)
            record = Record(connection)
            gone = choose(record.applied(folder))
            for one in gone:
                for name in (one.id, *one.replaces):
                    record.forget(name)
            connection.commit()
            return [one.id for one in gone]

        async with only_one(self.database.engine, timeout=wait):
            return await self.database.engine.run_sync(work, begin=False)

    async def stamp(self, target: str | None = None) -> list[str]:
        """Notes that all revisions up to ``target`` are applied, and none after it, without running any."""
        folder = self.folder
        if target == "zero":
            wanted: set[str] = set()
        else:
            wanted = folder.ancestors([folder.named(target).id] if target else folder.heads())

        def work(connection: sa.Connection) -> list[str]:
            record = Record(connection)
            record.make()
            rows = record.rows()
            for name in rows.keys() - wanted:
                if name in folder.revisions:
                    record.forget(name)
            new = [one.id for one in folder.order() if one.id in wanted]
            new = [name for name in new if name not in rows or not rows[name].applied]
            for name in new:
                record.stamp(name)
            return new

        async with only_one(self.database.engine):
            return await self.database.engine.run_sync(work)

    # -- looking at them

    async def status(self) -> list[Status]:
        """All revisions in their order, and which of them are applied here."""
        folder = self.folder

        def work(connection: sa.Connection) -> list[Status]:
            record = Record(connection)
            rows, applied = record.rows(), record.applied(folder)
            found: list[Status] = []
            for one in folder.order():
                row = rows.get(one.id)
                state = "applied" if one.id in applied else "pending" if row is None else "interrupted"
                found.append(Status(one.id, one.message, state, row.applied if row is not None else None))
            return found

        return await self.database.engine.run_sync(work)

    async def plan(self, target: str | None = None) -> list[Revision]:
        """What ``migrate`` would run."""
        folder = self.folder
        wanted = [folder.named(target).id] if target else self._single_head(folder)
        return await self.database.engine.run_sync(
            lambda connection: folder.pending(Record(connection).applied(folder), wanted)
        )

    async def sql(self, first: str | None = None, last: str | None = None, *, backwards: bool = False) -> str:
        """The SQL of revisions, which is not run: of one, or of ``first`` to ``last``; of those that are pending if none is named."""
        folder = self.folder
        if first is None:
            chosen = await self.plan()
        else:
            start, end = folder.named(first).id, folder.named(last or first).id
            between = folder.ancestors([end]) & (folder.descendants(start) | {start})
            chosen = [one for one in folder.order() if one.id in between]
        dialect = self.database.engine.dialect
        return script_of(folder, chosen, dialect, "downgrade" if backwards else "upgrade")

    # -- putting them in order

    def merge(self, message: str = "merge", *, onto: str | None = None) -> Path | None:
        """Puts revisions that were written side by side, on two branches, in order.

        It writes a revision that comes after all of them. ``onto``: lets the others come after that one instead, by changing what their first
        files say. None if there is nothing to merge.
        """
        folder = self.folder
        heads = folder.heads()
        if len(heads) < 2:
            return None
        if onto is None:
            text = file_of(message, after=heads, upgrade=Body(""), downgrade=Body(""))
            return self._write(folder.next_id(message), text)
        base = folder.named(onto)
        if base.id not in heads:
            raise MigrationError(
                f"{base.id} is none of those that were written side by side: {', '.join(heads)}"
            )
        settled = folder.ancestors([base.id])
        for head in heads:
            if head == base.id:
                continue
            own = folder.ancestors([head]) - settled
            for name in own:
                one = folder.revisions[name]
                if not {before.id for before in folder.before(one)} & own:
                    _set_after(one, base.id)
            settled |= own
            base = folder.named(head)
        return base.path

    async def squash(self, first: str, last: str, message: str = "squashed") -> Path:
        """Writes one revision in the place of those from ``first`` to ``last``. Databases that have run those need not run it.

        The old files may be deleted when every database has them.
        """
        from segue.db.migrations.squashing import squashed

        folder = self.folder
        start, end = folder.named(first), folder.named(last)
        name, text = squashed(folder, start, end, message, self.database.engine.dialect)
        return self._write(name, text)


def _newest_first(folder: Folder, names: set[str]) -> list[Revision]:
    replaced = {name for one in folder.revisions.values() if one.id in names for name in one.replaces}
    return [one for one in reversed(folder.order()) if one.id in names and one.id not in replaced]


def _set_after(one: Revision, name: str) -> None:
    text = one.path.read_text(encoding="utf-8")
    changed = re.sub(r"^after(:[^=]+)? = .*$", f'after = "{name}"', text, count=1, flags=re.MULTILINE)
    one.path.write_text(changed, encoding="utf-8")
