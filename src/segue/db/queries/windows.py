"""Windows: functions over the rows around each row."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

from segue.db.queries.expressions import Expr, Function, Key, Order

__all__ = ["Frame", "Over", "WindowFunction", "over"]

T = TypeVar("T")

Frame: TypeAlias = tuple[str, tuple[int | None, int | None]]
"""Of what kind it is, and from where to where."""


class WindowFunction(Function[T]):
    """A function that has a meaning over a window only: ``row_number()``."""

    __slots__ = ()


class Over(Expr[T]):
    """A function with the window that it is over."""

    __slots__ = ("frame", "function", "kind", "order", "partition")

    def __init__(
        self,
        function: Function[Any],
        partition: tuple[Expr[Any], ...],
        order: tuple[Order, ...],
        frame: Frame | None,
    ) -> None:
        self.function = function
        self.partition = partition
        self.order = order
        self.frame = frame
        self.kind = function.kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("over", len(self.partition), len(self.order), self.frame)
        self.function.walk(key, values)
        for one in self.partition:
            one.walk(key, values)
        for each in self.order:
            each.walk(key, values)

    def around(self) -> Sequence[Expr[Any]]:
        """What the window is made of."""
        return (*self.partition, *(one.expression for one in self.order))

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.function, *self.around())

    def name(self) -> str:
        return self.function.name()

    def __repr__(self) -> str:
        return f"{self.function!r}.over(...)"


def over(function: Expr[Any], partition: Any, order: Any, *frames: tuple[str, Any]) -> Expr[Any]:
    """What ``x.over(...)`` is."""
    if not isinstance(function, Function):
        raise TypeError(
            f"{function!r} is no function: over() is said of aggregates and of row_number(), rank() and the like"
        )
    given = [one for one in frames if one[1] is not None]
    if len(given) > 1:
        raise TypeError(
            f"a window has one of rows, range and groups, not {' and '.join(name for name, _ in given)}"
        )
    partitions = (partition,) if isinstance(partition, Expr) else tuple(partition)
    orders = (order,) if isinstance(order, Expr | Order) else tuple(order)
    return Over(
        function,
        partitions,
        tuple(one if isinstance(one, Order) else one.asc() for one in orders),
        _checked(given[0]) if given else None,
    )


def _checked(frame: tuple[str, Any]) -> Frame:
    name, edges = frame
    if (
        not isinstance(edges, tuple)
        or len(edges) != 2
        or any(one is not None and (not isinstance(one, int) or isinstance(one, bool)) for one in edges)
    ):
        raise TypeError(f"{name}= is given from where to where: (None, 0), (-1, 1), not {edges!r:.80}")
    return name, edges
