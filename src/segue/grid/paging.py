"""Pages of a list: by number while they can be counted, and from the last object on where there are too many."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Any

import msgspec

from segue.db.models.mapping import Mapping
from segue.db.queries.expressions import Column, Condition, Expr, Order, all_of, any_of
from segue.grid.texts import PAGE_GONE
from segue.http.errors import BadRequest

__all__ = ["COUNTED", "Sorting", "orders_of"]

#: So many objects are counted, and reached by the number of their page. Beyond, pages follow from the last object of the one
#: before, which costs the same wherever one is.
COUNTED = 10_000

_LONGEST = 2_000


class Sorting:
    """The order of a list, to the last: those that are alike in it are in the order of their keys."""

    __slots__ = ("beside", "orders", "path_loads")

    def __init__(self, orders: Sequence[Order], mapping: Mapping) -> None:
        keys = [Order(mapping.expression(one.name), descending=False) for one in mapping.key]
        self.orders = [*[_settled(one) for one in orders], *keys]
        #: Expressions that are asked for beside the objects, as their values are needed to go on.
        self.beside = [one.expression for one in self.orders if not isinstance(one.expression, Column)]
        self.path_loads = [
            one.expression.path
            for one in self.orders
            if isinstance(one.expression, Column) and one.expression.path
        ]

    def reversed(self) -> "list[Order]":
        """The other way round, for the page before."""
        turned = {"first": "last", "last": "first", None: None}
        return [
            Order(one.expression, descending=not one.descending, nulls=turned[one.nulls])
            for one in self.orders
        ]

    def cursor(self, target: Any, beside: Sequence[Any]) -> str:
        """Where an object stands in the order, as text. ``beside``: the values of ``self.beside``."""
        given = iter(beside)
        values = [
            _value(target, one.expression) if isinstance(one.expression, Column) else next(given)
            for one in self.orders
        ]
        return _encoded(values)

    def beyond(self, cursor: str, *, before: bool = False) -> Condition:
        """What comes after the object that a cursor stands for, or before it. Raises BadRequest for what is no cursor."""
        orders = self.reversed() if before else self.orders
        return _beyond(orders, self._values(cursor))

    def _values(self, cursor: str) -> list[Any]:
        try:
            given = _decoded(cursor)
            kinds = [one.expression.kind for one in self.orders]
            return [
                None if value is None and _nullable(one.expression) else msgspec.convert(value, kind.python)
                for one, value, kind in zip(self.orders, given, kinds, strict=True)
            ]
        except (ValueError, TypeError, BadBase64):
            raise BadRequest(str(PAGE_GONE)) from None


def orders_of(query: Any) -> tuple[Order, ...]:
    """The orders that a query has."""
    found: tuple[Order, ...] = ()
    for one in query._steps():
        if one._step == "order":
            found = one._payload
    return found


def _settled(order: Order) -> Order:
    """An order that says where those without a value are, as databases do not agree about it."""
    if order.nulls is not None or not _nullable(order.expression):
        return order
    return Order(order.expression, descending=order.descending, nulls="last")


def _nullable(expression: Expr[Any]) -> bool:
    if isinstance(expression, Column):
        return expression.kind.null or any(step.null for step in expression.path)
    return True


def _beyond(orders: Sequence[Order], values: Sequence[Any]) -> Condition:
    """Those that come after these values: after the first, or alike in the first and after the rest."""
    order, value = orders[0], values[0]
    expression = order.expression
    after = _after(order, value)
    if len(orders) == 1:
        return after
    alike = expression.is_null() if value is None else expression == value
    return any_of(after, all_of(alike, _beyond(orders[1:], values[1:])))


def _after(order: Order, value: Any) -> Condition:
    expression = order.expression
    if value is None:  # behind those without a value there is nobody, or there are all others
        return ~expression.is_null() if order.nulls == "first" else any_of()
    found: Condition = expression < value if order.descending else expression > value
    if order.nulls == "last" and _nullable(expression):
        return any_of(found, expression.is_null())
    return found


def _value(target: Any, node: Any) -> Any:
    for step in node.path:
        if target is None:
            return None
        target = getattr(target, step.name)
    return None if target is None else getattr(target, node.field.name)


def _encoded(values: Sequence[Any]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def _decoded(cursor: str) -> list[Any]:
    if len(cursor) > _LONGEST:
        raise ValueError
    data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return msgspec.json.decode(data, type=list[Any])
