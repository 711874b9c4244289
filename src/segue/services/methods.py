"""A function that can be called from elsewhere: its arguments, checked, and its result, as plain data."""

import inspect
import logging
import re
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from segue.core.binding.bodies import JSON_ONLY, Bodies
from segue.core.binding.json_codec import JSONCodec
from segue.core.binding.kinds import told
from segue.core.binding.validation import MOST, Problem, problem, problems
from segue.core.source import Source, source_of
from segue.http.errors import HTTPError
from segue.http.request import Request

__all__ = [
    "INTERNAL_ERROR",
    "MISSING",
    "Argument",
    "BadArguments",
    "Convert",
    "Fault",
    "Method",
    "Run",
    "attempt",
    "codec_of",
    "read_method",
]

logger = logging.getLogger("segue.services")

#: The code of a fault that nobody foresaw, in JSON-RPC and XML-RPC.
INTERNAL_ERROR = -32603

MISSING: Any = inspect.Parameter.empty

# An XML name without colon, as far as ASCII goes: in SOAP it is the name of an element.
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z").match

Convert = Callable[[Any, Any], Any]
"""Makes a value what an annotation says, or raises msgspec.ValidationError."""


Run = Callable[["Method", Mapping[str, Any]], Awaitable[Any]]
"""Runs a method with the arguments that were bound to it."""


class Fault(Exception):
    """What a method answers instead of a result: ``raise Fault(7, "the account is closed")``.

    ``code``: of the caller's contract; JSON-RPC keeps -32768 to -32000 for itself. ``data``: more about it, where the
    way of calling has a place for it.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class BadArguments(Exception):
    """A call that does not fit the method; ``problems`` names every bad argument."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found))
        self.problems = found[:MOST]


class Argument(typing.NamedTuple):
    """A parameter that callers give a value for."""

    name: str
    kind: Any
    default: Any = MISSING


class Method:
    """A function with a name for its callers.

    ``safe``: it changes nothing, so that a plain GET may call it (RFC 9110, section 9.2.1).
    """

    def __init__(self, name: str, function: Callable[..., Any], place: Source, *, safe: bool) -> None:
        self.name = name
        self.function = function
        self.place = place
        self.safe = safe
        self.help = inspect.getdoc(function) or ""
        self.arguments: tuple[Argument, ...] = ()
        self.returns: Any = MISSING

    def leave_out(self, provided: Callable[[Any], bool]) -> None:
        """Takes what is provided from the arguments: no caller gives it."""
        self.arguments = tuple(argument for argument in self.arguments if not provided(argument.kind))

    def bind(
        self, positional: Sequence[Any], named: Mapping[str, Any], convert: Convert = msgspec.convert
    ) -> dict[str, Any]:
        """The arguments of one call, each made what its annotation says by ``convert``. Raises BadArguments."""
        names = [argument.name for argument in self.arguments]
        found: list[Problem] = []
        if len(positional) > len(names):
            found.append(problem((), f"takes {len(names)} arguments, {len(positional)} were given"))
        placed = dict(zip(names, positional, strict=False))
        found += [
            problem((name,), "is given twice, by place and by name") for name in placed if name in named
        ]
        found += [problem((name,), "is no argument of this method") for name in named if name not in names]
        given = {**named, **placed}
        values: dict[str, Any] = {}
        for name, kind, default in self.arguments:
            if name in given:
                try:
                    values[name] = convert(given[name], kind)
                except msgspec.ValidationError as error:
                    # Where the value is one of JSON, each bad field of it is named.
                    found += problems(given[name], kind, (name,), convert) or [problem((name,), str(error))]
            elif default is MISSING:
                found.append(problem((name,), "is missing"))
        if found:
            raise BadArguments(found)
        return values


def read_method(
    function: Callable[..., Any], name: str | None, place: Source, names: Mapping[str, Any], *, safe: bool
) -> Method:
    """The method that ``function`` makes. Raises TypeError for one that cannot be called from elsewhere."""
    method = Method(name or function.__name__, function, source_of(function, place), safe=safe)
    where = f"{getattr(function, '__qualname__', function)} ({method.place})"
    if not _is_name(method.name):
        raise TypeError(
            f"{where}: {method.name!r} cannot name a method: letters, digits, _, - and . can, and a letter or _ is first"
        )
    try:
        hints = typing.get_type_hints(function, localns=dict(names) or None, include_extras=True)
    except NameError as error:
        raise TypeError(f"{where}: the annotation {error.name!r} is not known where it is defined") from None
    arguments: list[Argument] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{where}: {parameter} cannot be given by a caller; name each parameter")
        kind = hints.get(parameter.name, Any)
        if isinstance(kind, type) and issubclass(kind, Request):
            continue
        try:
            msgspec.json.Decoder(kind)
        except TypeError as error:
            raise TypeError(
                f"{where}: {parameter.name!r} is a {told(kind)}, which no caller can send: {error}"
            ) from None
        arguments.append(Argument(parameter.name, kind, parameter.default))
    method.arguments = tuple(arguments)
    method.returns = hints.get("return", MISSING)
    return method


def codec_of(request: Request) -> JSONCodec:
    """How the app that the services are included in reads and writes JSON."""
    bodies: Bodies = getattr(request.endpoint, "bodies", JSON_ONLY)
    return bodies.codec


async def attempt(
    run: Run, method: Method, values: Mapping[str, Any], plain: Callable[[Any], Any] = lambda result: result
) -> Any:
    """What the method returns, made ``plain``. Raises Fault for whatever it raises; what nobody foresaw is logged."""
    try:
        return plain(await run(method, values))
    except Fault:
        raise
    except HTTPError as error:
        extra = {"status": error.status, **error.extra}
        raise Fault(error.status, error.detail or str(error), extra) from None
    except Exception:
        logger.exception("%s (%s) failed", method.name, method.place)
        raise Fault(INTERNAL_ERROR, "Internal error") from None
