"""Names that come from outside, over the native server: of files, users, hosts, and places to be sent to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Annotated

import pytest
from rig.client import Reply, exchange, replies
from rig.forms import field, multipart, post, upload
from rig.server import Server, serving

from segue import App, File, Form, Meta, Request, SeeOther
from segue.core.middleware.hosts import AllowedHosts
from segue.http.filenames import secure_filename
from segue.server.limits import Limits

MB = 1_000_000
ALMOST = 990_000  # bytes: what a field of a form may just have, with a little beside it
URLENCODED = b"application/x-www-form-urlencoded"
# One character that NFKC makes eighteen of, and a letter under a heap of accents that have to be put in order.
EXPANDS = "\ufdfa".encode()
ACCENTS = ("a" + "\u0301\u0323" * 8).encode()


def application() -> App:
    app = App()
    app.middleware(AllowedHosts(["a", "a.example", "*.a.example"]))

    @app.post("/save")
    async def save(picture: File) -> list[str]:
        return [picture.filename, secure_filename(picture.raw_filename, max_length=16)]

    @app.post("/user", max_body=None)
    async def user(username: Annotated[Form[str], Meta(max_length=150)]) -> str:
        return username

    @app.post("/go", max_body=None)
    async def go(to: Form[str]) -> None:
        raise SeeOther(to)

    @app.get("/{path:path}")
    async def show(path: str, request: Request, username: str = "") -> dict[str, int]:
        return {"path": len(path), "username": len(username)}

    return app


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(application(), Limits(linger=0.5), sweep=0.25) as server:
        yield server


@pytest.fixture(scope="module")
def wide_open() -> Iterator[Server]:
    """Limits that stop nothing here, so that it is the work that ends."""
    limits = Limits(max_header_size=40 * MB, max_target=40 * MB, linger=0.5)
    with serving(application(), limits, sweep=0.25) as server:
        yield server


def send(server: Server, sent: bytes) -> Reply:
    [reply] = replies(exchange(server.address, [sent]))
    return reply


def saved_as(server: Server, filename: str) -> list[str]:
    reply = send(server, post("/save", multipart(upload("picture", filename.encode(), b"x"))))
    assert reply.status == 200, reply
    names: list[str] = json.loads(reply.body)
    return names


@pytest.mark.row("FC22")
@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("CON.txt", "_CON.txt"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("COM1.log", "_COM1.log"),
        ("LPT\u00b9.txt", "_LPT\u00b9.txt"),
        ("../../CON.txt", "_CON.txt"),
        ("C:/windows/AUX", "_AUX"),
        ("CONTRACT.txt", "CONTRACT.txt"),
    ],
)
def test_an_upload_is_no_device_of_windows(server: Server, sent: str, name: str) -> None:
    assert saved_as(server, sent)[0] == name


@pytest.mark.row("FC22")
def test_the_name_of_an_upload_is_as_long_as_it_may_be(server: Server) -> None:
    assert saved_as(server, "a" * 300 + ".txt") == ["a" * 251 + ".txt", "a" * 12 + ".txt"]
    assert saved_as(server, "CON." + "a" * 40)[1] == "_CON." + "a" * 11


def escaped(octets: bytes) -> bytes:
    return b"".join([b"%%%02X" % octet for octet in octets])


def get(target: bytes, host: bytes = b"a.example") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (target, host)


# Each with the statuses that refuse a megabyte of it. What is sent to /go is percent-encoded, and nothing else.
PLACES: dict[str, tuple[Callable[[bytes], bytes], set[int]]] = {
    "username": (lambda name: post("/user", b"username=" + name, URLENCODED), {422}),
    "username in multipart": (lambda name: post("/user", multipart(field("username", name))), {413, 422}),
    "username in the query": (lambda name: get(b"/x?username=" + escaped(name)), {414}),
    "raw URL": (lambda name: get(b"/" + name), {400, 414}),
    "URL": (lambda name: get(b"/" + escaped(name)), {414}),
    "redirect": (lambda name: post("/go", b"to=/" + name, URLENCODED), {303}),
    "redirect to a host": (lambda name: post("/go", b"to=https://" + name, URLENCODED), {303}),
    "host": (lambda name: get(b"/x", name), {400, 431}),
    "escaped host": (lambda name: get(b"/x", escaped(name)), {400, 431}),
    "host below an allowed one": (lambda name: get(b"/x", escaped(name) + b".a.example"), {400, 431}),
    "name of a file": (lambda name: post("/save", multipart(upload("picture", name, b"x"))), {400, 413, 431}),
}


@pytest.mark.row("SEC-37")
@pytest.mark.parametrize("unit", [EXPANDS, ACCENTS], ids=["expands", "accents"])
@pytest.mark.parametrize("place", PLACES)
def test_a_megabyte_that_is_long_when_it_is_normalised(
    server: Server, wide_open: Server, place: str, unit: bytes
) -> None:
    """Only names of files are normalised, after they were cut (tests/http/test_filenames.py): all else is linear."""
    make, refusals = PLACES[place]

    def cost(size: int) -> float:
        best = float("inf")
        sent = make(unit * (size // len(unit)))
        for _ in range(2):
            began = wide_open.worked()
            exchange(wide_open.address, [sent])
            best = min(best, wide_open.worked() - began)
        return best

    assert send(server, make(unit * (ALMOST // len(unit)))).status in refusals
    short, long = cost(ALMOST // 10), cost(ALMOST)
    assert long < 0.01 or long / short <= 20, f"{short:.5f} s for a tenth of {long:.5f} s"
    assert long < 2.0
    assert send(server, get(b"/ping")).status == 200


def test_the_only_text_that_is_normalised_is_the_name_of_a_file() -> None:
    """So that none is added without its length checked before; IDNA would be one."""
    from pathlib import Path

    import segue

    sources = Path(segue.__file__).parent.rglob("*.py")
    words = ("unicodedata", "encodings.idna", '"idna"', "'idna'", "import idna")
    found = {file.name for file in sources if any(word in file.read_text(encoding="utf-8") for word in words)}
    # `normal.py` bounds what takes long; names of hosts have at most 253 characters, slugs are cut before.
    assert found == {"filenames.py", "normal.py", "slugs.py", "addresses.py", "call.py"}
