"""What is looked at, and put right, before a transaction is committed: how many others an object has, and what is computed of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from segue.db.errors import ValidationError
from segue.db.functions.choices import coalesce
from segue.db.models.columns import ColumnField, Relation
from segue.db.models.mapping import Mapping
from segue.db.models.registry import kept_up
from segue.db.models.relations import link_of, other_side
from segue.db.models.rules import for_everybody
from segue.db.queries.expressions import Column, Condition, Expr, all_of, any_of
from segue.db.queries.paths import ManyPath, OnePath, RelatedCount, RelatedExists, RelatedValue
from segue.db.writing.owners import owners
from segue.db.writing.writesignals import (
    Change,
    Deleting,
    DeletingMany,
    Inserted,
    ManyChange,
    Updated,
    Updating,
    UpdatingMany,
)

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["Receiver", "receivers_of"]

Receiver: TypeAlias = Callable[[Any], Any]

_SOME = 500


class _Due:
    """What has to be done before the commit, for objects with these keys."""

    def __init__(self, work: "_Work", database: "Database") -> None:
        self.work = work
        self.database = database
        self.keys: set[Any] = set()

    async def __call__(self) -> None:
        keys = sorted(self.keys, key=str)
        for start in range(0, len(keys), _SOME):
            some = keys[start : start + _SOME]
            await self.work.alone(self.database, some)
            await self.work.done(self.database, some)


class _Work:
    """Something that holds for each object of a model when a transaction ends; ``relations``: what it depends on."""

    def __init__(self, mapping: Mapping, relations: Sequence[Relation]) -> None:
        self.mapping = mapping
        self.relations = relations

    def concerned(self, keys: Sequence[Any]) -> Any:
        """The query of the objects with these keys."""
        model: Any = self.mapping.model
        return model.all().unscoped().where(_have_keys(self.mapping, keys))

    async def alone(self, database: "Database", keys: Sequence[Any]) -> None:
        """Waits for other transactions that write others of the same objects: what they have committed is seen by the next statement."""
        mapping = self.mapping
        columns = [mapping.expression(one.name) for one in mapping.key]
        # Not their keys: whoever refers to them meanwhile waits for the commit, not for this.
        await self.concerned(keys).order_by(*columns).using(database).for_update(no_key=True).select(*columns)

    async def done(self, database: "Database", keys: Sequence[Any]) -> None:
        """Looks, or puts right."""
        raise NotImplementedError

    async def hear(self, change: Change[Any] | ManyChange[Any]) -> None:
        """Notes whom a write concerns."""
        database = change.database
        if database.models is not None and self.mapping.model not in database.models:
            return
        keys: set[Any] = set()
        for relation in self.relations:
            keys |= await owners(relation, change)
        transaction = database._transaction.get()
        if not keys or transaction is None:
            return
        waiting = (one for one in transaction._before if isinstance(one, _Due) and one.work is self)
        due = next(waiting, None)
        if due is None:
            due = _Due(self, database)
            transaction.before_commit(due)
        due.keys |= keys


def _have_keys(mapping: Mapping, keys: Iterable[Any]) -> Condition:
    columns = [mapping.expression(one.name) for one in mapping.key]
    if len(columns) == 1:
        found: Condition = columns[0].is_in(list(keys))
        return found
    return any_of(*(all_of(*(c == v for c, v in zip(columns, key, strict=True))) for key in keys))


class _Limit(_Work):
    """How many others a relation leads to."""

    def __init__(self, relation: Relation) -> None:
        if relation.ruled:
            raise TypeError(
                f"{relation!r} is a rule: how many it leads to is nobody's to say, so it has no least and no most"
            )
        super().__init__(relation.model.__mapping__, (relation,))
        self.relation = relation

    async def done(self, database: "Database", keys: Sequence[Any]) -> None:
        relation = self.relation
        least, most = relation.options.least, relation.options.most
        wrong: list[Condition] = []
        if relation.reverse:
            wrong.append(OnePath((relation,)).is_null())
        else:
            number = ManyPath((relation,)).count()
            wrong += [number < least] if least is not None else []
            wrong += [number > most] if most is not None else []
        found = await self.concerned(keys).where(any_of(*wrong)).using(database).first()
        if found is not None:
            bounds = (("at least", least), ("at most", most))
            told = " and ".join(f"{word} {number}" for word, number in bounds if number is not None)
            problem = {
                "loc": [relation.name],
                "msg": f"Expected {told} {relation.target.__name__} with {found!r:.80}",
            }
            raise ValidationError(self.mapping.model, [problem])


class _Formula(_Work):
    """A column whose value says something of other objects."""

    def __init__(self, mapping: Mapping, column: ColumnField) -> None:
        formula: Any = column.options.formula
        self.column = column
        # It is made once, by whoever is the first to write, and says of all rows what it says.
        with for_everybody():
            self.expression: Expr[Any] = formula(mapping.model)
        relations: dict[Relation, None] = {}
        _depends_on(self.expression, column, relations)
        super().__init__(mapping, tuple(relations))
        if self.expression.kind.null and not column.kind.null:
            # The sum of none is nothing, and the default is what stands for that.
            self.expression = coalesce(self.expression, column.options.default)

    async def hear(self, change: Change[Any] | ManyChange[Any]) -> None:
        if isinstance(change, UpdatingMany) and set(change.values) == {self.column.name}:
            return
        await super().hear(change)

    async def done(self, database: "Database", keys: Sequence[Any]) -> None:
        from segue.db.writing.changing import write

        here = self.mapping.expression(self.column.name)
        query = self.concerned(keys).where(here.is_distinct_from(self.expression)).using(database)
        # What is computed of this one in turn.
        change = UpdatingMany(query, {self.column.name: self.expression}, database)
        for kind, receiver in receivers_of(self.mapping.model):
            if kind is UpdatingMany:
                await receiver(change)
        await write(query, [(self.column, self.expression)])


def _depends_on(expression: Expr[Any], column: ColumnField, found: dict[Relation, None]) -> None:
    """The relations that an expression asks. Raises TypeError for what could change without being heard of."""
    if isinstance(expression, RelatedCount | RelatedExists | RelatedValue):
        first, *further = expression.related._steps
        inside = [*expression.conditions]
        if isinstance(expression, RelatedValue):
            inside.append(expression.expression)
        deeper: dict[Relation, None] = {}
        for one in inside:
            _depends_on(one, column, deeper)
        if further or deeper or first.ruled:
            raise _too_far(column)
        found[first] = None
        return
    if isinstance(expression, Column) and expression.path:
        raise _too_far(column)
    if type(expression).__name__ in ("Subquery", "Exists"):
        raise _too_far(column)
    for one in expression.parts():
        _depends_on(one, column, found)


def _too_far(column: ColumnField) -> TypeError:
    return TypeError(
        f"{column!r}: a formula is about relations of {column.model.__name__} and the columns of the objects that they lead to: "
        f"lambda company: company.employees.aggregate(Employee.salary.sum()). What is further away changes without being heard of"
    )


def _works() -> list[_Work]:
    found: list[_Work] = []
    for mapping in kept_up:
        mine: list[_Work] | None = mapping.kept.get("upkeep")
        if mine is None:
            mine = [
                _Limit(one)
                for one in mapping.relations.values()
                if one.model is mapping.model and is_limited(one)
            ]
            mine += [
                _Formula(mapping, one)
                for one in mapping.columns.values()
                if one.model is mapping.model and one.options.formula is not None
            ]
            mapping.kept["upkeep"] = mine
        found += mine
    return found


def is_limited(relation: Relation) -> bool:
    """Whether it is said how many others it leads to."""
    return relation.options.least is not None or relation.options.most is not None


def receivers_of(model: Any) -> list[tuple[type, Receiver]]:
    """What hears of the writes of a model, so that what depends on them is right at the end."""
    return [
        (kind, work.hear)
        for work in _works()
        if any(_concerns(relation, model) for relation in work.relations)
        for kind in (Inserted, Updating, Updated, Deleting, UpdatingMany, DeletingMany)
    ]


def _concerns(relation: Relation, model: Any) -> bool:
    """Whether writes of a model may change whom a relation leads to, or what is said of them."""
    back = other_side(relation)
    others = (
        (relation.model, back.model)
        if back is not None
        else (relation.model, relation.target, link_of(relation).model)
    )
    return any(issubclass(model, one) for one in others)
