"""The stages of one endpoint: its hooks, and the making of its object, as middleware around the compiled call."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from segue.core.binding.calling import Calling
from segue.core.binding.compiler import bind, compile_function
from segue.core.binding.parameters import MISSING, HandlerError, Parameter
from segue.core.handlers import Endpoint
from segue.core.options import Options
from segue.core.providing.injecting import injected
from segue.core.providing.providers import ProvidersOf
from segue.core.providing.scoped import scoped
from segue.core.providing.steps import Wiring
from segue.core.providing.wiring import Injection
from segue.core.records import MiddlewareLike, Next
from segue.core.results.finishing import Finish
from segue.core.source import source_of
from segue.core.styles.hooks import Hook
from segue.http.errors import UnprocessableContent
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Needs", "Read", "Stages", "guarding_mount", "guards_of", "reraise"]


class Needs(NamedTuple):
    """What a stage needs to be called: its parameters, and what is provided for them."""

    parameters: tuple[Parameter, ...]
    wiring: Wiring


Read = Callable[[Callable[..., Any], Calling], Needs]
"""Reads the parameters of a function that is called for the endpoint. Raises HandlerError."""


async def reraise(_: Request, error: Exception) -> Response:
    """What a compiled call does with an exception where stages stand around it: they see it first."""
    raise error


class Stages:
    """The stages of ``endpoint``. Parameters are read at once, so that what is wrong is in the report of the freeze."""

    def __init__(
        self, endpoint: Endpoint, calling: Calling, injection: Injection, read: Read, guards: Wiring
    ) -> None:
        self.endpoint = endpoint
        self.calling = calling
        self.injection = injection
        self.threads = injection.app.threads
        self.made = False
        #: Whether something is provided for them that the handler may need too: it lives in a scope around all.
        self.share = False
        self._read = read
        self._makers: list[Callable[[Mapping[str, type | None]], MiddlewareLike]] = []
        if guards.steps:
            self.share = True
            self._makers.append(lambda kinds: guarding(guards, injection, endpoint, kinds))
        for hook in calling.hooks:
            self._add(hook)
        if calling.made and not self.made:
            self._make()

    def __bool__(self) -> bool:
        return bool(self._makers) or self.share

    def compiled(
        self, path_kinds: Mapping[str, type | None], renames: Mapping[str, str]
    ) -> list[MiddlewareLike]:
        """Them as middleware, the outermost first. Called when the first request comes."""
        stages = [make(path_kinds) for make in self._makers]
        if self.share:
            stages.insert(0, scoped(self.injection))
        return [_renaming(renames), *stages] if renames else stages

    # --- one of them ---------------------------------------------------------------------------------------------

    def _add(self, hook: Hook) -> None:
        if hook.kind == "around":
            self._makers.append(lambda _: hook.function)
            return
        function, calling = self._own(hook.function)
        if hook.arguments:
            calling = calling._replace(arguments="open", rest=self.calling.rest)
        if calling.kind is not None and self.calling.made and not self.made:
            self._make()
        place = source_of(hook.function, self.endpoint.place)
        told = f"the hook {getattr(hook.function, '__qualname__', hook.function)} ({place})"
        needs = self._needs(function, calling._replace(outcome=_OUTCOMES.get(hook.kind)))
        if any(one.origin == "socket" for one in needs.parameters):
            raise HandlerError(f"{told} asks for the WebSocket, which is not open before the handler runs")
        options = Options(status=422) if hook.kind == "invalid" else Options()
        stands_for = Endpoint(self.endpoint.app, told, hook.function, place, options)
        finish = Finish(stands_for, self.threads, MISSING)

        def make(path_kinds: Mapping[str, type | None]) -> MiddlewareLike:
            call = self._compile(function, needs, path_kinds, calling, in_thread=hook.in_thread)
            return _KINDS[hook.kind](call, finish)

        self._makers.append(make)

    def _own(self, function: Callable[..., Any]) -> tuple[Callable[..., Any], Calling]:
        """A hook whose first parameter is ``self`` is one of the object of the handler."""
        if inspect.isfunction(function) and next(iter(inspect.signature(function).parameters), "") == "self":
            if self.calling.kind is not None:
                return function, Calling(kind=self.calling.kind)
            owner = getattr(inspect.unwrap(self.endpoint.handler), "__self__", None)
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
        needs = self._needs(kind, Calling())

        def make(path_kinds: Mapping[str, type | None]) -> MiddlewareLike:
            call = self._compile(kind, needs, path_kinds, Calling(), in_thread=False)

            async def making(request: Request, next: Next) -> Response:
                made = await call(request)
                if request.made is None:
                    request.made = {}
                request.made["controller"] = made
                return await next(request)

            return making

        self._makers.append(make)

    def _needs(self, function: Callable[..., Any], calling: Calling) -> Needs:
        needs = self._read(function, calling)
        self.share = self.share or needs.wiring.per_request
        return needs

    def _compile(
        self,
        function: Callable[..., Any],
        needs: Needs,
        path_kinds: Mapping[str, type | None],
        calling: Calling,
        *,
        in_thread: bool,
    ) -> Callable[..., Any]:
        wiring = needs.wiring
        bound = bind(
            function,
            needs.parameters,
            path_kinds,
            self.endpoint.bodies,
            wiring.inputs,
            calling.taking,
        )
        made = injected(wiring, self.injection, in_thread=in_thread, shared=True)
        call = bound.call
        if in_thread:
            bound.names["run"] = self.threads.run
            call = "await run(" + call.replace("(", ", ", 1).replace(", )", ")")
        lines = [
            "async def call(request, outcome=None):",
            *[f"    {line}" for line in (*bound.lines, *made.lines)],
            f"    value = {call}",
            "    return await value if isawaitable(value) else value",
        ]
        bound.names["isawaitable"] = inspect.isawaitable
        return compile_function("\n".join(lines) + "\n", {**made.names, **bound.names})


def guarding(
    wiring: Wiring, injection: Injection, endpoint: Endpoint, path_kinds: Mapping[str, type | None]
) -> MiddlewareLike:
    """A middleware that calls the functions of ``requires=[...]`` before anything else is done."""
    bound = bind(_nothing, (), path_kinds, endpoint.bodies, wiring.inputs)
    made = injected(wiring, injection, in_thread=False, shared=True)
    lines = ["async def call(request):", *[f"    {line}" for line in (*bound.lines, *made.lines)]]
    call = compile_function("\n".join(lines) + "\n", {**made.names, **bound.names})

    async def guard(request: Request, next: Next) -> Response:
        await call(request)
        return await next(request)

    return guard


def guarding_mount(wiring: Wiring, injection: Injection, endpoint: Endpoint) -> list[MiddlewareLike]:
    """The same for a mounted application, which is not compiled."""
    return [scoped(injection), guarding(wiring, injection, endpoint, {})]


def guards_of(
    endpoint: Endpoint, injection: Injection, view: ProvidersOf, path_names: Sequence[str]
) -> Wiring:
    """What the functions of ``requires=[...]`` need. Raises HandlerError."""
    guards = [injection.guard(one, view, endpoint.place) for one in endpoint.options.requires]
    return injection.wire((), view, path_names, guards)


def _nothing() -> None:
    """What is called after the functions of ``requires``: they are all."""


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


def _invalid(call: Callable[..., Any], finish: Finish) -> MiddlewareLike:
    async def invalid(request: Request, next: Next) -> Response:
        try:
            return await next(request)
        except UnprocessableContent as error:
            value = await call(request, error)
            if value is None:
                raise
        return await finish(request, value)

    return invalid


_KINDS = {"before": _before, "after": _after, "invalid": _invalid}
_OUTCOMES: dict[str, type] = {"after": Response, "invalid": UnprocessableContent}


def _renaming(renames: Mapping[str, str]) -> MiddlewareLike:
    async def renaming(request: Request, next: Next) -> Response:
        request.params = {new: request.params[old] for new, old in renames.items()}
        return await next(request)

    return renaming
