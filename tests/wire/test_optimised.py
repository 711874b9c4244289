"""Under `python -O`, where assertions are gone: what must end ends, what must be refused is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.child import Child, child
from rig.client import exchange, replies
from rig.forms import BOUNDARY, field, multipart, post, upload

PROGRAMS = str(Path(__file__).parent / "rig" / "programs.py")


@pytest.fixture(scope="module", params=["", "-O"], ids=["plain", "optimised"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    flags = (request.param,) if request.param else ()
    with child(PROGRAMS, "uploads", tmp_path_factory.mktemp("optimised") / "log", flags=flags) as server:
        yield server


def send(server: Child, body: bytes) -> int:
    began = time.perf_counter()
    [reply] = replies(exchange(server.address, [post("/form", body)]))
    assert time.perf_counter() - began < 1
    assert server.log.read_text() == ""
    return reply.status


@pytest.mark.row("SEC-24")
@pytest.mark.parametrize("cut", [3, 5, 20, 60, 100, 120])
def test_a_form_that_is_cut(server: Child, cut: int) -> None:
    whole = multipart(field("a", b"b"), upload("f", b"g", b"h" * 20))
    assert send(server, whole) == 200
    assert send(server, whole[:-cut]) == 400


@pytest.mark.row("SEC-24")
@pytest.mark.parametrize("length", [b"0", b"5", b"99999", b"99999999999999999999"])
def test_a_part_that_lies_about_its_length(server: Child, length: bytes) -> None:
    """The boundary ends a part, whatever it said."""
    lie = b'--%b\r\nContent-Disposition: form-data; name="a"\r\nContent-Length: %b\r\n\r\nb\r\n'
    assert send(server, lie % (BOUNDARY, length) + multipart(field("c", b"d"))) in (200, 400)


@pytest.mark.row("SEC-24")
@pytest.mark.parametrize("times", [1, 1_000])
def test_parts_that_are_no_parts(server: Child, times: int) -> None:
    assert send(server, multipart(b"--" + BOUNDARY + b"\r\n\r\n" * times)) == 400
    assert send(server, b"--" + BOUNDARY + b"\r" * times) == 400
