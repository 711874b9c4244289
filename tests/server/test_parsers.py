"""The two request parsers, httptools and h11, are one parser: the same result for every stream and every split."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import textwrap
import time
from typing import Any

import httptools
import pytest
from hypothesis import given, settings, strategies as st

from segue.http.errors import HTTPError
from segue.server import h11_parser
from segue.server.framing import frame, origin_form

HOST = b"Host: a\r\n"
POST = b"POST /upload HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"


def get(*lines: bytes, start: bytes = b"GET / HTTP/1.1") -> bytes:
    return start + b"\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


GOOD = {
    "the least": get(),
    "two in a row": get() + NEXT,
    "empty lines first": b"\r\n\n\r" + get(),
    "several spaces": get(start=b"GET   /   HTTP/1.1"),
    "a target with marks": get(start=b'GET /a?b=c&d=%20"<>\\^`{|} HTTP/1.1'),
    "an absolute target": get(start=b"GET http://a/x?y HTTP/1.1"),
    "all": get(start=b"OPTIONS * HTTP/1.1"),
    "space around values": get(b"A: \t b c", b"B:", b"C: \t ", b"D: e \t"),
    "bytes over 127 in a value": get(b"A: caf\xe9\xff"),
    "every token character": get(b"!#$%&'*+-.^_`|~09azAZ: x"),
    "1.0": get(start=b"GET / HTTP/1.0"),
    "1.0 kept": get(b"Connection: keep-alive", start=b"GET / HTTP/1.0") + NEXT,
    "close in a list": get(b"Connection: foo ,\tCLOSE"),
    "a word that begins like close": get(b"Connection: closer") + NEXT,
    "a body": POST + b"Content-Length: 5\r\n\r\nhello" + NEXT,
    "a body of nothing": POST + b"Content-Length: 0\r\n\r\n" + NEXT,
    "zeros before a length": POST + b"Content-Length: 0005\r\n\r\nhello" + NEXT,
    "a length up to 18 digits": POST + b"Content-Length: 999999999999999999\r\n\r\nhello",
    "line ends in a body": POST + b"Content-Length: 6\r\n\r\n\r\n\r\n\n\n" + NEXT,
    "chunks": CHUNKED + b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n" + NEXT,
    "chunks in capitals": POST + b"Transfer-Encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n" + NEXT,
    "chunk extensions": CHUNKED + b'3;a;;b=c;d="e\\";\xe9 ";=f;h=i"j";g=\r\nabc\r\n0;z\r\n\r\n' + NEXT,
    "zeros before a chunk size": CHUNKED + b"0" * 40 + b"3\r\nabc\r\n000\r\n\r\n" + NEXT,
    "trailers": CHUNKED + b"1\r\nx\r\n0\r\nDigest: y\r\nB: z\r\n\r\n" + NEXT,
    "chunks for GET": get(b"Transfer-Encoding: chunked")[:-2] + b"\r\n0\r\n\r\n",
    "an upgrade": get(b"Upgrade: websocket", b"Connection: Upgrade") + b"\x81\x80rest",
    "an upgrade that closes": get(b"Upgrade: x", b"Connection: upgrade, close") + b"rest",
    "an upgrade that is not wanted": get(b"Upgrade: x") + NEXT,
    "an upgrade to nothing": get(b"Upgrade:", b"Connection: upgrade") + NEXT,
    "upgrade as an option only": get(b"Connection: upgrade") + NEXT,
    "a proxy's connection field": get(b"Proxy-Connection: close"),
}

BAD = {
    "a bare LF after the request line": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "a bare LF after a field": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    "a bare LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "only LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "a bare CR in a field": get(b"A: b\rC: d"),
    "CR CR LF": get(b"A: b\r"),
    "a folded field": get(b"A: b", b" c"),
    "a folded field by a tab": get(b"A: b", b"\tc"),
    "a field that begins with space": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "space before the colon": get(b"A : b"),
    "no name": get(b": b"),
    "no colon": get(b"Ab"),
    "a control character in a name": get(b"A\x01: b"),
    "a byte over 127 in a name": get(b"A\xe9: b"),
    "a bracket in a name": get(b"A(: b"),
    "NUL in a value": get(b"A: b\0c"),
    "a control character in a value": get(b"A: b\x1fc"),
    "DEL in a value": get(b"A: b\x7f"),
    "a tab in the request line": get(start=b"GET\t/ HTTP/1.1"),
    "space before the method": b" " + get(),
    "a method in lower case": get(start=b"get / HTTP/1.1"),
    "a method that does not exist": get(start=b"FOO / HTTP/1.1"),
    "half a method": get(start=b"G / HTTP/1.1"),
    "no target": get(start=b"GET HTTP/1.1"),
    "a relative target": get(start=b"GET index.html HTTP/1.1"),
    "a space in the target": get(start=b"GET /a b HTTP/1.1"),
    "NUL in the target": get(start=b"GET /a\0 HTTP/1.1"),
    "a byte over 127 in the target": get(start=b"GET /\xe9 HTTP/1.1"),
    "a fragment": get(start=b"GET /a#b HTTP/1.1"),
    "another host in the target": get(start=b"GET http://b/ HTTP/1.1"),
    "an authority": get(start=b"CONNECT a:1 HTTP/1.1"),
    "no version": get(start=b"GET /"),
    "version 0.9": get(start=b"GET / HTTP/0.9"),
    "version 1.2": get(start=b"GET / HTTP/1.2"),
    "version 1.10": get(start=b"GET / HTTP/1.10"),
    "version 2.0": get(start=b"GET / HTTP/2.0"),
    "a version in lower case": get(start=b"GET / http/1.1"),
    "space after the version": get(start=b"GET / HTTP/1.1 "),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": get(b"Host: b"),
    "a host that is none": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "two equal lengths": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    "a list of lengths": POST + b"Content-Length: 1, 1\r\n\r\nx",
    "a signed length": POST + b"Content-Length: +1\r\n\r\nx",
    "a negative length": POST + b"Content-Length: -1\r\n\r\nx",
    "an empty length": POST + b"Content-Length: \r\n\r\nx",
    "a length with a space": POST + b"Content-Length: 1 2\r\n\r\nx",
    "a length with an underscore": POST + b"Content-Length: 1_0\r\n\r\n0123456789",
    "a hexadecimal length": POST + b"Content-Length: 0x1\r\n\r\nx",
    "a huge length": POST + b"Content-Length: 99999999999999999999\r\n\r\nx",
    "length and chunks": POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    "gzip": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "gzip and chunked apart": POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, gzip": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "no coding": POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "chunks in 1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an upgrade with a body": POST + b"Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\nx",
    "more after close": get(b"Connection: close") + NEXT,
    "more after 1.0": get(start=b"GET / HTTP/1.0") + NEXT,
    "an expectation": POST + b"Expect: tea\r\nContent-Length: 1\r\n\r\nx",
    **{
        f"a chunk of {size!r}": CHUNKED + size + b"abc\r\n0\r\n\r\n"
        for size in (
            b"0x3\r\n", b"3 \r\n", b"3\t\r\n", b" 3\r\n", b"+3\r\n", b"-3\r\n", b"\r\n", b"3\n", b"3\r\r\n", b"g\r\n",
            b"fffffffffffffffff\r\n", b"3;\r\n", b"3;;\r\n", b"3; a=b\r\n", b"3 ;a=b\r\n", b"3;a\x01\r\n", b"3;a\rb\r\n",
            b"3;a\n", b"3;a=b=c\r\n", b"3;a=b c\r\n", b'3;a="b\r\n', b'3;a="b"c\r\n', b'3;a="\\\x01"\r\n', b"3;a(\r\n",
            b"3;\xe9\r\n", b"3_0\r\n", b"2\r\n", b"4\r\n",
        )
    },
    "LF after a chunk": CHUNKED + b"3\r\nabc\n0\r\n\r\n",
    "CR after a chunk": CHUNKED + b"3\r\nabc\r0\r\n\r\n",
    "LF at the end of chunks": CHUNKED + b"0\r\n\n",
    "a length in trailers": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "a coding in trailers": CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a trailer without a colon": CHUNKED + b"0\r\nA b\r\n\r\n",
    "a folded trailer": CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n",
    "LF after a trailer": CHUNKED + b"0\r\nA: b\n\r\n",
}  # fmt: skip

CORPUS = GOOD | BAD


class Recorder:
    """What the server makes of a stream: the requests, and how it ends."""

    def __init__(self) -> None:
        self.parser: Any = None
        self.requests: list[dict[str, Any]] = []
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        method, version = self.parser.get_method().decode(), self.parser.get_http_version()
        fields, self.fields = self.fields, []
        target, self.target = self.target, b""
        framing = frame(fields, version)
        if not target.startswith(b"/"):
            target = origin_form(method, target, fields)
        if b"#" in target:
            raise HTTPError(400)
        self.requests.append(
            {
                "head": (method, target, version, fields, self.parser.should_keep_alive()),
                "framing": (framing.mode, framing.length),
                "body": b"",
                "chunks": 0,
                "trailers": None,
            }
        )

    def on_chunk_header(self) -> None:
        self.requests[-1]["chunks"] += 1

    def on_body(self, piece: bytes) -> None:
        self.requests[-1]["body"] += piece

    def on_message_complete(self) -> None:
        self.requests[-1]["trailers"], self.fields = self.fields, []


def read(twin: Any, pieces: list[bytes]) -> tuple[list[dict[str, Any]], Any]:
    """The requests in a stream, and: the status it is refused with, what follows an upgrade, or None."""
    names = ("RequestParser", "ParserUpgrade", "ParserCallbackError", "ParserError")
    prefix = "Http" if twin is httptools else ""
    make, upgrade, callback_error, error = [getattr(twin, prefix + name) for name in names]
    recorder = Recorder()
    recorder.parser = make(recorder)
    for at, piece in enumerate(pieces):
        try:
            recorder.parser.feed_data(piece)
        except upgrade as found:
            return recorder.requests, b"".join([piece[found.args[0] :], *pieces[at + 1 :]])
        except callback_error as found:
            if not isinstance(found.__context__, HTTPError):
                raise
            return recorder.requests, found.__context__.status
        except error:
            return recorder.requests, 400
    return recorder.requests, None


@pytest.mark.parametrize("name", GOOD)
def test_good_streams_are_understood(name: str) -> None:
    requests, end = read(h11_parser, [GOOD[name]])
    assert requests
    assert not isinstance(end, int)
    assert read(httptools, [GOOD[name]]) == (requests, end)


@pytest.mark.parametrize("name", BAD)
def test_bad_streams_are_refused(name: str) -> None:
    requests, end = read(h11_parser, [BAD[name]])
    assert isinstance(end, int)
    assert 400 <= end < 600
    assert read(httptools, [BAD[name]]) == (requests, end)


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(places) if a < b]


@given(st.sampled_from(sorted(CORPUS)), st.lists(st.integers(0, 10_000), max_size=8))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_splits_change_nothing(name: str, cuts: list[int]) -> None:
    stream = CORPUS[name]
    whole = read(httptools, [stream])
    assert read(httptools, split(stream, cuts)) == whole
    assert read(h11_parser, split(stream, cuts)) == whole


@pytest.mark.parametrize("name", CORPUS)
def test_single_bytes_change_nothing(name: str) -> None:
    stream = CORPUS[name]
    assert read(h11_parser, [stream[at : at + 1] for at in range(len(stream))]) == read(httptools, [stream])


PIECES = [
    b"GET", b"POST", b" ", b"  ", b"/", b"/a?b", b"*", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\n", b"\r", b"\t",
    b"Host: a\r\n", b"Content-Length: 3\r\n", b"Content-Length", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Upgrade: x\r\n", b": ", b":", b"chunked", b"gzip", b",",
    b";", b"=", b'"', b"abc", b"3", b"3\r\n", b"0", b"0\r\n\r\n", b"\0", b"\x7f", b"\xff", b"a: b\r\n", b"\r\n\r\n",
]  # fmt: skip


@given(
    st.sampled_from(sorted(CORPUS)),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 4), st.sampled_from(PIECES)), min_size=1, max_size=3
    ),
)
@settings(max_examples=2500, deadline=None, derandomize=True)
def test_streams_that_were_tampered_with_have_one_meaning(
    name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    stream = CORPUS[name]
    for place, cut, piece in changes:
        at = place % (len(stream) + 1)
        stream = stream[:at] + piece + stream[at + cut :]
    expected_requests, expected_end = read(httptools, [stream])
    requests, end = read(h11_parser, [stream])
    assert requests == expected_requests
    if end is None and expected_end == 400:  # the tail is a line without an end: it is judged when it ends
        _, end = read(h11_parser, [stream, b"\r\n"])
    assert end == expected_end


@pytest.mark.parametrize("start", [b"GET /", get()[:-2] + b"A: ", CHUNKED + b'1;a="', CHUNKED + b"0\r\nA: "])
def test_a_dribble_of_single_bytes_takes_linear_time(start: bytes) -> None:
    def cost(size: int) -> float:
        pieces = [start] + [b"x"] * size
        best = float("inf")
        for _ in range(5):
            began = time.process_time()
            _, end = read(h11_parser, pieces)
            best = min(best, time.process_time() - began)
            assert end is None
        return best

    # What is worse than linear is so each time; a busy machine is not.
    assert any(cost(30_000) / cost(3_000) <= 20 for _ in range(3))


def test_a_line_without_end_is_cut_off() -> None:
    for start in (b"GET /", get()[:-2] + b"A: ", CHUNKED + b"3;", CHUNKED + b"0\r\nA: "):
        _, end = read(h11_parser, [start] + [b"x" * 4096] * 20)
        assert end == 400


SERVER = textwrap.dedent("""
    import asyncio, json, sys
    from segue.http.request import Request
    from segue.http.response import Response
    from segue.server.http1 import HTTP1Protocol
    from segue.server.parser import RequestParser
    from segue.server.service import Service

    class Mirror:
        default_headers = []
        async def startup(self): ...
        async def shutdown(self): ...
        async def handle(self, request):
            body = await request.body()
            told = [request.method, request.target, request.headers.multi_items(), body.decode("latin-1")]
            return Response(json.dumps(told).encode())

    async def main():
        service = Service(Mirror())
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: HTTP1Protocol(service), "127.0.0.1", 0)
        print(RequestParser.__module__, server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)

    asyncio.run(main())
