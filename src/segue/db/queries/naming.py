"""Names for the columns of results."""

from collections.abc import Sequence
from typing import Any, TypeVar

from segue.db.queries.expressions import Expr, Key

__all__ = ["Named"]

T = TypeVar("T")


class Named(Expr[T]):
    """An expression with a name for its column."""

    __slots__ = ("called", "inner", "kind")

    def __init__(self, inner: Expr[Any], called: str) -> None:
        # SEC: a name stands in the text of results, never of a statement; still, it is a word and nothing else.
        if not isinstance(called, str) or not called.isidentifier() or not called.isascii():
            raise ValueError(
                f"{called!r:.80} is no name for a column: letters, digits and _, such as 'total'"
            )
        self.inner = inner
        self.called = called
        self.kind = inner.kind

    def walk(self, key: Key, values: list[Any]) -> None:
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def name(self) -> str:
        return self.called

    def __repr__(self) -> str:
        return f"{self.inner!r}.named({self.called!r})"
