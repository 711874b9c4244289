"""How models, their fields and their objects are called where people read them."""

from typing import Any

import msgspec

from segue.core.texts.lazy import LazyText, Words
from segue.db.models.mapping import ColumnField, Mapping, Relation
from segue.html.forms.choices import label_of
from segue.html.naming import plural, title_of

__all__ = [
    "label_of_column",
    "label_of_related",
    "label_of_relation",
    "naming_column",
    "object_text",
    "plural",
    "title_of",
]

#: Names of fields that say what an object is called, the best one first.
_NAMING = ("name", "title", "label", "subject", "username", "email", "slug", "code")


def label_of_column(column: ColumnField) -> Words:
    """What people read for a column."""
    if column.options.label:
        return column.options.label
    return label_of(column.name) if column.reference is None else label_of_relation(column.reference)


def label_of_relation(relation: Relation) -> Words:
    """What people read for a relation."""
    return relation.options.label or label_of(relation.name)


def label_of_related(relation: Relation, label: Words) -> Words:
    """What people read for a column of a related object: "Director: born". It stays one that each reader has translated."""
    related = label_of_relation(relation)
    if isinstance(related, str) and isinstance(label, str):
        return f"{related}: {label[:1].lower()}{label[1:]}"
    return LazyText((), None, ("%(of)s: %(what)s", None), {"of": related, "what": label})


def naming_column(model: Any) -> ColumnField | None:
    """The column that says what an object is called: ``name``, ``title``; or else its first text."""
    mapping: Mapping = model.__mapping__
    if "naming column" not in mapping.kept:
        texts = {one.name: one for one in mapping.columns.values() if _tells(one)}
        named = next((texts[name] for name in _NAMING if name in texts), None)
        mapping.kept["naming column"] = named or next(iter(texts.values()), None)
    found: ColumnField | None = mapping.kept["naming column"]
    return found


def object_text(target: Any) -> str:
    """What one object is called: what its ``__str__`` says, if its model has one, or its naming column, or its key."""
    if target is None:
        return ""
    model: Any = type(target)
    if model.__str__ is not msgspec.Struct.__str__:
        return str(target)
    column = naming_column(model)
    if column is not None:
        text = getattr(target, column.name)
        if text:
            return str(text)
    from segue.grid.keys import key_text

    return f"{title_of(model)} {key_text(target)}"


def _tells(column: ColumnField) -> bool:
    options = column.options
    return column.kind.storage == "str" and not (options.private or options.write_only or options.encrypted)
