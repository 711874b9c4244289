"""What an operation takes: its parameters and its body, from what freeze has read in the handler's signature."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from segue.core.binding.bodies import HTMLForm
from segue.core.binding.kinds import bare, is_upload, list_item, without_none
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.binding.validation import object_fields
from segue.core.handlers import Endpoint
from segue.core.routing.templates import Field, Template
from segue.openapi.schemas import Schema, Schemas, Side

__all__ = ["FORM", "MULTIPART", "example", "operation_body", "operation_parameters", "parameters_of"]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_FILE: Schema = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
# The header of a part has no control characters.
_NAMES: Schema = {"pattern": r"^[^\x00-\x1f\x7f]*$"}
# What these say is described elsewhere (OpenAPI 3.1, section 4.8.12.1).
_NO_PARAMETERS = {"accept", "authorization", "content-type"}


def parameters_of(endpoint: Endpoint, method: str) -> list[Parameter]:
    """What is taken from a request: by the handler, and by what is provided for it.

    Call arguments are in the query, or in the form where the method has one.
    """
    origin = "form" if method in ("POST", "PUT", "PATCH") else "query"
    found: dict[tuple[str, str], Parameter] = {}
    for one in (*endpoint.parameters, *endpoint.wiring.inputs):
        if one.origin == "argument":
            one = dataclasses.replace(one, origin=origin)
        found.setdefault((one.origin, one.wire if one.origin != "body" else ""), one)
    return list(found.values())


def operation_parameters(
    endpoint: Endpoint, method: str, template: Template, schemas: Schemas, side: Side
) -> list[dict[str, Any]]:
    """The parameter objects of an operation, those of its path first."""
    examples = endpoint.options.examples
    taken = parameters_of(endpoint, method)
    bound = {one.wire: one for one in taken if one.origin == "path"}
    found = [_path_parameter(field, bound.get(field.name), schemas, side) for field in template.fields]
    for parameter in taken:
        if parameter.origin in ("query", "header", "cookie"):
            found += _parameters(parameter, schemas, side)
    named = {(one["in"], one["name"]) for one in found}
    found += [one for one in _asked_for(endpoint) if (one["in"], one["name"]) not in named]
    for one in found:
        if one["name"] in examples:
            one["example"] = example(examples[one["name"]])
    return found


def _asked_for(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """What a request has to have for this handler to answer it."""
    for origin, wanted in (("query", endpoint.options.param), ("header", endpoint.options.header)):
        if wanted is None:
            continue
        named = (
            wanted
            if isinstance(wanted, Mapping)
            else dict.fromkeys([wanted] if isinstance(wanted, str) else wanted)
        )
        for name, value in named.items():
            schema: Schema = {"type": "string"}
            if isinstance(value, str):
                schema["enum"] = [value]
            elif value is not None:
                schema["pattern"] = f"^(?:{value.pattern})$"
            yield from _one(origin, name, schema, required=True)


def _path_parameter(
    field: Field, parameter: Parameter | None, schemas: Schemas, side: Side
) -> dict[str, Any]:
    kind = Any if parameter is None else parameter.kind
    converter = field.converter
    if kind in (Any, str):
        kind = (converter.kind if converter is not None else None) or str
    schema = schemas.of(kind, side, text=True)
    if kind is str:
        if converter is None:
            schema["minLength"] = 1
        elif not converter.spans:
            schema["pattern"] = f"^(?:{converter.pattern})$"
    elif field.kind == "int":  # the digits that the converter takes
        schema.update(minimum=-(10**18) + 1, maximum=10**18 - 1)
    spans = {"x-spans": True} if field.spans else {}
    return {"name": field.name, "in": "path", "required": True, "schema": schema, **spans}


def _parameters(parameter: Parameter, schemas: Schemas, side: Side) -> Iterator[dict[str, Any]]:
    optional = parameter.default is not MISSING
    if parameter.model:
        for name, schema, required in _model_fields(parameter, schemas, side, needed=not optional):
            yield from _one(parameter.origin, name, schema, required=required and not optional)
        return
    schema = schemas.of(parameter.kind, side, text=True)
    schema.update(_filled(parameter.many) if not optional else _default(parameter))
    yield from _one(parameter.origin, parameter.wire, schema, required=not optional)


def _one(origin: str, name: str, schema: Schema, *, required: bool) -> Iterator[dict[str, Any]]:
    if origin == "header" and name.lower() in _NO_PARAMETERS:
        return
    yield {"name": name, "in": origin, **({"required": True} if required else {}), "schema": schema}


def _model_fields(
    parameter: Parameter, schemas: Schemas, side: Side, *, needed: bool
) -> Iterator[tuple[str, Schema, bool]]:
    """The fields of a parameter that is an object, each by the name that it has in the request."""
    made = schemas.fields(without_none(parameter.kind), side)
    for field in object_fields(bare(without_none(parameter.kind))) or ():
        schema = made.get(field.wire, {})
        if is_upload(field.type):
            schema = _upload(field.type)
        if needed and field.required:
            schema.update(_filled(list_item(field.type) is not None))
        by_header = parameter.origin == "header" and field.wire == field.name
        yield (field.wire.replace("_", "-") if by_header else field.wire), schema, field.required


def _filled(many: bool) -> Schema:
    """What is asked of a list that has to be there: an empty one cannot be written as text."""
    return {"minItems": 1} if many else {}


def _upload(kind: Any) -> Schema:
    return {"type": "array", "items": dict(_FILE)} if list_item(kind) is not None else dict(_FILE)


def _default(parameter: Parameter) -> Mapping[str, Any]:
    if parameter.default is MISSING or parameter.default is None:
        return {}
    try:
        return {"default": msgspec.to_builtins(parameter.default, str_keys=True)}
    except TypeError:
        return {}


def example(value: Any) -> Any:
    """A value as it is written in a document."""
    return msgspec.to_builtins(value, str_keys=True)


def operation_body(endpoint: Endpoint, method: str, schemas: Schemas, side: Side) -> dict[str, Any] | None:
    """The request body of an operation; None where its handler does not say that it takes one."""
    taken = parameters_of(endpoint, method)
    body = next((one for one in taken if one.origin == "body"), None)
    if body is not None:
        content = _whole_body(endpoint, body, schemas, side)
        # No body at all is as good as an empty one where any octets do.
        required = body.default is MISSING and body.kind not in (bytes, str)
    elif any(one.origin in ("form", "formdata") for one in taken):
        content, required = _form(taken, schemas, side)
    elif endpoint.options.consumes is not None:
        consumed = endpoint.options.consumes
        content = {one: {"schema": {}} for one in ([consumed] if isinstance(consumed, str) else consumed)}
        required = True
    else:
        return None
    if "body" in endpoint.options.examples:
        for media in content.values():
            media["example"] = example(endpoint.options.examples["body"])
    return {"content": content, **({"required": True} if required else {})}


def _whole_body(endpoint: Endpoint, body: Parameter, schemas: Schemas, side: Side) -> dict[str, Any]:
    if body.kind is bytes:
        return {"application/octet-stream": {"schema": {}}}
    if body.kind is str:
        return {"text/plain": {"schema": {"type": "string"}}}
    formats = endpoint.bodies.formats
    schema = schemas.of(body.kind, side)
    # Of those that a format goes by, the first is its own; a form has two that are different.
    types = [
        name
        for one in formats
        for name in (one.media_types if isinstance(one, HTMLForm) else one.media_types[:1])
    ]
    return {media_type: {"schema": schema} for media_type in types or ["application/json"]}


def _form(taken: Sequence[Parameter], schemas: Schemas, side: Side) -> tuple[dict[str, Any], bool]:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    files = False
    for parameter in taken:
        if parameter.origin == "formdata":
            files = True
        if parameter.origin != "form":
            continue
        if parameter.model:
            fields = list(_model_fields(parameter, schemas, side, needed=parameter.default is MISSING))
        else:
            upload = is_upload(parameter.kind)
            schema = _upload(parameter.kind) if upload else schemas.of(parameter.kind, side, text=True)
            schema.update(_filled(parameter.many) if parameter.default is MISSING else _default(parameter))
            fields = [(parameter.wire, schema, True)]
        for name, schema, needed in fields:
            properties[name] = schema
            files = files or _FILE.items() <= schema.get("items", schema).items()
            if needed and parameter.default is MISSING:
                required.append(name)
    form: Schema = {"type": "object", "properties": properties}
    if required:
        form["required"] = required
    uploads = any(is_upload(one.kind) for one in taken) or files
    types = (MULTIPART,) if uploads and required else (FORM, MULTIPART)
    return {
        media_type: {"schema": form if media_type == FORM else {**form, "propertyNames": _NAMES}}
        for media_type in types
    }, bool(required)
