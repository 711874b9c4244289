"""Repositories: what an app does with the objects of one model, in one class that handlers are given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Struct

from segue.db.models.model import Keyed
from segue.db.queries.asking import Allowed
from segue.db.queries.expressions import Condition, Expr, Order, any_of
from segue.db.queries.query import Query
from segue.http.errors import BadRequest

__all__ = ["Listed", "Repository"]

M = TypeVar("M", bound=Keyed)

_OURS = ("page", "size", "order", "q")


class Listed(Struct, Generic[M], frozen=True):
    """A page of objects: the ``items``, which ``page`` it is, of how many, and the ``total`` of objects."""

    items: list[M]
    page: int
    size: int
    pages: int
    total: int


class Repository(Generic[M]):
    """The objects of a model, as an app lists, reads and writes them.

        class Films(Repository[Film]):
            filters = (Film.year, Film.studio.name)
            orders = (Film.title, Film.year)
            searched = (Film.title,)
            order = (Film.title.asc(),)

            async def values(self, given: dict[str, Any], present: Film | None) -> dict[str, Any]:
                return {**given, "slug": slugify(given["title"])} if "title" in given else given

        app.provide(Films)

        @app.get("/films")
        async def films(films: Films, request: Request) -> Listed[Film]:
            return await films.listed(request.query)      # ?q=alien&year.gt=1970&order=-year&page=2&size=50

    Work on several models, or with others' services, is a method of a subclass, or a class that asks for repositories in its constructor.
    ``query`` says which objects there are at all: reading, changing and deleting go through it.
    """

    #: The model; ``Repository[Film]`` says it.
    model: ClassVar[type[Any]]
    #: What clients may filter by: see ``Query.filtered``.
    filters: ClassVar[Allowed] = ()
    #: What clients may sort by: see ``Query.sorted_by``.
    orders: ClassVar[Allowed] = ()
    #: The texts in which ``?q=`` is looked for.
    searched: ClassVar[Sequence[Expr[Any]]] = ()
    #: The order where the client asks for none; objects that are alike in it come by their key.
    order: ClassVar[Sequence[Order]] = ()
    #: Relations that are loaded with each object.
    loads: ClassVar[Sequence[Any]] = ()
    #: How many objects a page has, and how many a client may ask for.
    size: ClassVar[int] = 20
    largest: ClassVar[int] = 100

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__dict__.get("__orig_bases__", ()):
            if get_origin(base) is Repository and isinstance(get_args(base)[0], type):
                cls.model = get_args(base)[0]

    def query(self) -> Query[M]:
        """The objects that there are for who asks. Subclasses narrow it: ``return super().query().where(Film.public == True)``."""
        found: Query[M] = self.model.all()
        return found.load(*self.loads) if self.loads else found

    async def values(self, given: dict[str, Any], present: M | None) -> dict[str, Any]:
        """What is written of what was given; ``present``: the object that is changed, None for a new one. Subclasses add to it, or refuse."""
        return given

    # -- reading

    async def get(self, key: Any) -> M:
        """The object with a key. Raises Missing, a 404 in a handler, also for one that ``query`` leaves out."""
        return await self._of(key).one()

    async def get_or_none(self, key: Any) -> M | None:
        """The object with a key, None where there is none."""
        return await self._of(key).one_or_none()

    async def all(self, *conditions: Condition) -> list[M]:
        """The objects for which all conditions hold."""
        return await self._in_order(self.query().where(*conditions))

    async def first(self, *conditions: Condition) -> M | None:
        """The first of them, None where there is none."""
        return await self._in_order(self.query().where(*conditions)).first()

    async def count(self, *conditions: Condition) -> int:
        """How many there are."""
        return await self.query().where(*conditions).count()

    async def exists(self, *conditions: Condition) -> bool:
        """Whether there is one."""
        return await self.query().where(*conditions).exists()

    async def listed(self, given: Mapping[str, Any], *conditions: Condition) -> Listed[M]:
        """A page of what a client asks for: ``page``, ``size``, ``order``, ``q``, and filters.

        Raises BadRequest for filters and orders that are not allowed, and for values that do not fit.
        """
        number = _number(given, "page", 1, 1_000_000)
        size = _number(given, "size", self.size, self.largest)
        query = self.query().where(*conditions).filtered(given, self.filters, beside=_OURS)
        words = str(given.get("q", "")).strip()
        if words:
            if not self.searched:
                raise BadRequest("There is nothing to search here: q was given")
            query = query.where(any_of(*(one.icontains(words) for one in self.searched)))
        order = given.get("order", "")
        query = self._in_order(
            query.sorted_by(order, self.orders) if order else query, sorted_already=bool(order)
        )
        found = await query.page(number, size)
        return Listed(found.items, number, size, found.pages, found.total)

    # -- writing

    async def create(self, given: Any) -> M:
        """Makes an object of values: a mapping, or a Struct whose unset fields are left to the model. Raises ValidationError."""
        made: M = await self.model.create(**await self.values(_plain(given), None))
        return made

    async def create_many(self, given: Iterable[Any]) -> list[M]:
        """Makes several, in one statement where that can be; all or none."""
        targets = [self.model(**await self.values(_plain(one), None)) for one in given]
        made: list[M] = await self.model.create_many(targets)
        return made

    async def update(self, key: Any, given: Any) -> M:
        """Gives fields of an object other values; those that are not given stay. Raises Missing, ValidationError, Stale."""
        target = await self.get(key)
        for name, value in (await self.values(_plain(given), target)).items():
            setattr(target, name, value)
        await target.save()
        return target

    async def delete(self, key: Any) -> M:
        """Deletes an object, and gives what it was. Raises Missing."""
        target = await self.get(key)
        await target.delete()
        return target

    async def delete_many(self, *conditions: Condition) -> int:
        """Deletes those for which all conditions hold, at least one of which is given; gives how many."""
        if not conditions:
            raise TypeError(
                "delete_many() is given conditions; to delete all, say so of the model: await Film.all().delete()"
            )
        return await self.query().where(*conditions).delete()

    # -- parts

    def _keys(self) -> list[Any]:
        mapping = self.model.__mapping__
        return [mapping.expression(column.name) for column in mapping.key]

    def _of(self, key: Any) -> Query[M]:
        parts = key if isinstance(key, tuple) else (key,)
        keys = self._keys()
        if len(parts) != len(keys):
            raise TypeError(
                f"the key of {self.model.__name__} has {len(keys)} parts, and {len(parts)} were given"
            )
        return self.query().where(*(column == part for column, part in zip(keys, parts, strict=True)))

    def _in_order(self, query: Query[M], *, sorted_already: bool = False) -> Query[M]:
        if sorted_already:
            chosen = next(one._payload for one in reversed(query._steps()) if one._step == "order")
        else:
            chosen = self.order
        # Those that are alike come by their key, so that no object is on two pages.
        return query.order_by(*chosen, *self._keys())


def _number(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    try:
        number: int = msgspec.convert(value, Annotated[int, Meta(ge=1, le=most)], strict=False)
    except msgspec.ValidationError:
        raise BadRequest(f"{name} is a number from 1 to {most:,}") from None
    return number


def _plain(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    fields = getattr(given, "__struct_fields__", None)
    if fields is None:
        raise TypeError(f"values are a mapping or a Struct, not {given!r:.80}")
    return {name: value for name in fields if (value := getattr(given, name)) is not UNSET}
