"""Expressions of queries: light nodes that know their kind, their shape and their values.

    Post.title.icontains("swing") & (Post.views > 100)

A node is not SQL yet. Its *shape*, all but the values in it, is the key under which the compiled statement is kept.
"""

import datetime
import decimal
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar, cast, overload

from segue.db.errors import UnusableValue
from segue.db.models.geometry import Geometry, Shape
from segue.db.models.kinds import Kind, kind_of, kind_of_value
from segue.db.queries.checking import check_value
from segue.db.queries.insides import Inside
from segue.db.queries.located import Located
from segue.db.queries.timed import Timed

if TYPE_CHECKING:
    from segue.db.models.mapping import ColumnField

__all__ = [
    "BOOLEAN",
    "DURATION",
    "FLOAT",
    "INTEGER",
    "TEXT",
    "Cast",
    "Column",
    "Condition",
    "Expr",
    "Function",
    "Operation",
    "Order",
    "Value",
    "Values",
    "all_of",
    "any_of",
    "as_expression",
    "not_",
]

T = TypeVar("T")
S = TypeVar("S")
N = TypeVar("N", int, float, decimal.Decimal)
G = TypeVar("G", bound=Shape)

BOOLEAN = Kind("bool", bool)
INTEGER = Kind("int", int)
FLOAT = Kind("float", float)
TEXT = Kind("str", str)
DURATION = Kind("timedelta", datetime.timedelta)

Key: TypeAlias = list[Any]


