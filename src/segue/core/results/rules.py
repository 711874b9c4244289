"""Turns what a handler returned into a response: DESIGN.md, section 5, "Results"."""

import dataclasses
import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import msgspec

from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.binding.shapes import has_roles
from segue.core.results.outgoing import projection
from segue.http.response import Response

__all__ = ["NoRule", "Rule", "dress", "immediate_rules", "is_reply_tuple", "rule_for", "to_response"]

Rule = Callable[[Any], Response]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
BINARY = "application/octet-stream"


class NoRule(TypeError):
    """A result for which there is no rule."""


@functools.cache
def immediate_rules(
    status: int = 200, content_type: str | None = None, codec: JSONCodec = DEFAULT_JSON
) -> dict[type, Rule]:
    """The rule for each exact type of result that needs nothing but itself.

    PERF: one look-up by exact type instead of a chain of isinstance (0.05 us instead of 0.4 us). Further types are
    entered when they are first met.
    """
    # A PERF matter too: what a result of each kind costs is this lambda and the response.
    json, text, binary = content_type or JSON, content_type or TEXT, content_type or BINARY
    encode_json = codec.encode
    return {
        dict: lambda value: Response(encode_json(value), status, None, json),
        list: lambda value: Response(encode_json(value), status, None, json),
        str: lambda value: Response(value.encode(), status, None, text),
        bytes: lambda value: Response(value, status, None, binary),
        type(None): lambda _: Response(b"", 204 if status == 200 else status),
        Response: lambda value: value,
    }


def rule_for(
    kind: type, status: int, content_type: str | None, codec: JSONCodec = DEFAULT_JSON
) -> Rule | None:
    """The rule for a type that :func:`immediate_rules` does not know yet, from then on known there."""
    rules = immediate_rules(status, content_type, codec)
    rule = rules.get(kind)
    if rule is not None:
        return rule
    if issubclass(kind, Response):
        rule = rules[Response]
    elif hasattr(kind, "__response__"):  # it may be HTML too, but has a status of its own
        return None
    elif hasattr(kind, "__html__"):
        html = content_type or HTML
        rule = lambda value: Response(str(value.__html__()).encode(), status, None, html)  # noqa: E731 -- one line for each kind of result
    elif issubclass(kind, str):
        rule = rules[str]
    elif issubclass(kind, bytes | bytearray | memoryview):
        binary = content_type or BINARY
        rule = lambda value: Response(bytes(value), status, None, binary)  # noqa: E731 -- one line for each kind of result
    elif codec.writes(kind) or issubclass(kind, dict | list | set | frozenset):
        rule = rules[dict]
    elif (
        issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__")
    ):
        rule = _model_rule(kind, rules[dict], codec)
    elif issubclass(kind, Mapping):
        rule = lambda value: rules[dict](dict(value))  # noqa: E731 -- one line for each kind of result
    else:
        return None
    rules[kind] = rule
    return rule


def _model_rule(kind: type, rule: Rule, codec: JSONCodec) -> Rule:
    """The rule for a model: what is private or only for writing stays here."""
    project = projection(kind, codec, "a handler") if has_roles(kind) else None
    return rule if project is None else lambda value: rule(project(value))


def is_reply_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Whether it is ``(value, status)``, ``(value, headers)`` or ``(value, status, headers)``."""
    if not isinstance(value, tuple) or len(value) not in (2, 3):
        return False
    status, headers = value[1], value[-1]
    if len(value) == 2 and not isinstance(status, int):
        return _is_headers(status)
    return (
        isinstance(status, int) and not isinstance(status, bool) and (len(value) == 2 or _is_headers(headers))
    )


def _is_headers(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value)
    )


def dress(response: Response, value: tuple[Any, ...]) -> Response:
    """The response for the first part of ``(value, status, headers)`` with the rest put on."""
    for part in value[1:]:
        if isinstance(part, int):
            response.status = operator.index(part)  # a plain int of an HTTPStatus
            if response.status in (204, 304) and response.body == b"":
                response.media_type = None
        else:
            for name, text in part.items() if isinstance(part, Mapping) else part:
                if name.lower() == "set-cookie":
                    response.headers.add(name, text)
                else:
                    response.headers[name] = text
    return response


def to_response(value: Any, status: int = 200, content_type: str | None = None) -> Response:
    """The response for a value that needs nothing but itself.

    Raises NoRule for other types, files and generators included.
    """
    rule = rule_for(type(value), status, content_type)
    if rule is not None:
        return rule(value)
    if is_reply_tuple(value):
        first = value[0]
        return dress(
            Response(b"", status) if first is None else to_response(first, status, content_type), value
        )
    raise NoRule(
        f"there is no rule that makes a response of {type(value).__qualname__}: {value!r:.80}. Return a Response, a dict, "
        f"list, Struct or dataclass (JSON), str, bytes, None (204), a Path, an open file, a generator, or one of "
        f"them with a status: (value, 201)"
    )
