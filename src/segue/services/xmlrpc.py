"""XML-RPC (xmlrpc.com/spec), with the introspection and multicall that its clients know."""

import enum
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, get_args, get_origin

import msgspec

from segue.core.binding.kinds import bare, is_union
from segue.core.binding.validation import object_fields
from segue.http.errors import UnsupportedMediaType
from segue.http.request import Request
from segue.http.response import Response
from segue.http.xml import XMLError, parse_xml
from segue.services.methods import INTERNAL_ERROR, BadArguments, Fault, Method, Run, attempt

__all__ = ["answer"]

# xmlrpc-epi's "Specification for Fault Code Interoperability".
NOT_WELL_FORMED, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32601, -32602

MAX_CALLS = 100

_TYPES = ("text/xml", "application/xml")
_SIMPLE = {
    int: "int",
    float: "double",
    str: "string",
    bool: "boolean",
    bytes: "base64",
    datetime: "dateTime.iso8601",
    date: "dateTime.iso8601",
}


async def answer(request: Request, methods: Mapping[str, Method], run: Run) -> Response:
    """The reply to one call. A fault is a reply too, with status 200: the specification says so."""
    if request.content_type not in _TYPES:
        raise UnsupportedMediaType("A call has Content-Type: text/xml.")
    try:
        name, params = _read(await request.body())
        body = _write(await _call(name, params, methods, run))
    except Fault as fault:
        body = _write(xmlrpc.client.Fault(fault.code, fault.message))
    return Response(body, 200, None, "text/xml; charset=utf-8")


class _Marshaller(xmlrpc.client.Marshaller):
    """Writes integers of more than 32 bits as ``i8``, which all of today's clients read."""

    def _dump_int(self, value: int, write: Callable[[str], Any]) -> None:
        if not -(2**63) <= value < 2**63:
            raise Fault(INTERNAL_ERROR, "the result has an integer of more than 64 bits")
        tag = "int" if -(2**31) <= value < 2**31 else "i8"
        write(f"<value><{tag}>{value}</{tag}></value>\n")

    dispatch: ClassVar[Any] = {  # type: ignore[misc]  # typeshed has it on the instance
        **xmlrpc.client.Marshaller.dispatch,
        int: _dump_int,
    }


def _write(result: Any) -> bytes:
    marshaller = _Marshaller("utf-8", allow_none=True)
    content = marshaller.dumps(result if isinstance(result, xmlrpc.client.Fault) else (result,))
    return f"<?xml version='1.0'?>\n<methodResponse>\n{content}</methodResponse>\n".encode()


def _read(body: bytes) -> tuple[str, tuple[Any, ...]]:
    try:
        # Twice, because the parser of the standard library takes what must not be: entities.
        if parse_xml(body).tag != "methodCall":
            raise Fault(NOT_WELL_FORMED, "the document is no methodCall")
        params, name = xmlrpc.client.loads(body, use_builtin_types=True)
    except XMLError as error:
        raise Fault(NOT_WELL_FORMED, f"the document is not XML that is taken here: {error}") from None
    except (xmlrpc.client.Error, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Fault(NOT_WELL_FORMED, f"the document is no methodCall: {error!s:.200}") from None
    if not name:
        raise Fault(NOT_WELL_FORMED, "the methodCall has no methodName")
    return name, params


async def _call(name: str, params: Sequence[Any], methods: Mapping[str, Method], run: Run) -> Any:
    if name == "system.multicall" and name not in methods:
        return await _calls(params, methods, run)
    if name in _INTROSPECTION and name not in methods:
        return _INTROSPECTION[name](methods, *params[:1])
    method = methods.get(name)
    if method is None:
        raise Fault(METHOD_NOT_FOUND, f"there is no method {name!r:.100}")
    try:
        values = method.bind(params, {}, _convert)
    except BadArguments as error:
        raise Fault(INVALID_PARAMS, str(error)) from None
    return await attempt(run, method, values, _plain)


def _convert(value: Any, kind: Any) -> Any:
    # A date has no value of its own in XML-RPC: it comes as one with a time.
    if bare(kind) is date and isinstance(value, datetime):
        return value.date()
    return msgspec.convert(value, kind, builtin_types=(bytes, datetime))


def _plain(value: Any) -> Any:
    """A result in the types that XML-RPC has."""
    match value:
        case bool() | int() | float() | str() | bytes() | datetime() | None:
            return value
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- XML-RPC knows no zone
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return _plain(msgspec.to_builtins(value, builtin_types=(bytes, datetime, date), str_keys=True))


async def _calls(params: Sequence[Any], methods: Mapping[str, Method], run: Run) -> list[Any]:
    calls = params[0] if params and isinstance(params[0], list) else None
    if calls is None or len(calls) > MAX_CALLS:
        raise Fault(INVALID_PARAMS, f"system.multicall takes an array of at most {MAX_CALLS} calls")
    results: list[Any] = []
    for call in calls:
        try:
            match call:
                case {"methodName": "system.multicall"}:
                    raise Fault(INVALID_PARAMS, "system.multicall calls itself")
                case {"methodName": str(name), "params": list(given)}:
                    results.append([await _call(name, given, methods, run)])
                case _:
                    raise Fault(INVALID_PARAMS, "a call is a struct with methodName and params")
        except Fault as fault:
            results.append({"faultCode": fault.code, "faultString": fault.message})
    return results


def _list_methods(methods: Mapping[str, Method], *_: Any) -> list[str]:
    return sorted([*methods, *_INTROSPECTION, "system.multicall"])


def _method_help(methods: Mapping[str, Method], name: Any = "") -> str:
    return _known(methods, name).help


def _method_signature(methods: Mapping[str, Method], name: Any = "") -> list[list[str]]:
    method = _known(methods, name)
    return [[_type_name(method.returns), *[_type_name(argument.kind) for argument in method.arguments]]]


def _known(methods: Mapping[str, Method], name: Any) -> Method:
    if name not in methods:
        raise Fault(METHOD_NOT_FOUND, f"there is no method {name!r:.100}")
    return methods[name]


def _type_name(kind: Any) -> str:
    plain = bare(kind)
    if is_union(plain):
        members = [one for one in get_args(plain) if one is not type(None)]
        return _type_name(members[0]) if len(members) == 1 else "undef"
    origin = get_origin(plain) or plain
    if origin in _SIMPLE:
        return _SIMPLE[origin]
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return "int" if all(isinstance(member.value, int) for member in origin) else "string"
    if origin in (list, tuple, set, frozenset):
        return "array"
    return "struct" if origin is dict or object_fields(plain) is not None else "undef"


_INTROSPECTION: dict[str, Callable[..., Any]] = {
    "system.listMethods": _list_methods,
    "system.methodHelp": _method_help,
    "system.methodSignature": _method_signature,
}
