"""Work on hostile input grows no faster than the input: ten times as much takes at most twenty times as long."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from rig.client import exchange, replies, split
from rig.forms import BOUNDARY, multipart, post
from rig.server import Server, serving

from segue import App, Request
from segue.http.negotiate import accepts
from segue.server.limits import Limits

URLENCODED = b"application/x-www-form-urlencoded"


def application() -> App:
    app = App()

    @app.get("/{path:path}")
    async def show(path: str, request: Request) -> dict[str, str | None]:
        accept = request.headers.joined("accept")
        return {"path": path, "type": accepts(accept, ["text/html", "application/json"]) if accept else None}

    @app.post("/form")
    async def form(request: Request) -> dict[str, int]:
        return {"fields": len((await request.form()).multi_items())}

    return app


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # Wide open, so that it is the work that ends and not the limits that end it.
    wide = Limits(max_header_size=4_000_000, max_target=4_000_000, max_header_count=100_000, linger=0.5)
    with serving(application(), wide, sweep=0.25) as server:
        yield server


def get(*fields: bytes, target: bytes = b"/a") -> bytes:
    lines = b"".join(b"%b\r\n" % field for field in fields)
    return b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%b\r\n" % (target, lines)


def part(disposition: bytes) -> bytes:
    return multipart(b"--%b\r\nContent-Disposition: form-data; %b\r\n\r\nx\r\n" % (BOUNDARY, disposition))


def linear(server: Server, make: Callable[[int], bytes], n: int, how: str = "whole") -> None:
    def cost(sent: bytes) -> float:
        best = float("inf")
        for _ in range(5):
            pieces = list(split(sent, how))
            began = server.worked()
            [reply] = replies(exchange(server.address, pieces))
            best = min(best, server.worked() - began)
            assert reply.status in (200, 400, 413, 422, 431), reply
        return best

    short, long = cost(make(n)), cost(make(10 * n))
    # What takes no time that could be measured says nothing by its ratio.
    assert long < 0.01 or long / short <= 20, f"{short:.5f} s for {n}, {long:.5f} s for ten times that"


HEADERS: dict[str, Callable[[int], bytes]] = {
    "many": lambda n: get(*[b"X-%d: y" % number for number in range(n // 10)]),
    "repeated": lambda n: get(*[b"X: y"] * (n // 10)),
    "huge": lambda n: get(b"X: " + b"y" * n * 3),
    "huge name": lambda n: get(b"X" * n + b": y"),
    "blanks": lambda n: get(b"X:" + b" " * n + b"y"),
}


@pytest.mark.row("SEC-11")
@pytest.mark.parametrize("how", ["whole", "3"])
@pytest.mark.parametrize("kind", HEADERS)
def test_headers(server: Server, kind: str, how: str) -> None:
    linear(server, HEADERS[kind], 30_000, how)


PARAMETERS: dict[str, Callable[[int], bytes]] = {
    "accept": lambda n: get(b'Accept: text/html;a="' + b'\\";' * n + b'"'),
    "accept open": lambda n: get(b'Accept: text/html;a="' + b";" * n),
    "accept many": lambda n: get(b"Accept: " + b"a/b;q=0.1," * n),
    "content type": lambda n: post("/form", b"x", b'multipart/form-data; a="' + b'\\";' * n + b'"'),
    "content type open": lambda n: post("/form", b"x", b'multipart/form-data; a="' + b";" * n),
    "content type names": lambda n: post("/form", b"x", b"multipart/form-data" + b"; a=b" * n),
    "disposition": lambda n: post("/form", part(b'name="' + b'\\";' * (n // 20) + b'"')),
    "disposition open": lambda n: post("/form", part(b'name="' + b";" * (n // 20))),
    "disposition names": lambda n: post("/form", part(b'name="a"' + b"; a=b" * (n // 20))),
}


@pytest.mark.row("SEC-12")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_parameters_of_headers(server: Server, kind: str) -> None:
    linear(server, PARAMETERS[kind], 10_000)


ESCAPES: dict[str, Callable[[int], bytes]] = {
    "path": lambda n: get(target=b"/" + b"%ff%" * n),
    "good path": lambda n: get(target=b"/" + b"%41%c3%a9" * n),
    "query": lambda n: get(target=b"/a?b=" + b"%ff%" * n),
    "form": lambda n: post("/form", b"a=" + b"%ff%" * n, URLENCODED),
    "good form": lambda n: post("/form", b"a=" + b"%c3%a9+" * (n // 2), URLENCODED),
    "percent signs": lambda n: get(target=b"/" + b"%" * n),
}


@pytest.mark.row("SEC-42")
@pytest.mark.parametrize("kind", ESCAPES)
def test_percent_decoding(server: Server, kind: str) -> None:
    """The longer of the two has a megabyte."""
    linear(server, ESCAPES[kind], 25_000)


@pytest.mark.row("SEC-36")
@pytest.mark.parametrize("value", [b"\\", b"a=b; ", b"=x; ", b'a="'])
def test_cookies(server: Server, value: bytes) -> None:
    linear(server, lambda n: get(b'Cookie: a="' + value * n), 10_000)
