"""A span of OpenTelemetry for each request, by its semantic conventions for HTTP servers."""

from collections.abc import Mapping
from typing import Any

try:
    from opentelemetry import context, propagate, trace
    from opentelemetry.propagators.textmap import Getter
except ImportError:
    raise ImportError("Tracing needs the package opentelemetry-api: pip install 'segue[obs]'") from None

from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.life.signals import RequestFailed
from segue.core.records import Next
from segue.http.headers import Headers
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Spans"]

_KEPT = "span"


class _Fields(Getter[Headers]):
    """Reads what a client says of its trace."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        return carrier.get_all(key) or None

    def keys(self, carrier: Headers) -> list[str]:
        return list(carrier)


_fields = _Fields()


class Spans:
    """Middleware: what runs for a request runs in its span, in whatever task or thread that is."""

    def __init__(self, provider: trace.TracerProvider | None, *, believe: bool) -> None:
        self._tracer = trace.get_tracer("segue", tracer_provider=provider)
        self._believe = believe

    async def __call__(self, request: Request, next: Next) -> Response:
        outer = propagate.extract(request.headers, getter=_fields) if self._believe else context.Context()
        span = self._tracer.start_span(
            request.method, outer, kind=trace.SpanKind.SERVER, attributes=_attributes(request)
        )
        if not span.is_recording():
            return await self._within(span, outer, request, next)
        made = request.made = {} if request.made is None else request.made
        made[_KEPT] = span
        try:
            response = await self._within(span, outer, request, next)
        except BaseException:
            self._end(span, request, None)
            raise
        request.after(self._end, span, request, response)
        return response

    async def _within(
        self, span: trace.Span, outer: context.Context, request: Request, next: Next
    ) -> Response:
        carried = Carried(context.attach, context.detach, trace.set_span_in_context(span, outer))
        return carried_on(carried, await stepwise(carried, next(request)))

    @staticmethod
    def failed(signal: RequestFailed) -> None:
        """Notes an exception in the span of its request."""
        span: trace.Span | None = (signal.request.made or {}).get(_KEPT)
        if span is not None:
            span.record_exception(signal.error)
            span.set_attribute("error.type", type(signal.error).__qualname__)

    @staticmethod
    def _end(span: trace.Span, request: Request, response: Response | None) -> None:
        route = getattr(request.endpoint, "path", None)
        if route:
            span.update_name(f"{request.method} {route}")
            span.set_attribute("http.route", route)
        if response is not None:
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= 500:
                span.set_status(trace.StatusCode.ERROR)
        span.end()


def _attributes(request: Request) -> Mapping[str, Any]:
    """What is known before anybody has looked at the request; no query, in which there may be secrets."""
    fields: dict[str, Any] = {
        "http.request.method": request.method,
        "url.path": request.path,
        "url.scheme": request.scheme,
        "server.address": request.host,
    }
    if request.client:
        fields["client.address"] = request.client[0]
    agent = request.headers.get("user-agent")
    if agent:
        fields["user_agent.original"] = agent[:256]
    return fields
