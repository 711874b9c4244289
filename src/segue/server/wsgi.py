"""An application under a WSGI server: gunicorn, waitress, cheroot, fastpysgi, wsgiref (PEP 3333).

The application lives on one event loop, in a thread of its own in each process; each request is answered by the
server's thread that brought it, which waits for the loop and does all that WSGI does blocking: it reads the body from
``wsgi.input`` when the handler asks for it, and hands out the pieces of the response.
"""

import asyncio
import logging
import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, BinaryIO, Protocol

from segue.http.body import NO_BODY, BodySource, FileBody
from segue.http.clientcert import parse_client_certificate
from segue.http.connection import Connection
from segue.http.errors import ClientDisconnected, HTTPError, LengthRequired
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.status import phrase
from segue.server.admission import admit, body_length, refusal
from segue.server.application import Application, request_class_of
from segue.server.carried import CarriedBody
from segue.server.limits import Limits
from segue.server.prefix import decoded_octets, quoted_octets, split_prefix
from segue.server.reply import ResponseCut, answered, checked, finish, pieces
from segue.server.wsgi_loop import ProcessLoop

__all__ = ["Environ", "StartResponse", "WSGIAdapter"]

Environ = dict[str, Any]
logger = logging.getLogger("segue.server")

_PIECE = 64 * 1024
_FILE_PIECE = 256 * 1024
# PEP 3333 leaves these to the server, and refuses them from an application.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_LIMITS = Limits()


class StartResponse(Protocol):
    """What a WSGI server gives an application to begin its response."""

    def __call__(self, status: str, headers: list[tuple[str, str]], /) -> Callable[[bytes], object]: ...


class WSGIAdapter:
    """The WSGI application of a Segue application: with ``wsgi = app.wsgi``, ``gunicorn films:wsgi``.

    The application is started with the first request of a process, and shut down when the process ends. A WebSocket
    is answered with 426: WSGI has none.
    """

    def __init__(self, application: Application, limits: Limits = _LIMITS) -> None:
        self._application = application
        self._limits = limits
        self._loop = ProcessLoop(application)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = _Call(self._application, environ, self._limits)
        loop = self._loop.started()
        head = call.begin(loop)
        status = f"{head.response.status} {phrase(head.response.status)}"
        start_response(
            status,
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in head.fields
                if name not in _HOP_BY_HOP and not (head.response.status == 304 and name == b"content-length")
            ],
        )
        return call


class _Head:
    __slots__ = ("fields", "request", "response")

    def __init__(self, request: Request, response: Response, fields: RawHeaders) -> None:
        self.request = request
        self.response = response
        self.fields = fields


class _Wanted:
    """The loop asks the server's thread for the next piece of the request's body."""

    __slots__ = ("future",)

    def __init__(self, future: asyncio.Future[bytes]) -> None:
        self.future = future


class _Piece:
    """The loop hands out a piece of the response; ``taken`` is set when the server asks for the next one."""

    __slots__ = ("data", "taken")

    def __init__(self, data: bytes, taken: asyncio.Future[None]) -> None:
        self.data = data
        self.taken = taken


_Order = _Head | _Wanted | _Piece | BaseException | None


