"""An application that records what reaches it, for attacks that must not reach it."""

import logging
from collections.abc import Awaitable, Callable

from segue.http.errors import ClientDisconnected, HTTPError
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response, json_response

__all__ = ["Recorder"]

Handler = Callable[[Request], Awaitable[Response]]

logger = logging.getLogger("segue.test")


class _Endpoint:
    def __init__(self, handler: Handler, on_disconnect: str, timeout: float | None) -> None:
        self.handler = handler
        self.on_disconnect = on_disconnect
        self.timeout = timeout

    def __str__(self) -> str:
        code = self.handler.__code__  # type: ignore[attr-defined] # a function, in these tests
        return f"{code.co_name} ({code.co_filename}:{code.co_firstlineno})"


class Recorder:
    """Answers every path that has no handler by telling what it understood: what two parsers may disagree about."""

    def __init__(self) -> None:
        self.default_headers: RawHeaders = []
        self.endpoints: dict[str, _Endpoint] = {}
        self.seen: list[str] = []

    def at(
        self, path: str, *, on_disconnect: str = "finish", timeout: float | None = 60.0
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.endpoints[path] = _Endpoint(handler, on_disconnect, timeout)
            return handler

        return register

    async def startup(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to undo."""

    async def handle(self, request: Request) -> Response:
        self.seen.append(f"{request.method} {request.path}")
        endpoint = request.endpoint = self.endpoints.get(request.path)
        try:
            return await (tell(request) if endpoint is None else endpoint.handler(request))
        except HTTPError as error:
            return Response(f"{error.status} {error.detail}\n", error.status, error.headers)
        except ClientDisconnected:
            return Response(b"", 499)
        except Exception:
            logger.exception("%r: %s failed", request, endpoint)
            return Response("500\n", 500)


async def tell(request: Request) -> Response:
    body = await request.body()
    return json_response(
        {
            "method": request.method,
            "target": request.target,
            "path": request.path,
            "headers": request.headers.multi_items(),
            "body": body.decode("latin-1"),
        }
    )
