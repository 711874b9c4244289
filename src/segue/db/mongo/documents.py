"""Objects as documents, and back."""

from collections.abc import Mapping as MappingOf
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from segue.db.errors import ConfigurationError
from segue.db.models.columns import ColumnField
from segue.db.models.kinds import Kind
from segue.db.models.mapping import Mapping
from segue.db.models.model import Keyed
from segue.db.mongo.evolution import VERSION, current_version, evolved

__all__ = ["document_of", "mapping_of", "name_of", "object_of", "stored"]

M = TypeVar("M", bound=Keyed)


def mapping_of(model: Any) -> Mapping:
    """What is known of a model. Raises ConfigurationError for one whose key nobody would count up."""
    mapping: Mapping = model.__mapping__
    key = mapping.key
    if len(key) != 1 or key[0].automatic:
        raise ConfigurationError(
            f"{model.__name__} needs one key that is not counted up, because MongoDB counts nothing: class {model.__name__}(Keyed) with "
            f"id: Field[UUID] = field(key=True, default_factory=uuid4)"
        )
    return mapping


def name_of(column: ColumnField) -> str:
    """What a column is called in a document."""
    return "_id" if column.options.key else column.column


def document_of(target: Any) -> dict[str, Any]:
    """An object as a document, with the version of its shape."""
    mapping = mapping_of(type(target))
    found = {
        name_of(column): stored(value, column.kind)
        for column in mapping.stored_columns()
        if (value := getattr(target, column.name)) is not UNSET
    }
    version = current_version(type(target))
    return {**found, VERSION: version} if version > 1 else found


def stored(value: Any, kind: Kind) -> Any:
    """A value as BSON has it: encrypted, if its field is; what BSON does not know as text that sorts as the values do."""
    if value is None:
        return None
    if kind.cipher is not None:
        return kind.cipher[0](msgspec.json.encode(value))
    if isinstance(value, Decimal):
        raise TypeError(
            "decimals are not kept in MongoDB: their text would not sort as they do. Count in the smallest unit, as int"
        )
    return msgspec.to_builtins(value, builtin_types=(datetime, bytes), str_keys=True)


def object_of(model: type[M], document: MappingOf[str, Any]) -> M:
    """The object of a document, which is brought to the shape of now. A field that it lacks has its default."""
    document = evolved(model, dict(document))
    mapping = mapping_of(model)
    values = {
        column.name: _value(column.kind, document[name_of(column)])
        for column in mapping.stored_columns()
        if name_of(column) in document
    }
    return model(**values)


def _value(kind: Kind, given: Any) -> Any:
    if kind.cipher is not None and given is not None:
        return msgspec.json.decode(kind.cipher[1](bytes(given)), type=kind.python)
    python = kind.python | None if kind.null else kind.python
    return msgspec.convert(given, python, strict=True, builtin_types=(datetime, bytes))
