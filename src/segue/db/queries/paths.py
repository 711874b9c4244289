"""What ``Post.author`` and ``Author.posts`` are in a query: ways to the columns of other models."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from segue.db.models.mapping import Relation, resolve_all
from segue.db.models.relations import other_side
from segue.db.models.rules import rule_conditions
from segue.db.queries.expressions import (
    BOOLEAN,
    INTEGER,
    Column,
    Condition,
    Expr,
    Key,
    Operation,
    Order,
    any_of,
)
from segue.db.queries.pointing import AnyPath

__all__ = [
    "ManyPath",
    "OnePath",
    "Path",
    "RelatedCount",
    "RelatedExists",
    "RelatedValue",
    "own_rule",
    "path_to",
]


def path_to(steps: tuple[Relation, ...]) -> "Path":
    """The path over these relations; the last one decides its kind."""
    return ManyPath(steps) if steps[-1].many else OnePath(steps)


class Path:
    """A way over relations, beginning at a model that a query asks for."""

    def __init__(self, steps: tuple[Relation, ...]) -> None:
        self._steps = steps
        self._known: dict[str, Any] = {}

    @property
    def _last(self) -> Relation:
        return self._steps[-1]

    def _reach(self, name: str) -> Any:
        """A column or a relation of the model that it leads to."""
        found = self._known.get(name)
        if found is None:
            target = self._last.target
            mapping = target.__mapping__
            resolve_all()
            if name in mapping.columns:
                found = Column(mapping.columns[name], self._steps)
            elif name in mapping.relations:
                found = path_to((*self._steps, mapping.relations[name]))
            else:
                import difflib

                known = [*mapping.columns, *mapping.relations]
                near = difflib.get_close_matches(name, known, 1)
                more = f": did you mean {near[0]!r}?" if near else f". It has {', '.join(known)}"
                raise AttributeError(f"{target.__name__} has no {name!r}{more}")
            self._known[name] = found
        return found

    def __repr__(self) -> str:
        return ".".join((self._steps[0].model.__name__, *(step.name for step in self._steps)))


class OnePath(Path):
    """``Post.author``: its columns are reached as attributes; it compares with objects, by their key."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._reach(name)

    def _columns(self) -> list[Column[Any]]:
        """The columns over here that hold the other's key; the key itself, where the other one refers to this one."""
        if self._last.reverse:
            return [Column(column, self._steps) for column in self._last.target.__mapping__.key]
        return [Column(column, self._steps[:-1]) for column in self._last.columns]

    def __eq__(self, other: object) -> Condition:  # type: ignore[override] # as expressions
        return self._compared(other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override] # as expressions
        if other is None:
            return ~self._compared(None)
        return ~self._compared(other)

    def __hash__(self) -> int:
        return hash(self._steps)

    def _compared(self, other: object) -> Condition:
        columns = self._columns()
        if isinstance(other, OnePath):
            there: list[Any] = list(other._columns())
        elif other is None:
            there = [None] * len(columns)
        elif isinstance(other, self._last.target):
            there = [getattr(other, column.name) for column in self._last.target.__mapping__.key]
        else:
            raise TypeError(
                f"{self!r} is compared with a {self._last.target.__name__} or None, not with {other!r:.80}. Its key is "
                f"{self!r}.{self._last.target.__mapping__.key[0].name}"
            )
        found: Condition = columns[0] == there[0]
        for column, value in zip(columns[1:], there[1:], strict=True):
            found = found & (column == value)
        return found

    def is_in(self, others: Any) -> Condition:
        """Whether it is one of these objects, or of those that a query gives."""
        columns = self._columns()
        if hasattr(others, "as_subquery"):
            return columns[0].is_in(others.as_subquery())
        listed = list(cast("Iterable[Any]", others))
        if len(columns) == 1:
            key = self._last.target.__mapping__.key[0].name
            return columns[0].is_in([getattr(one, key) for one in listed])
        return any_of(*(self._compared(one) for one in listed))

    def is_null(self) -> Condition:
        """Whether there is none."""
        return self._compared(None)


