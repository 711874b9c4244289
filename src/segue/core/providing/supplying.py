"""Middleware, error handlers and lifespans that ask for what is provided: wrapped at freeze, untouched where they do not."""

import contextlib
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any

from segue.core.binding.parameters import HandlerError, Parameter, Served, read_needs
from segue.core.errors.handlers import ErrorHandlers
from segue.core.life.lifespan import Span, span
from segue.core.life.records import Hook as RequestHook, TaskRecord
from segue.core.providing.providers import ProvidersOf
from segue.core.providing.scope import Scope
from segue.core.providing.scoped import answer_in, scoped
from segue.core.providing.wiring import Injection
from segue.core.records import Around, MiddlewareLike, Next, Recorded
from segue.core.source import Source, source_of
from segue.http.request import Request
from segue.http.response import Response

__all__ = [
    "error_handlers_of",
    "needs_beyond",
    "spans_of",
    "supplied",
    "supplied_error_handlers",
    "supplied_stack",
    "tasks_of",
]

_NO_NAMES: Mapping[str, Any] = {}


def supplied(
    app: Recorded, injection: Injection, view: ProvidersOf
) -> tuple[list[Around], list[RequestHook]]:
    """The middleware and the request hooks of an app, with what is provided for them.

    What is wrong with them goes to the problems.
    """
    stack = supplied_stack(app.declared.middleware, injection, view)
    hooks: list[RequestHook] = []
    opens = False
    for hook in app.declared.life.hooks:
        try:
            function, shares = _supplied_hook(hook, injection, view)
        except HandlerError as error:
            injection.problem(str(error))
            continue
        hooks.append(hook._replace(function=function))
        opens = opens or shares
    if opens and not any(one.opens for one in stack):
        stack.append(Around(scoped(injection), hooks[0].place, is_internal=True, opens=True))
    return stack, hooks


def _supplied_hook(
    hook: RequestHook, injection: Injection, view: ProvidersOf
) -> tuple[Callable[..., Any], bool]:
    """``(request, mailer: Mailer)`` as a hook; and whether it needs the scope of the request."""
    function = hook.function
    if hook.kind == "teardown":  # it runs when all was cleaned up
        return function, False
    needs = needs_beyond(function, 1 if hook.kind == "before" else 2, injection, view, hook.place)
    if not needs:
        return function, False

    async def with_scope(request: Request, *response: Response) -> Any:
        scope: Scope = (request.made or {}).get("scope") or Scope(injection, view, request)
        try:
            result = function(request, *response, **await scope.take(needs, view))
            return await result if inspect.isawaitable(result) else result
        except Exception as error:
            scope.error = error  # it is answered before the scope is left
            raise

    return with_scope, not lives_on(needs, injection, view)


def supplied_stack(stack: Iterable[Around], injection: Injection, view: ProvidersOf) -> list[Around]:
    """Middleware, with what is provided for it."""
    found: list[Around] = []
    for one in stack:
        if one.is_internal or one.supplied is not None:
            found.append(one)
            continue
        try:
            called, opens = supplied_middleware(one.middleware, injection, view, one.place)
        except HandlerError as error:
            injection.problem(str(error))
            continue
        found.append(one if called is one.middleware else one._replace(supplied=called, opens=opens))
    return found


def error_handlers_of(app: Recorded, injection: Injection, view: ProvidersOf) -> ErrorHandlers:
    """The error handlers of ``app``, with what is provided for them."""
    own = {what for what, _, _ in app.declared.errors}
    theirs = [one for one in app.declared.plugin_errors if one[0] not in own]
    return supplied_error_handlers((*app.declared.errors, *theirs), injection, view)


def supplied_error_handlers(
    declared: Iterable[tuple[type[Exception] | int, Callable[..., Any], Source]],
    injection: Injection,
    view: ProvidersOf,
) -> ErrorHandlers:
    """Error handlers with what is provided for them. What is wrong with them goes to the problems."""
    handlers = ErrorHandlers()
    for what, function, place in declared:
        try:
            handlers.add(what, supplied_error_handler(function, injection, view, place))
        except HandlerError as error:
            injection.problem(str(error))
        except (ValueError, TypeError) as error:
            injection.problem(f"{place}: {error}")
    return handlers


def spans_of(app: Recorded, injection: Injection, view: ProvidersOf) -> list[Span]:
    """The lifespans of ``app``, with what is provided for them."""
    spans: list[Span] = []
    for function, place in app.declared.spans:
        try:
            spans.append(span(supplied_lifespan(function, app, injection, view, place), app))
        except HandlerError as error:
            injection.problem(str(error))
        except TypeError as error:
            injection.problem(f"{place}: {error}")
    return spans


