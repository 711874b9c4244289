"""Sessions, tokens and what guards a site, in one app."""

from __future__ import annotations

import gzip
import hmac
from typing import Any

import pytest
from msgspec import Struct

from segue import App, Compression, Request
from segue.core.identity import identity_of
from segue.security import (
    EncryptedCookie,
    Hosts,
    MemoryCounts,
    MemoryFamilies,
    MemorySessions,
    Session,
    SessionCookie,
    Sessions,
    TokenAuth,
    signed_in,
)
from segue.security.limits.plugin import Limiter
from segue.testing import Client

KEY = "tests-of-tokens-have-a-secret-key-0123456789-abcdefghijklmnop"


class Member(Struct):
    id: str
    principals: list[str] = []


async def check(name: str, password: str) -> Member | None:
    fits = hmac.compare_digest(password.encode(), b"nuages")
    return Member(name) if name == "django" and fits else None


@pytest.mark.row("LI10")
@pytest.mark.requires("brotli", "backports.zstd")
@pytest.mark.parametrize("where", ["server", "client"])
def test_sessions_tokens_guards_hosts_and_compression(where: str) -> None:
    store: Any = MemorySessions() if where == "server" else EncryptedCookie()
    tokens = TokenAuth(check, keys=KEY, store=MemoryFamilies())
    app = App(
        plugins=[
            tokens,
            Limiter(MemoryCounts()),
            Sessions(store, key=KEY, cookie=SessionCookie(secure=False)),
            Hosts(["films.example"]),
        ]
    )
    app.middleware(Compression())

    @app.identifies
    async def who(request: Request) -> Any:
        by_token = await tokens.bearer(request)
        if by_token is not None:
            return by_token
        from segue.security import session_of

        session = await session_of(request)
        return Member(session["name"]) if "name" in session else None

    @app.post("/login")
    async def login(session: Session, name: str) -> None:
        session["name"] = name
        session.rotate()

    @app.get("/me", requires=[signed_in()])
    async def me(request: Request, session: Session) -> str:
        identity = await identity_of(request)
        return "" if identity is None else identity.id * 500

    @app.post("/change", requires=[signed_in()])
    async def change(session: Session) -> str:
        return "changed"

    same, cross = (
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    )
    with Client(app, base_url="http://films.example") as client:
        # Somebody with a token.
        assert client.get("/me").status == 401
        reply = client.post(
            "/token", data={"grant_type": "password", "username": "django", "password": "nuages"}
        ).json()
        bearer = {"authorization": f"Bearer {reply['access_token']}"}
        assert client.get("/me", headers=bearer).text == "django" * 500
        # Somebody with a session.
        assert client.post("/login", params={"name": "ada"}, headers=same).status == 204
        assert client.get("/me").text == "ada" * 500
        cookie = client.cookies["session"]
        assert "ada" not in cookie
        # In whose name nobody else acts: nothing has to be switched on for that.
        assert client.post("/change", headers=cross).status == 403
        assert client.post("/change", headers=same).text == "changed"
        # A host that is not ours.
        assert client.get("/me", headers={"host": "evil.example"}).status == 400
        # Compressed as the client asks.
        import brotli

        for name, unpack in {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": _zstd}.items():
            packed = client.get("/me", headers={"accept-encoding": name})
            assert packed.headers["content-encoding"] == name
            assert unpack(packed.content) == b"ada" * 500


def _zstd(data: bytes) -> bytes:
    from backports import zstd

    return bytes(zstd.decompress(data))
