"""The form of a grid that was given none: all fields of the model, related objects chosen from a list."""

import types
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from segue.core.binding.roles import role_of
from segue.core.binding.validation import ObjectField, object_fields
from segue.core.texts.lazy import Words
from segue.db.models.mapping import Mapping, Relation
from segue.grid.naming import label_of_column, naming_column, object_text
from segue.grid.texts import SEARCH
from segue.html.forms.choices import Found, sent_for, text_of
from segue.html.forms.form import FormOf
from segue.html.forms.widgets import Textarea, Widget
from segue.http.request import Request

__all__ = ["coming", "described", "edited", "editing", "form_for", "offering", "offers"]

#: So many objects are offered to choose one from; of more, people look for those that they want by their names.
_MOST_OFFERED = 200
#: So many where there is nothing to look for them by.
_MOST_LISTED = 1_000
_EDITED = "segue.grid.edited"

Offering = Callable[..., Awaitable[list[tuple[Any, str]]]]


def form_for(model: Any, exclude: Sequence[str]) -> type[FormOf[Any]]:
    """A class of forms for a model, without the fields of ``exclude``."""
    labels, helps, widgets = described(model, exclude)
    taken = {one.name for one in coming(model, exclude)}
    body: dict[str, Any] = {"labels": labels, "helps": helps, "widgets": widgets}
    body["exclude"] = tuple([one.name for one in object_fields(model) or () if one.name not in taken])
    body |= {f"options_{name}": load for name, load in offers(model, exclude).items()}
    return types.new_class(f"{model.__name__}Form", (FormOf[model],), {}, lambda names: names.update(body))


def editing(request: Request, target: Any) -> None:
    """Keeps which object is edited, for what is offered in its form."""
    made = request.made = {} if request.made is None else request.made
    made[_EDITED] = target


def edited(request: Request) -> Any:
    """The object that is edited; None for a new one."""
    return None if request.made is None else request.made.get(_EDITED)


def coming(model: Any, exclude: Sequence[str]) -> list[ObjectField]:
    """The fields of a model that people fill in: neither what only the database writes, nor what counts the changes."""
    mapping: Mapping = model.__mapping__
    found: list[ObjectField] = []
    for one in object_fields(model) or ():
        role = role_of(one.type)
        column = mapping.columns.get(one.name)
        settled = column is None or column.generated or column.options.version
        if not settled and one.name not in exclude and (role is None or role.comes):
            found.append(one)
    return found


def described(
    model: Any, exclude: Sequence[str]
) -> tuple[dict[str, Words], dict[str, Words], dict[str, Widget]]:
    """The labels, the helps and the widgets of these fields."""
    mapping: Mapping = model.__mapping__
    columns = [mapping.columns[one.name] for one in coming(model, exclude)]
    return (
        {one.name: one.options.label or label_of_column(one) for one in columns},
        {one.name: one.options.help for one in columns if one.options.help},
        {one.name: Textarea() for one in columns if one.kind.storage == "text"},
    )


def offers(model: Any, exclude: Sequence[str]) -> dict[str, Offering]:
    """What may be chosen for those fields that hold the key of another object."""
    mapping: Mapping = model.__mapping__
    found: dict[str, Offering] = {}
    for one in coming(model, exclude):
        relation = mapping.columns[one.name].reference
        if relation is not None and len(relation.columns) == 1:
            found[one.name] = offering(relation, one.name)
    return found


def offering(relation: Relation, field: str = "") -> Offering:
    """What may be chosen for a relation: the objects that the visitor may see, by name; and what is chosen already in ``field``."""

    async def options(form: Any) -> list[tuple[Any, str]]:
        target: Any = relation.target
        naming = naming_column(target)
        query = target.all()
        by = None if naming is None else target.__mapping__.expression(naming.name)
        if by is not None:
            query = query.order_by(by)
        key = target.__mapping__.key[0].name
        first = await query.limit((_MOST_OFFERED if field and by is not None else _MOST_LISTED) + 1)
        looks_up = field and by is not None and len(first) > _MOST_OFFERED
        words = await Found.looked_for(form.request, field) if looks_up else ""
        if words and by is not None:
            first = await query.where(by.icontains(words)).limit(_MOST_OFFERED)
        elif looks_up:
            first = first[:_MOST_OFFERED]
        found = [(getattr(one, key), object_text(one)) for one in first]
        if looks_up:
            await _add(found, target, await sent_for(form.request, field))
        chosen = getattr(edited(form.request), field, None)
        if chosen is not None and all(chosen != value for value, _ in found):
            # One of more than are offered, or one that rules hide: it stays, as long as nobody chooses another one.
            other = await target.get_or_none(chosen)
            found.append((chosen, str(chosen) if other is None else object_text(other)))
        return Found(found, field, words, label=SEARCH) if looks_up else found

    return options


async def _add(found: list[tuple[Any, str]], target: Any, sent: str) -> None:
    """Adds what was chosen in an earlier search: one that the visitor may see."""
    column = target.__mapping__.key[0]
    if not sent or any(text_of(value) == sent for value, _ in found):
        return
    try:
        key = msgspec.convert(sent, column.hint, strict=False)
    except msgspec.ValidationError:
        return
    one = await target.get_or_none(key)
    if one is not None:
        found.append((key, object_text(one)))
