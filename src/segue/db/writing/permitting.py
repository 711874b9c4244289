"""Rules for changes, where many objects are written at once and nobody is told of each."""

from collections.abc import Sequence
from typing import Any

from segue.db.models.rules import write_conditions
from segue.db.queries.expressions import all_of, any_of
from segue.http.errors import Forbidden

__all__ = ["check_changes", "check_upsert"]

_AT_ONCE = 200


async def check_changes(model: Any, targets: Sequence[Any]) -> None:
    """Raises Forbidden where a rule forbids whoever acts to change one of these rows; in the transaction that changes them."""
    conditions = write_conditions(model, "change")
    if not conditions:
        return
    mapping = model.__mapping__
    keys = {tuple(getattr(one, column.name) for column in mapping.key) for one in targets}
    listed = [
        all_of(
            *(
                mapping.expression(column.name) == value
                for column, value in zip(mapping.key, key, strict=True)
            )
        )
        for key in keys
    ]
    for start in range(0, len(listed), _AT_ONCE):
        some = model.where(any_of(*listed[start : start + _AT_ONCE])).unscoped()
        if await some.count() != await some.where(*conditions).count():
            raise Forbidden(f"You may not change all of these {model.__name__}.")


def check_upsert(model: Any) -> None:
    """Raises Forbidden where rules limit what whoever acts may change: an upsert cannot tell whose row it finds."""
    if write_conditions(model, "change"):
        raise Forbidden(
            f"{model.__name__}.upsert() would change rows without a look at whose they are; create_or_update() looks at each"
        )
