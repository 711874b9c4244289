"""Models: a class that is the row, the body, the reply and the form at once."""

from collections.abc import Collection, Coroutine, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Self,
    TypeVar,
    dataclass_transform,
)

from msgspec import UNSET, Struct

from segue.db.errors import NotLoaded
from segue.db.models.attributes import Unloaded, key_of, slot_of
from segue.db.models.constraints import Constraint
from segue.db.models.copies import copied, reduced, replaced
from segue.db.models.fields import Field, field, related
from segue.db.models.making import ModelMeta
from segue.db.models.mapping import Mapping
from segue.db.models.state import put, tracked
from segue.db.models.stored import Stored
from segue.db.queries.asking import Allowed
from segue.db.queries.expressions import Condition, Expr, Order
from segue.db.queries.query import Query
from segue.db.queries.select import Select
from segue.db.reading.getting import got, got_or_none

__all__ = ["Keyed", "Model", "ModelMeta"]

T = TypeVar("T")


class _Selecting:
    """What ``select`` is in a model: that of the query of all its objects."""

    def __get__(self, target: Any, owner: Any) -> Select:
        return Query(owner).select


@dataclass_transform(kw_only_default=True, field_specifiers=(field, related))
class Keyed(Stored, Struct, metaclass=ModelMeta):
    """A model whose key you declare: ``class Token(Keyed): id: Field[UUID] = field(key=True, default_factory=uuid4)``.

    All that ``Model`` says holds, but there is no ``id`` that is not declared.
    """

    if TYPE_CHECKING:
        __mapping__: ClassVar[Mapping]

    #: Private fields are kept beside the Struct, so results need no copy without them.
    __conceals__ = True

    #: What holds for several columns at once: ``constraints = (unique("author", "slug"),)``.
    constraints: ClassVar[Sequence[Constraint]] = ()

    # -- questions

    @classmethod
    def all(cls) -> "Query[Self]":
        """A query of all objects."""
        return Query(cls)

    @classmethod
    def where(cls, *conditions: Condition) -> "Query[Self]":
        """A query of the objects for which all conditions hold."""
        return Query(cls).where(*conditions)

    @classmethod
    def get(cls, *key: Any, **unique: Any) -> "Coroutine[Any, Any, Self]":
        """The object with a key, or with these values: ``Post.get(7)``, ``Post.get(slug="nuages")``.

        Raises Missing, a 404 in a handler, where there is none.
        """
        return got(cls, key, unique)

    @classmethod
    def get_or_none(cls, *key: Any, **unique: Any) -> "Coroutine[Any, Any, Self | None]":
        """As ``get``; None where there is none."""
        return got_or_none(cls, key, unique)

    @classmethod
    def order_by(cls, *orders: "Expr[Any] | Order") -> "Query[Self]":
        """A query of all objects, in this order."""
        return Query(cls).order_by(*orders)

    #: A query of rows: ``await Post.select(Post.author.name, count(Post.id)).group_by(Post.author.name)``.
    #: A model stands for its object: ``Author.select(Author, Author.posts.count())``.
    select = _Selecting()

    @classmethod
    def sorted_by(cls, names: str, allowed: Allowed) -> "Query[Self]":
        """A query of all objects, in the order that a client asks for: see ``Query.sorted_by``."""
        return Query(cls).sorted_by(names, allowed)

    @classmethod
    def filtered(cls, given: Any, allowed: Allowed, *, beside: Collection[str] = ()) -> "Query[Self]":
        """A query of the objects that a client asks for: see ``Query.filtered``."""
        return Query(cls).filtered(given, allowed, beside=beside)

    @classmethod
    def matching(cls, text: str, allowed: Allowed) -> "Query[Self]":
        """A query of the objects that fit what a person wrote: see ``Query.matching``."""
        return Query(cls).matching(text, allowed)

    @classmethod
    def search(cls, words: str, *columns: Expr[Any]) -> "Query[Self]":
        """A query of the objects with these words in them, the best first: ``Post.search("swing -bop", Post.title, Post.body)``.

        The language of the words, and what else there is to ask: ``segue.db.search``.
        """
        from segue.db.queries.searching import search

        found = search(words, *columns)
        # Those that fit alike come in the order of their keys: the same order each time.
        keys = [cls.__mapping__.expression(column.name) for column in cls.__mapping__.key]
        return Query(cls).where(found).order_by(found.rank.desc(), *keys)

    @classmethod
    def raw(cls, sql: str, /, **parameters: Any) -> "Query[Self]":
        """A query of the objects that a SELECT of your own gives, which can be asked further.

            await Post.raw("select * from post where views > :least", least=100).order_by(Post.title)

        It gives the columns of the model by their names; with ``only`` some of them. Parameters are sent beside the statement.
        """
        from segue.db.queries.rawqueries import raw_query

        return raw_query(Query(cls), sql, parameters)

    # -- what it is in Python

    def __setattr__(self, name: str, value: Any) -> None:
        mapping = type(self).__mapping__
        column = mapping.columns.get(name)
        if column is None:
            if name in mapping.relations or name in mapping.pointers:
                put(self, name, value)
                tracked(self)
            elif name.startswith("_"):
                put(self, name, value)
            else:
                raise AttributeError(f"{type(self).__name__} has no field {name!r}")
            return
        from segue.db.writing.validating import check_one

        put(self, name, check_one(self, name, value))
        changes = getattr(self, "_changes", None)
        if changes is None:
            put(self, "_changes", {name})
        else:
            changes.add(name)
        if column.reference is not None:
            column.reference.forget(self, value)
        for pointer in mapping.pointers.values():
            if column is pointer.type or column is pointer.key:
                slot_of(type(self), pointer.name).__set__(self, UNSET)

    def __delattr__(self, name: str) -> None:
        # A column that a query left out. Struct's own refuses classes with a __setattr__.
        attribute: Any = next(
            (base.__dict__[name] for base in type(self).__mro__ if name in base.__dict__), None
        )
        if not hasattr(attribute, "__delete__"):
            raise AttributeError(f"{type(self).__name__} has no field {name!r} that could be taken away")
        attribute.__delete__(self)

    def __getattr__(self, name: str) -> Any:
        # Only asked where there is nothing: a column that a query left out.
        mapping = type(self).__mapping__
        if name == "_private":
            raise AttributeError(name)
        if name in mapping.columns:
            raise NotLoaded(
                f"{type(self).__name__}.{name} was left out by only() or defer(); `await {type(self).__name__.lower()}.refresh()` reads all"
            )
        if name in mapping.relations or name in mapping.pointers:
            # Asked again, so that NotLoaded is what comes out.
            attribute = next(base.__dict__[name] for base in type(self).__mro__ if name in base.__dict__)
            return attribute.__get__(self)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __copy__(self) -> Self:
        made: Self = copied(self)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __replace__(self, **values: Any) -> Self:
        made: Self = replaced(self, values)
        return made

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is Unloaded:
            return other == self
        if type(other) is not type(self) and not _one_row(type(self), type(other)):
            return NotImplemented
        key = key_of(self)
        return key is not UNSET and bool(key == key_of(other))

    def __hash__(self) -> int:
        key = key_of(self)
        return id(self) if key is UNSET else hash((type(self).__mapping__.family, key))

    def __repr__(self) -> str:
        told: list[str] = []
        for column in type(self).__mapping__.columns.values():
            value = getattr(self, column.name, UNSET)
            if value is UNSET:
                continue
            hidden = (
                column.options.private
                or column.options.write_only
                or column.options.encrypted
                or column.options.hashed
            )
            told.append(f"{column.name}={'...' if hidden else f'{value!r:.60}'}")
        return f"{type(self).__name__}({', '.join(told)})"


def _one_row(one: Any, other: Any) -> bool:
    """Whether objects of two classes may be of one row."""
    there = getattr(other, "__mapping__", None)
    return there is not None and one.__mapping__.family is there.family


class Model(Keyed, abstract=True):
    """A row of a table, a body, a reply.

        class Post(Model):
            title: Field[str] = field(max_length=200)
            author: Ref[Author]
            published: Field[datetime | None] = field(default=None, index=True)

        post = await Post.create(title="Nuages", author=django)
        posts = await Post.where(Post.title.icontains("swing")).order_by(Post.published.desc()).limit(20)

    It has an ``id`` that the database counts up. Options stand in the class line: ``table`` (its name; else that of the class in
    snake_case), ``schema``, ``database`` (one of several, by name), ``abstract`` (no table: fields for those that derive from it); ``kinds``
    (the field that says of which class a row is: those that derive from this model have their rows in its table), and of those ``joined``
    (fields in a table of their own), ``kind`` (what the field says of this class), ``proxy`` (no field of its own: another class for the same rows).
    """

    #: Those that derive from it and declare no key have an ``id``.
    __counts__ = True

    if TYPE_CHECKING:
        id: Field[int] = field(default=0)
