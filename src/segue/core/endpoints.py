"""Compiles endpoints: binding, the call, the result and the errors of a handler in one function of the request."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from msgspec import Struct

from segue.core.binding import bind, compile_function
from segue.core.exits import kept_session
from segue.core.handlers import Call, Endpoint, OnError
from segue.core.injecting import injected
from segue.core.kinds import is_union
from segue.core.markers import Marker
from segue.core.options import Options
from segue.core.results import (
    BINARY,
    JSON,
    TEXT,
    NoRule,
    dress,
    encode_json,
    immediate_rules,
    is_reply_tuple,
    rule_for,
)
from segue.core.routing import Template
from segue.core.streams import InThreads, open_file_response, stream_response
from segue.core.threads import Threads
from segue.core.wiring import Injection
from segue.http.request import Request
from segue.http.response import Response
from segue.http.sse import Event, is_event_stream

__all__ = ["compile_http", "compile_socket", "is_async", "streamed_items"]


class Finish:
    """Makes a response of a result that needs more than itself: what is read from, awaited, or put on."""

    def __init__(self, endpoint: Endpoint, threads: Threads, returns: Any) -> None:
        self.endpoint = endpoint
        self.threads = threads
        self.item_type, self.as_lines, self.events = streamed_items(returns)

    async def __call__(self, request: Request, value: Any) -> Response:
        """The response for ``value``. Raises NoRule, which names the handler, for a type that has no rule."""
        options = self.endpoint.options
        status, content_type = options.status, options.content_type
        rule = rule_for(type(value), status, content_type)
        if rule is not None:
            return rule(value)
        if is_reply_tuple(value):
            if value[0] is None:
                return dress(Response(b"", status), value)
            return dress(await self(request, value[0]), value)
        if inspect.isawaitable(value):
            return await self(request, await value)
        if isinstance(value, Path):
            from segue.core.files import file_response

            return await file_response(request, value, content_type=content_type)
        if isinstance(value, AsyncIterable | Iterator) and not hasattr(value, "read"):
            if self.events:
                from segue.core.events import event_stream

                events = value if isinstance(value, AsyncIterable) else InThreads(value, self.threads)
                return event_stream(aiter(events), type=self.item_type)
            return await stream_response(
                value,
                self.threads,
                status=status,
                content_type=content_type,
                item_type=self.item_type,
                as_lines=self.as_lines,
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


def compile_http(
    endpoint: Endpoint,
    template: Template,
    renames: dict[str, str],
    injection: Injection,
    on_error: OnError,
    *,
    shared: bool = False,
) -> Callable[[], Call]:
    """Writes the ``source`` of ``endpoint``; returns what compiles it. Its parameters and its wiring are there already.

    ``renames``: names of path parameters, where another template of the same shape gave them others. ``shared``: a
    scope is open around it, for what is provided to its middleware too.
    """
    handler, threads, returns = endpoint.handler, injection.app.threads, endpoint.returns
    wiring = endpoint.wiring
    bound = bind(handler, endpoint.parameters, path_kinds(template), endpoint.options.max_body, wiring.inputs)
    in_thread = _runs_in_thread(handler, endpoint.options)
    made = injected(wiring, injection, in_thread=in_thread, shared=shared)
    names = {**made.names, **bound.names}
    names.update(
        on_error=on_error,
        finish=Finish(endpoint, threads, returns),
        rule_of=immediate_rules(endpoint.options.status, endpoint.options.content_type).get,
        run=threads.run,
    )
    if is_async(handler):
        call = f"await {bound.call}"
    elif in_thread:
        call = "await run(" + bound.call.replace("(", ", ", 1).replace(", )", ")")
    else:
        call = bound.call
    body = [
        *_rename(renames),
        *[f"        {line}" for line in (*bound.lines, *made.lines)],
        f"        value = {call}",
        *_respond(returns, endpoint.options, names),
    ]
    lines = ["async def call(request):", "    try:", *body]
    if made.cleans:
        lines = ["async def answer(request, exits):", *[line[4:] for line in body], *_CLEANING]
    lines += ["    except Exception as error:"]
    if made.shared:
        lines += ["        scope_of(request).error = error"]
    lines += ["        return await on_error(request, error)"]
    source = endpoint.source = "\n".join(lines) + "\n"
    return lambda: compile_function(source, names)


_CLEANING = [
    "async def call(request):",
    "    try:",
    "        exits = []",
    "        try:",
    "            response = await answer(request, exits)",
    "        except BaseException as error:",
    "            await leave(exits, error)",
    "        if exits:",
    "            if type(response.body) is bytes:",
    "                await leave(exits)",
    "            else:",
    "                response = await keep(response, exits)",
    "        return response",
]


def _runs_in_thread(handler: Callable[..., Any], options: Options) -> bool:
    return not (
        options.inline
        or is_async(handler)
        or inspect.isasyncgenfunction(handler)
        or inspect.isgeneratorfunction(handler)
    )


def _respond(returns: Any, options: Options, names: dict[str, Any]) -> list[str]:
    """The lines that make the response of ``value``."""
    known = returns_exactly(returns, options)
    if known is None:
        return [
            "        rule = rule_of(type(value))",
            "        if rule is not None:",
            "            return rule(value)",
            "        return await finish(request, value)",
        ]
    # PERF: where the annotation says what comes, the response is made on the spot: 0.15 us less (benchmarks, JSON).
    body, media_type = known
    names.update(
        Result=get_origin(returns) or returns, Response=Response, new=object.__new__, encode=encode_json
    )
    return [
        "        if type(value) is not Result:",
        "            return await finish(request, value)",
        "        response = new(Response)",
        f"        response.body = {body}",
        f"        response.status = {options.status}",
        f"        response.media_type = {media_type!r}",
        "        response.fields = None",
        "        return response",
    ]


def returns_exactly(returns: Any, options: Options) -> tuple[str, str] | None:
    """How to write the body, and its media type, of a result whose type is known and simple."""
    origin = get_origin(returns) or returns
    if not 200 <= options.status <= 299 or options.status == 204:
        return None
    if origin is str:
        return "value.encode()", options.content_type or TEXT
    if origin is bytes:
        return "value", options.content_type or BINARY
    if origin in (dict, list) or (isinstance(origin, type) and issubclass(origin, Struct)):
        if not hasattr(origin, "__html__"):
            return "encode(value)", options.content_type or JSON
    return None


def compile_socket(
    endpoint: Endpoint,
    template: Template,
    renames: dict[str, str],
    injection: Injection,
    *,
    shared: bool = False,
) -> Callable[[], Callable[[Request], Awaitable[Callable[[Any], Awaitable[None]]]]]:
    """What compiles a function that binds the parameters of a WebSocket handler to a request.

    That function returns what to do with the open socket.

    Binding comes first, so that what is wrong with the request is answered while it still is one.
    """
    handler = endpoint.handler
    bound = bind(handler, endpoint.parameters, path_kinds(template), None, endpoint.wiring.inputs)
    made = injected(endpoint.wiring, injection, in_thread=False, shared=shared)
    names = {**made.names, **bound.names, "kept_session": kept_session}
    name, parameters = ("answer", "request, exits") if made.cleans else ("call", "request")
    lines = [
        f"async def {name}({parameters}):",
        *[line[4:] for line in _rename(renames)],
        *[f"    {line}" for line in (*bound.lines, *made.lines)],
        "    async def session(socket):",
        f"        await {bound.call}",
        "    return session",
    ]
    if made.cleans:
        lines += _CLEANING_SESSION
    source = endpoint.source = "\n".join(lines) + "\n"
    return lambda: compile_function(source, names)


_CLEANING_SESSION = [
    "async def call(request):",
    "    exits = []",
    "    try:",
    "        session = await answer(request, exits)",
    "    except BaseException as error:",
    "        await leave(exits, error)",
    "    request.after(leave, exits)  # of a socket that was never opened",
    "    return kept_session(session, exits)",
]


def _rename(renames: dict[str, str]) -> list[str]:
    if not renames:
        return []
    pairs = ", ".join(f"{new!r}: request.params[{old!r}]" for new, old in renames.items())
    return [f"        request.params = {{{pairs}}}"]


def path_kinds(template: Template) -> dict[str, type | None]:
    """The types of the values that a template gives."""
    return {field.name: str if field.converter is None else field.converter.kind for field in template.fields}


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether calling it gives something to await."""
    return inspect.iscoroutinefunction(handler) or (
        not inspect.isfunction(handler)
        and not inspect.ismethod(handler)
        and inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004 -- an object with async __call__
    )
