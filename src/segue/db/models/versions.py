"""Models that keep what their objects were: each change and deletion leaves a version behind, which can be brought back."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Self, cast

import msgspec
from msgspec import UNSET

from segue.db.models.attributes import key_of
from segue.db.models.audit import actor
from segue.db.models.columns import ColumnField
from segue.db.models.fields import Field, field
from segue.db.models.hashed import Hashed
from segue.db.models.making import ModelMeta
from segue.db.models.mapping import Mapping
from segue.db.models.model import Model
from segue.db.models.state import put
from segue.db.writing.writesignals import Deleting, DeletingMany, Updating, UpdatingMany, listen

__all__ = ["Version", "Versioned", "record_of", "write_versions"]

_SOME = 500


class Version(Model, abstract=True):
    """What an object was before a change. ``action``: what ended it; ``at``, ``by``: when, and by whom (see ``acting_as``)."""

    #: The model whose objects these are versions of.
    of: ClassVar[Any] = None

    record: Field[str] = field(max_length=190, index=True)
    action: Field[Literal["update", "delete"]]
    at: Field[datetime]
    by: Field[str | None] = field(default=None, max_length=150)
    values: Field[dict[str, Any]] = field(private=True)

    def object(self) -> Any:
        """The object as it was, as one that is not saved."""
        mapping: Mapping = self.of.__mapping__
        made = self.of(
            **{c.name: _value(c, self.values[c.name]) for c in _kept(mapping) if c.name in self.values}
        )
        for column in mapping.key:
            put(made, column.name, _value(column, self.values[column.name]))
        return made

    async def restore(self) -> Any:
        """Makes the object what it was: a change as others are, which leaves a version; a deleted one is inserted again."""
        old = self.object()
        present = await self.of.all().unscoped().where(*_is(old)).first()
        if present is None:
            from segue.db.writing.inserting import inserted

            return await inserted(old)
        _copy(old, present, self.values)
        return await present.save()


def _record_versions(model: Any) -> None:
    """Makes the model of the versions, and keeps one for each change."""
    name = f"{model.__name__}Version"
    namespace: dict[str, Any] = {
        "__module__": model.__module__,
        "__qualname__": f"{model.__qualname__}Version",
        "of": model,
    }
    mapping: Mapping = model.__mapping__
    made: Any = ModelMeta(
        name,
        (Version,),
        namespace,
        table=f"{mapping.table}_version",
        schema=mapping.schema,
        database=mapping.database,
    )
    mapping.kept["versions"] = made
    mapping.kept.setdefault("beside", []).append(made)
    listen(model, Updating, _before_one, "now", "versions")
    listen(model, Deleting, _before_one, "now", "versions")
    listen(model, UpdatingMany, _before_many, "now", "versions")
    listen(model, DeletingMany, _before_many, "now", "versions")


class Versioned(Model, abstract=True):
    """A model that keeps what its objects were.

        class Page(Versioned):
            text: Field[str] = field(text=True)

        page.text = "better"
        await page.save()
        (await page.history())[0].object().text     # what it was
        await page.undo()

    Each change and each deletion, of one object or of all in a query, copies the row into the table ``page_version`` in the same
    transaction. What is written by SQL of your own leaves no version.
    """

    __made__ = staticmethod(_record_versions)

    async def history(self) -> list[Version]:
        """What it was before its changes, the last one first."""
        found: list[Version] = await _versions(self)
        return found

    async def undo(self) -> Self:
        """Takes the last change back, and its version with it. Raises LookupError where there is none."""
        from segue.db.databases.database import database_of

        async with database_of(type(self)).transaction():
            last = await _versions(self).first()
            if last is None:
                raise LookupError(f"{type(self).__name__} {key_of(self)!r} has no version to go back to")
            _copy(last.object(), self, last.values)
            await self.save()
            await _versions(self).limit(1).delete()
            await last.delete()
        return self


def _versions(target: Any) -> Any:
    model: Any = type(target).__mapping__.kept["versions"]
    mapping: Mapping = model.__mapping__
    return model.where(mapping.expression("record") == record_of(target)).order_by(
        mapping.expression("id").desc()
    )


def record_of(target: Any) -> str:
    """The key of an object as text."""
    key = key_of(target)
    text = msgspec.json.encode(key).decode()
    if len(text) > 190:
        raise ValueError(f"the key of {target!r} is too long for versions: at most 190 characters as JSON")
    return text


def _kept(mapping: Mapping) -> list[ColumnField]:
    return [c for c in mapping.columns.values() if not c.generated]


def _plain(column: ColumnField, value: Any) -> Any:
    """A value as JSON; one that is encrypted in its table is so here."""
    if column.kind.cipher is None or value is None:
        return str(value) if column.options.hashed is not None else msgspec.to_builtins(value)
    return base64.b64encode(column.kind.cipher[0](msgspec.json.encode(value))).decode()


def _value(column: ColumnField, plain: Any) -> Any:
    if column.kind.cipher is not None and plain is not None:
        plain = msgspec.json.decode(column.kind.cipher[1](base64.b64decode(plain)))
    if column.options.hashed is not None and plain is not None:
        return Hashed(plain)
    return msgspec.convert(plain, column.hint, strict=False)


def _copy(old: Any, target: Any, values: dict[str, Any]) -> None:
    """Assigns what is different."""
    mapping: Mapping = type(target).__mapping__
    for column in _kept(mapping):
        if column.options.key or column.options.version or column.name not in values:
            continue
        value = getattr(old, column.name)
        if getattr(target, column.name, UNSET) != value:
            setattr(target, column.name, value)


def _is(target: Any) -> list[Any]:
    mapping: Mapping = type(target).__mapping__
    return [mapping.expression(c.name) == getattr(target, c.name) for c in mapping.key]


async def _before_one(change: Updating[Any] | Deleting[Any]) -> None:
    target = change.target
    rows = await type(target).where(*_is(target)).unscoped().using(change.database).for_update()
    if isinstance(change, Updating):
        columns = _kept(type(target).__mapping__)
        rows = [row for row in rows if any(getattr(row, c.name) != getattr(target, c.name) for c in columns)]
    action: Literal["update", "delete"] = "update" if isinstance(change, Updating) else "delete"
    await write_versions(type(target), rows, action, change.names)


async def _before_many(change: UpdatingMany[Any] | DeletingMany[Any]) -> None:
    action: Literal["update", "delete"] = "update" if isinstance(change, UpdatingMany) else "delete"
    rows = await cast("Any", change.query).for_update()
    for start in range(0, len(rows), _SOME):
        await write_versions(change.query._model, rows[start : start + _SOME], action, change.values)


async def write_versions(
    model: Any, rows: list[Any], action: Literal["update", "delete"], names: Iterable[str] = ()
) -> None:
    """Keeps what rows are before they are changed or deleted. ``names``: of the columns that are changed."""
    mapping: Mapping = model.__mapping__
    versions: Any = mapping.kept["versions"]
    columns = _kept(mapping)
    at, by = datetime.now(UTC), actor()
    made = await versions.create_many(
        [
            versions(
                record=record_of(row),
                action=action,
                at=at,
                by=by,
                values={c.name: _plain(c, getattr(row, c.name)) for c in columns},
            )
            for row in rows
        ]
    )
    if "after versions" in mapping.kept:
        await mapping.kept["after versions"](model, made, sorted(names))
