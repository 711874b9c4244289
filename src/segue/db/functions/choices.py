"""Functions that choose among values."""

from collections.abc import Sequence
from typing import Any, TypeVar, overload

from segue.db.models.kinds import Kind
from segue.db.queries.expressions import Condition, Expr, Function, Key, as_expression

__all__ = ["Case", "case", "coalesce", "greatest", "least", "nullif", "value"]

T = TypeVar("T")


class Case(Expr[T]):
    """The value of the first condition that holds."""

    __slots__ = ("default", "kind", "whens")

    def __init__(
        self, whens: tuple[tuple[Condition, Expr[Any]], ...], default: Expr[Any], kind: Kind
    ) -> None:
        self.whens = whens
        self.default = default
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("case", len(self.whens))
        for one in self.parts():
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (*(part for when in self.whens for part in when), self.default)

    def name(self) -> str:
        return "case"

    def __repr__(self) -> str:
        return f"case({', '.join(map(repr, self.whens))}, default={self.default!r})"


@overload
def case(*whens: tuple[Condition, T | Expr[T]], default: T | Expr[T]) -> Expr[T]: ...
@overload
def case(*whens: tuple[Condition, T | Expr[T]]) -> Expr[T | None]: ...
def case(*whens: tuple[Condition, Any], default: Any = None) -> Expr[Any]:
    """The value of the first condition that holds: ``case((Post.views > 1000, "hot"), (Post.views > 100, "warm"), default="cold")``.

    Without ``default`` None where none holds.
    """
    if not whens:
        raise TypeError(
            "case() is given conditions with values: case((Post.views > 100, 'hot'), default='cold')"
        )
    given = [one for _, one in whens] + [default]
    kind = next((one.kind for one in given if isinstance(one, Expr)), None)
    if kind is None:
        kind = next(as_expression(one).kind for one in given if one is not None)
    if any(one is None or (isinstance(one, Expr) and one.kind.null) for one in given):
        kind = kind.nullable()
    checked: list[tuple[Condition, Expr[Any]]] = []
    for condition, one in whens:
        if not isinstance(condition, Expr) or condition.kind.storage != "bool":
            raise TypeError(f"case() is given conditions with values, and {condition!r:.80} is no condition")
        checked.append((condition, as_expression(one, kind)))
    return Case(tuple(checked), as_expression(default, kind), kind)


def value(constant: T) -> Expr[T]:
    """Makes an expression of a constant, for where a column could stand too."""
    return as_expression(constant)


@overload
def coalesce(first: Expr[T | None], *others: T) -> Expr[T]: ...
@overload
def coalesce(first: Expr[Any], *others: Any) -> Expr[Any]: ...
def coalesce(first: Expr[Any], *others: Any) -> Expr[Any]:
    """The first that is not None: ``coalesce(Post.subtitle, "")``."""
    return Function("coalesce", (first, *(as_expression(one, first.kind) for one in others)), first.kind)


def nullif(expression: Expr[T], other: T | Expr[T]) -> Expr[T | None]:
    """The value, None where it is ``other``."""
    kind = expression.kind
    return Function("nullif", (expression, as_expression(other, kind)), kind.nullable())


def greatest(first: Expr[T], *others: T | Expr[T]) -> Expr[T]:
    """The greatest of these; None where one of them is None."""
    return _edge("greatest", first, others)


def least(first: Expr[T], *others: T | Expr[T]) -> Expr[T]:
    """The least of these; None where one of them is None."""
    return _edge("least", first, others)


def _edge(name: str, first: Expr[Any], others: tuple[Any, ...]) -> Expr[Any]:
    if not others:
        raise TypeError(f"{name}() compares several: {name}({first!r}, ...)")
    made = tuple(as_expression(one, first.kind) for one in others)
    kind = first.kind.nullable() if any(one.kind.null for one in made) else first.kind
    return Function(name, (first, *made), kind)
