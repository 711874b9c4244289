"""An app behind the native server, with real sockets, in a thread of the test's process."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from segue.http.url import URL
from segue.server.application import Application
from segue.server.config import ServerConfig
from segue.server.server import Server
from segue.testing.loopthread import LoopThread

__all__ = ["LiveServer"]

_GRACE = 2.0  # seconds that requests have when the test is over


class LiveServer:
    """Serves an app on a free port, for browsers and HTTP clients.

        with LiveServer(app) as server:
            page.goto(server.url + "/films")

    ``config``: as for ``segue serve``; without one it listens on a free port of 127.0.0.1. ``url`` has the address,
    ``host`` and ``port`` its parts. The lifespan runs with it; the app itself is the very object that the test has.
    """

    def __init__(self, app: Application, config: ServerConfig | None = None) -> None:
        self._app = app
        self._config = config or ServerConfig(binds=("127.0.0.1:0",), grace=_GRACE)
        self._loop = LoopThread("segue-live-server")
        self._server: Server | None = None

    def start(self) -> None:
        """Starts the app and accepts. Raises what the app raises."""
        if self._server is not None:
            raise RuntimeError(f"the server runs already, at {self.url}")
        try:
            self._server = self._loop.run(self._started())
        except BaseException:
            self._loop.close()
            raise

    async def _started(self) -> Server:
        server = Server(self._app, self._config)
        await server.start()
        return server

    def stop(self) -> None:
        """Lets the requests end, within the grace time, and shuts the app down."""
        server, self._server = self._server, None
        if server is not None:
            try:
                self._loop.run(server.stop())
            finally:
                self._loop.close()

    @property
    def server(self) -> Server:
        """The server that runs. Raises RuntimeError when it does not."""
        if self._server is None:
            raise RuntimeError(
                "the live server does not run: use `with LiveServer(app) as server`, or start()"
            )
        return self._server

    @property
    def urls(self) -> list[str]:
        """All addresses that it listens on."""
        return self.server.urls

    @property
    def url(self) -> str:
        """The first address, like ``http://127.0.0.1:40123``."""
        return self.urls[0]

    @property
    def host(self) -> str:
        return URL.parse(self.url).host

    @property
    def port(self) -> int:
        return URL.parse(self.url).port or (443 if self.url.startswith("https") else 80)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
