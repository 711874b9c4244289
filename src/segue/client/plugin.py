"""The plugin that gives an app its client for calls to others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Unpack

from segue.client.failures import CallFailed, CallTimedOut
from segue.client.http import Http
from segue.client.options import HttpOptions
from segue.core.app import App
from segue.core.errors.handlers import request_id
from segue.core.plugins.setup import Setup
from segue.http.errors import BadGateway, GatewayTimeout
from segue.http.request import Request

__all__ = ["Outgoing"]


class Outgoing:
    """Lets handlers, tasks and others call other services.

        app = App(plugins=[Outgoing(base_url="https://films.example/api")])

        @app.get("/films/{id}")
        async def film(id: int, http: Http) -> Film:
            return await http.get(f"/films/{id}", Film)

    One pool of connections for each process, closed when the app stops. The id of the request goes along, and the app's
    JSON codec reads and writes. A CallFailed that nobody catches is answered with 502, one that took too long with 504; the
    log has the cause, the client of the app does not see it.

    ``name``: for a second one, which is asked for as ``Annotated[Http, "name"]``. ``options``: those of HttpOptions.
    """

    def __init__(self, name: str = "", /, **options: Unpack[HttpOptions]) -> None:
        self.name = f"outgoing {name}".rstrip()
        self._tag = name
        self._options = options
        Http(**options)  # what does not fit is told at the line that says it

    def setup(self, to: Setup) -> None:
        connected: Any = Annotated[Http, self.name, "connections"]
        wanted: Any = Annotated[Http, self._tag] if self._tag else Http

        async def connections() -> AsyncIterator[Http]:
            async with Http(**self._options) as http:
                yield http

        def client(http: Http, app: App, request: Request | None) -> Http:
            return http.answering(None if request is None else request_id(request), app.json)

        client.__annotations__["http"] = connected
        to.provide(connected, connections, life="app")
        to.provide(wanted, client, inline=True)
        to.error_handler(CallFailed)(_bad_gateway)


def _bad_gateway(_request: Request, error: CallFailed) -> Any:
    if isinstance(error, CallTimedOut):
        raise GatewayTimeout("A service that this answer needs did not answer in time.") from error
    raise BadGateway("A service that this answer needs did not give it.") from error
