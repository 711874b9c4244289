"""Tests of apps: clients in the same process, and a server with real sockets.

- ``Client``: for tests that are plain functions: requests, streams, events, WebSockets, lifespan.
- ``AsyncClient``: the same for tests that are coroutines.
- ``LiveServer``: serves an app on a free port, for browsers and other clients.
- ``Calls``: what handlers were called with, and what they returned.
- ``captured_mails``: mail that the app sends, caught.
- ``expected_log``: a message in the log that has to come.
- fixtures of pytest, there when Segue is installed: ``client`` and ``live_server`` (module ``plugin``).
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.testing.asyncclient import AsyncClient, AsyncStreamedResponse
    from segue.testing.calls import Call, Calls
    from segue.testing.client import Client, ClientSocket, StreamedResponse
    from segue.testing.exchange import IncompleteResponse
    from segue.testing.jar import CookieJar, StoredCookie
    from segue.testing.live import LiveServer
    from segue.testing.logs import expected_log
    from segue.testing.mails import Mails, captured_mails
    from segue.testing.outgoing import RequestOptions
    from segue.testing.plugin import ClientFactory, LiveServerFactory
    from segue.testing.response import ClientResponse, ResponseHead, StatusError
    from segue.testing.socket import AsyncClientSocket, HandshakeOptions, WebSocketRefused
    from segue.testing.visitor import ClientOptions, TooManyRedirects

__all__ = [
    "AsyncClient",
    "AsyncClientSocket",
    "AsyncStreamedResponse",
    "Call",
    "Calls",
    "Client",
    "ClientFactory",
    "ClientOptions",
    "ClientResponse",
    "ClientSocket",
    "CookieJar",
    "HandshakeOptions",
    "IncompleteResponse",
    "LiveServer",
    "LiveServerFactory",
    "Mails",
    "RequestOptions",
    "ResponseHead",
    "StatusError",
    "StoredCookie",
    "StreamedResponse",
    "TooManyRedirects",
    "WebSocketRefused",
    "captured_mails",
    "expected_log",
]

_HOMES = {
    "asyncclient": ("AsyncClient", "AsyncStreamedResponse"),
    "calls": ("Call", "Calls"),
    "client": ("Client", "ClientSocket", "StreamedResponse"),
    "exchange": ("IncompleteResponse",),
    "jar": ("CookieJar", "StoredCookie"),
    "live": ("LiveServer",),
    "logs": ("expected_log",),
    "mails": ("Mails", "captured_mails"),
    "outgoing": ("RequestOptions",),
    "plugin": ("ClientFactory", "LiveServerFactory"),
    "response": ("ClientResponse", "ResponseHead", "StatusError"),
    "socket": ("AsyncClientSocket", "HandshakeOptions", "WebSocketRefused"),
    "visitor": ("ClientOptions", "TooManyRedirects"),
}


# pytest loads the plugin in every project of an environment that has Segue: that must cost next to nothing.
__getattr__ = opened_late(__name__, {name: home for home, names in _HOMES.items() for name in names})
