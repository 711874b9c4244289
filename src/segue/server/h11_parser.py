"""The request parser in pure Python: what httptools does, by h11, for where httptools does not install.

Two parsers that read one byte stream differently are how requests are smuggled, so this one refuses whatever httptools
(llhttp) refuses: each line is checked here before h11 sees it, since h11 takes bare line feeds, folded lines, control
characters and lengths that are there twice. tests/server/test_parsers.py runs one corpus over both.
"""

import re
from collections.abc import Callable
from typing import Protocol

import h11

__all__ = ["ParserCallbackError", "ParserError", "ParserUpgrade", "RequestParser"]


class ParserError(Exception):
    """The bytes are no request."""


class ParserCallbackError(ParserError):
    """A callback raised; what it raised is the context of this error."""


class ParserUpgrade(Exception):
    """The request asks for another protocol; the argument is where in the fed data that begins."""


class Callbacks(Protocol):
    """What is told of a request, in this order; at its first byte, ``on_message_begin`` if there is such a method."""

    def on_url(self, part: bytes) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_chunk_header(self) -> None: ...
    def on_body(self, piece: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


_LONGEST_LINE = 64 * 1024
_REQUEST_LINE = re.compile(
    rb"([A-Z-]+|[GS]ET_PARAMETER) {1,1024}([!-~]*)(?: +(HTTP|RTSP|ICE)/(0\.9|1\.0|1\.1|2\.0)\r\n|\r?\n)\Z"
)
_REQUEST_START = re.compile(rb"(?:[A-Z-]+|[GS]ET_PARAMETER) {1,1024}(?=[!-~])")
_ABSOLUTE = re.compile(rb"[A-Za-z]+://[^@]*@?[^@]*\Z")
_FIELD = re.compile(rb"([A-Za-z0-9!#$%&'*+\-.^_`|~]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\r\n\Z")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|\Z)")
_LENGTH = re.compile(rb"[0-9]{1,20}[ \t]*\Z")
_TOKEN = rb"[A-Za-z0-9!#$%&'*+\-.^_`|~]*"
_QUOTED = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~\x80-\xff])*"'
_CHUNK = re.compile(
    rb"0*([0-9A-Fa-f]{1,16})(?:;(?!\r)" + _TOKEN + rb"(?:=" + _TOKEN + rb"(?:" + _QUOTED + rb")?)?)*\r\n\Z"
)
_HEXADECIMAL = frozenset(b"0123456789ABCDEFabcdef")
_RTSP = frozenset({b"GET", b"POST", b"OPTIONS", b"DESCRIBE", b"ANNOUNCE", b"SETUP", b"PLAY", b"PAUSE", b"TEARDOWN",
                   b"GET_PARAMETER", b"SET_PARAMETER", b"REDIRECT", b"RECORD", b"FLUSH"})  # fmt: skip
_METHODS = {
    b"HTTP": frozenset(
        b"DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND "
        b"REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE "
        b"MKCALENDAR LINK UNLINK SOURCE QUERY PRI".split()
    ),
    b"RTSP": _RTSP,
    b"ICE": frozenset({b"SOURCE"}),
}
_ALL_METHODS = frozenset().union(*_METHODS.values())
_LONGEST_METHOD = 32

# What the next bytes are.
_START, _HEADER, _CHUNK_SIZE, _CHUNK_END, _TRAILER, _DATA, _CLOSED = range(7)


