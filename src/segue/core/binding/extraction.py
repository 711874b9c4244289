"""Takes values from the texts of a request: one field, all fields of a name, or a model of several."""

from collections.abc import Callable
from typing import Any, get_origin

import msgspec

from segue.core.binding.dataclass_defaults import completed
from segue.core.binding.kinds import is_upload, list_item, without_none
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.binding.roles import role_of
from segue.core.binding.scalars import FromText, from_text
from segue.core.binding.validation import Location, ObjectField, Problem, object_fields, problem
from segue.http.forms import FormData
from segue.http.headers import Headers
from segue.http.multidict import MultiDict

__all__ = ["Fields", "Reader", "reader_for"]

Fields = MultiDict[Any] | Headers
"""What the texts are taken from: a query, cookies, a form, header fields."""


class Reader:
    """Takes the value of one parameter from the fields of its origin. Raises msgspec.ValidationError."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.name = parameter.wire
        default = parameter.default
        self.default: Callable[[], Any] = parameter.fresh_default if parameter.shared else lambda: default
        self.upload = is_upload(parameter.kind)
        self.convert: FromText | None = None if self.upload else from_text(parameter.kind)

    def pick(self, fields: Fields) -> Fields:
        """Of a form, the files or the texts."""
        if isinstance(fields, FormData):
            return fields.files if self.upload else fields.fields
        return fields

    def __call__(self, fields: Fields) -> Any:
        text = self.pick(fields).get(self.name)
        if text is None:
            if self.parameter.default is MISSING:
                raise msgspec.ValidationError("is missing")
            return self.default()
        return text if self.convert is None else self.convert(text)

    def problems(self, fields: Fields) -> list[Problem]:
        """Every bad field that this parameter takes in."""
        return _attempt(lambda: self(fields), (self.parameter.origin, self.name))


class ListReader(Reader):
    """Takes all values of a name."""

    def __init__(self, parameter: Parameter) -> None:
        super().__init__(parameter)
        kind = parameter.kind
        self.convert = None if self.upload else from_text(list_item(kind))
        #: Whether more is asked than a list: another type, or constraints.
        self.strict = get_origin(kind) is not list and kind is not list

    def __call__(self, fields: Fields) -> Any:
        texts = self.pick(fields).get_all(self.name)
        if not texts:
            if self.parameter.default is MISSING:
                raise msgspec.ValidationError("is missing")
            return self.default()
        convert = self.convert
        values = texts if convert is None else [convert(text) for text in texts]
        return msgspec.convert(values, self.parameter.kind) if self.strict else values

    def problems(self, fields: Fields) -> list[Problem]:
        location: Location = (self.parameter.origin, self.name)
        found: list[Problem] = []
        convert = self.convert
        if convert is not None:
            for at, text in enumerate(self.pick(fields).get_all(self.name)):
                found += _attempt(lambda: convert(text), (*location, at))  # noqa: B023 -- called at once
        return found or super().problems(fields)


class ModelReader(Reader):
    """Takes the fields of a Struct, dataclass or TypedDict, each by its own name."""

    def __init__(self, parameter: Parameter) -> None:
        super().__init__(parameter)
        self.readers: list[tuple[ObjectField, Reader]] = []
        kind = parameter.kind
        self.build = completed(kind, lambda values: msgspec.convert(values, kind))
        for field in object_fields(without_none(parameter.kind)) or []:
            role = role_of(field.type)
            if role is not None and not role.comes:
                continue
            default = MISSING if field.required else _ABSENT
            many = list_item(field.type) is not None
            wire = field.wire
            if parameter.origin == "header" and wire == field.name:
                wire = wire.replace("_", "-")
            inner = Parameter(field.name, parameter.origin, field.type, wire, default, many=many)
            self.readers.append((field, reader_for(inner)))

    def __call__(self, fields: Fields) -> Any:
        values = {}
        for field, read in self.readers:
            value = read(fields)
            if value is not _ABSENT:
                values[field.wire] = value
        if not values and self.parameter.default is not MISSING:
            return self.default()
        return self.build(values)

    def problems(self, fields: Fields) -> list[Problem]:
        if self.parameter.default is not MISSING and not any(
            read.name in read.pick(fields) for _, read in self.readers
        ):
            return []
        found = [one for _, read in self.readers for one in read.problems(fields)]
        return found or _attempt(lambda: self(fields), (self.parameter.origin,))


_ABSENT: Any = object()


def reader_for(parameter: Parameter) -> Reader:
    """The reader for a parameter that is taken from texts."""
    if parameter.model:
        return ModelReader(parameter)
    return ListReader(parameter) if parameter.many else Reader(parameter)


def _attempt(call: Callable[[], Any], location: Location) -> list[Problem]:
    try:
        call()
    except msgspec.ValidationError as error:
        return [problem(location, str(error).partition(" - at `")[0])]
    return []
