"""Compiles endpoints: binding, the call, the result and the errors of a handler in one function of the request."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, get_origin

from msgspec import Struct

from segue.core.binding.compiler import bind, compile_function
from segue.core.binding.shapes import is_flat
from segue.core.handlers import Call, Endpoint, OnError
from segue.core.options import Options
from segue.core.providing.exits import kept_session
from segue.core.providing.injecting import injected
from segue.core.providing.wiring import Injection
from segue.core.results.finishing import Finish
from segue.core.results.outgoing import flat_items
from segue.core.results.rules import BINARY, JSON, TEXT, immediate_rules
from segue.core.routing.templates import Template
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["compile_http", "compile_socket", "is_async"]


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
    handler, threads = endpoint.handler, injection.app.threads
    wiring = endpoint.wiring
    bound = bind(
        handler,
        endpoint.parameters,
        path_kinds(template),
        endpoint.bodies,
        wiring.inputs,
        endpoint.arguments,
    )
    in_thread = _runs_in_thread(handler, endpoint.options)
    made = injected(wiring, injection, in_thread=in_thread, shared=shared)
    names = {**made.names, **bound.names}
    finish = Finish(endpoint, threads, endpoint.returns)
    names.update(
        on_error=on_error,
        finish=finish,
        run=threads.run,
    )
    if is_async(handler):
        call = f"await {bound.call}"
    elif in_thread:
        call = "await run(" + bound.call.replace("(", ", ", 1).replace(", )", ")")
    else:
        call = bound.call
    if endpoint.formats:
        finishing, at_once = _format(finish, names)
        respond = ["        return value"] if made.late else [*at_once, f"        {finishing}"]
    else:
        finishing = _FINISH
        respond = _respond(finish, names, _IN_THREAD if made.late else _ON_LOOP)
    if endpoint.rendering is not None:
        names["rendering"] = endpoint.rendering
        # The receivers are told on the loop, so that a response is not made in the thread of the handler.
        respond = ["        return value"] if made.late else [_TELL, *respond]
    body = [
        *_rename(renames),
        *(["        choice = choose(request)"] if "choose" in names else []),
        *[f"        {line}" for line in (*bound.lines, *made.lines)],
    ]
    if made.late:
        body += _in_one_thread(
            made.late, bound.call, respond, [*([_TELL] if endpoint.rendering else []), f"        {finishing}"]
        )
    else:
        body += [f"        value = {call}", *respond]
    lines = ["async def call(request):", "    try:", *body]
    if made.cleans:
        lines = ["async def answer(request, exits):", *[line[4:] for line in body], *_CLEANING]
    lines += ["    except Exception as error:"]
    if made.shared:
        lines += ["        scope_of(request).error = error"]
    lines += ["        return await on_error(request, error)"]
    source = endpoint.source = "\n".join(lines) + "\n"
    return lambda: compile_function(source, names)


_TELL = "        value = await rendering(request, value)"
_FINISH = "return await finish(request, value)"
#: How a response is given that was made on the spot, and what is done where it takes more.
_ON_LOOP = ("return {}", _FINISH)
_IN_THREAD = ("return thread.answer({})", "return value")

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


def _in_one_thread(late: list[str], call: str, respond: list[str], finish: list[str]) -> list[str]:
    """The lines that make what is left, call the handler and make the response, all in its thread.

    Where the response takes more than the result, the loop makes it afterwards: ``finish``.
    """
    return [
        "        def work():",
        *[f"            {line}" for line in (*late, f"value = {call}")],
        *[f"    {line}" for line in respond],
        "        value = await thread.do(work)",
        "        if thread.response is not None:",
        "            return thread.response",
        *finish,
    ]


def _runs_in_thread(handler: Callable[..., Any], options: Options) -> bool:
    return not (
        options.inline
        or is_async(handler)
        or inspect.isasyncgenfunction(handler)
        or inspect.isgeneratorfunction(handler)
    )


def _respond(finish: Finish, names: dict[str, Any], giving: tuple[str, str]) -> list[str]:
    """The lines that make the response of ``value``."""
    give, otherwise = giving
    options, returns = finish.endpoint.options, finish.endpoint.returns
    known = returns_exactly(returns, options)
    item = flat_items(returns)
    if finish.projection is not None and item is None and not is_flat(returns):
        return [f"        {otherwise}"]
    if known is None:
        names["rule_of"] = immediate_rules(options.status, options.content_type, finish.codec).get
        return [
            "        rule = rule_of(type(value))",
            "        if rule is not None:",
            f"            {give.format('rule(value)')}",
            f"        {otherwise}",
        ]
    # PERF: where the annotation says what comes, the response is made on the spot: 0.15 us less (benchmarks, JSON).
    body, media_type = known
    names.update(
        Result=get_origin(returns) or returns,
        Response=Response,
        new=object.__new__,
        encode=finish.codec.encode,
        items=frozenset({item}).issuperset,
    )
    other = " or not items(map(type, value))" if item is not None else ""
    return [
        f"        if type(value) is not Result{other}:",
        f"            {otherwise}",
        "        response = new(Response)",
        f"        response.body = {body}",
        f"        response.status = {options.status}",
        f"        response.media_type = {media_type!r}",
        "        response.fields = None",
        f"        {give.format('response')}",
    ]


def _format(finish: Finish, names: dict[str, Any]) -> tuple[str, list[str]]:
    """The same, where the client chooses the format; and what is done where that takes no more than a dict."""
    from segue.core.results.negotiation import Choice, FinishFormatted, chooser, content_type_of

    formats, options = finish.endpoint.formats, finish.endpoint.options
    fixed = options.suffix is not None or (options.template is not None and len(formats) == 1)
    if options.suffix is None and fixed:
        names["choice"] = Choice(formats[0], content_type_of(formats[0].media_types[0]))
    else:
        names["choose"] = chooser(formats, fixed=fixed)
    formatted = names["finish"] = FinishFormatted(finish, formats, fixed=fixed)
    finishing, immediate = "return await finish(request, value, choice)", formatted.immediate()
    if immediate is None:
        return finishing, []
    # PERF: a page of a dict is made on the spot: 2 us less of 20 (12 rows by a template).
    names.update(render=immediate[0], Response=Response, new=object.__new__)
    return finishing, [
        "        if type(value) is dict:",
        "            body = render(value, request)",
        "            if type(body) is bytes:",
        "                response = new(Response)",
        "                response.body = body",
        f"                response.status = {options.status}",
        f"                response.media_type = {immediate[1]!r}",
        "                response.fields = None",
        "                return response",
        "            return await finish.rendered(body, choice)",
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
    bound = bind(
        handler,
        endpoint.parameters,
        path_kinds(template),
        endpoint.bodies.without_limit(),
        endpoint.wiring.inputs,
    )
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
