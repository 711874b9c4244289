"""A WSGI application, mounted (PEP 3333): it runs in threads, its bodies are streamed both ways."""

import asyncio
import io
import logging
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any

from segue.http.errors import ClientDisconnected, ServiceUnavailable, UpgradeRequired
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.server.mount_response import foreign_response
from segue.server.mount_websocket import is_handshake
from segue.server.prefix import decoded_octets

__all__ = ["MountedWSGI", "WSGIApplication", "environ_of"]

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

logger = logging.getLogger("segue.server")

_THREADS = 40
_QUEUE = 1_000
_AHEAD = 64 * 1024  # bytes that the application may be ahead of the client


class MountedWSGI:
    """Runs the application in at most 40 threads of its own; 1,000 requests may wait for one, more are a 503."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.default_headers: RawHeaders = []
        self._executor: ThreadPoolExecutor | None = None
        self._inside = 0

    async def startup(self) -> None:
        """WSGI knows no lifespan."""

    async def shutdown(self) -> None:
        """Lets the threads end when they are done."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    async def handle(self, request: Request) -> Response:
        """Answers by the application. Raises what it raises before its response begins."""
        if is_handshake(request):
            raise UpgradeRequired("This address cannot be a WebSocket: the application below it speaks WSGI.")
        if self._inside >= _THREADS + _QUEUE:
            raise ServiceUnavailable("The server is busy.", retry_after=1)
        executor = self._executor
        if executor is None:
            executor = self._executor = ThreadPoolExecutor(_THREADS, "segue-mounted-wsgi")
        call = _Call(self.app, request)
        self._inside += 1
        loop = asyncio.get_running_loop()
        executor.submit(call.run).add_done_callback(lambda _: _tell(loop, self._leave))
        return await call.response()

    def _leave(self) -> None:
        self._inside -= 1


def environ_of(request: Request, body: io.RawIOBase) -> dict[str, Any]:
    """The environ of a request. SCRIPT_NAME is where the application is mounted, PATH_INFO what is below.

    A header name with an underscore is left out: it could pass for one with a hyphen, which a proxy guards.
    """
    connection = request.connection
    server = connection.server or ("localhost", 80)
    raw = request.target.partition("?")[0]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": decoded_octets(request.prefix.encode("ascii")).decode("latin-1"),
        "PATH_INFO": decoded_octets(raw.encode("ascii")).decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "REQUEST_URI": request.prefix + request.target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": connection.scheme,
        "wsgi.input": io.BufferedReader(body, 64 * 1024),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if connection.client is not None:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = connection.client[0], str(connection.client[1])
    shared: dict[str, Any] = (request.made or {}).get("mounted", {})
    environ.update({f"segue.{known}": one for known, one in shared.items()})
    if (user := shared.get("user")) is not None:
        environ["REMOTE_USER"] = user.id
    for name, value in request.raw_headers:
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ


class _Input(io.RawIOBase):
    """``wsgi.input``: reads the body of the request from the loop, and waits in the thread of the application."""

    def __init__(
        self, request: Request, loop: asyncio.AbstractEventLoop, refused: Callable[[Exception], None]
    ) -> None:
        super().__init__()
        self._chunks = request.stream()
        self._loop = loop
        self._refused = refused
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._rest:
            try:
                piece = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            except Exception as error:
                self._refused(error)
                raise
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    async def _next(self) -> bytes:
        return await anext(self._chunks, b"")


class _Call:
    """One request: the application in its thread, the response on the loop."""

    def __init__(self, app: WSGIApplication, request: Request) -> None:
        self._app = app
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._head: asyncio.Future[Response] = self._loop.create_future()
        self._start: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._begun = False
        self._refusal: Exception | None = None
        self._lock = threading.Condition()
        # Guarded by the lock: what the thread has made and the loop has not sent.
        self._pieces: deque[bytes] = deque()
        self._ahead = 0
        self._gone = False
        self._ended = False
        self._failure: BaseException | None = None
        self._changed = asyncio.Event()

    async def response(self) -> Response:
        try:
            return await self._head
        except BaseException:
            self._abandon()
            raise

    # --- in the thread -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Calls the application and hands out what it gives."""
        failure: BaseException | None = None
        try:
            self._answer()
        except ClientDisconnected:
            pass
        except BaseException as error:  # noqa: BLE001 -- SystemExit of a script too: it must not end the thread silently
            failure = error
        with self._lock:
            self._ended = True
            self._failure = failure
        _tell(self._loop, self._finish)

    def _answer(self) -> None:
        environ = environ_of(self._request, _Input(self._request, self._loop, self._refuse))
        result = self._app(environ, self._start_response)
        try:
            if isinstance(result, list | tuple) and len(result) == 1 and not self._begun:
                self._begin(result[0])
                return
            self._each(iter(result))
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _each(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            if piece:
                self._write(piece)
        if not self._begun:
            self._begin(b"")

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if exc_info is not None and self._begun:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._start is not None and exc_info is None:
            raise RuntimeError("start_response was called twice")
        code = status[:3]
        if not (code.isascii() and code.isdigit()):
            raise ValueError(f"a status like '200 OK' is expected, not {status!r:.80}")
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._start = (int(code), fields)
        return self._write

    def _write(self, piece: bytes) -> None:
        if not self._begun:
            self._begin(None)
        with self._lock:
            self._lock.wait_for(lambda: self._ahead <= _AHEAD or self._gone)
            if self._gone:
                raise ClientDisconnected("the client closed the connection")
            self._pieces.append(piece)
            self._ahead += len(piece)
        _tell(self._loop, self._changed.set)

    def _begin(self, whole: bytes | None) -> None:
        """Lets the head go: with all of the body, or with what follows."""
        if self._start is None:
            raise RuntimeError("the mounted application gave a body before it called start_response")
        self._begun = True
        status, fields = self._start
        body = self._stream() if whole is None else whole
        response = foreign_response(self._request, status, fields, body)
        _tell(self._loop, partial(self._settle, response))

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, ClientDisconnected):
            self._refusal = error  # the application would make a 500 of what is the client's fault
            _tell(self._loop, partial(self._settle, error))

    # --- on the loop ---------------------------------------------------------------------------------------------

    def _settle(self, outcome: Response | Exception) -> None:
        if self._head.done():
            return
        if isinstance(outcome, Response):
            self._head.set_result(outcome)
        else:
            self._head.set_exception(outcome)

    def _finish(self) -> None:
        self._changed.set()
        if not self._head.done():
            self._settle(self._contained())
        elif self._failure is not None and self._failure is not self._refusal and not self._begun:
            logger.error("%r: the mounted application failed", self._request, exc_info=self._failure)

    def _contained(self) -> Exception:
        failure = self._failure
        if failure is None:
            return ClientDisconnected("the client closed the connection")
        if isinstance(failure, Exception) and not isinstance(failure, StopIteration):
            return failure
        error = RuntimeError(f"the mounted application raised {failure!r}")
        error.__cause__ = failure
        return error

    async def _stream(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self._changed.clear()
                with self._lock:
                    pieces, ended = list(self._pieces), self._ended
                    self._pieces.clear()
                    self._ahead = 0
                    self._lock.notify()
                for piece in pieces:
                    yield piece
                if ended:
                    if self._failure is not None:
                        raise self._contained()
                    return
                await self._changed.wait()
        finally:
            self._abandon()

    def _abandon(self) -> None:
        with self._lock:
            self._gone = True
            self._lock.notify()


def _tell(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:  # the loop was closed meanwhile: nobody waits
        pass
