"""The pytest plugin: fixtures for tests of apps. Loaded by pytest's entry point when Segue is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, Unpack

import pytest

if TYPE_CHECKING:
    from segue.server.application import Application
    from segue.server.config import ServerConfig
    from segue.testing.client import Client
    from segue.testing.live import LiveServer
    from segue.testing.visitor import ClientOptions

__all__ = ["ClientFactory", "LiveServerFactory", "client", "live_server"]


class LiveServerFactory(Protocol):
    """The type of the fixture ``live_server``."""

    def __call__(self, app: Application, config: ServerConfig | None = None) -> LiveServer:
        """Serves ``app`` on a free port until the test ends."""
        ...


class ClientFactory(Protocol):
    """The type of the fixture ``client``."""

    def __call__(self, app: Application, **options: Unpack[ClientOptions]) -> Client:
        """A client of ``app``, which is started now and shut down when the test ends."""
        ...


@pytest.fixture
def live_server() -> Iterator[LiveServerFactory]:
    """Serves apps with real sockets until the test ends.

    def test_page(live_server: LiveServerFactory) -> None:
        server = live_server(app)
        assert urlopen(server.url + "/hello").status == 200
    """
    # Loaded here, not with the plugin: pytest loads it in every project of an environment that has Segue.
    from segue.testing.live import LiveServer

    with ExitStack() as stack:

        def serve(app: Application, config: ServerConfig | None = None) -> LiveServer:
            return stack.enter_context(LiveServer(app, config))

        yield serve


@pytest.fixture
def client() -> Iterator[ClientFactory]:
    """Makes clients of apps in the process of the test, lifespan included.

    def test_hello(client: ClientFactory) -> None:
        assert client(app).get("/hello").text == "hello"
    """
    from segue.testing.client import Client

    with ExitStack() as stack:

        def make(app: Application, **options: Unpack[ClientOptions]) -> Client:
            return stack.enter_context(Client(app, **options))

        yield make
