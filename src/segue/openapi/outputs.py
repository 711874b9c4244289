"""What an operation answers, from what its handler says that it returns: the rules of ``core/results/rules.py``, for types."""

import enum
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Never, NoReturn, Union, get_args, get_origin, get_type_hints

from segue.core.binding.kinds import bare, is_union
from segue.core.binding.parameters import MISSING
from segue.core.binding.validation import object_fields
from segue.core.handlers import Endpoint
from segue.core.results.finishing import streamed_items
from segue.core.results.rules import BINARY, HTML, JSON, TEXT
from segue.core.results.streams import JSONL
from segue.http.response import Response
from segue.http.status import phrase
from segue.openapi.inputs import example
from segue.openapi.schemas import Schema, Schemas, Side

__all__ = ["error_answer", "operation_responses"]

EVENTS = "text/event-stream"
# Formats whose values have the structure of JSON.
_STRUCTURED = {"json", "msgpack", "yaml"}
_DATA = (dict, list, set, frozenset, Mapping)


def operation_responses(
    endpoint: Endpoint, schemas: Schemas, side: Side, around: Mapping[int, Any] | None = None
) -> dict[str, Any]:
    """The response objects of an operation by status, but for errors that are known from elsewhere.

    ``around``: what may be answered by what stands around the handler.
    """
    options = endpoint.options
    replies = _Replies(schemas, side, endpoint)
    replies.add(endpoint.returns, str(options.status))
    for status, what in {**(around or {}), **options.responses}.items():
        replies.documented(what, str(status))
    responses = replies.finish()
    if "result" in options.examples:
        for media in responses.get(_success(responses), {}).get("content", {}).values():
            media["example"] = example(options.examples["result"])
    return responses


def error_answer(
    function: Callable[..., Any], status: int, endpoint: Endpoint, schemas: Schemas, side: Side
) -> dict[str, Any]:
    """The response objects of an error handler, from what it says that it returns."""
    try:
        returns = get_type_hints(function, include_extras=True).get("return", MISSING)
    except (TypeError, NameError):
        returns = MISSING
    replies = _Replies(schemas, side, endpoint, errors=True)
    replies.add(returns, str(status))
    answers = replies.finish()
    # What may be anything is still an answer to this error.
    answers.pop("default", None)
    return answers or {str(status): {"description": _phrase(str(status))}}


def _success(responses: Mapping[str, Any]) -> str:
    return next((status for status in responses if status.startswith("2")), "")