class ManyPath(Path):
    """``Author.posts``: asks whether, how many, and which."""

    def __init__(self, steps: tuple[Relation, ...]) -> None:
        super().__init__(steps)
        self._where: tuple[Condition, ...] = ()
        self._order: tuple[Order, ...] = ()
        self._limit: int | None = None
        self._loads: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is a relation and no condition: {self!r}.any() asks whether there is one")

    @property
    def each(self) -> Any:
        """The columns of the others, joined."""
        return _Each(self._steps)

    def any(self, *conditions: Condition) -> Condition:
        return RelatedExists(self, conditions)

    def none(self, *conditions: Condition) -> Condition:
        return Operation("not", (RelatedExists(self, conditions),), BOOLEAN)

    def all(self, *conditions: Condition) -> Condition:
        if not conditions:
            raise TypeError(f"{self!r}.all() needs a condition that holds for each")
        found = conditions[0]
        for one in conditions[1:]:
            found = found & one
        return Operation(
            "not", (RelatedExists(self, (Operation("is not true", (found,), BOOLEAN),)),), BOOLEAN
        )

    def count(self, *conditions: Condition) -> Expr[int]:
        return RelatedCount(self, conditions)

    def aggregate(self, expression: Expr[Any], *conditions: Condition) -> Expr[Any]:
        return RelatedValue(self, expression, conditions)

    def where(self, *conditions: Condition) -> "ManyPath":
        return self._with(lambda one: setattr(one, "_where", (*one._where, *conditions)))

    def order_by(self, *orders: Any) -> "ManyPath":
        found = tuple(one if isinstance(one, Order) else one.asc() for one in orders)
        return self._with(lambda one: setattr(one, "_order", (*one._order, *found)))

    def limit(self, count: int) -> "ManyPath":
        return self._with(lambda one: setattr(one, "_limit", count))

    def load(self, *relations: Any) -> "ManyPath":
        return self._with(lambda one: setattr(one, "_loads", (*one._loads, *relations)))

    def _with(self, change: Callable[["ManyPath"], None]) -> "ManyPath":
        made = ManyPath(self._steps)
        made._where, made._order, made._limit, made._loads = (
            self._where,
            self._order,
            self._limit,
            self._loads,
        )
        change(made)
        return made


class _Each(OnePath):
    """The others of a relation to many, one by one."""


def walk_load(relation: Any, key: Key) -> None:
    """The shape of something that ``load`` is given: over which relations. What else it says is for a statement of its own."""
    if isinstance(relation, AnyPath):
        key.append(("any", relation._pointer.token))
        return
    if not isinstance(relation, Path):
        raise TypeError(f"load() is given relations, Post.author or Author.posts, not {relation!r:.80}")
    key.append((isinstance(relation, ManyPath), *(step.token for step in relation._steps)))


def own_rule(relation: Relation) -> tuple[Condition, ...]:
    """What a relation that no table holds asks of the other object and of this one."""
    if relation.options.rule is not None:
        return (relation.options.rule(relation.model, relation.target),)
    if relation.options.via is None:
        return ()
    backs: list[Relation] = []
    model: Any = relation.model
    for name in relation.options.via.split("."):
        step = model.__mapping__.relations.get(name)
        back = None if step is None or step.refers else other_side(step)
        if back is None:
            raise TypeError(
                f"{relation!r}: via={relation.options.via!r} leads over the other sides of Refs, and {model.__name__}.{name} is none"
            )
        backs.insert(0, back)
        model = back.model
    if not issubclass(model, relation.target):
        raise TypeError(
            f"{relation!r}: via={relation.options.via!r} leads to {model.__name__}, not to {relation.target.__name__}"
        )
    keys = relation.model.__mapping__.key
    return tuple(Column(key, tuple(backs)) == Column(key) for key in keys)


class RelatedExists(Expr[bool]):
    """Whether there is a related object for which conditions hold."""

    __slots__ = ("conditions", "kind", "related")

    def __init__(self, related: ManyPath, conditions: tuple[Condition, ...]) -> None:
        self.related = related
        self.conditions = _asked(related, conditions)
        self.kind = BOOLEAN

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("exists", tuple(step.token for step in self.related._steps), len(self.conditions))
        for one in self.conditions:
            one.walk(key, values)

    def __repr__(self) -> str:
        return f"{self.related!r}.any({', '.join(map(repr, self.conditions))})"


class RelatedValue(Expr[Any]):
    """An aggregate over the related objects for which conditions hold."""

    __slots__ = ("conditions", "expression", "kind", "related")

    def __init__(self, related: ManyPath, expression: Expr[Any], conditions: tuple[Condition, ...]) -> None:
        self.related = related
        self.expression = expression
        self.conditions = _asked(related, conditions)
        self.kind = expression.kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("value of", tuple(step.token for step in self.related._steps), len(self.conditions))
        for one in self.conditions:
            one.walk(key, values)
        self.expression.walk(key, values)

    def name(self) -> str:
        return f"{self.related._last.name}_{self.expression.name()}"

    def __repr__(self) -> str:
        return f"{self.related!r}.aggregate({self.expression!r})"


def _asked(related: ManyPath, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """All that is asked of related objects: by rules of their model, by the relation, and here."""
    relation = related._last
    return (*own_rule(relation), *rule_conditions(relation.target), *related._where, *conditions)


class RelatedCount(Expr[int]):
    """How many related objects there are for which conditions hold."""

    __slots__ = ("conditions", "kind", "related")

    def __init__(self, related: ManyPath, conditions: tuple[Condition, ...]) -> None:
        self.related = related
        self.conditions = _asked(related, conditions)
        self.kind = INTEGER

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("how many", tuple(step.token for step in self.related._steps), len(self.conditions))
        for one in self.conditions:
            one.walk(key, values)

    def name(self) -> str:
        return f"{self.related._last.name}_count"

    def __repr__(self) -> str:
        return f"{self.related!r}.count({', '.join(map(repr, self.conditions))})"
