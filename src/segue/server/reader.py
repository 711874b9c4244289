"""The reading half of an HTTP/1.1 connection: bytes in, a queue of requests out.

The parser (httptools; h11 where it does not install) calls the ``on_...`` methods. A request enters the queue when
its head is complete; its body follows through an :class:`InboundBody`. Whatever breaks a rule ends the reading:
``error`` is set, and no byte after it is looked at.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import cast

from segue.http.body import NO_BODY, BodySource
from segue.http.connection import Connection
from segue.http.errors import BadRequest, ClientDisconnected, HeaderFieldsTooLarge, HTTPError, URITooLong
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.server.credentials import peer_of
from segue.server.framing import FRAMING_FIELDS, KEEP_ALIVE, MAX_DIGITS, frame, origin_form
from segue.server.inbound import InboundBody
from segue.server.parser import ParserCallbackError, ParserError, ParserUpgrade, RequestParser
from segue.server.service import Service

__all__ = ["HELD_BY_QUEUE", "HELD_BY_UPGRADE", "RequestReader"]

logger = logging.getLogger("segue.server")

_SLICE = 64 * 1024
_METHODS = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
}
_KNOWN_HOSTS = 1024
_SLASH = ord("/")
_HASH = ord("#")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# What pauses the transport; it reads on when none is left.
HELD_BY_QUEUE = 1
HELD_BY_BODY = 2
HELD_BY_UPGRADE = 4


class _Trailers(list[tuple[bytes, bytes]]):
    """The fields after a chunked body: counted and thrown away, never mixed with the header (RFC 9110, 6.5)."""

    def append(self, field: tuple[bytes, bytes], /) -> None:
        if len(self) >= 32:
            raise HeaderFieldsTooLarge("There are more than 32 trailer fields.")
        super().append((b"", b""))


class RequestReader(asyncio.BaseProtocol):
    """Parses what a transport delivers, within the limits of the service, and holds it up when nobody keeps pace."""

    __slots__ = (
        "_backlog",
        "_deaf",
        "_feed",
        "_framed",
        "_head_bytes",
        "_headers",
        "_held",
        "_host",
        "_known_host",
        "_length",
        "_parser",
        "_quiet_bytes",
        "_receiving",
        "_simple",
        "_slice",
        "_target",
        "busy",
        "connection",
        "deadline",
        "error",
        "idle",
        "queue",
        "service",
        "transport",
    )

    def __init__(self, service: Service) -> None:
        self.service = service
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.connection = Connection()
        #: Monotonic seconds at which the service calls ``expire``.
        self.deadline = service.clock.now + service.limits.header_timeout
        #: Requests whose head is complete and that wait for their turn, each with its framing mode.
        self.queue: deque[tuple[Request, int]] = deque()
        #: The request that is being answered.
        self.busy: Request | None = None
        #: Whether the next simple request may be answered at once, by ``answer_simple``.
        self.idle = False
        #: Why no more is read.
        self.error: HTTPError | None = None
        self._parser: RequestParser = RequestParser(self)
        self._feed = self._parser.feed_data
        self._headers: RawHeaders = []
        self._target: bytes | None = None  # of the head that is being read; None between heads
        self._length: bytes | None = None  # the Content-Length of the head that is being read
        self._host: bytes | None = None  # of the head that is being read
        self._known_host: bytes | None = None  # that the last request on the short way had
        self._framed = 0  # framing fields of the head that is being read
        self._simple: Request | None = None  # a request on the fast way to answer_simple
        self._head_bytes = 0  # of a head that is not complete, from the reads before this one
        self._quiet_bytes = 0  # of a chunked body, since the last byte of content
        # A head within one slice cannot pass the limit, so that only those that span reads are measured.
        self._slice = min(_SLICE, service.limits.max_header_size)
        self._receiving: InboundBody | None = None
        self._held = 0
        self._backlog: list[bytes] = []
        self._deaf = False  # what arrives is not parsed now: it is kept, or thrown away after an error

    def requests_arrived(self) -> None:
        """The queue has a request, or ``error`` was set."""
        raise NotImplementedError

    def answer_simple(self, request: Request) -> None:
        """A whole request came, of a method other than HEAD and framed plainly, while ``idle`` was set."""
        raise NotImplementedError

    # --- the transport calls -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.connection = _connection_of(transport)
        self.service.connections.add(self)  # type: ignore[arg-type]  # the answering half completes the protocol

    def data_received(self, data: bytes) -> None:
        if self._deaf or len(data) > self._slice:
            self._receive_oddly(data)
            return
        receiving = self._receiving
        try:
            self._feed(data)
        except Exception as error:  # noqa: BLE001 -- sorted by what it is, and logged if it is none of the parser's
            self._parse_failed(error, data)
            return
        # PERF: the common case is one simple request, and nobody at work on another; all else is looked at elsewhere.
        simple = self._simple
        if simple is not None and self.idle and self._target is None and self._receiving is None:
            self._simple = None
            self.answer_simple(simple)
        else:
            self._after_parsing(receiving, len(data))

    def eof_received(self) -> None:
        """Nothing more comes: the transport closes."""

    def _receive_oddly(self, data: bytes) -> None:
        # A parser cannot be stopped half-way: slices bound what one read of 256 KB of tiny requests can queue.
        for start in range(0, len(data), self._slice):
            piece = data[start : start + self._slice]
            if self._deaf:
                if self.error is None:
                    self._backlog.append(data[start:])
                return
            receiving = self._receiving
            try:
                self._feed(piece)
            except Exception as error:  # noqa: BLE001 -- as above
                self._parse_failed(error, piece)
            else:
                self._after_parsing(receiving, len(piece))

    def _after_parsing(self, receiving: InboundBody | None, size: int) -> None:
        limits = self.service.limits
        if self._simple is not None:
            self.queue.append((self._simple, KEEP_ALIVE))
            self._simple = None
        if receiving is not None and receiving is self._receiving and receiving.length is None:
            self._quiet_bytes = 0 if receiving.progressed() else self._quiet_bytes + size
            if self._quiet_bytes > limits.max_header_size:
                self.refuse(HeaderFieldsTooLarge("The trailers or chunk extensions are too large."))
        elif self._target is not None or (self._receiving is None and self.busy is None and not self.queue):
            if not self._head_bytes and self.busy is None:
                self.deadline = self.service.clock.now + limits.header_timeout
            self._head_bytes += size
            if self._target is not None and len(self._target) > limits.max_target:
                self.refuse(URITooLong(f"The request target is longer than {limits.max_target} bytes."))
            elif self._head_bytes > limits.max_header_size + limits.max_target:
                self.refuse(
                    HeaderFieldsTooLarge(f"The header is larger than {limits.max_header_size} bytes.")
                )
        if self.queue:
            if len(self.queue) >= limits.max_pipelined:
                self.hold(HELD_BY_QUEUE)
            self.requests_arrived()

    def _parse_failed(self, error: Exception, data: bytes) -> None:
        if self._simple is not None:
            self.queue.append((self._simple, KEEP_ALIVE))
            self._simple = None
        if isinstance(error, ParserUpgrade):
            self._backlog.append(data[error.args[0] :])
            self.hold(HELD_BY_UPGRADE)
            self.requests_arrived()
            return
        cause = error.__context__ if isinstance(error, ParserCallbackError) else error
        if isinstance(cause, HTTPError):
            self.refuse(cause)
        elif isinstance(cause, ParserError):
            self.refuse(BadRequest(f"The request is malformed: {cause}."))
        else:
            logger.error("reading a request failed", exc_info=cause)
            self.refuse(BadRequest("The request is malformed."))

    # --- the parser calls ----------------------------------------------------------------------------------------

    def on_url(self, part: bytes) -> None:
        target = self._target
        self._target = part if target is None else b"%b%b" % (target, part)

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in FRAMING_FIELDS:
            self._framed += 1
            if name == b"host":
                self._host = value
            elif name == b"content-length":
                self._length = value.rstrip()
        # Blanks after a value do not belong to it (RFC 9110, section 5.5); the parser leaves them.
        self._headers.append((name, value.rstrip()))

    def on_headers_complete(self) -> None:
        headers = self._headers
        target = self._target
        parser = self._parser
        service = self.service
        # PERF: nearly all requests keep the connection and have no framing field but a Host that was seen before, and
        # perhaps a length. They are told by a few cheap looks; what framing.py does costs 3 us more. Of the versions,
        # only HTTP/1.1 keeps a connection without a field that says so.
        if (
            self._host is not None
            and (self._host == self._known_host or self._is_known(self._host))
            and (self._framed == 1 or (self._framed == 2 and self._length is not None))
            and (method := _METHODS.get(parser.get_method())) is not None
            and parser.should_keep_alive()
            and not self._head_bytes
            and target is not None
            and target[0] == _SLASH
            and _HASH not in target  # as a number: bytes in bytes raises and drops an exception, 0.12 us
            and len(target) <= 1024
            and len(headers) <= service.few_headers
        ):
            source = NO_BODY if self._length is None else self._expect_length(self._length)
            request = service.new_request(method, target.decode("ascii"), headers, source, self.connection)
            if self._simple is None and not self.queue:
                self._simple = request
            else:
                self._enqueue(request, KEEP_ALIVE)
            self._headers = []
        else:
            self._read_head(headers, target or b"")
        self._target = self._host = self._length = None
        self._framed = 0

    def _is_known(self, host: bytes) -> bool:
        """Whether ``host`` was found to be one, on this connection or another."""
        if host not in self.service.known_hosts:
            return False
        self._known_host = host
        return True

    def _expect_length(self, digits: bytes) -> BodySource:
        """The body with a length that the parser has checked, but for its size."""
        if len(digits) > MAX_DIGITS or not digits.isdigit():
            raise BadRequest("Content-Length is not a length.")
        length = int(digits)
        return NO_BODY if length == 0 else self._expect_body(length, None)

    def _read_head(self, headers: RawHeaders, target: bytes) -> None:
        """Any head, with all that can be wrong with it."""
        self._headers = []
        self._measure_head(headers, target)
        service = self.service
        framing = frame(headers, self._parser.get_http_version())
        method = self._parser.get_method().decode("ascii")
        if target[:1] != b"/" or method == "CONNECT":
            target = origin_form(method, target, headers)
        if _HASH in target:
            raise BadRequest("A request target has no fragment.")
        source: BodySource = NO_BODY
        if framing.length != 0:
            source = self._expect_body(
                framing.length, self._send_continue if framing.expects_continue else None
            )
        self._enqueue(
            service.new_request(method, target.decode("ascii"), headers, source, self.connection),
            framing.mode,
        )
        if len(service.known_hosts) < _KNOWN_HOSTS:
            service.known_hosts.update(value for name, value in headers if name == b"host")

    def _enqueue(self, request: Request, mode: int) -> None:
        if self._simple is not None:
            self.queue.append((self._simple, KEEP_ALIVE))
            self._simple = None
        self.queue.append((request, mode))

    def _measure_head(self, headers: RawHeaders, target: bytes) -> None:
        limits = self.service.limits
        self._head_bytes = 0
        if len(target) > limits.max_target:
            raise URITooLong(f"The request target is longer than {limits.max_target} bytes.")
        if len(headers) > limits.max_header_count:
            raise HeaderFieldsTooLarge(f"There are more than {limits.max_header_count} header fields.")
        if sum([len(name) + len(value) + 4 for name, value in headers]) > limits.max_header_size:
            raise HeaderFieldsTooLarge(f"The header is larger than {limits.max_header_size} bytes.")

    def _expect_body(self, length: int | None, on_read: Callable[[], None] | None) -> InboundBody:
        if length is None:
            self._headers = _Trailers()
        self._quiet_bytes = 0
        self._receiving = InboundBody(
            length, self.service.limits, self._hold_body, self._release_body, on_read
        )
        return self._receiving

    def _send_continue(self) -> None:
        self.transport.write(_CONTINUE)

    def on_chunk_header(self) -> None:
        if self._receiving is not None:
            self._receiving.count_chunk()

    def on_body(self, piece: bytes) -> None:
        if self._receiving is not None:
            self._receiving.feed(piece)

    def on_message_complete(self) -> None:
        if self._receiving is not None:
            self._receiving.feed_end()
            self._receiving = None
            self._headers = []
            self._host = self._length = None
            self._framed = 0

    # --- flow ----------------------------------------------------------------------------------------------------

    @property
    def reading(self) -> bool:
        """Whether bytes of a request that has begun are still to come, or wait to be parsed."""
        return (
            self._receiving is not None
            or self._target is not None
            or bool(self._backlog)
            or bool(self._head_bytes)
        )

    def hold(self, reason: int) -> None:
        """Reads no more until :meth:`release` is called with the same reason."""
        if not self._held and not self.transport.is_closing():
            self.transport.pause_reading()
        self._held |= reason
        self._deaf = self._deaf or reason != HELD_BY_BODY

    def release(self, reason: int) -> None:
        """Reads on, if nothing else holds it."""
        if not self._held & reason:
            return
        self._held &= ~reason
        if self.error is None:
            self._deaf = bool(self._held & ~HELD_BY_BODY)
        while self._backlog and not self._deaf:
            backlog, self._backlog = self._backlog, []
            self.data_received(b"".join(backlog))
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()

    def take_backlog(self) -> bytes:
        """What arrived behind the head of a request to upgrade."""
        backlog, self._backlog = self._backlog, []
        return b"".join(backlog)

    def ignore(self) -> None:
        """Whatever still arrives is read and thrown away."""
        self._deaf = True
        self._backlog = []
        if self.error is None:
            self.error = BadRequest()
        if self._held:
            self._held = 0
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _hold_body(self) -> None:
        self.hold(HELD_BY_BODY)

    def _release_body(self) -> None:
        self.release(HELD_BY_BODY)

    def refuse(self, error: HTTPError) -> None:
        """No byte after this one is looked at. The requests before it are answered first."""
        if self.error is not None:
            return
        self.error = error
        self._deaf = True
        self._target = None
        if self._receiving is not None:
            self._receiving.fail(error)
            self._receiving = None
        self.requests_arrived()

    def lost(self) -> None:
        """The client is gone: whoever waits for its bytes is told."""
        self.connection.closed = True
        self.queue.clear()
        if self._receiving is not None:
            self._receiving.fail(ClientDisconnected("the client closed the connection"))


def _connection_of(transport: asyncio.BaseTransport) -> Connection:
    """Who is at the two ends of ``transport``."""
    scheme = "http" if transport.get_extra_info("sslcontext") is None else "https"
    client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return Connection(
        scheme,
        (client[0], client[1]) if isinstance(client, tuple) else None,
        (server[0], server[1]) if isinstance(server, tuple) else None,
        None if isinstance(server, tuple) else peer_of(transport),
        None if scheme == "http" else transport.get_extra_info("ssl_object").getpeercert(binary_form=True),
    )
