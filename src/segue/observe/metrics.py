"""Counts and times of requests for Prometheus, by route and never by path: what clients send makes no new series."""

import os
from collections.abc import Iterable, Sequence

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.metrics_core import Metric
except ImportError:
    raise ImportError("Metrics needs the package prometheus-client: pip install 'segue[obs]'") from None

from segue.core.life.signals import (
    RequestFailed,
    RequestFinished,
    RequestStarted,
    WebSocketClosed,
    WebSocketOpened,
)
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Measures"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"})
_SHARED = "PROMETHEUS_MULTIPROC_DIR"


class Measures:
    """The series of one app, and the reply that has them and those that the app itself has registered."""

    def __init__(self, buckets: Sequence[float]) -> None:
        own = self._own = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests that are over.", ["method", "route", "status"], registry=own
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the head of a request to the end of its response.",
            ["method", "route"],
            buckets=tuple(buckets),
            registry=own,
        )
        self._failures = Counter(
            "http_request_failures", "Exceptions that no handler foresaw.", ["route", "error"], registry=own
        )
        self._open = Gauge(
            "http_requests_in_progress",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._sockets = Gauge(
            "websockets_open",
            "WebSockets that are open.",
            ["route"],
            registry=own,
            multiprocess_mode="livesum",
        )
        # PERF: `labels` takes a lock and 0.7 us each.
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram | None]] = {}

    # --- what happens --------------------------------------------------------------------------------------------

    def started(self, _: RequestStarted) -> None:
        self._open.inc()

    def finished(self, signal: RequestFinished) -> None:
        self._open.dec()
        request, response = signal.request, signal.response
        # 499: the client has gone, or time ran out, before there was a response.
        status = 499 if response is None else response.status
        method = request.method if request.method in _METHODS else "other"
        key = (method, route_of(request), status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = (
                self._requests.labels(method, key[1], str(status)),
                # A WebSocket is open for as long as somebody talks.
                None if status == 101 else self._seconds.labels(method, key[1]),
            )
        count, seconds = series
        count.inc()
        if seconds is not None:
            seconds.observe(signal.seconds)

    def failed(self, signal: RequestFailed) -> None:
        self._failures.labels(route_of(signal.request), type(signal.error).__name__).inc()

    def opened(self, signal: WebSocketOpened) -> None:
        self._sockets.labels(route_of(signal.request)).inc()

    def closed(self, signal: WebSocketClosed) -> None:
        self._sockets.labels(route_of(signal.request)).dec()

    # --- what is told --------------------------------------------------------------------------------------------

    def reply(self, request: Request) -> Response:
        """All series, in the format that the client asks for; those of all workers, where they share a folder."""
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        registry = CollectorRegistry()
        if os.environ.get(_SHARED):
            from prometheus_client.multiprocess import MultiProcessCollector

            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no annotations
        else:
            registry.register(_Both(self._own))
        return Response(encode(registry), 200, [("cache-control", "no-store")], media_type)

    @staticmethod
    def leave() -> None:
        """Takes what only counts while this process lives out of the shared folder."""
        if os.environ.get(_SHARED):
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # as above


class _Both:
    """Our series, and those that anybody has made without a registry."""

    def __init__(self, own: CollectorRegistry) -> None:
        self._own = own

    def collect(self) -> Iterable[Metric]:
        yield from self._own.collect()
        yield from REGISTRY.collect()


def route_of(request: Request) -> str:
    """The template of the route that answers: ``/films/{id}``."""
    return getattr(request.endpoint, "path", None) or "none"
