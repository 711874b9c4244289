"""Models whose changes are logged by transaction: what was inserted, changed, deleted and related, by whom."""

from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, cast

from segue.db.databases.database import database_of
from segue.db.models.audit import actor
from segue.db.models.fields import Field, field
from segue.db.models.making import ModelMeta
from segue.db.models.mapping import Mapping
from segue.db.models.model import Model
from segue.db.models.relations import other_side
from segue.db.models.versions import Version, Versioned, record_of, write_versions
from segue.db.queries.expressions import any_of
from segue.db.writing.deletion import concerned_by
from segue.db.writing.linking import present_in, turned_side
from segue.db.writing.writesignals import Deleting, DeletingMany, Inserted, Linked, Unlinked, listen

__all__ = ["Action", "Undoable", "undoing", "version_of"]

Kind = Literal["insert", "update", "delete", "link", "unlink"]

#: The name of the transaction that is being taken back.
undoing: ContextVar[str | None] = ContextVar("segue.db.undoing", default=None)


class Action(Model, abstract=True):
    """One thing that was done in a transaction: ``kind``, to the object of ``model`` whose key is ``record``.

    ``names``: the columns that were changed, or the relation. ``others``: the keys of the objects that were related.
    """

    #: The models whose objects it may be about, by their names.
    of: ClassVar[dict[str, Any]] = {}

    transaction: Field[str] = field(max_length=32, index=True)
    #: The transaction that this one took back.
    undoes: Field[str | None] = field(default=None, max_length=32, index=True)
    at: Field[datetime]
    by: Field[str | None] = field(default=None, max_length=150, index=True)
    model: Field[str] = field(max_length=100)
    record: Field[str] = field(max_length=190, index=True)
    kind: Field[Kind]
    names: Field[list[str]] = field(default_factory=list)
    others: Field[list[str]] = field(default_factory=list)
    version: Field[int | None] = field(default=None, private=True)

    async def before(self) -> Any:
        """The object as it was before, as one that is not saved; None for what was not there, and for relations."""
        found = await version_of(self)
        return None if found is None else found.object()


#: By the name of a database: the model of its log.
_logs: dict[str | None, Any] = {}


def _log_of(mapping: Mapping) -> Any:
    name = mapping.database
    if name not in _logs:
        namespace = {"__module__": __name__, "__qualname__": "Action", "of": {}}
        _logs[name] = ModelMeta("Action", (Action,), namespace, table="segue_action", database=name)
    return _logs[name]


def _log_changes(model: Any) -> None:
    mapping: Mapping = model.__mapping__
    log = _log_of(mapping)
    log.of[model.__name__] = model
    mapping.kept["log"] = log
    mapping.kept["after versions"] = _after_versions
    mapping.kept.setdefault("beside", []).append(log)
    listen(model, Deleting, _before_deletion, "now", "undo")
    listen(model, DeletingMany, _before_deletions, "now", "undo")
    listen(model, Inserted, _inserted, "now", "undo")
    listen(model, Linked, _related, "now", "undo")
    listen(model, Unlinked, _related, "now", "undo")


class Undoable(Versioned, abstract=True):
    """A model whose changes are logged, so that users can look at what they did and undo it.

        class Page(Undoable):
            text: Field[str] = field(text=True)

        with acting_as("ann"):
            async with db.transaction():
                await Page.create(text="one")
                await Page.where(Page.text == "old").delete()

        await transactions(by="ann")        # the last one first
        await undo_last("ann")

    It is a Versioned model: each change leaves a version. What is inserted, and related to others or no more, is logged too, and what goes with an
    object that is deleted, if its model is Undoable or Versioned. The log is the table ``segue_action`` of the model's database.
    """

    __made__ = staticmethod(_log_changes)


def _entry(log: Any, model: Any, record: str, kind: Kind, **more: Any) -> Any:
    database = database_of(log)
    transaction = database.current_transaction
    if transaction is None:  # never: signals are told in one
        raise RuntimeError("what is logged is written in a transaction")
    return log(
        transaction=transaction.name,
        undoes=undoing.get(),
        at=datetime.now(UTC),
        by=actor(),
        model=model.__name__,
        record=record,
        kind=kind,
        **more,
    )


async def _after_versions(model: Any, versions: list[Version], names: list[str]) -> None:
    log = model.__mapping__.kept["log"]
    await log.create_many(
        [_entry(log, model, one.record, one.action, names=names, version=one.id) for one in versions]
    )


async def _inserted(change: Inserted[Any]) -> None:
    model = type(change.target)
    await _entry(model.__mapping__.kept["log"], model, record_of(change.target), "insert").save()


async def _related(change: "Linked[Any] | Unlinked[Any]") -> None:
    model = type(change.target)
    mapping: Mapping = model.__mapping__
    relation = mapping.relations[change.relation]
    turned = turned_side(relation)
    if (
        turned is not None
        and "log" in turned.model.__mapping__.kept
        and (turned.model.__name__, turned.name) < (model.__name__, relation.name)
    ):
        return  # the other side tells the same
    if other_side(relation) is not None and "log" in relation.target.__mapping__.kept:
        return  # it is a column of the other model, whose update is logged
    kind: Kind = "link" if isinstance(change, Linked) else "unlink"
    others = [record_of(one) for one in change.others]
    log = mapping.kept["log"]
    await _entry(log, model, record_of(change.target), kind, names=[relation.name], others=others).save()


async def _before_deletion(change: Deleting[Any]) -> None:
    await _log_what_goes_too(change.target)


async def _before_deletions(change: DeletingMany[Any]) -> None:
    for target in await cast("Any", change.query):
        await _log_what_goes_too(target)


async def _log_what_goes_too(target: Any) -> None:
    """What the database deletes or clears by itself, of models that keep versions; and what an object that goes was related to."""
    mapping: Mapping = type(target).__mapping__
    if "mark deleted" in mapping.kept:
        return
    gone = [target]
    concerned = concerned_by(target)
    for what, action in (("deleted", "delete"), ("cleared", "update")):
        for model, conditions in concerned[what].items():
            if "versions" not in model.__mapping__.kept:
                continue
            rows = await model.where(any_of(*conditions)).unscoped().for_update()
            await write_versions(model, rows, cast("Literal['update', 'delete']", action))
            gone += rows if action == "delete" else []
    for one in gone:
        log = type(one).__mapping__.kept.get("log")
        for relation in type(one).__mapping__.relations.values() if log is not None else ():
            if relation.many and other_side(relation) is None:
                others = [record_of(other) for other in await present_in(one, relation)]
                if others:
                    named = {"names": [relation.name], "others": others}
                    await _entry(log, type(one), record_of(one), "unlink", **named).save()


async def version_of(one: Any) -> Any:
    """The version that an action left behind."""
    if one.version is None:
        return None
    versions = type(one).of[one.model].__mapping__.kept["versions"]
    return await versions.get_or_none(one.version)
