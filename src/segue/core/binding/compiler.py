"""Writes, for each endpoint, the function that binds the parameters of its handler and answers.

The function takes for granted that all is well: a local variable for each parameter, the call, the response. When one
field turns out to be bad, the slow path below looks at every parameter again and names all that are. The text of the
function is kept: ``endpoint.source``, and ``segue explain`` prints it.
"""

import functools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

import msgspec

from segue.core.binding.arguments import Arguments, split_path
from segue.core.binding.bodies import Bodies
from segue.core.binding.calling import Taking
from segue.core.binding.extraction import Reader, reader_for
from segue.core.binding.json_body import MAX_BODY
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.binding.scalars import from_text
from segue.core.binding.validation import MOST, Problem
from segue.http.body import NO_BODY
from segue.http.errors import HTTPError, LengthRequired, NotFound, UnprocessableContent
from segue.http.request import Request

__all__ = ["BoundText", "Failure", "bind", "compile_function"]

_FIELDS = {"query": "request.query", "header": "request.headers", "cookie": "request.cookies", "form": "form"}


class BoundText(NamedTuple):
    """Lines that bind the parameters, the call of the handler, and what the names in them stand for."""

    lines: list[str]
    call: str
    names: dict[str, Any]


class Failure:
    """The slow path: names every bad field of a request that the fast path gave up."""

    def __init__(
        self,
        parameters: Sequence[Parameter],
        readers: dict[str, Reader],
        bodies: Bodies,
        arguments: Arguments | None = None,
    ) -> None:
        self.parameters = parameters
        self.readers = readers
        self.bodies = bodies
        self.arguments = arguments

    async def __call__(self, request: Request) -> HTTPError:
        """The error to raise: 404 when a path parameter is bad, 422 otherwise."""
        found: list[Problem] = []
        for parameter in self.parameters:
            if parameter.origin == "path":
                try:
                    path_converter(parameter.kind)(request.params[parameter.wire])
                except msgspec.ValidationError:
                    return NotFound()
            elif parameter.origin in {"rest", "args"}:
                try:
                    split_path(parameter.kind, parameter.wire)(request.params)
                except msgspec.ValidationError:
                    return NotFound()
        if self.arguments is not None and (missing := await self.arguments.missing(request)):
            return missing
        for parameter in self.parameters:
            if parameter.name in self.readers:
                read = self.readers[parameter.name]
                match parameter.origin:
                    case "query":
                        found += read.problems(request.query)
                    case "header":
                        found += read.problems(request.headers)
                    case "cookie":
                        found += read.problems(request.cookies)
                    case "argument" if self.arguments is not None:
                        found += await self.arguments.problems(request, read)
                    case _:
                        found += read.problems(await request.form())
            elif parameter.origin == "body" and (parameter.default is MISSING or _has_body(request)):
                found += await self.bodies.reading(parameter.kind).problems(request)
        # What two ask for is told once.
        found = [one for at, one in enumerate(found) if one not in found[:at]][:MOST]
        count = len(found)
        return UnprocessableContent(
            f"{count} field{'s' if count != 1 else ''} of the request {'are' if count != 1 else 'is'} not valid.",
            errors=found,
        )


def _has_body(request: Request) -> bool:
    return request.source.length != 0


def bind(
    handler: Callable[..., Any],
    parameters: Sequence[Parameter],
    path_kinds: Mapping[str, type | None],
    bodies: Bodies,
    inputs: Sequence[Parameter] = (),
    arguments: Taking | None = None,
) -> BoundText:
    """The text that binds ``parameters`` and calls ``handler``.

    ``path_kinds``: the types of the values that the path template gives, where they are known. ``inputs``: further
    parameters, for those who provide what is provided. ``arguments``: as segue.core.binding.calling has them.
    """
    given = ", ".join(_argument(parameter) for parameter in parameters)
    parameters = (*parameters, *inputs)
    names: dict[str, Any] = {
        "handler": handler,
        "ValidationError": msgspec.ValidationError,
        "NO_BODY": NO_BODY,
    }
    readers: dict[str, Reader] = {}
    lines: list[str] = []
    if bodies.require_length:
        names["LengthRequired"] = LengthRequired
        lines += ["if request.source.length is None:", "    raise LengthRequired"]
    limit = _limit(parameters, bodies.max_body)
    if limit is not msgspec.UNSET:
        lines += ["if request.source is not NO_BODY:", f"    request.source.admit({limit})"]
    by_origin = {
        origin: [one for one in parameters if one.origin == origin]
        for origin in ("path", "header", "cookie", "query", "form", "formdata", "body")
    }
    for parameter in by_origin["path"]:
        lines.append(_path(parameter, path_kinds.get(parameter.wire), names))
    for origin in ("header", "cookie"):
        for parameter in by_origin[origin]:
            lines.append(_read(parameter, readers, names))
    lines += _query(by_origin["query"], readers, names)
    for parameter in parameters:
        if parameter.origin == "args" and (parameter.wire, parameter.kind) == ("arg", str):
            lines.append(f"{_local(parameter)} = [request.params['arg']]")
        elif parameter.origin == "args":
            names[f"split_{parameter.name}"] = split_path(parameter.kind, parameter.wire)
            lines.append(f"{_local(parameter)} = split_{parameter.name}(request.params)")
    call_arguments = Arguments(parameters, arguments) if arguments else None
    if call_arguments is not None:
        lines += _arguments(parameters, call_arguments, readers, names)
    if by_origin["form"] or by_origin["formdata"]:
        lines.append("form = await request.form()")
        lines += [_read(parameter, readers, names) for parameter in by_origin["form"]]
    for parameter in by_origin["body"]:
        names[f"read_{parameter.name}"] = bodies.reading(parameter.kind).read
        read = f"{_local(parameter)} = await read_{parameter.name}(request)"
        if parameter.default is MISSING:
            lines.append(read)
        else:
            lines += [
                "if request.source.length == 0:",
                f"    {_default(parameter, names)}",
                "else:",
                f"    {read}",
            ]
    if lines and any(_may_fail(parameter) for parameter in parameters):
        names["failure"] = Failure(parameters, readers, bodies, call_arguments)
        lines = [
            "try:",
            *[f"    {line}" for line in lines],
            "except ValidationError:",
            "    raise await failure(request) from None",
        ]
    return BoundText(lines, f"handler({given})", names)


