"""The key of an object as a piece of a path, and back."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from segue.db.models.attributes import key_of
from segue.db.models.mapping import Mapping
from segue.db.queries.expressions import Condition, all_of, any_of
from segue.http.errors import NotFound

__all__ = ["has_any_key", "has_key", "key_text", "values_of"]


def key_text(target: Any) -> str:
    """The key as text: its parts, where it has several, with commas between."""
    key = key_of(target)
    return _part(key) if not isinstance(key, tuple) else ",".join([_part(one) for one in key])


def values_of(model: Any, text: str) -> list[Any]:
    """The values of a key that came as text. Raises NotFound (404) for what can be no key of this model."""
    mapping: Mapping = model.__mapping__
    parts = text.split(",")
    if len(parts) != len(mapping.key):
        raise NotFound
    try:
        return [
            msgspec.convert(unquote(part), column.kind.python, strict=False)
            for part, column in zip(parts, mapping.key, strict=True)
        ]
    except msgspec.ValidationError:
        raise NotFound from None


def has_key(model: Any, text: str) -> list[Condition]:
    """The conditions for the object with a key that came as text. Raises NotFound (404)."""
    mapping: Mapping = model.__mapping__
    values = values_of(model, text)
    return [mapping.expression(one.name) == value for one, value in zip(mapping.key, values, strict=True)]


def has_any_key(model: Any, texts: Sequence[str]) -> Condition:
    """The condition for the objects with these keys. Raises NotFound (404)."""
    mapping: Mapping = model.__mapping__
    if len(mapping.key) == 1:
        return mapping.expression(mapping.key[0].name).is_in([values_of(model, text)[0] for text in texts])  # type: ignore[no-any-return] # an expression of the model
    return any_of(*(all_of(*has_key(model, text)) for text in texts))


def _part(value: Any) -> str:
    # A comma stands between the parts, so one that is in a part is written otherwise.
    return str(value) if type(value) is int else quote(str(msgspec.to_builtins(value)), safe="")
