"""What ``Comment.about`` is in a query: a relation to objects of any of several models."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from segue.db.models.pointers import Pointer, label_of
from segue.db.queries.expressions import Column, Condition, Expr, all_of, any_of

__all__ = ["AnyPath"]


class AnyPath:
    """A relation to objects of any model: compared with objects, and loaded."""

    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        self._type: Expr[Any] = Column(pointer.type)
        self._key: Expr[Any] = Column(pointer.key)

    def __eq__(self, other: object) -> Condition:  # type: ignore[override] # as expressions
        if isinstance(other, type) and hasattr(other, "__mapping__"):
            return self._leads_to(other)
        label, key = self._pointer.pair(other)
        if key is UNSET:
            raise ValueError(f"{other!r:.80} is not saved yet, so nothing leads to it")
        return self.is_null() if other is None else all_of(self._type == label, self._key == key)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override] # as expressions
        return ~(self == other)

    def __hash__(self) -> int:
        return hash(self._pointer)

    def __repr__(self) -> str:
        return repr(self._pointer)

    def _leads_to(self, model: Any) -> Condition:
        """Whether it leads to the row of a model in a query around this one: what a rule says."""
        keys = model.__mapping__.key
        if len(keys) != 1 or keys[0].kind.storage not in ("int", "str", "text"):
            raise TypeError(
                f"{self!r} is compared with the rows of a model whose key is one number or text; {model.__name__} has another one"
            )
        key: Expr[Any] = Column(keys[0])
        text = key if keys[0].kind.storage != "int" else key.cast(str)
        return all_of(self.is_a(model), self._key == text)

    def is_in(self, others: Iterable[Any]) -> Condition:
        """Whether it leads to one of these objects."""
        by_label: dict[Any, list[Any]] = {}
        for one in others:
            label, key = self._pointer.pair(one)
            by_label.setdefault(label, []).append(key)
        return any_of(
            *(all_of(self._type == label, self._key.is_in(keys)) for label, keys in by_label.items())
        )

    def is_a(self, model: Any) -> Condition:
        """Whether it leads to an object of this model."""
        label = label_of(model)
        self._pointer.model_of(label)
        return self._type == label

    def is_null(self) -> Condition:
        """Whether it leads nowhere."""
        return self._type.is_null()
