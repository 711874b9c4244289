"""Validators that ask the database: whether a value is there, or is not there yet."""

from collections.abc import Awaitable, Callable
from typing import Any

from segue.core.texts.lazy import Words
from segue.core.texts.texts import framework
from segue.db.queries.expressions import Column, Condition

__all__ = ["in_db", "not_in_db"]

_ = framework.gettext

Lookup = Callable[[Any], Awaitable[None]]


def in_db(
    column: Callable[[], Any], *, where: Callable[[], Condition] | None = None, message: Words | None = None
) -> Lookup:
    """For ``field(validate=...)``: the value is one that a column has.

        class Order(Model):
            code: Field[str] = field(validate=in_db(lambda: Product.code, where=lambda: Product.sold == True))

    A ``Ref`` says the same of keys, and the database holds it for ever; this asks when an object is written. ``column`` and ``where`` are
    functions, so that models may stand in any order.
    """

    async def check(value: Any) -> None:
        if not await _found(column, where, value):
            raise ValueError(str(message or _("There is no such value.")))

    return check


def not_in_db(
    column: Callable[[], Any], *, where: Callable[[], Condition] | None = None, message: Words | None = None
) -> Lookup:
    """For ``field(validate=...)``: no object of ``where`` has the value: a name that is not on a list of another model.

    Of the own model, ``unique=True`` says it, and holds also for two who write at once.
    """

    async def check(value: Any) -> None:
        if await _found(column, where, value):
            raise ValueError(str(message or _("This is taken already.")))

    return check


async def _found(column: Callable[[], Any], where: Callable[[], Condition] | None, value: Any) -> bool:
    expression = column()
    if not isinstance(expression, Column) or expression.path:
        raise TypeError(
            f"in_db() and not_in_db() take a column of a model, lambda: Film.title, not {expression!r:.80}"
        )
    model: Any = expression.field.model
    query = model.where(expression == value)
    found: bool = await (query if where is None else query.where(where())).exists()
    return found
