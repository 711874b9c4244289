"""Names and passwords in header fields, for the paths that ask for them."""

import hashlib
import hmac
from base64 import b64encode
from typing import Any

import pytest
from msgspec import Struct

from segue import App, Request, Unauthorized
from segue.core.identity import identity_of
from segue.security import BasicAuth, DigestAuth, MemorySessions, Session, Sessions, signed_in
from segue.testing import Client, LiveServer

PASSWORDS = {"django": "nuages", "stéphane": "mïnor swing"}


class User(Struct):
    id: str
    principals: list[str]


async def check(name: str, password: str) -> User | None:
    known = PASSWORDS.get(name, "")
    fits = hmac.compare_digest(known.encode(), password.encode())
    return User(name, []) if fits and known else None


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def page(name: str, guard: Any) -> App:
    app = App(name, requires=[guard])

    @app.get("/page")
    async def show(request: Request) -> str:
        return name

    return app


def site(key: str) -> App:
    app = App(plugins=[Sessions(MemorySessions(), key=key)])
    in_header = BasicAuth(check, realm='the "films"')

    @app.identifies
    async def who(request: Request) -> Any:
        return await in_header(request)

    @app.get("/me")
    async def me(request: Request) -> str:
        user = await identity_of(request)
        return user.id if user else "nobody"

    digest = DigestAuth(PASSWORDS.get, realm="films", keys=key, md5=True)
    app.include(page("basic", in_header.required), at="/basic")
    app.include(page("digest", digest.required), at="/digest")
    return app


def proof(
    challenge: str, name: str, password: str, uri: str, algorithm: str = "SHA-256", **changed: str
) -> dict[str, str]:
    """What a client answers to a challenge (RFC 7616, section 3.4)."""
    nonce = changed.pop("nonce", None) or challenge.partition('nonce="')[2].partition('"')[0]
    realm = changed.pop("realm", "films")
    make = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def digest(*parts: str) -> str:
        return make(":".join(parts).encode()).hexdigest()

    response = digest(digest(name, realm, password), nonce, "00000001", "abc", "auth", digest("GET", uri))
    fields = {"realm": f'"{realm}"', "nonce": f'"{nonce}"', "uri": f'"{uri}"', "response": f'"{response}"'}
    fields |= {"algorithm": algorithm, "qop": "auth", "nc": "00000001", "cnonce": '"abc"'}
    if name.isascii():
        fields["username"] = f'"{name}"'
    else:
        fields["username*"] = "UTF-8''" + "".join(f"%{octet:02X}" for octet in name.encode())
    fields |= changed
    return {
        "authorization": "Digest " + ", ".join(f"{key}={value}" for key, value in fields.items() if value)
    }


