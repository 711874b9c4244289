"""A client that sends exactly the bytes it is told to and reads replies by the letter of RFC 9112."""

import random
import re
import socket
from collections.abc import Iterable, Iterator

__all__ = ["Broken", "Reply", "connect", "exchange", "read_all", "replies", "split"]

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*\Z")
_FIELD = re.compile(rb"([a-z0-9-]+): ([ -~]*)\Z")


class Broken(AssertionError):
    """The server sent something that is no HTTP."""


class Reply:
    """One response as it came."""

    def __init__(self, status: int, fields: list[tuple[str, str]], body: bytes, *, whole: bool) -> None:
        self.status = status
        self.fields = fields
        self.body = body
        #: Whether all of the body came; a reply that was cut is not.
        self.whole = whole

    def __getitem__(self, name: str) -> str:
        return dict(self.fields)[name]

    def __contains__(self, name: object) -> bool:
        return name in dict(self.fields)

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:60]!r}>"


def connect(address: tuple[str, int], *, timeout: float = 15.0, receive_buffer: int = 0) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.connect(address)
    return connection


def split(data: bytes, how: str) -> Iterator[bytes]:
    """``whole``, ``bytes`` (one by one), or a number: random pieces of that seed."""
    if how == "whole":
        yield data
    elif how == "bytes":
        # What is long is long because of its repetitions: byte by byte at both ends, where the edges are.
        middle = data[2048:-2048]
        for at in range(min(2048, len(data))):
            yield data[at : at + 1]
        if middle:
            yield middle
        for at in range(max(2048, len(data) - 2048), len(data)):
            yield data[at : at + 1]
    else:
        chance = random.Random(how)
        at = 0
        while at < len(data):
            size = chance.choice((1, 2, 3, 7, 40, 300, 5000, 70_000))
            yield data[at : at + size]
            at += size


def exchange(address: tuple[str, int], pieces: Iterable[bytes], *, timeout: float = 15.0) -> bytes:
    """Sends the pieces, each in a packet of its own, and returns all bytes until the server closes."""
    with connect(address, timeout=timeout) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server had seen enough
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    received = bytearray()
    while True:
        try:
            data = connection.recv(262_144)
        except ConnectionResetError:
            return bytes(received)
        if not data:
            return bytes(received)
        received += data


def replies(data: bytes, methods: Iterable[str] = ()) -> list[Reply]:
    """Takes a byte stream apart. ``methods``: those of the requests, where a HEAD is among them.

    Interim replies (1xx) are left out. Raises Broken for whatever a proxy could misread.
    """
    found: list[Reply] = []
    asked = iter(methods)
    while data:
        head, mark, data = data.partition(b"\r\n\r\n")
        if not mark:
            raise Broken(f"a head without an end: {head[:200]!r}")
        line, *lines = head.split(b"\r\n")
        status = _STATUS.match(line)
        fields = [_FIELD.match(field) for field in lines]
        if not status or None in fields:
            raise Broken(f"no head of a response: {head[:300]!r}")
        pairs = [(field[1].decode(), field[2].decode()) for field in fields if field]
        code = int(status[1])
        if code < 200 and code != 101:
            continue
        named = [name for name, _ in pairs]
        if named.count("content-length") + named.count("transfer-encoding") > 1:
            raise Broken(f"framed twice: {pairs}")
        whole = True
        if next(asked, "GET") == "HEAD" or code in (204, 304):
            body = b""
        elif "content-length" in named:
            length = int(dict(pairs)["content-length"])
            body, data = data[:length], data[length:]
            whole = len(body) == length
        elif "transfer-encoding" in named:
            body, data, whole = _dechunk(data)
        else:
            body, data = data, b""
        found.append(Reply(code, pairs, body, whole=whole))
    return found


def _dechunk(data: bytes) -> tuple[bytes, bytes, bool]:
    pieces: list[bytes] = []
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return b"".join(pieces), b"", False
        size = int(data[at:end], 16)
        start = end + 2
        if size == 0:
            if data[start : start + 2] != b"\r\n":
                return b"".join(pieces), b"", False
            return b"".join(pieces), data[start + 2 :], True
        pieces.append(data[start : start + size])
        if data[start + size : start + size + 2] != b"\r\n":
            return b"".join(pieces), b"", False
        at = start + size + 2
