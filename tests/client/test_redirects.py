"""What goes along where a redirect leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from client_rig import run

from segue import App, Request, Response
from segue.client import CallBroken, Http, TooManyRedirects
from segue.server.config import TLS, ServerConfig
from segue.testing import LiveServer

SECRETS = {
    "authorization": "Bearer 1",
    "cookie": "session=1",
    "proxy-authorization": "Basic 1",
    "x-api-key": "1",
    "accept-language": "fr",
}


class Seen:
    """An app that keeps what reaches it, and redirects from /to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.app = App()
        self.app.route("/to", methods=["GET", "POST", "PUT", "HEAD"])(self.to)
        self.app.get("/round")(self.round)
        self.app.route("/end", methods=["GET", "POST", "PUT", "HEAD"])(self.end)

    async def keep(self, request: Request) -> None:
        fields = dict(request.headers.multi_items())
        self.requests.append((request.method, request.path, fields, await request.body()))

    async def to(self, request: Request, url: str, status: int = 302) -> Response:
        await self.keep(request)
        return Response(b"", status, {"location": url})

    async def round(self, request: Request) -> Response:
        await self.keep(request)
        return Response(b"", 302, {"location": "/round"})

    async def end(self, request: Request) -> dict[str, str]:
        await self.keep(request)
        return {"method": request.method}


def other_origins(kind: str, tmp_path: Path, serve: Callable[..., LiveServer]) -> tuple[Any, Any, Seen, Http]:
    """Where a call begins, where it is sent on to, what the second one sees, and a client that trusts both."""
    first, second = Seen(), Seen()
    if kind == "https->http":
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
        certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
        tls = TLS(certfile=str(tmp_path / "cert.pem"), keyfile=str(tmp_path / "key.pem"))
        import ssl

        context = ssl.create_default_context()
        authority.configure_trust(context)
        start = serve(first.app, ServerConfig(binds=("127.0.0.1:0",), tls=tls)).url
        return start, serve(second.app).url, second, Http(tls=context)
    start, end = serve(first.app).url, serve(second.app)
    if kind == "host":
        return start, f"http://elsewhere.test:{end.port}", second, Http(hosts={"elsewhere.test": "127.0.0.1"})
    return start, end.url, second, Http()


@pytest.mark.row("SEC-79")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["host", "port", "https->http"])
def test_secrets_and_body_stay_with_the_origin_that_they_were_for(
    kind: str, status: int, tmp_path: Path, serve: Callable[..., LiveServer]
) -> None:
    start, end, seen, http = other_origins(kind, tmp_path, serve)

    async def call() -> None:
        async with http:
            reply = await http.post(
                f"{start}/to",
                params={"url": f"{end}/end", "status": status},
                headers=SECRETS,
                auth=("user", "password"),
                json={"secret": 1},
            )
            assert reply.ok
            assert reply.url == f"{end}/end"
            assert [one.status for one in reply.history] == [status]

    run(call())
    [(method, _, fields, body)] = seen.requests
    assert method == ("POST" if status in (307, 308) else "GET")
    assert body == b""
    assert not {"authorization", "cookie", "proxy-authorization", "x-api-key", "content-type"} & set(fields)
    assert fields["accept-language"] == "fr"


def test_within_one_origin_all_of_it_goes_along(serve: Callable[..., LiveServer]) -> None:
    seen = Seen()
    url = serve(seen.app).url

    async def call() -> None:
        async with Http(headers=SECRETS) as http:
            await http.post(f"{url}/to", params={"url": "/end", "status": 307}, content=b"body")
            await http.post(f"{url}/to", params={"url": "end", "status": 303}, content=b"body")

    run(call())
    ends = [one for one in seen.requests if one[1] == "/end"]
    assert [(method, body) for method, _, _, body in ends] == [("POST", b"body"), ("GET", b"")]
    assert all(SECRETS.items() <= fields.items() for _, _, fields, _ in ends)


def test_secrets_do_not_come_back_with_a_redirect_that_leads_back(serve: Callable[..., LiveServer]) -> None:
    first, second = Seen(), Seen()
    start, other = serve(first.app).url, serve(second.app).url

    async def call() -> None:
        async with Http(headers=SECRETS, auth=("user", "password")) as http:
            back = f"{other}/to?url={start}/end"
            await http.get(f"{start}/to", params={"url": back})

    run(call())
    assert "authorization" in first.requests[0][2]
    assert first.requests[1][1] == "/end"
    assert not {"authorization", "cookie", "x-api-key"} & set(first.requests[1][2])


def test_headers_of_a_client_are_for_its_base_url_only(serve: Callable[..., LiveServer]) -> None:
    home, other = Seen(), Seen()
    home_url, other_url = serve(home.app).url, serve(other.app).url

    async def call() -> None:
        async with Http(base_url=home_url, headers=SECRETS, auth=("user", "password")) as http:
            await http.get("/end")
            await http.get(f"{other_url}/end")

    run(call())
    assert home.requests[0][2]["x-api-key"] == "1"
    assert not {"authorization", "cookie", "x-api-key"} & set(other.requests[0][2])


def test_a_circle_ends_and_a_redirect_to_nowhere_is_told(serve: Callable[..., LiveServer]) -> None:
    seen = Seen()
    url = serve(seen.app).url

    async def call() -> None:
        async with Http() as http:
            with pytest.raises(TooManyRedirects, match="5 redirects"):
                await http.get(f"{url}/round")
            for bad in ("file:///etc/passwd", "ftp://a/", "http://a b/", "//user:password@a/"):
                with pytest.raises(CallBroken, match="leads nowhere"):
                    await http.get(f"{url}/to", params={"url": bad})
            reply = await http.get(f"{url}/to", params={"url": "/end"}, redirects=0)
            assert (reply.status, reply.headers["location"]) == (302, "/end")

    run(call())
    assert len([one for one in seen.requests if one[1] == "/round"]) == 6


def test_a_body_that_is_made_while_it_is_sent_is_not_sent_twice(serve: Callable[..., LiveServer]) -> None:
    seen = Seen()
    url = serve(seen.app).url

    async def pieces() -> Any:
        yield b"a"
        await asyncio.sleep(0)
        yield b"b"

    async def call() -> None:
        async with Http() as http:
            with pytest.raises(CallBroken, match="give bytes"):
                await http.post(f"{url}/to", params={"url": "/end", "status": 307}, content=pieces())

    run(call())
