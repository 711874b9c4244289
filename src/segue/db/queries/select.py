"""What ``select`` is: for each number of expressions, the exact type of the rows. Said once, for models and queries."""

from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from segue.db.queries.expressions import Expr

if TYPE_CHECKING:
    from segue.db.queries.query import Rows

__all__ = ["Select"]

T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")
T7 = TypeVar("T7")
T8 = TypeVar("T8")


class Select(Protocol):
    """Makes a query of rows of up to eight expressions with their types, of more without them."""

    @overload
    def __call__(self, a: Expr[T1] | type[T1], /) -> "Rows[tuple[T1]]": ...
    @overload
    def __call__(self, a: Expr[T1] | type[T1], b: Expr[T2] | type[T2], /) -> "Rows[tuple[T1, T2]]": ...
    @overload
    def __call__(
        self, a: Expr[T1] | type[T1], b: Expr[T2] | type[T2], c: Expr[T3] | type[T3], /
    ) -> "Rows[tuple[T1, T2, T3]]": ...
    @overload
    def __call__(
        self,
        a: Expr[T1] | type[T1],
        b: Expr[T2] | type[T2],
        c: Expr[T3] | type[T3],
        d: Expr[T4] | type[T4],
        /,
    ) -> "Rows[tuple[T1, T2, T3, T4]]": ...
    @overload
    def __call__(
        self,
        a: Expr[T1] | type[T1],
        b: Expr[T2] | type[T2],
        c: Expr[T3] | type[T3],
        d: Expr[T4] | type[T4],
        e: Expr[T5] | type[T5],
        /,
    ) -> "Rows[tuple[T1, T2, T3, T4, T5]]": ...
    @overload
    def __call__(
        self,
        a: Expr[T1] | type[T1],
        b: Expr[T2] | type[T2],
        c: Expr[T3] | type[T3],
        d: Expr[T4] | type[T4],
        e: Expr[T5] | type[T5],
        f: Expr[T6] | type[T6],
        /,
    ) -> "Rows[tuple[T1, T2, T3, T4, T5, T6]]": ...
    @overload
    def __call__(
        self,
        a: Expr[T1] | type[T1],
        b: Expr[T2] | type[T2],
        c: Expr[T3] | type[T3],
        d: Expr[T4] | type[T4],
        e: Expr[T5] | type[T5],
        f: Expr[T6] | type[T6],
        g: Expr[T7] | type[T7],
        /,
    ) -> "Rows[tuple[T1, T2, T3, T4, T5, T6, T7]]": ...
    @overload
    def __call__(
        self,
        a: Expr[T1] | type[T1],
        b: Expr[T2] | type[T2],
        c: Expr[T3] | type[T3],
        d: Expr[T4] | type[T4],
        e: Expr[T5] | type[T5],
        f: Expr[T6] | type[T6],
        g: Expr[T7] | type[T7],
        h: Expr[T8] | type[T8],
        /,
    ) -> "Rows[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]": ...
    @overload
    def __call__(self, *expressions: Expr[Any] | type[Any]) -> "Rows[tuple[Any, ...]]": ...