class Expr(Inside[T], Located[T], Timed[T]):
    """Something that the database computes, of Python type ``T``: ``Post.title``, ``Post.views + 1``, ``count()``.

    Comparisons make conditions: ``==``, ``!=``, ``<``, ``&``, ``|``, ``~``. ``x == None`` is ``IS NULL``. A condition has no
    truth in Python: use ``&`` where you would say ``and``, with parentheses around comparisons.
    """

    __slots__ = ()

    #: What kind of value it has.
    kind: Kind

    def walk(self, key: Key, values: list[Any]) -> None:
        """Adds its shape to ``key`` and its values to ``values``, in the order in which they stand."""
        raise NotImplementedError

    def parts(self) -> "Sequence[Expr[Any]]":
        """The expressions in it."""
        return ()

    # -- comparisons

    def __eq__(self, other: "T | Expr[T] | None") -> "Condition":  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # as in every query language in Python
        if other is None:
            return Operation("is null", (self,), BOOLEAN)
        return Operation("=", (self, self._with(other)), BOOLEAN)

    def __ne__(self, other: "T | Expr[T] | None") -> "Condition":  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # as __eq__
        if other is None:
            return Operation("is not null", (self,), BOOLEAN)
        return Operation("!=", (self, self._with(other)), BOOLEAN)

    __hash__ = object.__hash__

    def __lt__(self, other: "T | Expr[T]") -> "Condition":
        return Operation("<", (self, self._with(other)), BOOLEAN)

    def __le__(self, other: "T | Expr[T]") -> "Condition":
        return Operation("<=", (self, self._with(other)), BOOLEAN)

    def __gt__(self, other: "T | Expr[T]") -> "Condition":
        return Operation(">", (self, self._with(other)), BOOLEAN)

    def __ge__(self, other: "T | Expr[T]") -> "Condition":
        return Operation(">=", (self, self._with(other)), BOOLEAN)

    def between(self, low: "T | Expr[T]", high: "T | Expr[T]") -> "Condition":
        """Whether it is ``low``, ``high`` or between them."""
        return Operation("between", (self, self._with(low), self._with(high)), BOOLEAN)

    def is_in(self, values: "Iterable[T] | Expr[T]") -> "Condition":
        """Whether it is one of ``values``: a list, or a query of one column. None in a list is found too."""
        if isinstance(values, Expr):
            return Operation("in", (self, values), BOOLEAN)
        if hasattr(values, "as_subquery"):
            return Operation("in", (self, cast("Any", values).as_subquery()), BOOLEAN)
        listed = list(values)
        if any(one is None for one in listed):
            known = [one for one in listed if one is not None]
            missing: Condition = Operation("is null", (self,), BOOLEAN)
            return self.is_in(known) | missing if known else missing
        return Operation("in", (self, self._listed(listed)), BOOLEAN)

    def not_in(self, values: "Iterable[T] | Expr[T]") -> "Condition":
        """Whether it is none of ``values``."""
        return ~self.is_in(values)

    def is_null(self) -> "Condition":
        """Whether there is no value: the same as ``== None``."""
        return Operation("is null", (self,), BOOLEAN)

    def is_distinct_from(self, other: "T | Expr[T] | None") -> "Condition":
        """``!=`` in which None is a value as others are."""
        return Operation("is distinct from", (self, self._with(other)), BOOLEAN)

    # -- conditions

    def __and__(self: "Expr[bool]", other: "Expr[bool]") -> "Condition":
        return Operation("and", (self, _condition(other)), BOOLEAN)

    def __or__(self: "Expr[bool]", other: "Expr[bool]") -> "Condition":
        return Operation("or", (self, _condition(other)), BOOLEAN)

    def __invert__(self: "Expr[bool]") -> "Condition":
        return Operation("not", (self,), BOOLEAN)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} is a question to the database and neither true nor false here. Use & for and, | for or, ~ for not, each comparison in "
            f"parentheses; x.between(a, b) for a < x < b; x.is_in(...) for in"
        )

    # -- arithmetic

    def __add__(self, other: "T | Expr[T] | datetime.timedelta") -> "Expr[T]":
        operator = "||" if self.kind.storage in ("str", "text") else "+"
        return Operation(operator, (self, self._operand(other)), self.kind)

    def __radd__(self, other: "T | Expr[T]") -> "Expr[T]":
        operator = "||" if self.kind.storage in ("str", "text") else "+"
        return Operation(operator, (self._operand(other), self), self.kind)

    @overload
    def __sub__(
        self: "Expr[datetime.datetime]", other: "datetime.datetime | Expr[datetime.datetime]"
    ) -> "Expr[datetime.timedelta]": ...
    @overload
    def __sub__(
        self: "Expr[datetime.date]", other: "datetime.date | Expr[datetime.date]"
    ) -> "Expr[datetime.timedelta]": ...
    @overload
    def __sub__(self, other: "T | Expr[T] | datetime.timedelta") -> "Expr[T]": ...
    def __sub__(self, other: Any) -> "Expr[Any]":
        operand = self._operand(other)
        if self.kind.storage in ("datetime", "date") and operand.kind.storage == self.kind.storage:
            return Operation(
                "difference", (self, operand), DURATION.nullable() if self.kind.null else DURATION
            )
        return Operation("-", (self, operand), self.kind)

    def __rsub__(self, other: "T | Expr[T]") -> "Expr[T]":
        return Operation("-", (self._operand(other), self), self.kind)

    def __mul__(self, other: "T | Expr[T]") -> "Expr[T]":
        return Operation("*", (self, self._operand(other)), self.kind)

    def __rmul__(self, other: "T | Expr[T]") -> "Expr[T]":
        return Operation("*", (self._operand(other), self), self.kind)

    def __truediv__(self, other: "T | Expr[T] | float") -> "Expr[float]":
        kind = self.kind if self.kind.storage == "decimal" else FLOAT
        return Operation("/", (self, self._operand(other)), kind)

    def __floordiv__(self, other: "T | Expr[T]") -> "Expr[T]":
        return Operation("//", (self, self._operand(other)), self.kind)

    def __mod__(self, other: "T | Expr[T]") -> "Expr[T]":
        return Operation("%", (self, self._operand(other)), self.kind)

    def __neg__(self) -> "Expr[T]":
        return Operation("negative", (self,), self.kind)

    def _operand(self, other: Any) -> "Expr[Any]":
        if isinstance(other, Expr):
            return other
        if isinstance(other, datetime.timedelta) and self.kind.storage in ("datetime", "date", "time"):
            return Value(other, kind_of_value(other))
        if self.kind.storage == "int" and isinstance(other, float | decimal.Decimal):
            return Value(other, kind_of_value(other))
        return self._with(other)

    def _with(self, other: Any) -> "Expr[Any]":
        """What it is compared with."""
        try:
            return as_expression(other, self.kind)
        except UnusableValue as error:
            raise UnusableValue(error.value, error.why, repr(self)) from None

    def _listed(self, values: list[Any]) -> "Expr[Any]":
        try:
            return Values(values, self.kind)
        except UnusableValue as error:
            raise UnusableValue(error.value, error.why, repr(self)) from None

    # -- text

    @overload
    def contains(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition": ...
    @overload
    def contains(self: "Expr[G] | Expr[G | None]", text: "Geometry | Expr[Any]", /) -> "Condition": ...
    def contains(self, text: Any) -> "Condition":
        """Whether it has ``text`` in it, letter for letter. ``%`` and ``_`` are letters as others are.

        Of a geometry: whether all of another one lies in it.
        """
        if self.kind.storage == "geometry":
            return self._located("contains", text)
        return _match(self, "like", text, "%", "%")

    def icontains(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it has ``text`` in it, upper or lower case."""
        return _match(self, "ilike", text, "%", "%")

    def startswith(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it begins with ``text``."""
        return _match(self, "like", text, "", "%")

    def istartswith(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it begins with ``text``, upper or lower case."""
        return _match(self, "ilike", text, "", "%")

    def endswith(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it ends with ``text``."""
        return _match(self, "like", text, "%", "")

    def iendswith(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it ends with ``text``, upper or lower case."""
        return _match(self, "ilike", text, "%", "")

    def iequals(self: "Expr[str] | Expr[str | None]", text: str) -> "Condition":
        """Whether it is ``text``, upper or lower case."""
        return _match(self, "ilike", text, "", "")

    def like(self: "Expr[str] | Expr[str | None]", pattern: str) -> "Condition":
        """Whether it fits a pattern of SQL: ``%`` for any text, ``_`` for any letter, ``\\`` before one that means itself."""
        return _match(self, "like", pattern, raw=True)

    def ilike(self: "Expr[str] | Expr[str | None]", pattern: str) -> "Condition":
        """As ``like``, upper or lower case."""
        return _match(self, "ilike", pattern, raw=True)

    def matches(self: "Expr[str] | Expr[str | None]", pattern: str) -> "Condition":
        """Whether a regular expression is found in it, in the grammar of the database."""
        return Operation("matches", (cast("Expr[Any]", self), Value(pattern, TEXT)), BOOLEAN)

    def lower(self: "Expr[S]") -> "Expr[S]":
        """The text in lower case."""
        return Function("lower", (self,), self.kind)

    def upper(self: "Expr[S]") -> "Expr[S]":
        """The text in upper case."""
        return Function("upper", (self,), self.kind)

    @overload
    def length(self: "Expr[str] | Expr[str | None]") -> "Expr[int]": ...  # type: ignore[overload-overlap] # no text is a geometry
    @overload
    def length(self: "Expr[G] | Expr[G | None]") -> "Expr[float]": ...
    def length(self) -> "Expr[Any]":
        """How many characters it has; of a geometry, how long its lines are."""
        if self.kind.storage == "geometry":
            return self._located("length")
        return Function("length", (cast("Expr[Any]", self),), INTEGER)

    # -- aggregates

    def count(self, *, distinct: bool = False, where: "Expr[bool] | None" = None) -> "Expr[int]":
        """How many rows have a value here."""
        return _aggregate("count", self, INTEGER, distinct, where)

    def sum(self, *, distinct: bool = False, where: "Expr[bool] | None" = None) -> "Expr[T | None]":
        """All values added; None where there is no row."""
        return _aggregate("sum", self, self.kind.nullable(), distinct, where)

    def avg(self, *, distinct: bool = False, where: "Expr[bool] | None" = None) -> "Expr[float | None]":
        """The mean of all values; None where there is no row."""
        return _aggregate("avg", self, FLOAT.nullable(), distinct, where)

    def min(self, *, where: "Expr[bool] | None" = None) -> "Expr[T | None]":
        """The least value; None where there is no row."""
        return _aggregate("min", self, self.kind.nullable(), False, where)

    def max(self, *, where: "Expr[bool] | None" = None) -> "Expr[T | None]":
        """The greatest value; None where there is no row."""
        return _aggregate("max", self, self.kind.nullable(), False, where)

    # -- order, names and types

    def asc(self, *, nulls: "str | None" = None) -> "Order":
        """Least first. ``nulls``: "first" or "last"; without it, as the database does."""
        return Order(self, descending=False, nulls=nulls)

    def desc(self, *, nulls: "str | None" = None) -> "Order":
        """Greatest first."""
        return Order(self, descending=True, nulls=nulls)

    def cast(self, to: type[S]) -> "Expr[S]":
        """The value as another type: ``Post.id.cast(str)``."""
        return Cast(self, kind_of(to))

    # -- windows and names

    def over(
        self,
        *,
        partition_by: "Expr[Any] | Sequence[Expr[Any]]" = (),
        order_by: "Expr[Any] | Order | Sequence[Expr[Any] | Order]" = (),
        rows: "tuple[int | None, int | None] | None" = None,
        range: "tuple[int | None, int | None] | None" = None,
        groups: "tuple[int | None, int | None] | None" = None,
    ) -> "Expr[T]":
        """A function over the rows around each row: ``Post.views.sum().over(partition_by=Post.author.id)``.

        ``rows``, ``range``, ``groups``: which of them, from and to: ``(None, 0)`` is from the first one to this one, ``(-1, 1)`` from the one
        before to the one after.
        """
        from segue.db.queries.windows import over

        return over(self, partition_by, order_by, ("rows", rows), ("range", range), ("groups", groups))

    def named(self, name: str) -> "Expr[T]":
        """The same, called ``name`` in ``dicts()`` and ``into()``."""
        from segue.db.queries.naming import Named

        return Named(self, name)

    def name(self) -> str:
        """What a column of a result with it is called."""
        return "value"


Condition: TypeAlias = Expr[bool]
"""What ``where`` takes: an expression that holds or not."""


def _aggregate(called: str, of: Expr[Any], kind: Kind, distinct: bool, where: Expr[bool] | None) -> Expr[Any]:
    from segue.db.queries.aggregates import Aggregate

    return Aggregate(called, (of,), kind, distinct=distinct, where=where)


def _match(
    left: Any, operator: str, text: str, before: str = "", after: str = "", *, raw: bool = False
) -> "Operation[bool]":
    if not isinstance(text, str):
        raise TypeError(f"{left!r} is compared with text, not with {text!r:.80}")
    if not raw:
        text = before + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + after
    if operator == "ilike" and not text.isascii():
        # SQLite knows the letters of English only: others are compared by a function, which is slower.
        operator = "ilike of any letters"
    return Operation(operator, (left, Value(text, TEXT)), BOOLEAN)


def as_expression(value: Any, kind: Kind | None = None) -> Expr[Any]:
    """``value`` as an expression: itself, or a value of ``kind`` that is bound to the statement.

    ``kind``: of what it is compared with or assigned to.
    """
    if isinstance(value, Expr):
        return value
    if hasattr(value, "as_subquery"):
        found: Expr[Any] = value.as_subquery()
        return found
    key = getattr(type(value), "__segue_key__", None)
    if key is not None:
        return as_expression(key(value), kind)
    if isinstance(value, type):
        raise TypeError(f"{value.__qualname__} is a class: a query compares with values and columns")
    return Value(value, kind_of_value(value) if kind is None else kind)


def _condition(value: Any) -> Expr[bool]:
    if isinstance(value, Expr) and value.kind.storage == "bool":
        return value
    raise TypeError(
        f"{value!r:.80} is no condition: & and | stand between conditions, each comparison in parentheses: "
        f"(Post.views > 3) & (Post.draft == False)"
    )


class Value(Expr[T]):
    """A value that is sent beside the statement, never in its text."""

    __slots__ = ("kind", "value")

    def __init__(self, value: Any, kind: Kind) -> None:
        check_value(value, kind)
        self.value = value
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        if self.value is None:
            key.append("null")
            return
        key.append(self.kind.token)
        values.append(self.value)

    def __repr__(self) -> str:
        return f"{self.value!r:.40}"


class Values(Expr[T]):
    """Several values, for ``in``. How many there are is part of the shape, rounded up, so that shapes stay few."""

    __slots__ = ("kind", "values")

    def __init__(self, values: list[Any], kind: Kind) -> None:
        for one in values:
            check_value(one, kind)
        self.values = values
        self.kind = kind

    def room(self) -> int:
        """How many places the statement has: the next power of two."""
        return 1 << (len(self.values) - 1).bit_length() if self.values else 0

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("values", self.room(), self.kind.token)
        values.append(self.values)

    def __repr__(self) -> str:
        return f"[{len(self.values)} values]"


class Column(Expr[T]):
    """A column of a model, reached from the model that is asked for over a path of relations."""

    __slots__ = ("field", "kind", "path", "token")

    def __init__(self, field: "ColumnField", path: tuple[Any, ...] = ()) -> None:
        self.field = field
        self.path = path
        self.kind = field.kind.nullable() if any(step.null for step in path) else field.kind
        #: Stands for this column in the shape of a query.
        self.token = ("column", field.token, *(step.token for step in path))

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append(self.token)

    def name(self) -> str:
        return "_".join((*(step.name for step in self.path), self.field.name))

    def __repr__(self) -> str:
        start = self.path[0].model if self.path else self.field.model
        return ".".join((start.__name__, *(step.name for step in self.path), self.field.name))


class Operation(Expr[T]):
    """An operator between expressions."""

    __slots__ = ("arguments", "kind", "operator")

    def __init__(self, operator: str, arguments: tuple[Expr[Any], ...], kind: Kind) -> None:
        self.operator = operator
        self.arguments = arguments
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append(self.operator)
        for one in self.arguments:
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return self.arguments

    def __repr__(self) -> str:
        if len(self.arguments) == 2:
            return f"({self.arguments[0]!r} {self.operator} {self.arguments[1]!r})"
        return f"({self.operator} {', '.join(map(repr, self.arguments))})"


class Function(Expr[T]):
    """A function of the database. Its name is the program's, never a client's."""

    __slots__ = ("arguments", "called", "kind")

    def __init__(self, called: str, arguments: tuple[Expr[Any], ...], kind: Kind) -> None:
        if not called.replace("_", "").replace(".", "").isalnum():
            raise ValueError(f"{called!r} is no name of a function")
        self.called = called
        self.arguments = arguments
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("function", self.called, len(self.arguments), self.kind.token)
        for one in self.arguments:
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return self.arguments

    def name(self) -> str:
        return self.called

    def __repr__(self) -> str:
        return f"{self.called}({', '.join(map(repr, self.arguments))})"


class Cast(Expr[T]):
    """A value as another type."""

    __slots__ = ("inner", "kind")

    def __init__(self, inner: Expr[Any], kind: Kind) -> None:
        self.inner = inner
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("cast", self.kind.token)
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def name(self) -> str:
        return self.inner.name()


class Order:
    """An expression and a direction, for ``order_by``."""

    __slots__ = ("descending", "expression", "nulls")

    def __init__(self, expression: Expr[Any], *, descending: bool, nulls: str | None = None) -> None:
        if nulls not in (None, "first", "last"):
            raise ValueError(f"nulls is 'first' or 'last', not {nulls!r}")
        self.expression = expression
        self.descending = descending
        self.nulls = nulls

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("order", self.descending, self.nulls)
        self.expression.walk(key, values)

    def __repr__(self) -> str:
        return f"{self.expression!r}.{'desc' if self.descending else 'asc'}()"


def all_of(*conditions: Condition) -> Condition:
    """All of them: ``all_of(a, b)`` is ``a & b``. Of none, true."""
    return _joined("and", conditions, empty=True)


def any_of(*conditions: Condition) -> Condition:
    """One of them: ``any_of(a, b)`` is ``a | b``. Of none, false."""
    return _joined("or", conditions, empty=False)


def not_(condition: Condition) -> Condition:
    """The opposite: ``~condition``."""
    return ~condition


def _joined(operator: str, conditions: tuple[Condition, ...], *, empty: bool) -> Condition:
    if not conditions:
        return Operation("true" if empty else "false", (), BOOLEAN)
    found = _condition(conditions[0])
    for one in conditions[1:]:
        found = Operation(operator, (found, _condition(one)), BOOLEAN)
    return found
