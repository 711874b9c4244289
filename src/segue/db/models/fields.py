"""What stands in the body of a model: ``Field[T]``, ``Ref[T]``, ``Many[T]``, and ``field(...)`` for what else there is to say."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, overload

import msgspec

from segue.core.texts.lazy import Words
from segue.db.models.geometry import MOST_POINTS
from segue.db.queries.expressions import Condition, Expr, Order

if TYPE_CHECKING:
    from segue.db.models.model import Keyed

__all__ = ["AnyRef", "Field", "Many", "OnDelete", "One", "Options", "Ref", "Related", "field", "related"]

T = TypeVar("T")
M = TypeVar("M", bound="Keyed")
R = TypeVar("R")

OnDelete: TypeAlias = Literal["cascade", "restrict", "set null", "set default", "no action"]


class Field(Generic[T]):
    """A column of Python type ``T``: ``title: Field[str] = field(max_length=200)``.

    Of an object it is the value, of the class an expression for queries: ``post.title`` is text, ``Post.title`` a column.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> Expr[T]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> T: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Any: ...
        def __set__(self, instance: object, value: T) -> None: ...


class Ref(Generic[R]):
    """A relation to one other object: ``author: Ref[Author]``, ``editor: Ref[Author | None]``.

    Its column is named after it, ``author_id``. ``post.author`` is the other object if it was loaded, and knows its key if
    not; ``Post.author.name`` is a column over there.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self: "Ref[M | None]", instance: None, owner: type[Any]) -> type[M]: ...
        @overload
        def __get__(self: "Ref[M]", instance: None, owner: type[Any]) -> type[M]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> R: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Any: ...
        def __set__(self, instance: object, value: R) -> None: ...


class Many(Generic[M]):
    """A relation to any number of other objects: the other side of a ``Ref``, or over a link table that is made for it.

    ``author.posts`` is a list if it was loaded; ``Author.posts.any(Post.title == "Nuages")`` asks about them.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> "Related[M]": ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> list[M]: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Any: ...
        def __set__(self, instance: object, value: Sequence[M]) -> None: ...


class One(Generic[M]):
    """The other side of a ``Ref`` that is unique: ``profile: One["Profile"]`` of a user, where ``user: Ref[User] = field(unique=True)``.

    ``user.profile`` is the other object if it was loaded, None if there is none; ``User.profile.city`` is a column over there.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> type[M]: ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> M | None: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Any: ...


class AnyRef(Generic[R]):
    """A relation to one object of any of several models: ``about: AnyRef[Post | Film]``.

    It has two columns, ``about_type`` and ``about_id``, and the database does not look whether the other object is there.
    ``comment.about`` is the object if it was loaded; ``Comment.about == post`` asks.
    """

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[Any]) -> "Pointing[R]": ...
        @overload
        def __get__(self, instance: object, owner: type[Any]) -> R: ...
        def __get__(self, instance: object | None, owner: type[Any]) -> Any: ...
        def __set__(self, instance: object, value: R) -> None: ...


class Pointing(Generic[R]):
    """What a query may say about an ``AnyRef``: the type of ``Comment.about``."""

    if TYPE_CHECKING:

        def __eq__(self, other: object) -> Condition: ...  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # as expressions
        def __ne__(self, other: object) -> Condition: ...  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # as expressions
        def __hash__(self) -> int: ...

        def is_in(self, others: Sequence[R]) -> Condition:
            """Whether it leads to one of these objects."""
            raise NotImplementedError

        def is_a(self, model: type[Any]) -> Condition:
            """Whether it leads to an object of this model."""
            raise NotImplementedError

        def is_null(self) -> Condition:
            """Whether it leads nowhere."""
            raise NotImplementedError


class Related(Generic[M]):
    """What a query may say about a ``Many``: the type of ``Author.posts``."""

    if TYPE_CHECKING:

        @property
        def each(self) -> type[M]:
            """The columns of the others, joined: one row for each of them."""
            raise NotImplementedError

        def any(self, *conditions: Condition) -> Condition:
            """Whether there is one for which all conditions hold; without conditions, whether there is one."""
            raise NotImplementedError

        def all(self, *conditions: Condition) -> Condition:
            """Whether the conditions hold for each; true where there is none."""
            raise NotImplementedError

        def none(self, *conditions: Condition) -> Condition:
            """Whether there is none for which all conditions hold."""
            raise NotImplementedError

        def count(self, *conditions: Condition) -> Expr[int]:
            """How many there are for which the conditions hold."""
            raise NotImplementedError

        def aggregate(self, expression: Expr[R], *conditions: Condition) -> Expr[R]:
            """A number about those for which the conditions hold: ``Author.posts.aggregate(Post.views.sum())``."""
            raise NotImplementedError

        def where(self, *conditions: Condition) -> "Related[M]":
            """Only some of them, for ``load``."""
            raise NotImplementedError

        def order_by(self, *orders: Expr[Any] | Order) -> "Related[M]":
            """In which order they are loaded."""
            raise NotImplementedError

        def limit(self, count: int) -> "Related[M]":
            """At most so many for each object, for ``load``."""
            raise NotImplementedError

        def load(self, *relations: Any) -> "Related[M]":
            """What is loaded with them."""
            raise NotImplementedError


class Options(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What ``field(...)`` says of a field. Its docstring tells what each is."""

    default: Any = msgspec.UNSET
    default_factory: Callable[[], Any] | None = None
    on_update: Callable[[], Any] | None = None
    db_default: Any = None
    computed: Any = None
    stored: bool = True
    key: bool = False
    column: str | None = None
    unique: bool = False
    index: bool = False
    min_length: int | None = None
    max_length: int | None = None
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    pattern: str | None = None
    text: bool = False
    digits: int | None = None
    places: int | None = None
    bits: Literal[16, 32, 64] = 64
    array: bool = False
    hstore: bool = False
    json: bool = False
    zone: bool = True
    collation: str | None = None
    srid: int | None = None
    geography: bool = False
    dimensions: Literal[2, 3] = 2
    max_points: int = MOST_POINTS
    encrypted: Any = None
    private: bool = False
    read_only: bool = False
    write_only: bool = False
    on_delete: OnDelete | None = None
    other: str | None = None
    through: Any = None
    label: Words | None = None
    help: Words | None = None
    validate: Callable[[Any], Any] | None = None
    among: Callable[[Any], Any] | None = None
    version: bool = False
    symmetric: bool = False
    rule: Callable[[Any, Any], Any] | None = None
    via: str | None = None
    least: int | None = None
    most: int | None = None
    formula: Callable[[Any], Any] | None = None
    compute: Callable[[Any], Any] | None = None
    slug: str | None = None
    hashed: Any = None
    keys_of: Any = None
    represent: Callable[[Any], Any] | None = None
    upload: Any = None
    folder: str = ""


