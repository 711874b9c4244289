"""The form of a grid that was given none: all fields of the model, related objects chosen from a list."""

import types
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from segue.core.binding.roles import role_of
from segue.core.binding.validation import object_fields
from segue.db.models.mapping import Mapping, Relation
from segue.grid.naming import label_of_column, naming_column, object_text
from segue.html.forms.form import FormOf
from segue.html.forms.widgets import Textarea, Widget

__all__ = ["form_for"]

#: So many objects are offered to choose from.
_MOST_OFFERED = 1_000


def form_for(model: Any, exclude: Sequence[str]) -> type[FormOf[Any]]:
    """A class of forms for a model, without the fields of ``exclude``."""
    mapping: Mapping = model.__mapping__
    labels: dict[str, str] = {}
    helps: dict[str, str] = {}
    widgets: dict[str, Widget] = {}
    body: dict[str, Any] = {"labels": labels, "helps": helps, "widgets": widgets}
    left_out = [*exclude, *[one.name for one in mapping.columns.values() if one.options.version]]
    taken = {one.name for one in object_fields(model) or () if _comes(one.type)} - set(left_out)
    for column in mapping.columns.values():
        options = column.options
        if column.name not in taken or column.generated:
            continue
        labels[column.name] = label_of_column(column)
        if column.kind.storage == "text":
            widgets[column.name] = Textarea()
        if options.help:
            helps[column.name] = options.help
        if column.reference is not None and len(column.reference.columns) == 1:
            body[f"options_{column.name}"] = _offering(column.reference)
    body["exclude"] = tuple(left_out)
    return types.new_class(f"{model.__name__}Form", (FormOf[model],), {}, lambda names: names.update(body))


def _comes(hint: Any) -> bool:
    role = role_of(hint)
    return role is None or role.comes


def _offering(relation: Relation) -> Callable[[Any], Awaitable[list[tuple[Any, str]]]]:
    """What may be chosen for a relation to one: the objects that the visitor may see, by name."""

    async def options(_: Any) -> list[tuple[Any, str]]:
        target: Any = relation.target
        naming = naming_column(target)
        query = target.all()
        if naming is not None:
            query = query.order_by(target.__mapping__.expression(naming.name))
        key = target.__mapping__.key[0].name
        return [(getattr(one, key), object_text(one)) for one in await query.limit(_MOST_OFFERED)]

    return options
