"""Hooks and signals around requests, made into middleware when the app is frozen; what is not used is not there."""

import asyncio
import functools
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from segue.core.handlers import OnError
from segue.core.life.receivers import Notice, Receivers
from segue.core.life.records import Hook
from segue.core.life.signals import (
    ErrorAnswered,
    RequestFailed,
    RequestFinished,
    RequestRouted,
    RequestSignal,
    RequestStarted,
    ResponseReady,
    ResultRendering,
    WebSocketClosed,
    WebSocketOpened,
)
from segue.core.records import Around, MiddlewareLike, Next, Recorded
from segue.core.results.answering import answered
from segue.core.results.rules import is_reply_tuple
from segue.core.source import Source, source_of
from segue.http.errors import ClientDisconnected, HTTPException
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import WebSocket

__all__ = ["Rendering", "around", "notices_of", "rendering", "telling_errors", "telling_sockets"]

logger = logging.getLogger("segue.hooks")

_FAILURE = "failure"
Session = Callable[[WebSocket], Awaitable[None]]
Rendering = Callable[[Request, Any], Awaitable[Any]]
BindSession = Callable[[Request], Awaitable[Session]]


def around(
    app: Recorded, middleware: Sequence[Around], hooks: Sequence[Hook], on_error: OnError
) -> list[Around]:
    """The middleware of ``app`` with its signals around it and its ``hooks`` inside. ``on_error`` answers exceptions."""
    receivers = Receivers(app.declared.life.receivers)
    started, ready = receivers.notice(RequestStarted), receivers.notice(ResponseReady)
    finished = receivers.notice(RequestFinished)
    stack = list(middleware)
    if started or ready or finished:
        stack.insert(0, _internal(_Told(started, ready, finished, on_error)))
    routed = receivers.notice(RequestRouted)
    if routed is not None or hooks:
        stack.append(_internal(_Hooked(app, hooks, routed, on_error)))
    return stack


def _internal(middleware: MiddlewareLike) -> Around:
    return Around(middleware, source_of(middleware, Source(__file__, 0)), is_internal=True)


class _Told:
    """Middleware: tells that a request came, that its response is ready, and that all is over."""

    __slots__ = ("_finished", "_on_error", "_ready", "_started")

    def __init__(
        self, started: Notice | None, ready: Notice | None, finished: Notice | None, on_error: OnError
    ) -> None:
        self._started = started
        self._ready = ready
        self._finished = finished
        self._on_error = on_error

    async def __call__(self, request: Request, next: Next) -> Response:
        given: list[Response] = []
        began = time.perf_counter()
        if self._started is not None:
            await self._started(RequestStarted(request))
        try:
            response = await next(request)
        except Exception as error:  # noqa: BLE001 -- answered, so that its response is told of too
            response = await self._on_error(request, error)
        finally:
            if self._finished is not None:
                request.after(self._tell_end, self._finished, request, given, began)
        if self._ready is not None:
            await self._ready(ResponseReady(request, response))
        given.append(response)
        return response

    async def _tell_end(
        self, finished: Notice, request: Request, given: list[Response], began: float
    ) -> None:
        response = given[-1] if given else None
        await finished(RequestFinished(request, response, time.perf_counter() - began))


class _Hooked:
    """Middleware, the innermost of its app: the hooks before and after the endpoint.

    Calling ``next`` already finds the endpoint, without running it (see ``dispatch.dispatcher``); so hooks know it.
    """

    __slots__ = ("_after", "_app", "_before", "_on_error", "_routed", "_teardown", "_wants_error")

    def __init__(
        self, app: Recorded, hooks: Iterable[Hook], routed: Notice | None, on_error: OnError
    ) -> None:
        self._app = app
        self._before = [hook for hook in hooks if hook.kind == "before"]
        self._after = [hook for hook in hooks if hook.kind == "after"][::-1]
        self._teardown = [hook for hook in hooks if hook.kind == "teardown"][::-1]
        self._wants_error = {hook for hook in self._teardown if _arguments(hook.function) > 1}
        self._routed = routed
        self._on_error = on_error

    async def __call__(self, request: Request, next: Next) -> Response:
        if self._teardown:
            if self._wants_error:
                made = request.made = {} if request.made is None else request.made
                made.setdefault(_FAILURE, None)
        answer = next(request)
        try:
            if self._routed is not None and request.endpoint is not None:
                await self._routed(RequestRouted(request))
            early = await self._run_before(request)
            response = await answer if early is None else early
        except Exception as error:  # noqa: BLE001 -- answered, and what comes after it sees the response
            response = await self._on_error(request, error)
        finally:
            if isinstance(answer, Coroutine):
                answer.close()  # nothing, when it has run
            if self._teardown:  # those of an app inside this one were added before
                request.after(self._tear_down, request)
        for hook in self._after:
            try:
                changed = hook.function(request, response)
                if inspect.isawaitable(changed):
                    changed = await changed
                if changed is not None:
                    response = await answered(changed, request, self._app)
            except Exception as error:  # noqa: BLE001 -- answered; the other hooks see the response
                response = await self._on_error(request, error)
        return response

    async def _run_before(self, request: Request) -> Response | None:
        for hook in self._before:
            early = hook.function(request)
            if inspect.isawaitable(early):
                early = await early
            if early is not None:
                return await answered(early, request, self._app)
        return None

    async def _tear_down(self, request: Request) -> None:
        failure = (request.made or {}).get(_FAILURE)
        for hook in self._teardown:
            try:
                done = (
                    hook.function(request, failure) if hook in self._wants_error else hook.function(request)
                )
                if inspect.isawaitable(done):
                    await done
            except Exception:
                place = source_of(hook.function, hook.place)
                logger.exception(
                    "the teardown hook at %s failed on %r; the others run all the same", place, request
                )


