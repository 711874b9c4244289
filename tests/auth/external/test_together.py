"""Ways to know who sends a request, together in one app; and one app over HTTP/1, HTTP/2 and ASGI."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from idp import Idp, query_of
from joserfc import jwt
from msgspec import Struct
from test_flow import provider, there

from segue import App, Request
from segue.auth.external.person import Person
from segue.auth.external.plugin import SignInWith
from segue.auth.external.tokens import IssuedTokens
from segue.core.identity import identity_of
from segue.openapi import OpenAPI
from segue.security import (
    APIKeyAuth,
    BasicAuth,
    BearerAuth,
    MemorySessions,
    Session,
    SessionCookie,
    Sessions,
    belongs_to,
)
from segue.testing import Client

KEY = "the-key-of-the-tests-of-signing-in-elsewhere-0123456789-abc"


class Member(Struct):
    id: str
    principals: list[str]


@pytest.mark.row("BS3")
def test_policies_providers_tokens_and_keys_in_one_app(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.auth.external.issuer._BREATH", 0.0)
    issued = IssuedTokens(idp.url, audience="api")
    bearer = BearerAuth(issued, realm="films", format="JWT")
    basic = BasicAuth(lambda name, password: Member(name, []) if password == "pw" else None, realm="films")
    key = APIKeyAuth(lambda given: Member("shop", []) if given == "k3y" else None)

    async def done(person: Person, request: Request) -> None:
        session = await request.app.plan.app[SESSION](request)
        session["admin"] = person.subject == "u-7"

    async def session_of_request(request: Request) -> Any:
        from segue.security import session_of

        return await session_of(request)

    from segue.core.appkey import AppKey

    SESSION: AppKey[Any] = AppKey("tests.session")  # noqa: N806 -- a key of the app
    app = App(
        plugins=[
            SignInWith(provider(idp), done=done),
            Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False)),
            OpenAPI("Films", "1"),
            issued,
        ]
    )
    app[SESSION] = session_of_request

    @app.identifies
    async def who(request: Request) -> Any:
        session = await session_of_request(request)
        return Member("ada", ["group:admin"]) if session.get("admin") else None

    @app.get("/admin", requires=[belongs_to("group:admin")])
    async def admin(request: Request) -> str:
        identity = await identity_of(request)
        return identity.id if identity else ""

    @app.post("/admin", requires=[belongs_to("group:admin")])
    async def change(session: Session) -> str:
        return "changed"

    for name, guard in {"token": bearer.scope("read"), "basic": basic.required, "key": key.required}.items():

        @app.get(f"/{name}", requires=[guard])
        async def open_() -> str:
            return "open"

    def token() -> dict[str, str]:
        claims = {"iss": idp.url, "aud": "api", "sub": "7", "exp": int(time.time()) + 60, "scope": "read"}
        head = {"alg": "RS256", "kid": idp.keys[0].kid, "typ": "at+jwt"}
        return {"authorization": f"Bearer {jwt.encode(head, claims, idp.keys[0], default_type=None)}"}

    with Client(app) as client:
        # A policy, for who has signed in by OpenID Connect with PKCE.
        assert client.get("/admin").status == 401
        begun = client.get("/login/with/corp", follow_redirects=False)
        assert query_of(begun.headers["location"])["code_challenge_method"] == "S256"
        client.get(there(client))
        assert client.get("/admin").text == "ada"
        # And nobody acts in their name.
        cross = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
        assert client.post("/admin", headers=cross).status == 403
        assert client.post("/admin", headers={"sec-fetch-site": "same-origin"}).text == "changed"
        # JWT, with keys that change.
        assert client.get("/token").status == 401
        assert client.get("/token", headers=token()).text == "open"
        idp.rotate()
        assert client.get("/token", headers=token()).text == "open"
        # Basic, and a key.
        given = {"authorization": "Basic " + base64.b64encode(b"ada:pw").decode()}
        assert (client.get("/basic").status, client.get("/basic", headers=given).text) == (401, "open")
        assert (client.get("/key").status, client.get("/key", headers={"x-api-key": "k3y"}).text) == (
            401,
            "open",
        )
        document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "basic": {"type": "http", "scheme": "basic"},
        "header-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
    asked = {path: item["get"].get("security") for path, item in document["paths"].items() if "get" in item}
    assert asked["/token"] == [{"bearer": ["read"]}]
    assert asked["/basic"] == [{"basic": []}]
    assert asked["/key"] == [{"header-key": []}]


PROGRAM = """
import os

from segue import App
from segue.auth.external.plugin import SignInWith
from segue.auth.external.provider import Provider
from segue.security import MemorySessions, SessionCookie, Sessions

issuer = os.environ["ISSUER"]
provider = Provider(name="corp", title="Corp", issuer=issuer, client_id="films")
app = App(
    plugins=[
        SignInWith(provider, done=lambda person, request: person.name),
        Sessions(MemorySessions(), key="the-key-of-a-program-of-a-test-0123456789-abcdefghijklm", cookie=SessionCookie(secure=False)),
    ]
)


@app.get("/hello")
async def hello() -> str:
    return "hello"
"""

SERVERS = {
    "HTTP/1.1, Segue's own": (
        ["segue", "serve", "together:app", "--host", "127.0.0.1", "--port", "{port}"],
        "HTTP/1.1",
    ),
    "ASGI, uvicorn": (["uvicorn", "together:app", "--host", "127.0.0.1", "--port", "{port}"], "HTTP/1.1"),
    "HTTP/2, granian": (
        [
            "granian",
            "--interface",
            "asgi",
            "--http",
            "2",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "together:app",
        ],
        "HTTP/2",
    ),
}


@contextmanager
def serving(command: list[str], folder: Path, issuer: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = [word.format(port=port) for word in command]
    words[0] = str(Path(sys.executable).with_name(words[0]))
    paths = os.pathsep.join([str(folder), *sys.path])
    process = subprocess.Popen(
        words, cwd=folder, env={**os.environ, "ISSUER": issuer, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.row("U20")
@pytest.mark.requires("granian", "uvicorn", "h2")
def test_one_app_over_three_servers_finds_its_provider(idp: Idp, tmp_path: Path) -> None:
    import httpx2

    (tmp_path / "together.py").write_text(PROGRAM)
    for name, (command, version) in SERVERS.items():
        with (
            serving(command, tmp_path, idp.url) as port,
            httpx2.Client(http1=version == "HTTP/1.1", http2=version == "HTTP/2", timeout=30) as client,
        ):
            base = f"http://127.0.0.1:{port}"
            hello = client.get(f"{base}/hello")
            assert (hello.text, hello.http_version) == ("hello", version), name
            begun = client.get(f"{base}/login/with/corp")
            assert begun.status_code == 303, name
            # Where the provider is, only its discovery document says.
            assert begun.headers["location"].startswith(f"{idp.url}/authorize?"), name
            back = httpx2.get(begun.headers["location"]).headers["location"]
            done = client.get(back)
            assert (done.status_code, done.text, done.http_version) == (200, "Ada", version), name