class _Replies:
    """Gathers what may be answered: types that are JSON, and other media types, by status."""

    def __init__(self, schemas: Schemas, side: Side, endpoint: Endpoint, *, errors: bool = False) -> None:
        self._schemas = schemas
        self._side: Side = side
        self._content_type = None if errors else endpoint.options.content_type
        self._formats = () if errors else endpoint.formats
        self._found: dict[str, dict[str, Schema]] = {}
        self._data: dict[tuple[str, str], list[Any]] = {}
        self._texts: dict[str, str] = {}

    def documented(self, what: Any, status: str) -> None:
        """What the option ``responses`` says about a status: a type, or a text."""
        if isinstance(what, str):
            self._texts[status] = what
            self._found.setdefault(status, {})
        else:
            self.add(type(None) if what is None else what, status)

    def add(self, returns: Any, status: str) -> None:
        """A type that may be returned."""
        kind = bare(returns)
        origin, args = get_origin(kind) or kind, get_args(kind)
        if is_union(kind):
            for one in args:
                self.add(one, status)
        elif kind in (NoReturn, Never):
            return
        elif kind in (None, type(None)):
            self._found.setdefault("204" if status == "200" else status, {})
        elif _is_reply_tuple(origin, args):
            for one in _statuses(args[1], status):
                self.add(args[0], one)
        elif not isinstance(origin, type) or kind in (MISSING, object) or issubclass(origin, Response):
            self._found.setdefault("default", {})
            self._texts.setdefault("default", "The reply.")
        elif (
            gives := getattr(origin, "__gives__", None)
        ) is not None:  # a query: what it gives when it is awaited
            self.add(gives(args), status)
        elif issubclass(origin, Awaitable) and args:
            self.add(args[-1] if issubclass(origin, Coroutine) else args[0], status)
        elif issubclass(origin, AsyncIterable | Iterator) and not hasattr(origin, "read"):
            item, as_lines, events = streamed_items(returns)
            if events:
                self._events(item, status)
            elif self._formats:
                self._formatted(list[item], status)  # type: ignore[valid-type] # known only now
            else:
                self._stream(item, status, as_lines=as_lines)
        elif self._formats and not issubclass(origin, bytes | bytearray | memoryview | Path):
            self._formatted(returns, status)
        else:
            self._value(returns, origin, status)

    def _value(self, returns: Any, origin: type, status: str) -> None:
        if hasattr(origin, "__html__"):
            self._put(status, HTML, {"type": "string"})
        elif issubclass(origin, str):
            self._put(status, TEXT, self._schemas.of(returns, self._side))
        elif issubclass(origin, bytes | bytearray | memoryview) or hasattr(origin, "read"):
            self._put(status, BINARY, {})
        elif issubclass(origin, Path):
            self._put(status, "*/*", {})
        elif (
            issubclass(origin, _DATA)
            or object_fields(origin) is not None
            or hasattr(origin, "__attrs_attrs__")
        ):
            self._datum(returns, status, self._media_type(JSON))
        else:
            self._found.setdefault("default", {})
            self._texts.setdefault("default", "The reply.")

    def _formatted(self, kind: Any, status: str) -> None:
        """A value that the client may have in several formats: those that keep its structure have its schema."""
        for one in self._formats:
            if one.name in _STRUCTURED:
                self._datum(kind, status, one.media_types[0])
            else:
                text = one.media_types[0].startswith("text/") or one.media_types[0].endswith("xml")
                self._found.setdefault(status, {})[one.media_types[0]] = {"type": "string"} if text else {}

    def _datum(self, kind: Any, status: str, media_type: str) -> None:
        self._data.setdefault((status, media_type), []).append(kind)
        self._found.setdefault(status, {})[media_type] = {}  # until all are known

    def _events(self, item: Any, status: str) -> None:
        # OpenAPI 3.1 has no word for what a stream is made of; 3.2 will call it itemSchema.
        self._put(
            status, EVENTS, {} if item is Any else {"x-item-schema": self._schemas.of(item, self._side)}
        )

    def _stream(self, item: Any, status: str, *, as_lines: bool) -> None:
        members = [bare(one) for one in (get_args(item) if is_union(item) else (item,))]
        octets = all(
            isinstance(one, type) and issubclass(one, str | bytes | bytearray | memoryview) for one in members
        )
        if octets and not as_lines:
            if all(hasattr(one, "__html__") for one in members):
                self._put(status, HTML, {"type": "string"})
            elif any(issubclass(one, str) for one in members):
                self._put(status, TEXT, {"type": "string"})
            else:
                self._put(status, BINARY, {})
        else:
            self._put(status, JSONL, {"x-item-schema": self._schemas.of(item, self._side)})

    def _put(self, status: str, media_type: str, schema: Schema) -> None:
        self._found.setdefault(status, {})[self._media_type(media_type)] = schema

    def _media_type(self, own: str) -> str:
        return (self._content_type or own).partition(";")[0].strip().lower()

    def finish(self) -> dict[str, Any]:
        """The response objects by status."""
        for (status, media_type), types in self._data.items():
            kind = types[0] if len(types) == 1 else Union[tuple(types)]  # noqa: UP007 -- known only now
            self._found[status][media_type] = self._schemas.of(kind, self._side)
        return {
            status: {
                "description": self._texts.get(status) or _phrase(status),
                **(
                    {"content": {name: {"schema": schema} for name, schema in content.items()}}
                    if content
                    else {}
                ),
            }
            for status, content in sorted(self._found.items())
        }


def _phrase(status: str) -> str:
    return (phrase(int(status)) if status.isdigit() else "") or "The reply."


def _is_reply_tuple(origin: Any, args: tuple[Any, ...]) -> bool:
    """Whether it is ``tuple[value, status]``, with header fields or them alone."""
    return origin is tuple and len(args) in (2, 3) and args[1] is not Ellipsis


def _statuses(kind: Any, status: str) -> list[str]:
    """The statuses that the second type of a tuple stands for: ``Literal[201]``; ``int`` may be any that is no error."""
    plain = bare(kind)
    if get_origin(plain) is Literal:
        return [str(int(one)) for one in get_args(plain)]
    if isinstance(plain, type) and issubclass(plain, int | enum.IntEnum):
        return ["2XX"]
    return [status]
