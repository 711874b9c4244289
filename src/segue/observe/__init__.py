"""What those who run an app want to know of it, each a plugin; an app that lists none pays nothing.

- ``Health``: ``/health`` and ``/ready`` for load balancers and orchestrators, with checks of what the app depends on.
- ``Metrics``: ``/metrics`` for Prometheus.                                                    (prometheus-client)
- ``Tracing``: a span for each request, in the trace that the client began.                    (opentelemetry-api)
- ``RequestLogs``: each record of the log says which request it belongs to; ``add_request`` does so for structlog.
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late
from segue.observe.plugin import Health, Metrics, RequestLogs, Tracing

if TYPE_CHECKING:
    from segue.observe.records import add_request

__all__ = ["Health", "Metrics", "RequestLogs", "Tracing", "add_request"]


# Where segue.core.context is loaded, apps carry their requests: only who wants the name pays for it.
__getattr__ = opened_late(__name__, {"add_request": "records"})
