"""Serves one application on one event loop: from start-up over the last response to shutdown."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from segue.server.accept import Acceptor, Listening
from segue.server.application import Application
from segue.server.callables import Answer, application_of
from segue.server.config import ServerConfig
from segue.server.exchange import Exchange
from segue.server.http1 import HTTP1Protocol
from segue.server.listen import Listener, open_listeners
from segue.server.movable import MovableProtocol
from segue.server.service import AccessLog, ServedConnection, Service
from segue.server.tls import ssl_context

__all__ = ["Server", "StartTimeout"]

logger = logging.getLogger("segue.server")

_TICK = 1.0
_DRAIN_TICK = 0.02
_ARRIVAL = 1.0  # seconds for TLS handshakes that are under way
_LAST_WORDS = 0.1  # for tasks that are cancelled at the end of the grace time


class StartTimeout(Exception):
    """The application did not finish starting in time."""


class Server:
    """An application and its sockets on the running loop. Several can share a loop.

        async with Server(app, ServerConfig(binds=("127.0.0.1:0", "unix:/run/films.sock"))) as server:
            print(server.urls)
            await something_else()

    Instead of an application it may be an ``async def`` function that takes the request and returns the response.

    Leaving the block drains: requests get ``config.grace`` seconds to end. ``listeners``: sockets that are already
    open, instead of ``config.binds``. ``exchange``: where other workers give connections away, and this one may.
    """

    def __init__(
        self,
        application: Application | Answer,
        config: ServerConfig | None = None,
        *,
        listeners: Sequence[Listener] | None = None,
        tls: ssl.SSLContext | None = None,
        access_log: AccessLog | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self.config = config or ServerConfig()
        self._exchange = exchange
        self._application = application_of(application)
        self._access_log = access_log
        self._given = listeners
        self._listeners: Sequence[Listener] = ()
        self._tls = tls
        self._acceptors: list[Acceptor] = []
        self._timer: asyncio.TimerHandle | None = None
        self._hurry = False
        self.service: Service
        self._restart = False
        self._told: set[ServedConnection] = set()

    @property
    def urls(self) -> list[str]:
        """Where it listens, e.g. ``["http://127.0.0.1:8000", "unix:/run/films.sock"]``."""
        scheme = "https" if self._tls is not None else "http"
        return [listener.url(scheme) for listener in self._listeners]

    async def start(self) -> None:
        """Starts the application, then accepts. Raises StartTimeout, BindError, or what the application raises."""
        config = self.config
        if self._tls is None and config.tls is not None:
            self._tls = ssl_context(config.tls)
        self._listeners = (
            self._given
            if self._given is not None
            else open_listeners(config.binds, backlog=config.backlog, mode=config.socket_mode)
        )
        limit = asyncio.timeout(config.start_timeout)
        try:
            async with limit:
                await self._application.startup()
        except TimeoutError as error:
            self._close_own_listeners()
            if not limit.expired():
                raise
            raise StartTimeout(
                f"The application did not start within {config.start_timeout:g} seconds."
            ) from error
        except BaseException:
            self._close_own_listeners()
            raise
        self.service = Service(self._application, config.limits, self._access_log)
        self._tick()
        sources: list[Listening] = [listener.sock for listener in self._listeners]
        protocol: type[HTTP1Protocol] = HTTP1Protocol
        if self._exchange is not None:
            sources.append(self._exchange)
            protocol = MovableProtocol
        self._acceptors = [Acceptor(one, self.service, self._tls, protocol=protocol) for one in sources]
        for acceptor in self._acceptors:
            acceptor.start()

    def _tick(self) -> None:
        self.service.sweep()
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    async def stop(self, *, restart: bool = False) -> None:
        """Drains, then shuts the application down.

        Nothing new is accepted but what already waits in the queue; requests go on until they end or the grace time
        is over. ``restart``: another worker takes over the sockets, the queue, and the clients' next requests.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self.config.grace
        service = self.service
        for acceptor in self._acceptors:
            acceptor.stop()
            if not restart:
                acceptor.take_the_rest()
        for listener in self._listeners:
            listener.close()
        self._close_own_listeners()
        if self._timer is not None:
            self._timer.cancel()
        service.draining = True
        self._restart = restart
        while service.connections or service.tasks or any(one.arriving for one in self._acceptors):
            service.sweep()
            for connection in service.connections - self._told:
                self._told.add(connection)
                connection.drain(restart=self._restart)
            if loop.time() > end - self.config.grace + _ARRIVAL:
                for acceptor in self._acceptors:
                    acceptor.abort()
            if loop.time() > end or self._hurry:
                await self._cut()
                break
            await asyncio.sleep(_DRAIN_TICK)
        await self._application.shutdown()

    def hurry(self) -> None:
        """Ends the grace time now."""
        self._hurry = True

    def give_up_restart(self) -> None:
        """No other worker takes over after all: clients that are idle are let go now."""
        if self._restart:
            self._restart = False
            self._told.clear()

    async def _cut(self) -> None:
        service = self.service
        if service.connections:
            logger.warning("%d connections are cut: the grace time is over.", len(service.connections))
        for acceptor in self._acceptors:
            acceptor.abort()
        for connection in list(service.connections):
            connection.abort()
        for task in list(service.tasks):
            task.cancel()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=_LAST_WORDS)

    def _close_own_listeners(self) -> None:
        if self._given is None:
            for listener in self._listeners:
                listener.close()
                listener.remove()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
