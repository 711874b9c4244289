"""The client for tests that are plain functions."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from segue.core.providing.declarations import Provides
from segue.http.headers import MutableHeaders
from segue.http.sse import Event
from segue.http.websocket import CloseCode, WebSocketDisconnected
from segue.server.application import Application
from segue.testing.asyncclient import AsyncStreamedResponse
from segue.testing.events import as_events, received_events
from segue.testing.jar import CookieJar
from segue.testing.loopthread import LoopThread
from segue.testing.outgoing import RequestOptions
from segue.testing.response import ClientResponse, ResponseHead
from segue.testing.socket import AsyncClientSocket, HandshakeOptions, connected
from segue.testing.visitor import ClientOptions, Visitor

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from segue.security.sessions.session import Session

__all__ = ["Client", "ClientSocket", "StreamedResponse"]

T = TypeVar("T")


class Client:
    """A client of an app in the same process, without a socket.

        with Client(app) as client:
            assert client.get("/hello/Django").json() == {"hello": "Django"}

    ``with`` runs the app's lifespan; without it, requests go to an app that was not started. The app runs on a loop in
    another thread, so that handlers go on while the test does something else. The options are those of ClientOptions,
    the arguments of each request those of RequestOptions.
    """

    def __init__(self, app: Application, **options: Unpack[ClientOptions]) -> None:
        self._visitor = Visitor(app, options)
        self._loop = LoopThread("segue-testing")

    @property
    def headers(self) -> MutableHeaders:
        """Sent with every request; change them in place."""
        return self._visitor.headers

    @property
    def cookies(self) -> CookieJar:
        """What the app has set, and what the test puts in."""
        return self._visitor.cookies

    def override(self, kind: TypeForm[T], provider: Provides[T] | T) -> AbstractContextManager[None]:
        """Lets the app be provided with something else while the block runs: an object, or what makes one.

        with client.override(Mailer, FakeMailer()):
            client.post("/invitations")

        Raises LookupError when nothing is provided for ``kind``.
        """
        return self._visitor.override(kind, provider)

    @contextmanager
    def session(self) -> Generator[Session, None, None]:
        """The session that the next request has: to look into it, and to put something there before.

        with client.session() as session:
            session["user"] = 7
        assert client.get("/profile").status == 200
        """
        from segue.security.sessions.session import Session

        state = self._loop.run(self._visitor.open_session())
        yield Session(state)
        self._loop.run(self._visitor.close_session(state))

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Sends a request and reads the response. ``url``: a path, or a whole URL."""
        return self._loop.run(self._visitor.request(method, url, options))

    def get(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.request("DELETE", url, **options)

    @contextmanager
    def stream(
        self, method: str, url: str, **options: Unpack[RequestOptions]
    ) -> Generator[StreamedResponse, None, None]:
        """A response whose body is read as it comes. Leaving the block before its end is leaving the app.

        with client.stream("GET", "/ticker") as response:
            assert next(iter(response)) == b"..."
        """
        exchange, head = self._loop.run(self._visitor.open(method, url, options))
        try:
            yield StreamedResponse(
                AsyncStreamedResponse(head, exchange, self._visitor.options.timeout), self._loop
            )
        finally:
            self._loop.run(exchange.close())

    @contextmanager
    def events(
        self, url: str, *, method: str = "GET", **options: Unpack[RequestOptions]
    ) -> Generator[Iterator[Event], None, None]:
        """The Server-Sent Events of ``url``, as they come; ``data`` is text.

        with client.events("/ticker") as events:
            assert next(events).data == "1"
        """
        with self.stream(method, url, **as_events(options)) as response:
            yield self._each(received_events(response.source))

    def _each(self, events: Any) -> Iterator[Event]:
        while (event := self._loop.run(_next(events))) is not None:
            yield event

    @contextmanager
    def websocket(self, url: str, **options: Unpack[HandshakeOptions]) -> Generator[ClientSocket, None, None]:
        """An open WebSocket. Raises WebSocketRefused when the app answers otherwise.

        with client.websocket("/chat/swing") as socket:
            socket.send("hello")
            assert socket.receive() == "swing: hello"
        """
        opened = connected(self._visitor, url, options)
        socket = self._loop.run(opened.__aenter__())
        try:
            yield ClientSocket(socket, self._loop)
        except BaseException as error:
            if not self._loop.run(opened.__aexit__(type(error), error, error.__traceback__)):
                raise
        else:
            self._loop.run(opened.__aexit__(None, None, None))

    def close(self) -> None:
        """Ends the loop; what is still running on it is cancelled. ``with`` does it too."""
        self._loop.close()

    def __enter__(self) -> Self:
        try:
            self._loop.run(self._visitor.start())
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.run(self._visitor.stop())
        finally:
            self._loop.close()


async def _next(events: Any) -> Event | None:
    return await anext(events, None)


class StreamedResponse(ResponseHead):
    """A response whose body comes piece by piece: ``for piece in response``."""

    __slots__ = ("_loop", "source")

    def __init__(self, source: AsyncStreamedResponse, loop: LoopThread) -> None:
        super().__init__(source.method, source.url, source.status, source.headers, source.history)
        self.source = source
        self._loop = loop

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.piece():
            yield piece

    def piece(self) -> bytes:
        """The next piece as the app sent it; ``b""`` at the end."""
        return self._loop.run(self.source.piece())

    def lines(self) -> Iterator[str]:
        """The body line by line, without the line ends, as they come."""
        lines = self.source.lines()
        while (line := self._loop.run(_next_line(lines))) is not None:
            yield line

    def read(self) -> ClientResponse:
        """All that is left of the body."""
        return self._loop.run(self.source.read())


async def _next_line(lines: Any) -> str | None:
    return await anext(lines, None)


class ClientSocket:
    """An open WebSocket, seen from the client. ``for message in socket`` ends when the app closes it."""

    def __init__(self, socket: AsyncClientSocket, loop: LoopThread) -> None:
        self.headers = socket.headers
        self.subprotocol = socket.subprotocol
        self._socket = socket
        self._loop = loop

    def send(self, message: str | bytes) -> None:
        """Sends text or bytes. Raises WebSocketDisconnected when the app has closed the socket."""
        self._loop.run(self._socket.send(message))

    def send_json(self, value: object) -> None:
        """Sends ``value`` as JSON text."""
        self._loop.run(self._socket.send_json(value))

    def receive(self) -> str | bytes:
        """The next message. Raises WebSocketDisconnected once the app has closed the socket."""
        return self._loop.run(self._socket.receive())

    @overload
    def receive_json(self) -> Any: ...
    @overload
    def receive_json(self, type: type[T]) -> T: ...
    def receive_json(self, type: Any = Any) -> Any:
        """The next message, decoded as JSON and validated as ``type``."""
        return self._loop.run(self._socket.receive_json(type))

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the socket, as a client does."""
        self._loop.run(self._socket.close(code, reason))

    def __iter__(self) -> Iterator[str | bytes]:
        while True:
            try:
                message = self.receive()
            except WebSocketDisconnected:
                return
            yield message