def telling_errors(apps: Sequence[Recorded], on_error: OnError) -> OnError:
    """``on_error``, which tells the receivers of ``apps`` what has failed, and keeps it for their teardown hooks."""
    receivers = Receivers([one for app in reversed(apps) for one in app.declared.life.receivers])
    failed, answered = receivers.notice(RequestFailed), receivers.notice(ErrorAnswered)
    kept = any(
        hook.kind == "teardown" and _arguments(hook.function) > 1
        for app in apps
        for hook in app.declared.life.hooks
    )
    if failed is None and answered is None and not kept:
        return on_error

    async def tell(request: Request, error: Exception) -> Response:
        if kept and request.made is not None and _FAILURE in request.made:
            request.made[_FAILURE] = error
        if failed is not None and not isinstance(error, HTTPException | ClientDisconnected):
            await failed(RequestFailed(request, error))
        response = await on_error(request, error)
        if answered is not None:
            await answered(ErrorAnswered(request, error, response))
        return response

    return tell


def telling_sockets(apps: Sequence[Recorded]) -> Callable[[BindSession], BindSession]:
    """What lets sessions tell the receivers of ``apps`` when they begin and end."""
    receivers = Receivers([one for app in reversed(apps) for one in app.declared.life.receivers])
    opened, closed = receivers.notice(WebSocketOpened), receivers.notice(WebSocketClosed)
    if opened is None and closed is None:
        return lambda bind: bind

    async def bind_told(bind: BindSession, request: Request) -> Session:
        session = await bind(request)

        async def told(socket: WebSocket) -> None:
            failure: BaseException | None = None
            if opened is not None:
                await opened(WebSocketOpened(request, socket))
            try:
                await session(socket)
            except BaseException as error:
                failure = error
                raise
            finally:
                if closed is not None:
                    await asyncio.shield(closed(WebSocketClosed(request, socket, failure)))

        return told

    return lambda bind: functools.partial(bind_told, bind)


def notices_of(apps: Sequence[Recorded], *kinds: type) -> list[Notice | None]:
    """What tells the receivers of ``apps``, the inner ones first, of signals of these classes; None where nobody hears."""
    records = [one for app in reversed(apps) for one in app.declared.life.receivers]
    wanted = [one for one in records if isinstance(one.what, type) and issubclass(one.what, RequestSignal)]
    if not wanted:
        return [None] * len(kinds)
    receivers = Receivers(wanted)
    return [receivers.notice(kind) for kind in kinds]


def rendering(apps: Sequence[Recorded]) -> Rendering | None:
    """What a result goes through before a response is made of it, where somebody wants to know of that."""
    (notice,) = notices_of(apps, ResultRendering)
    if notice is None:
        return None

    async def told(request: Request, value: Any) -> Any:
        if isinstance(value, Response) or inspect.isawaitable(value):
            return value
        is_tuple = is_reply_tuple(value)
        held = [value[0] if is_tuple else value]
        await notice(ResultRendering(request, held))
        return (held[0], *value[1:]) if is_tuple else held[0]

    return told


def _arguments(function: Callable[..., Any]) -> int:
    kinds = [one.kind for one in inspect.signature(function).parameters.values()]
    positional = [kind for kind in kinds if kind.name.startswith("POSITIONAL")]
    return len(positional)