def _limit(
    parameters: Sequence[Parameter], max_body: int | msgspec.UnsetType | None
) -> int | msgspec.UnsetType | None:
    if max_body is not msgspec.UNSET:
        return max_body
    for parameter in parameters:
        if parameter.origin == "body" and parameter.kind not in (bytes, str):
            return MAX_BODY
    return msgspec.UNSET


def _may_fail(parameter: Parameter) -> bool:
    injected = ("request", "app", "socket", "formdata", "controller", "outcome", "format", "provided")
    return parameter.origin not in injected


def _local(parameter: Parameter) -> str:
    # A parameter may be called like a name that the text uses itself.
    return f"p_{parameter.name}"


def _argument(parameter: Parameter) -> str:
    injected = {
        "request": "request",
        "app": "request.app",
        "socket": "socket",
        "formdata": "form",
        "outcome": "outcome",
        "format": "choice.format",
        "extension": "request.params.get('extension', 'html')",
        "controller": "request.made['controller']",
    }
    value = injected.get(parameter.origin) or _local(parameter)
    if parameter.origin in {"rest", "others"}:
        return f"*{value}" if parameter.origin == "rest" else f"**{value}"
    return f"{parameter.name}={value}" if parameter.keyword_only else value


def _path(parameter: Parameter, given: type | None, names: dict[str, Any]) -> str:
    value = f"request.params[{parameter.wire!r}]"
    if parameter.kind in (given, Any):
        return f"{_local(parameter)} = {value}"
    names[f"convert_{parameter.name}"] = path_converter(parameter.kind)
    return f"{_local(parameter)} = convert_{parameter.name}({value})"


def path_converter(kind: Any) -> Callable[[Any], Any]:
    """What makes a ``kind`` of the value that the path template gave: text, or what its converter made of it."""
    convert = from_text(kind)

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return value if convert is None else convert(value)
        return msgspec.convert(value, kind)

    return read


def _read(parameter: Parameter, readers: dict[str, Reader], names: dict[str, Any]) -> str:
    names[f"read_{parameter.name}"] = readers[parameter.name] = reader_for(parameter)
    return f"{_local(parameter)} = read_{parameter.name}({_FIELDS[parameter.origin]})"


def _query(parameters: list[Parameter], readers: dict[str, Reader], names: dict[str, Any]) -> list[str]:
    """PERF: most requests have no query string; then nothing is parsed and nothing is looked up."""
    if not parameters:
        return []
    present = [_read(parameter, readers, names) for parameter in parameters]
    if any(parameter.default is MISSING for parameter in parameters):
        return present
    return [
        "if request.query_string:",
        *[f"    {line}" for line in present],
        "else:",
        *[f"    {_default(parameter, names)}" for parameter in parameters],
    ]


def _arguments(
    parameters: Sequence[Parameter], arguments: Arguments, readers: dict[str, Reader], names: dict[str, Any]
) -> list[str]:
    """PERF: as for the query; a request that has neither query nor body costs two comparisons."""
    names["arguments"] = arguments
    lines: list[str] = []
    present, absent, required = ["fields = await arguments(request)"], [], False
    for parameter in parameters:
        if parameter.origin == "rest":
            names["split_path"] = split_path(parameter.kind, parameter.wire)
            lines.append(f"{_local(parameter)} = split_path(request.params)")
        elif parameter.origin == "others":
            present.append(f"{_local(parameter)} = arguments.others(fields)")
            absent.append(f"{_local(parameter)} = {{}}")
        elif parameter.origin == "argument":
            names[f"read_{parameter.name}"] = readers[parameter.name] = reader_for(parameter)
            present.append(f"{_local(parameter)} = read_{parameter.name}(fields)")
            required = required or parameter.default is MISSING
            if not required:
                absent.append(_default(parameter, names))
    if required:
        return [*lines, *present]
    lines += ["if request.query_string or request.source is not NO_BODY:", *[f"    {one}" for one in present]]
    return [*lines, "else:", *[f"    {one}" for one in absent]] if absent else lines


def _default(parameter: Parameter, names: dict[str, Any]) -> str:
    name = f"default_{parameter.name}"
    names[name] = parameter.fresh_default if parameter.shared else parameter.default
    return f"{_local(parameter)} = {name}{'()' if parameter.shared else ''}"


@functools.lru_cache(maxsize=512)
def _compile(text: str) -> CodeType:
    # PERF: compiling is most of the time of freezing; endpoints of one shape share the code.
    return compile(text, "<segue binding>", "exec")


def compile_function(text: str, names: dict[str, Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """The function ``call`` of ``text``, in which ``names`` are known."""
    exec(_compile(text), names)  # noqa: S102 -- our own text: of the user's it has only names of parameters
    call: Callable[..., Coroutine[Any, Any, Any]] = names["call"]
    return call