def tasks_of(app: Recorded, injection: Injection, view: ProvidersOf) -> list[TaskRecord]:
    """The tasks of ``app``, with what is provided for them: anew for each run."""
    tasks: list[TaskRecord] = []
    for task in app.declared.life.tasks:
        try:
            needs = needs_beyond(task.function, 0, injection, view, task.place)
            _not_requested(needs, f"{task.place}: the task {task.name}")
        except HandlerError as error:
            injection.problem(str(error))
            continue
        tasks.append(task if not needs else task._replace(function=_run(task.function, injection, view)))
    return tasks


def _run(function: Callable[..., Any], injection: Injection, view: ProvidersOf) -> Callable[[], Any]:
    async def run() -> Any:
        async with Scope(injection, view) as scope:
            return await scope.call(function)

    return run


def _not_requested(needs: Iterable[Parameter], told: str) -> None:
    for one in needs:
        if one.origin not in ("provided", "app"):
            raise HandlerError(
                f"{told} takes {one.name!r} from a request ({one.origin}), but runs outside of requests"
            )


def needs_beyond(
    function: Callable[..., Any], count: int, injection: Injection, view: ProvidersOf, place: Source
) -> tuple[Parameter, ...]:
    """What a function wants besides the first ``count`` arguments that it is called with. Raises HandlerError."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return ()
    positional = [
        one.name for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    given = set(positional[:count])
    rest = [one for one in parameters if one.name not in given]
    # Nothing is read of a function that takes just what it is given: its annotations may be anything.
    if all(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in rest):
        return ()
    needs = read_needs(
        function,
        path_names=(),
        place=source_of(function, place),
        names=_NO_NAMES,
        served=Served(type(injection.app), injection.app.request_class),
        offers=injection.offers(view),
        infers=False,
        given=given,
    )
    injection.wire(needs, view, ())  # for what is wrong with it
    return needs


def lives_on(needs: tuple[Parameter, ...], injection: Injection, view: ProvidersOf) -> bool:
    """Whether all of it lives with the app, so that no scope is needed for it."""
    return all(
        one.origin == "app" or (one.origin == "provided" and injection.provider(one, view).life == "app")
        for one in needs
    )


def supplied_middleware(
    middleware: MiddlewareLike, injection: Injection, view: ProvidersOf, place: Source
) -> tuple[MiddlewareLike, bool]:
    """``async (request, next, mailer: Mailer)`` as a middleware; and whether it opens a scope for the request."""
    needs = needs_beyond(middleware, 2, injection, view, place)
    if not needs:
        return middleware, False
    function: Callable[..., Any] = middleware

    if lives_on(needs, injection, view):

        async def with_app_life(request: Request, next: Next) -> Response:
            response: Response = await function(
                request, next, **await Scope(injection, view, request).take(needs, view)
            )
            return response

        return with_app_life, False

    async def with_scope(request: Request, next: Next) -> Response:
        made = request.made
        if made is None:
            made = request.made = {}
        scope: Scope | None = made.get("scope")
        opened = scope is None
        if scope is None:
            scope = made["scope"] = Scope(injection, view, request)
        here = scope

        async def answer(request: Request) -> Response:
            response: Response = await function(request, next, **await here.take(needs, view))
            return response

        return await (answer_in(here, request, answer) if opened else answer(request))

    return with_scope, True


def supplied_error_handler(
    handler: Callable[..., Any], injection: Injection, view: ProvidersOf, place: Source
) -> Callable[..., Any]:
    """``(request, error, mailer: Mailer)`` as an error handler. What failed has been cleaned up: it has a scope of its own."""
    needs = needs_beyond(handler, 2, injection, view, place)
    if not needs:
        return handler

    @functools.wraps(handler)
    async def with_scope(request: Request, error: Exception) -> Any:
        scope = Scope(injection, view, request)
        try:
            result = handler(request, error, **await scope.take(needs, view))
            if inspect.isawaitable(result):
                result = await result
        except BaseException as failure:
            await scope.leave(failure)
            raise
        await scope.leave()
        return result

    return with_scope


def supplied_lifespan(
    function: Callable[..., Any], app: Any, injection: Injection, view: ProvidersOf, place: Source
) -> Callable[..., Any]:
    """``async def life(app, pool: Pool)`` as a lifespan: what is provided is made before it starts."""
    if not callable(function):
        return function
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return function
    if len(parameters) < 1 or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return function
    first = parameters[0]
    takes_app = first.annotation is first.empty or first.annotation in ("App", type(app), Any)
    count = 1 if takes_app else 0
    if any(one.annotation is one.empty for one in parameters[count:]):
        return function
    needs = needs_beyond(function, count, injection, view, place)
    if not any(one.origin == "provided" for one in needs):
        return function
    _not_requested(needs, f"{place}: the lifespan {getattr(function, '__qualname__', function)}")
    make = contextlib.asynccontextmanager(function) if inspect.isasyncgenfunction(function) else function
    given = (app,) if takes_app else ()

    @contextlib.asynccontextmanager
    async def live() -> AsyncGenerator[None, None]:
        async with Scope(injection, view) as scope, make(*given, **await scope.take(needs, view)):
            yield

    return live
