"""What an object of a model does: it is made, saved, deleted, read again, and related to others."""

import difflib
from collections.abc import Callable, Iterable, Mapping as MappingOf, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from segue.db.models.state import State, changed, peers_of
from segue.db.writing.writesignals import Change, LinkChange, ManyChange, When, listen

if TYPE_CHECKING:
    from segue.db.models.fields import Related
    from segue.db.models.model import Keyed
    from segue.db.queries.expressions import Expr
    from segue.db.queries.query import Query
    from segue.db.writing.deletion import Deletion

__all__ = ["Stored"]

M = TypeVar("M", bound="Keyed")
F = TypeVar("F", bound=Callable[..., Any])


class Stored(State):
    """The part of a model that is about single objects."""

    __slots__ = ()

    @classmethod
    async def create(cls, **values: Any) -> Self:
        """Makes an object and inserts it. Raises ValidationError, and UniqueViolation and the like where the database refuses it."""
        from segue.db.writing.inserting import inserted

        return cast("Self", await inserted(cls(**known(cls, values))))

    @classmethod
    async def create_many(cls, objects: "Iterable[Self]", *, size: int = 500) -> "list[Self]":
        """Inserts many objects, ``size`` in one statement; all or none."""
        from segue.db.writing.inserting import inserted_many

        return await inserted_many(list(objects), size=size)

    @classmethod
    async def get_or_create(
        cls, defaults: "MappingOf[str, Any] | None" = None, /, **unique: Any
    ) -> "tuple[Self, bool]":
        """The object with these unique values, and whether it was created just now, with ``defaults`` too.

            tag, created = await Tag.get_or_create(name="jazz")

        Two that ask at once get one object, if the values are unique in the database.
        """
        from segue.db.writing.upserting import get_or_create

        return await get_or_create(cls, dict(defaults or {}), unique)

    @classmethod
    async def create_or_update(cls, values: "MappingOf[str, Any]", /, **unique: Any) -> "tuple[Self, bool]":
        """The object with these unique values, which has ``values`` from now on, and whether it was created just now."""
        from segue.db.writing.upserting import create_or_update

        return await create_or_update(cls, dict(values), unique)

    @classmethod
    async def upsert(
        cls,
        objects: "Iterable[Self]",
        *,
        on: "Sequence[str]",
        update: "Sequence[str] | None" = None,
        size: int = 500,
    ) -> "list[Self]":
        """Inserts many objects; of those that are there already, the rows are updated, in the same statement.

            await Film.upsert(films, on=("slug",), update=("title", "views"))

        ``on``: the fields that tell which row is the same; the database has to know them as unique. ``update``: the fields that change,
        all without it. MariaDB and MySQL take any unique field for the same row.
        """
        from segue.db.writing.upserting import upserted

        return await upserted(objects, on, update, size)

    @classmethod
    async def update_many(cls, objects: "Iterable[Self]", *names: str) -> int:
        """Updates these columns of many objects, 200 in one statement: ``await Film.update_many(films, "views")``."""
        from segue.db.writing.upserting import update_many

        return await update_many(objects, names)

    async def deletion(self) -> "Deletion":
        """What its deletion would do: how many objects of which models go too, lose their relation, or forbid it."""
        from segue.db.writing.deletion import deletion_of

        return await deletion_of(self)

    async def save(self, *, only: "Iterable[str] | None" = None) -> Self:
        """Inserts it if it is new, else updates what was changed. ``only``: these columns."""
        from segue.db.writing.saving import saved

        return cast("Self", await saved(self, only=only))

    async def delete(self) -> None:
        """Deletes it. Raises Stale if it is not there any more."""
        from segue.db.writing.saving import deleted

        await deleted(self)

    async def refresh(self) -> Self:
        """Reads it again."""
        from segue.db.writing.saving import refreshed

        return cast("Self", await refreshed(self))

    async def load(self, *relations: Any) -> Self:
        """Loads relations, for this object and for all that came from the same query, in one statement each."""
        await type(self).load_all([self], *relations)
        return self

    @classmethod
    async def load_all(cls, objects: "Iterable[Self]", *relations: Any) -> None:
        """Loads relations for objects that are there already, wherever they came from: ``await Post.load_all(posts, Post.author)``."""
        from segue.db.databases.database import running
        from segue.db.reading.loading import load_into

        targets = list(objects)
        if targets:
            peers = peers_of(targets[0])
            database = None if peers is None or peers.database is None else peers.database
            open_one = database if database is not None and database.is_open else None
            await load_into(targets, relations, running(cls, open_one))

    async def add(self, relation: "Related[M]", *others: M, **columns: Any) -> None:
        """Makes others related to this object: ``await post.add(Post.tags, jazz, swing)``. Those that are it already stay.

        ``columns``: what the row of a ``through`` model holds beside the two keys.
        """
        from segue.db.writing.linking import added

        await added(self, relation, others, columns)

    async def remove(self, relation: "Related[M]", *others: M) -> None:
        """Ends the relation to others: ``await post.remove(Post.tags, jazz)``. They themselves stay."""
        from segue.db.writing.linking import taken_away

        await taken_away(self, relation, others)

    async def assign(self, relation: "Related[M]", others: "Iterable[M]") -> None:
        """Makes these others related to this object, and no more: ``await post.assign(Post.tags, [jazz])``."""
        from segue.db.writing.linking import assigned

        await assigned(self, relation, others)

    @classmethod
    def on(
        cls,
        signal: type[Change[Any]] | type[ManyChange[Any]] | type[LinkChange[Any]],
        *,
        when: When = "now",
        category: str | None = None,
    ) -> "Callable[[F], F]":
        """Calls a function, async or not, when an object is written.

            @Post.on(Inserting)
            async def slug(change: Inserting[Post]) -> None:
                change.target.slug = slugify(change.target.title)

        ``signal``: ``Inserting``, ``Inserted``, ``Updating``, ``Updated``, ``Deleting``, ``Deleted``, or ``Change`` for all of them; of
        queries ``UpdatingMany``, ``DeletingMany``; of relations to many ``Linking``, ``Linked``, ``Unlinking``, ``Unlinked``, or ``LinkChange``. ``when``: "now", inside the transaction; "before commit", as the last thing in it;
        "after commit". ``category``: a name under which it can be left out, see ``muted``. ``Model.on(...)`` is about all models.
        """

        def register(receiver: F) -> F:
            listen(cls, signal, receiver, when, category)
            return receiver

        return register

    def choices(self, relation: "type[M]") -> "Query[M]":
        """A query of the objects that a Ref of this object may lead to: those of ``field(among=...)``, else all."""
        from segue.db.writing.asyncchecks import choices

        path: Any = relation
        found: Query[M] = choices(self, path._last)
        return found

    async def verify(self, field: "Expr[str] | Expr[str | None]", text: str) -> bool:
        """Whether a text is the one that a field with ``hashed=`` was given: ``await user.verify(User.password, given)``."""
        from segue.db.writing.verifying import verified

        return await verified(self, field, text)

    async def attach(self, field: "Expr[str] | Expr[str | None]", content: Any) -> str:
        """Keeps a file in the storage of a field with ``upload=``, and puts its name in: ``await film.attach(Film.poster, upload)``.

        Then ``save()`` it. The file that it had before is taken away once that is committed, as its files are when it is deleted.
        """
        from segue.db.writing.uploads import attached

        return await attached(self, cast("Any", field).field, content)

    async def named_by(self, field: "Expr[list[Any]]") -> "list[Any]":
        """The objects whose keys are in a list with ``keys_of=``, in its order: ``await post.named_by(Post.tag_ids)``."""
        from segue.db.writing.filling import named_by

        return await named_by(self, cast("Any", field).field)

    def represented(self, field: "Expr[Any]") -> Any:
        """The value of a field as people see it: what its ``represent`` makes of this object, else the value itself."""
        column = cast("Any", field).field
        represent = column.options.represent
        return getattr(self, column.name) if represent is None else represent(self)

    def changes(self) -> frozenset[str]:
        """The names of the columns that were assigned to since it was loaded or saved."""
        return frozenset(changed(self))


def known(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values, or a TypeError that names the one that the model does not have."""
    fields = model.__struct_fields__
    for name in values:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            more = f": did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{model.__name__} has no field {name!r}{more}")
    return values