class _Call:
    """One request: the server's thread takes orders from the loop until the response has ended.

    It is the iterable that the server sends, and closes when it is done or its client is gone.
    """

    def __init__(self, application: Application, environ: Environ, limits: Limits) -> None:
        self._application = application
        self._environ = environ
        self._limits = limits
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._input: BinaryIO = environ["wsgi.input"]
        self._left: int | None = 0
        self._connection = _connection(environ)
        self._loop: asyncio.AbstractEventLoop
        self._closed: asyncio.Event
        self._task: asyncio.Task[None] | None = None
        self._running = True
        self._body: Iterator[bytes] = iter(())
        self._opened: FileBody | None = None

    # --- in the thread of the server -----------------------------------------------------------------------------

    def begin(self, loop: asyncio.AbstractEventLoop) -> _Head:
        """Gives the request to the loop and waits for the head of the response."""
        self._loop = loop
        loop.call_soon_threadsafe(self._start)
        try:
            while not isinstance(order := self._orders.get(), _Head):
                self._obey(order)
        except BaseException:
            # The server gives up (a time limit of its own, an interrupt), or the application could not answer.
            self.close()
            raise
        body = order.response.body
        if isinstance(body, bytes):
            self._body = iter(() if order.request.method == "HEAD" or not body else (body,))
        elif isinstance(body, FileBody):
            self._opened = body
            self._body = self._file(order.request, body)
        else:
            self._body = self._stream()
        return order

    def __iter__(self) -> "_Call":
        return self

    def __next__(self) -> bytes:
        return next(self._body)

    def close(self) -> None:
        """The server is done with the response, sent to its end or not."""
        if self._opened is not None:
            self._opened.close()
        self._call(self._end)

    def _stream(self) -> Iterator[bytes]:
        while (order := self._orders.get()) is not None:
            if isinstance(order, _Piece):
                yield order.data
                self._call(self._settle, order.taken, None)
            else:
                self._obey(order)

    def _file(self, request: Request, body: FileBody) -> Iterator[bytes]:
        left = 0 if request.method == "HEAD" else body.count
        body.file.seek(body.offset)
        while left:
            piece = body.file.read(min(left, _FILE_PIECE))
            if not piece:
                logger.warning("%r: the file became shorter while it was sent", request)
                raise ResponseCut("the file became shorter while it was sent")
            left -= len(piece)
            yield piece

    def _obey(self, order: _Order) -> None:
        if isinstance(order, BaseException):
            raise order
        if not isinstance(order, _Wanted):
            return
        try:
            piece = self._read()
        except Exception as error:  # noqa: BLE001 -- whatever a server raises when its client is gone
            self._call(
                self._fail, order.future, ClientDisconnected(f"the client closed the connection: {error}")
            )
        else:
            self._call(self._settle, order.future, piece)

    def _read(self) -> bytes:
        size = _PIECE if self._left is None else min(_PIECE, self._left)
        piece = self._input.read(size) if size else b""
        if self._left is not None:
            if size and not piece:
                raise ConnectionError("the body ended early")
            self._left -= len(piece)
        return piece

    def _call(self, function: Callable[..., object], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    # --- on the loop ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._closed = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="WSGI request")

    @staticmethod
    def _settle(future: asyncio.Future[Any], value: Any) -> None:
        if not future.done():
            future.set_result(value)

    def _fail(self, future: asyncio.Future[bytes], error: ClientDisconnected) -> None:
        self._connection.closed = True
        if not future.done():
            future.set_exception(error)

    def _end(self) -> None:
        self._closed.set()
        if self._running and self._task is not None:
            # Closed before its end: the client is gone, or the server gave up.
            self._connection.closed = True
            self._running = False
            self._task.cancel()

    async def _pull(self) -> bytes:
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._orders.put(_Wanted(future))
        return await future

    async def _run(self) -> None:
        environ, defaults = self._environ, self._application.default_headers
        request = Request(environ["REQUEST_METHOD"], "/", [])
        try:
            try:
                request = self._request(_headers(environ))
            except HTTPError as error:
                response = refusal(error)
            else:
                response = await answered(self._application, request, self._limits)
            response, fields = await checked(request, response, defaults)
            if isinstance(response.body, bytes | FileBody):
                self._running = False
            self._orders.put(_Head(request, response, fields))
            if self._running:
                await self._send(request, response)
                self._running = False
                self._orders.put(None)
        except ResponseCut:
            # A server closes the connection of a response that raises. It has been logged why.
            self._orders.put(
                ResponseCut(f"the response to {request!r} broke off; see the log of segue.server")
            )
        except asyncio.CancelledError:
            if self._running:  # not by us: the process ends
                self._orders.put(ClientDisconnected("the server shuts down"))
                raise
        except Exception as error:
            logger.exception("%r: answering failed", request)
            self._orders.put(error)
        finally:
            self._running = False
            if request.made is not None:
                await self._closed.wait()
                await finish(request)

    async def _send(self, request: Request, response: Response) -> None:
        loop = asyncio.get_running_loop()
        async with aclosing(pieces(request, response)) as body:
            async for data in body:
                taken: asyncio.Future[None] = loop.create_future()
                self._orders.put(_Piece(data, taken))
                await taken

    def _request(self, headers: RawHeaders) -> Request:
        environ = self._environ
        version = environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/")
        length = body_length(headers, version if version == "1.0" else "1.1", self._limits)
        if length is None and not environ.get("wsgi.input_terminated"):
            raise LengthRequired("This server cannot tell where a chunked body ends.")
        source: BodySource = NO_BODY
        if length != 0:
            self._left = length
            source = CarriedBody(length, self._limits, self._pull)
        prefix, path = _raw_path(environ)
        query: str = environ.get("QUERY_STRING", "")
        target = b"%b?%b" % (path, query.encode("latin-1", "replace")) if query else path
        request = admit(
            environ["REQUEST_METHOD"],
            target,
            headers,
            source,
            self._connection,
            self._limits,
            kind=request_class_of(self._application),
        )
        if prefix:
            request.prefix = prefix.decode("ascii")
        if environ.get("REMOTE_USER"):  # whom the web server knows: a policy may believe it
            request.made = {**(request.made or {}), "remote user": environ["REMOTE_USER"]}
        return request


_PLAIN = frozenset(("CONTENT_TYPE", "CONTENT_LENGTH"))


def _headers(environ: Environ) -> RawHeaders:
    """The header fields, as far as WSGI keeps them: repeated ones are joined, and their order is the server's.

    A name with an underscore cannot be told from one with a hyphen here. gunicorn, waitress and fastpysgi drop those;
    with cheroot, use its DropUnderscoreHeaderReader.
    """
    found: RawHeaders = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
            if name in _PLAIN and environ.get(name) == value:
                continue  # twisted gives them under both names
        elif key in _PLAIN and value:
            name = key
        else:
            continue
        found.append((name.replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")))
    return found


def _raw_path(environ: Environ) -> tuple[bytes, bytes]:
    """SCRIPT_NAME and PATH_INFO as they came, with ``%2F`` told from ``/``, where the server gives the raw target."""
    script: bytes = environ.get("SCRIPT_NAME", "").encode("latin-1")
    path: bytes = environ.get("PATH_INFO", "").encode("latin-1")
    raw = (
        str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or "")
        .partition("?")[0]
        .encode("latin-1", "replace")
    )
    # cheroot and fastpysgi leave %2F in PATH_INFO.
    given = (script + path).replace(b"%2F", b"/").replace(b"%2f", b"/")
    if decoded_octets(raw) in (script + path, given) and (split := split_prefix(raw, script)) is not None:
        return split
    return quoted_octets(script), quoted_octets(path) or b"/"


def _connection(environ: Environ) -> Connection:
    address, port = environ.get("REMOTE_ADDR", ""), environ.get("REMOTE_PORT", "")
    return Connection(
        environ["wsgi.url_scheme"],
        (address, _port(port)) if address else None,
        (environ["SERVER_NAME"], _port(environ["SERVER_PORT"])),
        certificate=_certificate(environ),
    )


def _certificate(environ: Environ) -> bytes | None:
    """What the client has shown, and the server has found good, as mod_ssl and others say it. No header field has such a name."""
    shown = environ.get("SSL_CLIENT_CERT", "")
    return (
        parse_client_certificate(shown) if shown and environ.get("SSL_CLIENT_VERIFY") == "SUCCESS" else None
    )


def _port(text: object) -> int:
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 5 else 0