class RequestParser:
    """Calls ``callbacks`` for each request in what it is fed. The interface is that of httptools.HttpRequestParser."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._tell_begin: Callable[[], None] = getattr(callbacks, "on_message_begin", _nothing)
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that have no line end
        self._begin()

    def _begin(self) -> None:
        self._state = _START
        self._begun = False
        self._head: list[bytes] = []
        self._target_at = 0  # where the target begins in a request line that is not complete
        self._sent_target = 0
        self._method = b""
        self._version = "0.9"
        self._connection: set[bytes] = set()
        self._length: int | None = None
        self._coding: bytes | None = None
        self._upgrade = False
        self._left = 0
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * _LONGEST_LINE)

    def get_method(self) -> bytes:
        return self._method

    def get_http_version(self) -> str:
        return self._version

    def should_keep_alive(self) -> bool:
        if b"close" in self._connection:
            return False
        return self._version == "1.1" or b"keep-alive" in self._connection

    def feed_data(self, data: bytes) -> None:
        """Parses ``data``. Raises ParserError, ParserCallbackError and ParserUpgrade; after them it is not fed again."""
        self._buffer.extend(data)
        try:
            while self._buffer and self._step():
                pass
        except ParserUpgrade:
            raise ParserUpgrade(len(data) - len(self._buffer)) from None
        except ParserError:
            raise
        except Exception as error:
            raise ParserCallbackError("a callback raised") from error

    def _step(self) -> bool:
        """Takes one line or a piece of content; False when more bytes are needed."""
        buffer = self._buffer
        if self._state == _DATA:
            piece = bytes(buffer[: self._left])
            del buffer[: len(piece)]
            self._left -= len(piece)
            self._content(piece)
            return True
        if self._state in (_START, _CLOSED):
            blank = len(buffer) - len(buffer.lstrip(b"\r\n"))
            if blank and not self._sent_target:
                del buffer[:blank]
                self._searched = 0
                return True
            if self._state == _CLOSED:
                raise ParserError("Data after `Connection: close`")
            if not self._begun:
                self._begun = True
                self._tell_begin()
        end = buffer.find(b"\n", self._searched)
        if end < 0:
            fresh, self._searched = self._searched, len(buffer)
            self._unfinished(fresh)
            return False
        line = bytes(buffer[: end + 1])
        del buffer[: end + 1]
        self._searched = 0
        self._line(line)
        return True

    def _unfinished(self, fresh: int) -> None:
        """A line whose end is still to come, new from ``fresh`` on: what is wrong already is refused already."""
        buffer = self._buffer
        if len(buffer) > _LONGEST_LINE or _CONTROL.search(buffer, max(0, fresh - 1)):
            raise ParserError("Invalid or too long line")
        if self._state == _START:
            self._unfinished_request_line()
        elif self._state in (_HEADER, _TRAILER) and buffer[0] in b" \t":
            raise ParserError("Unexpected whitespace after a field")
        elif self._state == _CHUNK_SIZE and buffer[0] not in _HEXADECIMAL:
            raise ParserError("Invalid character in chunk size")
        elif self._state == _CHUNK_END and buffer != b"\r":
            raise ParserError("Expected CRLF after chunk data")

    def _unfinished_request_line(self) -> None:
        buffer = self._buffer
        if not self._target_at:
            word, space, _ = bytes(buffer[:_LONGEST_METHOD]).partition(b" ")
            if word not in _ALL_METHODS if space else not any(name.startswith(word) for name in _ALL_METHODS):
                raise ParserError("Invalid method encountered")
            if not (found := _REQUEST_START.match(buffer)):
                return
            self._target_at = found.end()
        begin = self._target_at + self._sent_target
        end = buffer.find(b" ", begin)
        part = bytes(buffer[begin : len(buffer) if end < 0 else end])
        if part:
            self._sent_target += len(part)
            self._callbacks.on_url(part)

    def _line(self, line: bytes) -> None:
        state = self._state
        if state == _START:
            self._request_line(line)
        elif state == _HEADER:
            if line == b"\r\n":
                self._head_complete()
            else:
                self._field(line)
        elif state == _CHUNK_SIZE:
            self._chunk_size(line)
        elif state == _CHUNK_END:
            if line != b"\r\n":
                raise ParserError("Expected CRLF after chunk data")
            self._state = _CHUNK_SIZE
            self._pass_on(line)
        elif line == b"\r\n":
            self._pass_on(b"\r\n")
        else:
            self._field(line)

    def _request_line(self, line: bytes) -> None:
        found = _REQUEST_LINE.match(line)
        if not found:
            raise ParserError("Invalid request line")
        method, target, protocol, version = found.groups()
        if method not in _METHODS[protocol or b"HTTP"] or (
            method == b"PRI" and protocol
        ):  # HTTP/2 begins with PRI
            raise ParserError("Invalid method encountered")
        if not target and (method != b"CONNECT" or protocol):
            raise ParserError("Unexpected start char in url")
        if method != b"CONNECT" and target[:1] not in (b"/", b"*") and not _ABSOLUTE.match(target):
            raise ParserError("Invalid characters in url")
        self._method = method
        self._version = (version or b"0.9").decode("ascii")
        self._target(target)
        self._head.append(b"%b %b HTTP/%b\r\n" % (method, target, version or b"0.9"))
        self._state = _HEADER

    def _target(self, target: bytes) -> None:
        if len(target) > self._sent_target:
            self._callbacks.on_url(target[self._sent_target :])
            self._sent_target = len(target)

    def _field(self, line: bytes) -> None:
        found = _FIELD.match(line)
        if not found:
            raise ParserError("Invalid header field")
        name, value = found.groups()
        lowered = name.lower()
        if lowered == b"content-length":
            if self._length is not None or self._coding is not None or not _LENGTH.match(value):
                raise ParserError("Invalid Content-Length")
            self._length = int(value)
            if self._length >= 2**64:
                raise ParserError("Content-Length overflow")
        elif lowered == b"transfer-encoding":
            codings = [part.strip(b" \t") for part in value.lower().split(b",")]
            if (
                self._length is not None
                or not value
                or self._coding == b"chunked"
                or b"chunked" in codings[:-1]
            ):
                raise ParserError("Invalid Transfer-Encoding")
            self._coding = codings[-1]
        elif lowered in (b"connection", b"proxy-connection"):
            self._connection.update(part.strip(b" \t").lower() for part in value.split(b","))
        elif lowered == b"upgrade" and value:
            self._upgrade = True
        if self._state == _HEADER:
            self._head.append(line)
        self._callbacks.on_header(name, value)

    def _head_complete(self) -> None:
        upgrade = (self._upgrade and b"upgrade" in self._connection) or self._method == b"CONNECT"
        self._callbacks.on_headers_complete()
        if self._coding is not None and self._coding != b"chunked":
            raise ParserError("Request has invalid `Transfer-Encoding`")
        if upgrade:
            self._callbacks.on_message_complete()
            raise ParserUpgrade
        if self._coding is not None:
            self._state = _CHUNK_SIZE
        elif self._length:
            self._state = _DATA
            self._left = self._length
        self._pass_on(b"".join([*self._head, b"\r\n"]))

    def _chunk_size(self, line: bytes) -> None:
        found = _CHUNK.match(line)
        if not found:
            raise ParserError("Invalid character in chunk size or extensions")
        self._left = int(found[1], 16)
        self._state = _DATA if self._left else _TRAILER
        self._callbacks.on_chunk_header()
        # h11 knows neither leading zeros without end nor extensions in all their forms.
        self._pass_on(b"%x\r\n" % self._left)

    def _content(self, piece: bytes) -> None:
        if not self._left and self._coding is not None:
            self._state = _CHUNK_END
        self._pass_on(piece)

    def _pass_on(self, data: bytes) -> None:
        """Gives h11 what was found to be in order, and the callbacks what h11 makes of it."""
        connection = self._h11
        try:
            connection.receive_data(data)
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise ParserError(str(error)) from error
        while event is not h11.NEED_DATA and event is not h11.PAUSED:
            if isinstance(event, h11.Data):
                self._callbacks.on_body(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._message_complete()
                return
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                raise ParserError(str(error)) from error

    def _message_complete(self) -> None:
        keep_alive = self.should_keep_alive()
        self._callbacks.on_message_complete()
        self._begin()
        if not keep_alive:
            self._state = _CLOSED


def _nothing() -> None:
    return None
