"""Says in each record of the log which request it belongs to."""

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from segue.core.context import current_request
from segue.core.errors.handlers import request_id

__all__ = ["Marking", "add_request", "request_fields"]

Factory = Callable[..., logging.LogRecord]


def request_fields() -> dict[str, str]:
    """What a record says of the request that is answered: nothing where there is none."""
    try:
        request = current_request()
    except RuntimeError:
        return {}
    route = getattr(request.endpoint, "name", None)
    fields = {"request_id": request_id(request), "method": request.method, "path": request.path}
    return fields if route is None else {**fields, "endpoint": route}


def add_request(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog: events say which request they belong to.

    structlog.configure(processors=[add_request, structlog.processors.JSONRenderer()])

    What an event says itself stays. It needs an app with the plugin RequestLogs, and structlog.
    """
    for key, value in request_fields().items():
        event.setdefault(key, value)
    return event


class Marking:
    """Lets the records of the standard library's logging say it too, while an app runs that wants so."""

    def __init__(self) -> None:
        self._inner: Factory | None = None

    def begin(self) -> None:
        inner = self._inner = logging.getLogRecordFactory()

        def marked(*args: Any, **named: Any) -> logging.LogRecord:
            record = inner(*args, **named)
            for key, value in request_fields().items():
                setattr(record, key, value)
            return record

        self._marked = marked
        logging.setLogRecordFactory(marked)

    def end(self) -> None:
        """Gives it back as it was, unless somebody else has put theirs around it since."""
        if self._inner is not None and logging.getLogRecordFactory() is self._marked:
            logging.setLogRecordFactory(self._inner)
        self._inner = None
