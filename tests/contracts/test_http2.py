"""HTTP/2, which granian brings to the ASGI adapter: what it lets through is refused as over HTTP/1.1."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, exchange, serving

pytestmark = [pytest.mark.requires("granian"), pytest.mark.requires("h2")]

HOST = (b":authority", b"a.example")
PIECE = b"x" * 16_384


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if importlib.util.find_spec("granian") is None or importlib.util.find_spec("h2") is None:
        yield 0  # the marks of this file skip, or fail, each test by the name of what is absent
        return
    with serving(SERVERS["granian"]) as number:
        yield number


GOOD_HOSTS = {
    "authority": (HOST,),
    "host field": ((b"host", b"a.example"),),
    "both, alike": (HOST, (b"host", b"a.example")),
}
BAD_HOSTS = {
    "missing": (),
    "empty": ((b"host", b""),),
    "twice": ((b"host", b"a"), (b"host", b"b")),
    "twice the same": ((b"host", b"a"), (b"host", b"a")),
    "twice beside an authority": (HOST, (b"host", b"a.example"), (b"host", b"b")),
    "space": ((b"host", b"a b"),),
    "user": ((b"host", b"u@a"),),
    "user in the authority": ((b":authority", b"u@a"),),
    "path": ((b"host", b"a/b"),),
    "query": ((b"host", b"a?b"),),
    "port": ((b"host", b"a:http"),),
    "port of eight digits": ((b":authority", b"a:99999999"),),
    "not ASCII": ((b"host", "\u00e4".encode()),),
}
# Malformed for HTTP/2 itself (RFC 9113, section 8.1.1): granian resets the stream, and no application sees it.
RESET_HOSTS = {
    "space in the authority": ((b":authority", b"a b"),),
    "empty authority": ((b":authority", b""),),
    "path in the authority": ((b":authority", b"a/b"),),
    "two authorities": ((b":authority", b"a"), (b":authority", b"b")),
}


@pytest.mark.parametrize("how", GOOD_HOSTS)
def test_a_host_is_served(port: int, how: str) -> None:
    from http2 import ask

    answer = ask(port, "/text", GOOD_HOSTS[how])
    assert (answer.status, answer.body.decode()) == (200, "Nuages, ä and 雲")


@pytest.mark.row("SEC-6")
@pytest.mark.parametrize("how", BAD_HOSTS)
def test_a_host_that_is_missing_twice_or_none_is_refused(port: int, how: str) -> None:
    """HTTP/1.1: the corpus in tests/wire, over the native server, and below.

    Of an authority and another Host, granian hands on the Host alone: that there were two, nobody here can see. What is
    no HTTP/2 at all it answers itself, by resetting the stream (below).
    """
    from http2 import ask

    answer = ask(port, "/text", BAD_HOSTS[how])
    assert answer.status == 400
    assert answer.body.startswith(b"400 Bad Request\n")


@pytest.mark.parametrize("how", RESET_HOSTS)
def test_what_is_no_http_2_reaches_no_application(port: int, how: str) -> None:
    from http2 import ask

    assert ask(port, "/text", RESET_HOSTS[how]).status in (None, 400)
    assert ask(port, "/text", (HOST,)).status == 200


@pytest.mark.row("SEC-6")
@pytest.mark.parametrize("fields", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n", b"Host:\r\n"])
def test_the_same_over_http_1(port: int, fields: bytes) -> None:
    request = b"GET /text HTTP/1.1\r\n%bConnection: close\r\n\r\n" % fields
    assert exchange(port, request, "GET").status == 400


@pytest.mark.parametrize("length", [None, b"2600000"])
def test_a_body_over_the_limit_is_refused(port: int, length: bytes | None) -> None:
    """A body needs no length in HTTP/2; 2.5 MB is what a route takes that says nothing else."""
    from http2 import ask

    fields = (HOST,) if length is None else (HOST, (b"content-length", length))
    answer = ask(port, "/echo", fields, [PIECE] * 160, "POST")
    assert answer.status == 413
    assert json.loads(answer.body)["status"] == 413


@pytest.mark.parametrize("length", [b"10", b"+1", b"1, 1", b"9" * 30])
def test_a_length_that_is_not_true_makes_no_second_request(port: int, length: bytes) -> None:
    from http2 import ask

    answer = ask(port, "/small", (HOST, (b"content-length", length)), [b"x" * 100], "POST")
    assert answer.status in (None, 400)
    assert ask(port, "/text", (HOST,)).status == 200
