"""Files that objects name: kept in a storage, and taken away when nothing names them any more."""

from collections.abc import Callable, Iterable
from typing import Any

from segue.core.ports import KeepsFiles
from segue.db.models.columns import ColumnField
from segue.db.models.mapping import Mapping
from segue.db.writing.writesignals import (
    Change,
    Deleting,
    DeletingMany,
    ManyChange,
    Updating,
    UpdatingMany,
)

__all__ = ["attached", "receivers_of"]


async def attached(target: Any, column: ColumnField, content: Any) -> str:
    """Keeps a file for a field, and gives its name."""
    storage: KeepsFiles | None = column.options.upload
    if storage is None:
        raise TypeError(f"{column!r} names no files: field(upload=storage) says where they are kept")
    kept = await storage.save(content, folder=column.options.folder)
    setattr(target, column.name, kept.name)
    return kept.name


def receivers_of(model: Any) -> list[tuple[type, Callable[[Any], Any]]]:
    """What hears of the writes of a model whose objects name files. Of one that keeps what is deleted, files are kept too."""
    mapping: Mapping = model.__mapping__
    columns = [one for one in mapping.columns.values() if one.options.upload is not None]
    if not columns:
        return []

    async def before(change: Change[Any] | ManyChange[Any]) -> None:
        if isinstance(change, Deleting | DeletingMany) and "mark deleted" in mapping.kept:
            return
        if isinstance(change, ManyChange):
            written: Any = change.values if isinstance(change, UpdatingMany) else mapping.columns
            query: Any = change.query
        else:
            written = change.names if isinstance(change, Updating) else frozenset(mapping.columns)
            here = [mapping.expression(key.name) == getattr(change.target, key.name) for key in mapping.key]
            query = type(change.target).where(*here).unscoped()
        concerned = [one for one in columns if one.name in written]
        if not concerned:
            return
        expressions = [mapping.expression(one.name) for one in concerned]
        rows = await query.using(change.database).order_by().select(*expressions)
        gone: list[tuple[KeepsFiles, str]] = []
        for at, one in enumerate(concerned):
            stays = None if isinstance(change, ManyChange | Deleting) else getattr(change.target, one.name)
            gone += [(one.options.upload, row[at]) for row in rows if row[at] and row[at] != stays]
        if gone:
            change.database.on_commit(lambda: _take_away(gone))

    return [(kind, before) for kind in (Updating, Deleting, UpdatingMany, DeletingMany)]


async def _take_away(files: Iterable[tuple[KeepsFiles, str]]) -> None:
    for storage, name in files:
        await storage.delete(name)
