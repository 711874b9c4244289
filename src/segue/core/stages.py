"""The stages of one endpoint: its hooks, and the making of its object, as middleware around the compiled call."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from segue.core.binding import bind, compile_function
from segue.core.calling import Calling
from segue.core.endpoints import Finish
from segue.core.handlers import Endpoint
from segue.core.hooks import Hook
from segue.core.options import Options
from segue.core.parameters import MISSING, HandlerError, Parameter
from segue.core.records import MiddlewareLike, Next
from segue.core.source import source_of
from segue.core.threads import Threads
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Read", "Stages", "reraise"]

Read = Callable[[Callable[..., Any], Calling], tuple[Parameter, ...]]
"""Reads the parameters of a function that is called for the endpoint. Raises HandlerError."""


async def reraise(_: Request, error: Exception) -> Response:
    """What a compiled call does with an exception where stages stand around it: they see it first."""
    raise error


class Stages:
    """The stages of ``endpoint``. Parameters are read at once, so that what is wrong is in the report of the freeze."""

    def __init__(self, endpoint: Endpoint, calling: Calling, threads: Threads, read: Read) -> None:
        self.endpoint = endpoint
        self.calling = calling
        self.threads = threads
        self.made = False
        self._read = read
        self._makers: list[Callable[[Mapping[str, type | None]], MiddlewareLike]] = []
        for hook in calling.hooks:
            self._add(hook)
        if calling.made and not self.made:
            self._make()

    def __bool__(self) -> bool:
        return bool(self._makers)

    def compiled(
        self, path_kinds: Mapping[str, type | None], renames: Mapping[str, str]
    ) -> list[MiddlewareLike]:
        """Them as middleware, the outermost first. Called when the first request comes."""
        stages = [make(path_kinds) for make in self._makers]
        return [_renaming(renames), *stages] if renames else stages

    # --- one of them ---------------------------------------------------------------------------------------------

    def _add(self, hook: Hook) -> None:
        if hook.kind == "around":
            self._makers.append(lambda _: hook.function)
            return
        function, calling = self._own(hook.function)
        if calling.kind is not None and self.calling.made and not self.made:
            self._make()
        place = source_of(hook.function, self.endpoint.place)
        told = f"the hook {getattr(hook.function, '__qualname__', hook.function)} ({place})"
        parameters = self._read(function, calling._replace(response=hook.kind == "after"))
        if any(one.origin == "socket" for one in parameters):
            raise HandlerError(f"{told} asks for the WebSocket, which is not open before the handler runs")
        finish = Finish(
            Endpoint(self.endpoint.app, told, hook.function, place, Options()), self.threads, MISSING
        )

        def make(path_kinds: Mapping[str, type | None]) -> MiddlewareLike:
            call = self._compile(function, parameters, path_kinds, in_thread=hook.in_thread)
            return _before(call, finish) if hook.kind == "before" else _after(call, finish)

        self._makers.append(make)

    def _own(self, function: Callable[..., Any]) -> tuple[Callable[..., Any], Calling]:
        """A hook whose first parameter is ``self`` is one of the object of the handler."""
        if inspect.isfunction(function) and next(iter(inspect.signature(function).parameters), "") == "self":
            if self.calling.kind is not None:
                return function, Calling(kind=self.calling.kind)
            owner = getattr(self.endpoint.handler, "__self__", None)
            if owner is None:
                raise HandlerError(
                    f"{self.endpoint}: its hook {function.__qualname__} takes self, but the handler is no method"
                )
            return function.__get__(owner), Calling()
        return function, Calling()

    def _make(self) -> None:
        """The object of the handler is made here: before the first that needs it."""
        kind = self.calling.kind
        if kind is None:
            return
        self.made = True
        parameters = self._read(kind, Calling())

        def make(path_kinds: Mapping[str, type | None]) -> MiddlewareLike:
            call = self._compile(kind, parameters, path_kinds, in_thread=False)

            async def making(request: Request, next: Next) -> Response:
                made = await call(request)
                if request.made is None:
                    request.made = {}
                request.made["controller"] = made
                return await next(request)

            return making

        self._makers.append(make)

    def _compile(
        self,
        function: Callable[..., Any],
        parameters: tuple[Parameter, ...],
        path_kinds: Mapping[str, type | None],
        *,
        in_thread: bool,
    ) -> Callable[..., Any]:
        bound = bind(function, parameters, path_kinds, self.endpoint.options.max_body)
        call = bound.call
        if in_thread:
            bound.names["run"] = self.threads.run
            call = "await run(" + call.replace("(", ", ", 1).replace(", )", ")")
        lines = [
            "async def call(request, response=None):",
            *[f"    {line}" for line in bound.lines],
            f"    value = {call}",
            "    return await value if isawaitable(value) else value",
        ]
        bound.names["isawaitable"] = inspect.isawaitable
        return compile_function("\n".join(lines) + "\n", bound.names)


def _before(call: Callable[..., Any], finish: Finish) -> MiddlewareLike:
    async def before(request: Request, next: Next) -> Response:
        stop = await call(request)
        return await next(request) if stop is None else await finish(request, stop)

    return before


def _after(call: Callable[..., Any], finish: Finish) -> MiddlewareLike:
    async def after(request: Request, next: Next) -> Response:
        response = await next(request)
        other = await call(request, response)
        return response if other is None else await finish(request, other)

    return after


def _renaming(renames: Mapping[str, str]) -> MiddlewareLike:
    async def renaming(request: Request, next: Next) -> Response:
        request.params = {new: request.params[old] for new, old in renames.items()}
        return await next(request)

    return renaming
