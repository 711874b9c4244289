"""The scenarios over every server: the reply is the same, byte for byte."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from segue.testing import Client, LiveServer

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, Reply, Server, exchange, kept, serving
from scenarios import CASES, Case, make_app


def wire(case: Case) -> bytes:
    names = {name.lower() for name, _ in case.headers}
    headers = [*case.headers, ("connection", "close")]
    if "host" not in names:
        headers.insert(0, ("host", "localhost"))
    chunked = isinstance(case.body, tuple)
    if chunked:
        headers.append(("transfer-encoding", "chunked"))
    elif (case.body or case.method in ("POST", "PUT", "PATCH")) and "content-length" not in names:
        headers.append(("content-length", str(len(case.body))))
    lines = [
        f"{case.method} {case.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers),
        "",
        "",
    ]
    head = "\r\n".join(lines).encode("latin-1")
    if isinstance(case.body, bytes):
        return head + case.body
    return head + b"".join([b"%x\r\n%b\r\n" % (len(piece), piece) for piece in case.body]) + b"0\r\n\r\n"


@pytest.fixture(scope="session")
def native() -> Iterator[Callable[[Case], Reply]]:
    """The reply of the native server to a case."""
    replies: dict[str, Reply] = {}
    with LiveServer(make_app()) as server:

        def reply(case: Case) -> Reply:
            if case.name not in replies:
                replies[case.name] = exchange(server.port, wire(case), case.method)
            return replies[case.name]

        yield reply


@pytest.fixture(scope="session")
def in_process() -> Iterator[Client]:
    with Client(make_app(), raise_server_exceptions=False) as client:
        for name in ("user-agent", "accept"):
            del client.headers[name]
        yield client


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each case over each server, but for those in which the server has its own ways."""
    if "case" in metafunc.fixturenames:
        server = getattr(metafunc.cls, "server", None)
        ways = {} if server is None else server.own_ways
        left_out = {own for names in ways.values() for own in names}
        cases = [case for case in CASES if case.name not in left_out]
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])


def agree(case: Case, reply: Reply, expected: Reply) -> bool:
    return reply == expected or (case.parsed and 400 <= reply.status <= 501)


def without_manners(reply: Reply) -> Reply:
    """Some servers put the names of header fields in capitals, or sort them."""
    headers = sorted((name.lower(), value) for name, value in reply.headers)
    return Reply(reply.status, headers, reply.body, reply.whole)


def test_every_exception_is_one_of_the_cases() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert {own for server in SERVERS.values() for ways in server.own_ways.values() for own in ways} <= set(
        names
    )


def test_native(case: Case, native: Callable[[Case], Reply]) -> None:
    reply = native(case)
    assert (reply.status, reply.whole) == (case.status, not case.cut)


def test_in_process(case: Case, native: Callable[[Case], Reply], in_process: Client) -> None:
    in_process.cookies.clear()
    body = case.body if isinstance(case.body, bytes) else iter(case.body)
    pieces: list[bytes] = []
    whole = True
    with in_process.stream(case.method, case.target, headers=case.headers, content=body) as response:
        try:
            pieces.extend(response)
        except ConnectionError:
            whole = False
    content = b"".join(pieces)
    reply = Reply(response.status, kept(response.headers.multi_items(), content), content, whole)
    assert agree(case, reply, native(case))


class Contract:
    """One server: its port while the tests of the class run."""

    server: ClassVar[Server]

    @pytest.fixture(scope="class")
    @classmethod
    def port(cls) -> Iterator[int]:
        if importlib.util.find_spec(cls.server.needs) is None:
            yield 0  # the mark of the class skips, or fails, each test by the name of what is absent
            return
        with serving(cls.server) as number:
            yield number


class ByteForByte(Contract):
    @pytest.mark.row("BEY-3", "FC2")
    def test_reply(self, case: Case, port: int, native: Callable[[Case], Reply]) -> None:
        reply = exchange(port, wire(case), case.method)
        assert agree(case, reply, native(case)), (reply, native(case))


class SameBytes(Contract):
    def test_reply(self, case: Case, port: int, native: Callable[[Case], Reply]) -> None:
        reply = exchange(port, wire(case), case.method)
        assert agree(case, without_manners(reply), without_manners(native(case))), (reply, native(case))


@pytest.mark.requires("uvicorn")
class TestUvicorn(ByteForByte):
    server = SERVERS["uvicorn"]


@pytest.mark.requires("granian")
class TestGranian(ByteForByte):
    server = SERVERS["granian"]


@pytest.mark.requires("gunicorn")
class TestGunicorn(ByteForByte):
    server = SERVERS["gunicorn"]


@pytest.mark.requires("uvicorn")
class TestUvicornWithH11(SameBytes):
    server = SERVERS["uvicorn-h11"]


@pytest.mark.requires("hypercorn")
class TestHypercorn(SameBytes):
    server = SERVERS["hypercorn"]


@pytest.mark.requires("gunicorn")
class TestGunicornWithThreads(SameBytes):
    server = SERVERS["gunicorn-threads"]


@pytest.mark.requires("waitress")
class TestWaitress(SameBytes):
    server = SERVERS["waitress"]


@pytest.mark.requires("cheroot")
class TestCheroot(SameBytes):
    server = SERVERS["cheroot"]


class TestWsgiref(SameBytes):
    server = SERVERS["wsgiref"]


@pytest.mark.requires("fastpysgi")
class TestFastpysgi(SameBytes):
    server = SERVERS["fastpysgi"]