def field(
    *,
    default: Any = msgspec.UNSET,
    default_factory: Callable[[], Any] | None = None,
    **options: Any,
) -> Any:
    """Says more about a field of a model.

        class Post(Model):
            title: Field[str] = field(max_length=200)
            slug: Field[str] = field(unique=True, max_length=80)
            author: Ref[Author] = field(on_delete="cascade")
            created: Field[datetime] = field(default=now)

    **Values.** ``default``: a value, or a function of ``segue.db`` such as ``now``, which the database computes.
    ``default_factory``: makes one in Python. ``on_update``: makes one at each change. ``db_default``: an expression or a
    value that only the database knows. ``computed``: a function of the model that gives an expression: a generated
    column; ``stored=False`` computes it when it is read. ``compute``: a function of the object, called each time it is written.
    ``formula``: a function of the model that gives an expression about other objects; it is computed again when they change.
    ``slug``: the name of the field whose text it is made of, where an object has none: ``slug="title"``.

    **Columns.** ``key``: the primary key, or a part of it. ``column``: the name in the database. ``unique``, ``index``.
    ``max_length`` (of text, in characters), ``text`` (of any length), ``digits`` and ``places`` (of decimals), ``bits`` (of
    integers: 16, 32, 64), ``array`` (a list in an array of PostgreSQL, JSON elsewhere), ``hstore`` (a dict of texts, JSON elsewhere), ``json``, ``zone=False`` (naive datetimes),
    ``srid`` (of geometries: the system of their coordinates; 4326, longitudes and latitudes, is the default), ``geography`` (distances on the Earth, in
    metres), ``dimensions`` (3: with heights), ``max_points`` (of one geometry), ``collation``, ``encrypted`` (a key, or an object with ``encrypt`` and ``decrypt``), ``hashed`` (an object with ``hash(text)`` and
    ``verify(text, hash)``, async or not: the field keeps what it makes of a password), ``keys_of`` (of a list: of which model the keys in it are),
    ``upload`` (a storage, such as ``segue.storage.Storage``, whose file the field names; ``folder``: where it keeps them).

    **What is valid.** ``min_length``, ``max_length``, ``ge``, ``gt``, ``le``, ``lt``, ``multiple_of``, ``pattern``; ``validate``: a function that
    gets the value and raises ValueError, or gives back what is stored instead; an async one is awaited before the object is written.
    ``among``: of a Ref, a function of the object that gives the query of those it may lead to. ``version``: counts changes, so that
    nobody overwrites what somebody else has changed: then ``save()`` raises Stale, a 409 in a handler.

    **Who sees it.** ``private``: neither bodies nor results have it. ``read_only``: results only. ``write_only``: bodies only.

    **Relations.** ``on_delete``: what becomes of this object when the other is deleted: "restrict" (the default; "set null" where
    None is possible), "cascade", "set default", "no action". ``other``: of a Many, which Ref of the other model it is the other side of.
    ``through``: of a Many, the model of the link table. ``symmetric``: of a Many to the same model, that it goes both ways: friends.

    **For people.** ``label``, ``help``: in forms and descriptions. ``represent``: a function of the object that says how its value is shown.
    """
    if getattr(default_factory, "__segue_function__", False):
        raise TypeError(
            f"field(default_factory={default_factory.__name__}): that is computed by the database; "  # type: ignore[union-attr] # a function
            f"write field(default={default_factory.__name__})"  # type: ignore[union-attr] # as above
        )
    try:
        return Options(default=default, default_factory=default_factory, **options)
    except TypeError as error:
        known = ", ".join(name for name in Options.__struct_fields__)
        raise TypeError(f"field(): {error}. It knows {known}") from None


def related(
    *,
    other: str | None = None,
    through: Any = None,
    least: int | None = None,
    most: int | None = None,
    rule: Callable[[Any, Any], Any] | None = None,
    init: Literal[False] = False,
    **options: Any,
) -> Any:
    """Says more about a ``Many`` or a ``One``; type checkers then know that objects are made without it.

        class Author(Model):
            name: Field[str]
            posts: Many["Post"] = related(other="author")

        Author(name="Django")

    ``other``, ``through``, ``symmetric`` are those of ``field``. ``least``, ``most``: how many others there have to be when a
    transaction is committed. ``rule``: a relation that no table holds: a condition of this model and the other one,
    ``rule=lambda author, post: post.views > author.fame``. ``via``: over which relations it leads: ``via="posts.comments"``. Objects may
    still be created with others: ``Post.create(tags=[jazz])``.
    """
    del init  # read by type checkers
    return field(other=other, through=through, least=least, most=most, rule=rule, **options)
