"""A document as clients see it: calls with arguments, results and errors."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from segue.openapi.inputs import FORM, MULTIPART
from segue.openapi.schemas import Schema

__all__ = ["Argument", "Body", "Call", "Result", "calls", "words"]

Kind = Literal["json", "text", "octets", "lines", "events", "nothing", "raw"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-query")


class Argument(NamedTuple):
    """A parameter. ``spans``: of a path, takes slashes too."""

    name: str
    origin: str
    schema: Schema
    required: bool
    spans: bool = False


class Body(NamedTuple):
    """What is sent: JSON, a form, text or octets."""

    media_type: str
    schema: Schema
    required: bool

    @property
    def is_form(self) -> bool:
        return self.media_type in (FORM, MULTIPART)


class Result(NamedTuple):
    """What comes back when all is well. ``schema`` is that of each item of a stream."""

    kind: Kind
    schema: Schema


class Call(NamedTuple):
    """An operation."""

    name: tuple[str, ...]
    method: str
    path: str
    text: str
    deprecated: bool
    arguments: tuple[Argument, ...]
    body: Body | None
    results: tuple[Result, ...]
    accept: str
    errors: tuple[int, ...]


def calls(document: Mapping[str, Any]) -> Iterator[Call]:
    """The operations of a document as calls."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield _call(path, method, operation)


def _call(path: str, method: str, operation: Mapping[str, Any]) -> Call:
    results, accept = _results(operation["responses"])
    return Call(
        name=words(operation["operationId"]),
        method=method.removeprefix("x-").upper(),
        path=path,
        text="\n\n".join(operation[word] for word in ("summary", "description") if word in operation),
        deprecated=operation.get("deprecated", False),
        arguments=tuple(
            Argument(one["name"], one["in"], one["schema"], one.get("required", False), "x-spans" in one)
            for one in operation.get("parameters", ())
        ),
        body=_body(operation.get("requestBody")),
        results=tuple(results),
        accept=accept,
        errors=tuple(int(one) for one in operation["responses"] if one.isdigit() and int(one) >= 400),
    )


def _body(body: Mapping[str, Any] | None) -> Body | None:
    if body is None:
        return None
    content = body["content"]
    # A form without files is shorter as FORM; of others, JSON is what every client can write.
    media_type = next(
        (one for one in ("application/json", FORM, MULTIPART) if one in content), next(iter(content))
    )
    return Body(media_type, content[media_type].get("schema", {}), body.get("required", False))


def _results(responses: Mapping[str, Any]) -> tuple[list[Result], str]:
    """What may come back, and which media types to ask for."""
    found: list[Result] = []
    accepted: list[str] = []
    for status, response in responses.items():
        if status == "default":
            found.append(Result("raw", {}))
        if not status.startswith("2"):
            continue
        content = response.get("content", {})
        if not content:
            found.append(Result("nothing", {}))
            continue
        media_type = "application/json" if "application/json" in content else next(iter(content))
        if media_type not in accepted:
            accepted.append(media_type)
        result = _result(media_type, content[media_type].get("schema", {}))
        if result not in found:
            found.append(result)
    return found, ", ".join(accepted)


def _result(media_type: str, schema: Schema) -> Result:
    if media_type == "text/event-stream":
        return Result("events", schema.get("x-item-schema", {}))
    if "x-item-schema" in schema:
        return Result("lines", schema["x-item-schema"])
    if media_type == "application/json" or media_type.endswith("+json"):
        return Result("json", schema)
    return Result("text" if media_type.startswith("text/") else "octets", schema)


def words(identifier: str) -> tuple[str, ...]:
    """The words of a name: ``films.export_csv`` and ``filmsExportCsv`` are films, export, csv."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", identifier)
    return tuple(re.findall(r"[a-z0-9]+", spaced.lower())) or ("call",)
