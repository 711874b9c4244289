import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from segue import App
from segue.core.middleware.hosts import AllowedHosts
from segue.core.middleware.proxies import Proxies
from segue.http.forms import FormLimits
from segue.http.request import Request

Serve = Callable[[Any], Any]


def app_for(*hosts: str) -> App:
    app = App()
    app.middleware(AllowedHosts(hosts))

    @app.get("/")
    async def index() -> str:
        return "ok"

    return app


@pytest.mark.row("SEC-8")
def test_a_host_matches_as_a_whole(serve: Serve) -> None:
    app = app_for("example.com", "*.apps.example", "[::1]", "localhost:8000", "xn--bcher-kva.example.")
    ask = serve(app)
    for host in (
        "example.com",
        "EXAMPLE.com",
        "example.com.",
        "example.com:443",
        "example.com.:80",
        "a.apps.example",
        "a.b.apps.example:8080",
        "[::1]",
        "[::1]:8000",
        "localhost:8000",
        "xn--bcher-kva.example",
    ):
        assert ask.get("/", {"host": host}).status == 200, host
    for host in (
        "exampleXcom",
        "example.com.evil.example",
        "evil-example.com",
        "evilexample.com",
        "sub.example.com",
        "example.com..",
        ".example.com",
        "example",
        "com",
        "apps.example",
        ".apps.example",
        "evilapps.example",
        "a.apps.example.evil",
        "[::2]",
        "::1",
        "localhost",
        "localhost:8001",
        "localhost.:80",
        "example.com:99999",
        "example.com:8a",
        "user@example.com",
        "example.com@evil.example",
        "example.com/",
        "example.com#",
        "example.com?x",
        "127.0.0.1",
        "",
    ):
        answer = ask.get("/", {"host": host})
        assert answer.status == 400, host
        assert host == "" or len(host) < 4 or host.encode() not in answer.body
    # No host is none, whatever else is said.
    for told in ({"x-forwarded-host": "example.com"}, {"forwarded": "host=example.com"}):
        assert ask.get("/", {"host": "", **told}).status == 400
    # HTTP/1.0 needs no Host: the server lets it pass, the list does not.
    for fields in (
        [(b"x-forwarded-host", b"example.com")],
        [(b"host", b"example.com"), (b"host", b"evil.example")],
    ):
        assert asyncio.run(app.handle(Request("GET", "/", fields))).status == 400


def test_the_host_of_a_proxy_counts_if_it_is_trusted(serve: Serve) -> None:
    def asked(proxies: Proxies) -> int:
        app = App()
        app.middleware(proxies)
        app.middleware(AllowedHosts(["films.example"]))

        @app.get("/")
        async def index() -> str:
            return "ok"

        answer = serve(app).get("/", {"host": "inner.example", "x-forwarded-host": "films.example"})
        status: int = answer.status
        return status

    assert asked(Proxies(["127.0.0.1"], host=True)) == 200
    assert asked(Proxies(["127.0.0.1"])) == 400
    assert asked(Proxies(["10.0.0.1"], host=True)) == 400


def test_a_page_for_a_browser_does_not_repeat_the_host(serve: Serve) -> None:
    answer = serve(app_for("example.com")).get("/", {"host": "evil.example", "accept": "text/html"})
    assert answer.status == 400
    assert b"evil" not in answer.body


@pytest.mark.parametrize(
    "host", ["", "*", "*.", "https://example.com", "example.com/x", "a b", "*.*.example", "ex*mple.com"]
)
def test_what_is_no_host_is_refused_when_it_is_declared(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        AllowedHosts([host])


def test_one_text_is_not_a_list() -> None:
    with pytest.raises(TypeError, match="list"):
        AllowedHosts("example.com")


def test_limits_of_bodies_and_forms_and_hosts(serve: Serve) -> None:
    app = App()
    app.middleware(AllowedHosts(["localhost"]))

    @app.post("/body", max_body=1_000)
    async def body(request: Request) -> str:
        return str(len(await request.body()))

    @app.post("/form")
    async def form(request: Request) -> str:
        limits = FormLimits(fields=10, field_size=1_000, memory=2_000)
        return str(len((await request.form(limits)).multi_items()))

    ask = serve(app)

    def multipart(*values: bytes) -> tuple[dict[str, str], bytes]:
        head = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
        pieces = b"".join(head + value + b"\r\n" for value in values)
        return {"content-type": "multipart/form-data; boundary=x"}, pieces + b"--x--\r\n"

    def urlencoded(*values: bytes) -> tuple[dict[str, str], bytes]:
        return {"content-type": "application/x-www-form-urlencoded"}, b"&".join(b"a=" + one for one in values)

    assert ask("POST", "/body", {}, b"x" * 1_000).status == 200
    assert ask("POST", "/body", {}, b"x" * 1_001).status == 413
    for encode in (multipart, urlencoded):
        assert ask("POST", "/form", *encode(b"1", b"2")).status == 200
        # Too many is another mistake than too much (SEC-27).
        assert ask("POST", "/form", *encode(*[b"x"] * 11)).status == 400
        assert ask("POST", "/form", *encode(b"x" * 1_001)).status == 413
        assert ask("POST", "/form", *encode(*[b"x" * 900] * 3)).status == 413
    assert ask("POST", "/body", {"host": "evil.example"}, b"x").status == 400