@pytest.mark.row("CP11")
def test_basic_and_digest_and_the_session_each_for_its_path(
    key: str, ask: Any, time_machine_travel: Any
) -> None:
    app = site(key)
    with LiveServer(app) as server:
        # Basic.
        refused = ask(server, "GET", "/basic/page", basic("django", "wrong"))
        assert refused.status == 401
        assert refused.headers["www-authenticate"] == 'Basic realm="the \\"films\\"", charset="UTF-8"'
        for bad in (
            {},
            {"authorization": "Basic !!!"},
            {"authorization": "Basic"},
            basic("nobody", ""),
            basic("django", ""),
        ):
            assert ask(server, "GET", "/basic/page", bad).status == 401
        assert ask(server, "GET", "/basic/page", basic("django", "nuages")).text == "basic"
        assert ask(server, "GET", "/basic/page", basic("stéphane", "mïnor swing")).text == "basic"
        assert ask(server, "GET", "/me", basic("django", "nuages")).text == "django"
        assert ask(server, "GET", "/me").text == "nobody"
        # Digest.
        challenge = ask(server, "GET", "/digest/page").headers["www-authenticate"]
        assert challenge.startswith('Digest realm="films", qop="auth", algorithm=SHA-256, nonce="')
        assert "algorithm=MD5" in challenge
        good = ("django", "nuages", "/digest/page")

        def status(headers: dict[str, str], path: str = "/digest/page") -> int:
            return ask(server, "GET", path, headers).status

        assert status(proof(challenge, *good)) == 200
        assert status(proof(challenge, *good, algorithm="MD5")) == 200
        assert status(proof(challenge, "stéphane", "mïnor swing", "/digest/page")) == 200
        for bad in (
            proof(challenge, "django", "wrong", "/digest/page"),
            proof(challenge, "nobody", "", "/digest/page"),
            proof(challenge, *good, realm="other"),
            proof(challenge, "django", "nuages", "/digest/other"),
            proof(challenge, *good, nonce="made-up"),
            proof(challenge, *good, response='""'),
            proof(challenge, *good, cnonce=""),
            proof(challenge, *good, qop="auth-int"),
            proof(challenge, *good, algorithm="SHA-1"),
            {"authorization": proof(challenge, *good)["authorization"] + ', realm="films"'},
            {"authorization": "Digest " + "a=" * 3_000},
            {"authorization": 'Digest username="' + "\\" * 5_000},
            basic("django", "nuages"),
        ):
            assert status(bad) == 401, bad
    with time_machine_travel(301), Client(app) as client:
        stale = client.get("/digest/page", headers=proof(challenge, *good))
        assert (stale.status, "stale=true" in stale.headers["www-authenticate"]) == (401, True)
        wrong = client.get("/digest/page", headers=proof(challenge, "django", "wrong", "/digest/page"))
        assert "stale" not in wrong.headers["www-authenticate"]
        again = proof(stale.headers["www-authenticate"], *good)
        assert client.get("/digest/page", headers=again).status == 200
    # The session.
    own = App(plugins=[Sessions(MemorySessions(), key=key)])

    @own.identifies
    async def visitor(request: Request) -> User | None:
        from segue.security import session_of

        name = (await session_of(request)).get("user")
        return None if name is None else User(name, [])

    @own.get("/login")
    async def login() -> str:
        return "login"

    @own.post("/login")
    async def log_in(session: Session, name: str, password: str) -> None:
        if await check(name, password) is None:
            raise Unauthorized
        session.rotate()
        session["user"] = name

    own.include(page("private", signed_in(login="/login")), at="/private")
    with Client(own) as client:
        assert client.get("/private/page").headers["location"] == "/login?next=%2Fprivate%2Fpage"
        assert client.post("/login?name=django&password=wrong").status == 401
        assert client.get("/private/page").status == 302
        client.post("/login?name=django&password=nuages")
        assert client.get("/private/page").text == "private"


@pytest.mark.row("BO18")
@pytest.mark.requires("httpx2")
def test_a_client_of_others_can_answer(key: str) -> None:
    import httpx2

    from segue import NotFound, SeeOther
    from segue.http.headers import InvalidHeader

    app = site(key)

    @app.get("/gone")
    async def gone() -> None:
        raise NotFound("no such page")

    @app.get("/crash")
    async def crash() -> None:
        raise ZeroDivisionError

    @app.get("/away")
    async def away(to: str) -> None:
        raise SeeOther(to)

    @app.error_handler(404)
    async def lost(request: Request, error: Exception) -> tuple[str, int]:
        return f"lost: {request.path}", 404

    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
        assert client.get("/digest/page", auth=httpx2.DigestAuth("django", "nuages")).text == "digest"
        assert client.get("/digest/page", auth=httpx2.DigestAuth("django", "wrong")).status_code == 401
        assert client.get("/basic/page", auth=("django", "nuages")).text == "basic"
        refused = client.get("/basic/page")
        assert (refused.status_code, "Basic realm=" in refused.headers["www-authenticate"]) == (401, True)
        assert client.get("/gone").text == "lost: /gone"
        assert client.get("/away?to=/me", follow_redirects=True).text == "nobody"
        assert client.get("/crash").status_code == 500
        split = client.get("/away?to=/%0d%0aset-cookie:%20a=b")
        assert "set-cookie" not in split.headers
        assert "\r" not in split.headers.get("location", "")
    assert issubclass(InvalidHeader, ValueError)
    with pytest.raises(ValueError, match="printable ASCII"):
        BasicAuth(check, realm="a\r\nb")
