"""Makes responses of results that need more than themselves: what is read from, awaited, filtered, or put on."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.binding.kinds import is_union
from segue.core.binding.markers import Marker
from segue.core.binding.parameters import MISSING
from segue.core.handlers import Endpoint
from segue.core.results.answering import answered, answers, writes_json
from segue.core.results.outgoing import Project, projection, result_kind
from segue.core.results.rules import NoRule, Rule, dress, is_reply_tuple, rule_for
from segue.core.results.streams import InThreads, open_file_response, stream_response
from segue.core.threads import Threads
from segue.http.request import Request
from segue.http.response import Response
from segue.http.sse import Event, is_event_stream

__all__ = ["Finish", "streamed_items"]


class Finish:
    """Makes a response of a result that needs more than itself: what is read from, awaited, or put on."""

    def __init__(self, endpoint: Endpoint, threads: Threads, returns: Any) -> None:
        self.endpoint = endpoint
        self.threads = threads
        self.codec: JSONCodec = endpoint.options.json or DEFAULT_JSON
        self.item_type, self.as_lines, self.events = streamed_items(returns)
        self.kind = result_kind(returns)
        self.projection: Project | None = projection(self.kind, self.codec, str(endpoint))
        self._project_item = None if self.item_type is Any else self._item_projection()

    async def __call__(self, request: Request, value: Any) -> Response:
        """The response for ``value``. Raises NoRule, which names the handler, for a type that has no rule."""
        options = self.endpoint.options
        status, content_type = options.status, options.content_type
        rule = rule_for(type(value), status, content_type, self.codec)
        if self.projection is not None and _is_data(value, rule):
            value = self.projection(value)
            rule = rule_for(type(value), status, content_type, self.codec)
        if rule is not None:
            return rule(value)
        if answers(value):
            response = await answered(value, request, self.endpoint.app)
            if response.status == 200:  # it says none of its own, so that of the route holds
                response.status = status
            return response
        if is_reply_tuple(value):
            if value[0] is None:
                return dress(Response(b"", status), value)
            return dress(await self(request, value[0]), value)
        if inspect.isawaitable(value):
            return await self._written(value) or await self(request, await value)
        if isinstance(value, Path):
            from segue.core.files.responses import file_response

            return await file_response(request, value, content_type=content_type)
        if isinstance(value, AsyncIterable | Iterator) and not hasattr(value, "read"):
            if self.events:
                from segue.core.results.events import event_stream

                events = aiter(value) if isinstance(value, AsyncIterable) else InThreads(value, self.threads)
                return event_stream(self._projected_events(events))
            return await stream_response(
                value,
                self.threads,
                status=status,
                content_type=content_type,
                item_type=self.item_type,
                as_lines=self.as_lines,
                line=self.line,
            )
        if callable(getattr(value, "read", None)):
            return await open_file_response(value, self.threads, status=status, content_type=content_type)
        if callable(value) and not isinstance(value, type):
            return await foreign_response(request, value)
        raise NoRule(
            f"{self.endpoint} returned {value!r:.80}, and there is no rule that makes a response of "
            f"{type(value).__qualname__}. Return a Response, a dict, list, Struct or dataclass (JSON), str, bytes, "
            f"None (204), a Path, an open file or a generator; or one of them with a status: (value, 201)"
        )

    def project(self, value: Any) -> Any:
        """A result with no more than its annotation declares."""
        return value if self.projection is None else self.projection(value)

    def project_item(self, item: Any) -> Any:
        """An item of a stream, validated, with no more than the annotation declares."""
        return item if self._project_item is None else self._project_item(item)

    def line(self, item: Any) -> bytes:
        """The JSON of an item of a stream."""
        return self.codec.encode(self.project_item(item))

    async def _projected_events(self, events: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for item in events:
                yield self._event(item)
        finally:
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()

    def _event(self, item: Any) -> Any:
        """An event with its data as the annotation and the codec have it."""
        data = item.data if isinstance(item, Event) else item
        if data is None and isinstance(item, Event):
            return item
        data = self.project_item(data)
        if not isinstance(data, str):
            data = msgspec.Raw(self.codec.encode(data))
        return msgspec.structs.replace(item, data=data) if isinstance(item, Event) else data

    async def _written(self, value: Any) -> Response | None:
        """The response of what has its JSON made elsewhere; None for what is to be awaited."""
        kind = Any if self.kind is MISSING else self.kind
        body = await value.__json_body__(kind, self.codec) if writes_json(value) else None
        if body is None:
            return None
        options = self.endpoint.options
        content_type = options.content_type or "application/json"
        if isinstance(body, bytes):
            return Response(body, options.status, None, content_type)
        return await stream_response(body, self.threads, status=options.status, content_type=content_type)

    def _item_projection(self) -> Project:
        kind, convert = self.item_type, self.codec.convert
        return projection(kind, self.codec, str(self.endpoint), validated=True) or (
            lambda item: convert(item, kind)
        )


def _is_data(value: Any, rule: Rule | None) -> bool:
    """Whether a result is data, and not a reply or a part of one."""
    if rule is None:
        return not (
            isinstance(value, tuple | Path | AsyncIterable | Iterator)
            or inspect.isawaitable(value)
            or callable(value)
            or hasattr(value, "read")
            or answers(value)
        )
    return not (value is None or isinstance(value, str | bytes | Response) or hasattr(value, "__html__"))


async def foreign_response(request: Request, application: Any) -> Response:
    """The response of a WSGI or ASGI application, which a handler may return to let it answer.

    Raises TypeError for a function that is neither.
    """
    from segue.server.mount import mounted

    guest = mounted(application)
    request.after(guest.shutdown)
    return await guest.handle(request)


def streamed_items(returns: Any) -> tuple[Any, bool, bool]:
    """Of a return annotation: the type of the items of a stream, whether they are JSON Lines, and whether events."""
    as_lines, events = False, is_event_stream(returns)
    if get_origin(returns) is Annotated:
        returns, *metadata = get_args(returns)
        as_lines = any(isinstance(one, Marker) and one.origin == "jsonlines" for one in metadata)
    origin, args = get_origin(returns) or returns, get_args(returns)
    streams = isinstance(origin, type) and issubclass(origin, AsyncIterable | Iterator)
    item = args[0] if args and streams else Any
    if events and is_union(item):  # of `Event | Film`, the data are films
        item = Union[tuple(one for one in get_args(item) if one is not Event)]  # noqa: UP007 -- known only now
    return (Any if item is Event else item), as_lines, events