""")


def replies(pure: bool) -> tuple[str, dict[str, str]]:
    """The parser of a server in its own process, and what it replies to each stream, but for the date."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("SEGUE_PURE", None)
    if pure:
        environment["SEGUE_PURE"] = "1"

    async def ask(port: int, stream: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(stream)
        writer.write_eof()
        async with asyncio.timeout(20):
            try:
                reply = await reader.read()
            except ConnectionError:
                reply = b"reset"
        writer.close()
        return b"\n".join(line for line in reply.split(b"\r\n") if not line.startswith(b"date:"))

    async def ask_all(port: int) -> dict[str, str]:
        return {name: (await ask(port, stream)).decode("latin-1") for name, stream in CORPUS.items()}

    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as server:
        assert server.stdin
        assert server.stdout
        try:
            parser, port = server.stdout.readline().split()
            return parser, asyncio.run(ask_all(int(port)))
        finally:
            server.stdin.close()


@pytest.mark.row("AI21")
def test_a_server_without_httptools_replies_the_same() -> None:
    fast_parser, fast = replies(pure=False)
    pure_parser, pure = replies(pure=True)
    assert fast_parser.startswith("httptools")
    assert pure_parser == "segue.server.h11_parser"

    def told(reply: str) -> list[str]:
        """Status lines and bodies; the words for what was malformed are each parser's own."""
        return [
            line
            for line in reply.split("\n")
            if not line.startswith(("The request is malformed", "content-length"))
        ]

    assert {name: told(reply) for name, reply in pure.items()} == {
        name: told(reply) for name, reply in fast.items()
    }
    assert all(reply.startswith("HTTP/1.1 ") for name, reply in pure.items() if name in BAD), json.dumps(
        pure, indent=1
    )
