"""The plugins: what each of them declares."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from segue.core.life.signals import (
    RequestFailed,
    RequestFinished,
    RequestStarted,
    WebSocketClosed,
    WebSocketOpened,
)
from segue.core.plugins.setup import Setup
from segue.http.request import Request
from segue.http.response import Response
from segue.observe.checks import Check, Checks, Report

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["Health", "Metrics", "RequestLogs", "Tracing"]

F = TypeVar("F", bound=Callable[..., Any])

#: Seconds; as the buckets that OpenTelemetry names for the duration of HTTP requests.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Health:
    """Plugin: ``/health`` says that the process answers, ``/ready`` whether all is there that it needs.

        health = Health()
        app = App(plugins=[health])

        @health.check
        async def database(db: Database) -> None:
            await db.execute("select 1")

    ``/health`` is for who starts a process anew that hangs: it asks nobody. ``/ready`` is for who sends it requests: 503
    while a check fails. A check fails if it raises, returns False, or takes longer than ``timeout`` seconds; what it
    takes is provided. Why it fails is in the log, not in the reply. ``fresh``: seconds for which a report is kept.
    Included apps and plugins add checks by ``app.declare("health", function)``.
    """

    name = "health"

    def __init__(
        self, *, live: str = "/health", ready: str = "/ready", timeout: float = 2.0, fresh: float = 1.0
    ) -> None:
        self._live = live
        self._ready = ready
        self._timeout = timeout
        self._fresh = fresh
        self._own: list[Check] = []

    @overload
    def check(self, function: F, /) -> F: ...
    @overload
    def check(self, /, *, name: str = ..., timeout: float | None = ...) -> Callable[[F], F]: ...
    def check(
        self, function: Callable[..., Any] | None = None, /, *, name: str = "", timeout: float | None = None
    ) -> Any:
        """Lets ``/ready`` ask the decorated function; its name is what the reply calls it."""

        def register(one: F) -> F:
            self._own.append(self._named(one, name, timeout))
            return one

        return register if function is None else register(function)

    def setup(self, to: Setup) -> None:
        checks = Checks(self._fresh)
        for one in self._own:
            checks.add(one)

        def declare(
            _: Setup, function: Callable[..., Any], *, name: str = "", timeout: float | None = None
        ) -> None:
            checks.add(self._named(function, name, timeout))

        async def live() -> Response:
            return Response(b'{"status":"ok"}', 200, [("cache-control", "no-store")], "application/json")

        async def ready(request: Request) -> tuple[Report, int, dict[str, str]]:
            report = await checks.report(request.app)
            return report, 200 if report.status == "ok" else 503, {"cache-control": "no-store"}

        async def span() -> AsyncIterator[None]:
            yield
            await checks.end()

        to.directive("health", declare)
        to.get(self._live, name="health.live", documented=False)(live)
        to.get(self._ready, name="health.ready", documented=False)(ready)
        to.lifespan(span)

    def _named(self, function: Callable[..., Any], name: str, timeout: float | None) -> Check:
        name = name or str(getattr(function, "__name__", type(function).__name__))
        return Check(name, function, self._timeout if timeout is None else timeout)


class Metrics:
    """Plugin: ``/metrics`` tells Prometheus how many requests there were, how long they took and what has failed.

        app = App(plugins=[Metrics()])

    By method, route and status: ``http_requests_total``, ``http_request_duration_seconds``,
    ``http_request_failures_total``, ``http_requests_in_progress``, ``websockets_open``; and all that the app has registered
    with prometheus-client itself. ``requires``: guards, as those of a route; without one, whoever reaches the path may
    read it. ``buckets``: of the durations, in seconds. With several workers, set ``PROMETHEUS_MULTIPROC_DIR`` to an empty
    folder: otherwise each of them tells of itself alone.

    Raises ImportError without prometheus-client.
    """

    name = "metrics"

    def __init__(
        self,
        path: str = "/metrics",
        *,
        requires: Sequence[Callable[..., Any]] = (),
        buckets: Sequence[float] = BUCKETS,
    ) -> None:
        self._path = path
        self._requires = list(requires)
        self._buckets = buckets

    def setup(self, to: Setup) -> None:
        from segue.observe.metrics import Measures

        measures = Measures(self._buckets)

        def metrics(request: Request) -> Response:
            return measures.reply(request)

        async def span() -> AsyncIterator[None]:
            yield
            measures.leave()

        to.on(RequestStarted)(measures.started)
        to.on(RequestFinished)(measures.finished)
        to.on(RequestFailed)(measures.failed)
        to.on(WebSocketOpened)(measures.opened)
        to.on(WebSocketClosed)(measures.closed)
        to.get(self._path, name="metrics", documented=False, requires=self._requires)(metrics)
        to.lifespan(span)


class Tracing:
    """Plugin: each request is a span of OpenTelemetry, in the trace that its client began.

        app = App(plugins=[Tracing()])

    What runs for the request runs inside of the span, in tasks and threads too, so that spans of database drivers and
    clients are below it. It has the route, the status, and what has failed. Where spans go is said to OpenTelemetry's
    own SDK; without one, nothing is recorded. ``tracer_provider``: instead of the global one. ``believe``: whether the
    ``traceparent`` of the client is taken over; not for an app that strangers reach directly.

    Raises ImportError without opentelemetry-api.
    """

    name = "tracing"

    def __init__(self, tracer_provider: "TracerProvider | None" = None, *, believe: bool = True) -> None:
        self._provider = tracer_provider
        self._believe = believe

    def setup(self, to: Setup) -> None:
        from segue.observe.spans import Spans

        spans = Spans(self._provider, believe=self._believe)
        to.middleware(spans)
        to.on(RequestFailed)(spans.failed)


class RequestLogs:
    """Plugin: each record that is logged while a request is answered says which one it was.

        app = App(plugins=[RequestLogs()])
        app.middleware(RequestIds())

    Records have ``request_id``, ``method``, ``path`` and ``endpoint``: formats can name them, and
    ``segue serve --log-format json`` writes them. For structlog there is the processor :func:`segue.observe.add_request`.
    """

    name = "request-logs"

    def setup(self, to: Setup) -> None:
        from segue.observe.records import Marking

        async def span() -> AsyncIterator[None]:
            marking = Marking()
            marking.begin()
            try:
                yield
            finally:
                marking.end()

        to.lifespan(span)
