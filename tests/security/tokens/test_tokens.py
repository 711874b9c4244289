"""Tokens of programs: given out, read, refused, refreshed once, taken back; and what the description of the API says of them."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from msgspec import Struct

from segue import App, Request
from segue.core.identity import identity_of
from segue.openapi import OpenAPI
from segue.security import (
    AccessTokens,
    APIKeyAuth,
    BasicAuth,
    BearerAuth,
    DigestAuth,
    InvalidToken,
    Keys,
    MemoryCounts,
    MemoryFamilies,
    MemorySessions,
    RefreshTokens,
    ReusedToken,
    Sessions,
    SQLiteFamilies,
    TokenAuth,
    belongs_to,
    signed_in,
)
from segue.security.limits.plugin import Limiter
from segue.testing import Client, expected_log

KEY = "tests-of-tokens-have-a-secret-key-0123456789-abcdefghijklmnop"
OLD = "tests-of-tokens-had-another-key-9876543210-zyxwvutsrqponmlkji"
ISSUER = "https://films.example"


class User(Struct):
    id: str
    scopes: list[str] = []
    principals: list[str] = []


async def check(name: str, password: str) -> User | None:
    known = {"django": ("nuages", ["films:read", "films:write"]), "ada": ("engine", ["films:read"])}
    found = known.get(name)
    return (
        User(name, found[1]) if found and hmac.compare_digest(found[0].encode(), password.encode()) else None
    )


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_part(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


RSA = pem(rsa.generate_private_key(65537, 2048))
PRIVATE = {
    "RS256": RSA,
    "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
    "ES384": pem(ec.generate_private_key(ec.SECP384R1())),
    "Ed25519": pem(ed25519.Ed25519PrivateKey.generate()),
}


# --- what a token says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["HS256", *PRIVATE])
def test_a_token_says_whose_it_is_and_for_what(algorithm: str) -> None:
    tokens = AccessTokens(PRIVATE.get(algorithm, KEY), issuer=ISSUER)
    token = tokens.issue("7", scopes=["films:read", "films:write"], session="s", color="red")
    header = read_part(token.split(".")[0])
    assert header["alg"] == algorithm
    assert header["typ"] == "at+jwt"
    claims = tokens.read(token)
    assert (claims.id, claims.scopes, claims.session, claims.more) == (
        "7", {"films:read", "films:write"}, "s", {"color": "red"},
    )  # fmt: skip
    assert claims.expires == pytest.approx(time.time() + 900, abs=30)
    public = tokens.public_keys()["keys"]
    assert [one["alg"] for one in public] == ([] if algorithm == "HS256" else [algorithm])
    assert not any({"d", "p", "q", "k"} & one.keys() for one in public)


def test_keys_may_be_changed_while_tokens_are_out() -> None:
    before = AccessTokens(OLD, issuer=ISSUER)
    after = AccessTokens([KEY, OLD], issuer=ISSUER)
    assert after.read(before.issue("7")).id == "7"
    with pytest.raises(InvalidToken):
        before.read(after.issue("7"))


def signed(header: Any, claims: Any, key: bytes) -> str:
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(hmac.digest(key, text.encode(), 'sha256'))}"


def forgeries(tokens: AccessTokens, key: bytes) -> dict[str, str]:
    """Tokens that are wrong in one way each; those that have a good signature have it of the very key."""
    good = tokens.issue("7", scopes=["films:read"])
    head, body, mac = good.split(".")
    header, claims = read_part(head), read_part(body)
    now = int(time.time())
    foreign = signed({**header}, claims, b"x" * 32)
    return {
        "no algorithm": f"{part({**header, 'alg': 'none'})}.{body}.",
        "no algorithm, signed": f"{part({**header, 'alg': 'none'})}.{body}.{mac}",
        "None": f"{part({**header, 'alg': 'None'})}.{body}.{mac}",
        "another algorithm": signed({**header, "alg": "HS384"}, claims, key),
        "a key in the header": signed(
            {**header, "jwk": {"kty": "oct", "k": part(b"x" * 32)}}, claims, b"x" * 32
        ),
        "where a key is": signed({**header, "jku": "https://evil.example/keys"}, claims, key),
        "a certificate": signed({**header, "x5c": ["MII"]}, claims, key),
        "an unknown extension": signed({**header, "crit": ["exp2"], "exp2": 1}, claims, key),
        "an unsigned body": signed({**header, "b64": False, "crit": ["b64"]}, claims, key),
        "another key": foreign,
        "an unknown key": signed({**header, "kid": "../../dev/null"}, claims, b""),
        "no key": signed({"alg": "HS256", "typ": "at+jwt"}, claims, key),
        "another type": signed({**header, "typ": "JWT"}, claims, key),
        "no type": signed({one: header[one] for one in ("alg", "kid")}, claims, key),
        "changed": f"{head}.{part({**claims, 'sub': '8'})}.{mac}",
        "over": signed(header, {**claims, "exp": now - 60}, key),
        "not begun": signed(header, {**claims, "iat": now + 600}, key),
        "without an end": signed(header, {one: claims[one] for one in claims if one != "exp"}, key),
        "an end that is a text": signed(header, {**claims, "exp": str(now + 60)}, key),
        "another issuer": signed(header, {**claims, "iss": "https://evil.example"}, key),
        "another audience": signed(header, {**claims, "aud": "https://evil.example"}, key),
        "no audience": signed(header, {one: claims[one] for one in claims if one != "aud"}, key),
        "nobody's": signed(header, {**claims, "sub": ""}, key),
        "an odd subject": signed(header, {**claims, "sub": {"$ne": 1}}, key),
        "a list": signed(header, [claims], key),
        "no JSON": f"{head}.{part(b'{')}.{mac}",
        "four parts": f"{good}.x",
        "two parts": f"{head}.{body}",
        "empty": "",
        "long": good + "A" * 9000,
        "deep": f"{part(b'[' * 4000)}.{body}.{mac}",
        "blank": f" {good}",
    }


def hs_key() -> bytes:
    return Keys(KEY).derived("jwt")[0]


@pytest.mark.parametrize("name", forgeries(AccessTokens(KEY, issuer=ISSUER), hs_key()))
def test_a_token_that_is_wrong_is_refused(name: str) -> None:
    tokens = AccessTokens(KEY, issuer=ISSUER)
    # What the forgeries are made with is the true key: a token that is only signed anew is good.
    head, body, _ = tokens.issue("7").split(".")
    assert tokens.read(signed(read_part(head), read_part(body), hs_key())).id == "7"
    with pytest.raises(InvalidToken):
        tokens.read(forgeries(tokens, hs_key())[name])


def test_a_public_key_is_no_secret_key() -> None:
    tokens = AccessTokens(RSA, issuer=ISSUER)
    head, body, _ = tokens.issue("7").split(".")
    loaded: Any = serialization.load_pem_private_key(RSA.encode(), None)
    public = loaded.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (public, public.strip(), json.dumps(tokens.public_keys()["keys"][0]).encode()):
        with pytest.raises(InvalidToken):
            tokens.read(signed({**read_part(head), "alg": "HS256"}, read_part(body), secret))


@pytest.mark.parametrize(
    "key", ["short", PRIVATE["RS256"].replace("A", "B", 40), pem(rsa.generate_private_key(65537, 1024))]
)
def test_a_key_that_is_none_is_told(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        AccessTokens(key, issuer=ISSUER)


# --- refresh tokens ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def families(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemoryFamilies() if request.param == "memory" else SQLiteFamilies(tmp_path / "tokens.db")


def test_a_refresh_token_is_good_once(families: Any) -> None:
    async def run() -> None:
        refreshing = RefreshTokens(KEY, families)
        first, family = await refreshing.begin("7", ["films:read"])
        second, again = await refreshing.next(first)
        assert (again.id, again.owner, again.scopes) == (family.id, "7", ("films:read",))
        third, _ = await refreshing.next(second)
        # One that was used comes again: two have it. Nobody of them goes on.
        with pytest.raises(ReusedToken):
            await refreshing.next(first)
        with pytest.raises(InvalidToken):
            await refreshing.next(third)
        assert await families.of("7") == []
        await families.close()

    asyncio.run(run())


def test_of_many_at_once_one_goes_on(families: Any) -> None:
    async def run() -> None:
        refreshing = RefreshTokens(KEY, families)
        token, _ = await refreshing.begin("7")
        results = await asyncio.gather(*[refreshing.next(token) for _ in range(10)], return_exceptions=True)
        assert sum(1 for one in results if isinstance(one, tuple)) <= 1
        assert sum(1 for one in results if isinstance(one, InvalidToken)) >= 9
        await families.close()

    asyncio.run(run())


def test_for_a_moment_the_token_before_gives_the_same_one(families: Any, time_machine_travel: Any) -> None:
    async def run() -> None:
        refreshing = RefreshTokens(KEY, families, grace=10)
        first, _ = await refreshing.begin("7")
        _, family = await refreshing.next(first)
        again, same = await refreshing.next(first)
        assert same.step == family.step
        await refreshing.next(again)
        with pytest.raises(ReusedToken):  # the one before the one before
            await refreshing.next(first)
        first, _ = await refreshing.begin("7")
        await refreshing.next(first)
        with time_machine_travel(11), pytest.raises(ReusedToken):
            await refreshing.next(first)
        await families.close()

    asyncio.run(run())


def test_sign_ins_end(families: Any, time_machine_travel: Any) -> None:
    async def run() -> None:
        refreshing = RefreshTokens(KEY, families, lifetime=100, longest=250)
        unused, _ = await refreshing.begin("7")
        token, _ = await refreshing.begin("7")
        assert len(await families.of("7")) == 2
        with time_machine_travel(90):
            token, _ = await refreshing.next(token)
        with time_machine_travel(180):
            token, _ = await refreshing.next(token)
            with pytest.raises(InvalidToken, match="over"):
                await refreshing.next(unused)
        with time_machine_travel(260):
            with pytest.raises(InvalidToken, match="over"):
                await refreshing.next(token)
            assert await families.sweep() == 2
        token, _ = await refreshing.begin("8")
        assert await families.end_all("8") == 1
        with pytest.raises(InvalidToken):
            await refreshing.next(token)
        for text in (
            "",
            "x",
            token + "x",
            token[:-1],
            RefreshTokens(OLD, families)._token((await refreshing.begin("9"))[1]),
        ):
            with pytest.raises(InvalidToken):
                await refreshing.next(text)
        await families.close()

    asyncio.run(run())


# --- an app ------------------------------------------------------------------------------------------------------------


def site(**options: Any) -> tuple[App, TokenAuth]:
    options.setdefault("store", MemoryFamilies())
    tokens = TokenAuth(
        check, keys=KEY, scopes={"films:read": "Read films.", "films:write": "Change films."}, **options
    )
    app = App(
        "films",
        plugins=[
            tokens,
            Limiter(MemoryCounts()),
            Sessions(MemorySessions(), key=KEY),
            OpenAPI("Films", "1.0"),
        ],
    )

    @app.get("/films", requires=[tokens.scope("films:read")])
    async def films(request: Request) -> str:
        user = await identity_of(request)
        return user.id if user else "nobody"

    @app.post("/films", requires=[tokens.scope("films:write")], skip=["csrf"])
    async def add() -> str:
        return "added"

    @app.get("/me", requires=[tokens.required])
    async def me() -> str:
        return "me"

    @app.get("/any", requires=[signed_in()])
    async def anybody() -> str:
        return "any"

    return app, tokens


def ask(client: Client, **fields: str) -> Any:
    return client.post("/token", data=fields)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.row("FLX14")
def test_a_program_signs_in_refreshes_and_is_signed_out() -> None:
    app, tokens = site()
    with Client(app) as client:
        given = ask(client, grant_type="password", username="django", password="nuages")
        assert given.status == 200
        assert given.headers["cache-control"] == "no-store"
        reply = given.json()
        assert reply["token_type"] == "Bearer"
        assert reply["expires_in"] == 900
        assert reply["scope"] == "films:read films:write"
        first = bearer(reply["access_token"])
        assert client.get("/films", headers=first).text == "django"
        assert client.post("/films", headers=first).text == "added"
        assert client.get("/any", headers=first).text == "any"
        # Refreshed: the old access token is good until it is over, the old refresh token is not.
        second = ask(client, grant_type="refresh_token", refresh_token=reply["refresh_token"]).json()
        assert client.get("/films", headers=bearer(second["access_token"])).text == "django"
        with expected_log("segue.security", "came a second time"):
            stolen = ask(client, grant_type="refresh_token", refresh_token=reply["refresh_token"])
        assert (stolen.status, stolen.json()) == (400, {"error": "invalid_grant"})
        # The sign-in has ended with all that came from it.
        for old in (first, bearer(second["access_token"])):
            assert client.get("/films", headers=old).status == 401
        assert ask(client, grant_type="refresh_token", refresh_token=second["refresh_token"]).status == 400

        # Taken back, by either token.
        for which in ("access_token", "refresh_token"):
            reply = ask(client, grant_type="password", username="django", password="nuages").json()
            assert client.get("/me", headers=bearer(reply["access_token"])).status == 200
            assert client.post("/token/revoke", data={"token": reply[which]}).status == 200
            assert client.get("/me", headers=bearer(reply["access_token"])).status == 401
        assert client.post("/token/revoke", data={"token": "nonsense"}).status == 200

        # All of somebody.
        reply = ask(client, grant_type="password", username="django", password="nuages").json()
        assert (
            client.post(
                "/token", data={"grant_type": "password", "username": "ada", "password": "engine"}
            ).status
            == 200
        )
        asyncio.run(tokens.end_all("django"))
        assert client.get("/me", headers=bearer(reply["access_token"])).status == 401


@pytest.mark.row("FX5")
def test_who_has_no_token_is_told_what_to_bring() -> None:
    app, _ = site()
    others = App("others")
    key = APIKeyAuth(lambda key: User("machine") if key == "k3y" else None)
    in_query = APIKeyAuth(lambda key: User("machine") if key == "k3y" else None, query="key")
    in_cookie = APIKeyAuth(lambda key: User("machine") if key == "k3y" else None, cookie="key")
    basic = BasicAuth(check, realm="films")
    digest = DigestAuth({"django": "nuages"}.get, realm="films", keys=KEY)
    guards = {"header": key, "query": in_query, "cookie": in_cookie, "basic": basic, "digest": digest}
    for name, guard in guards.items():

        @others.get(f"/{name}", requires=[guard.required])
        async def open_() -> str:
            return "open"

    app.include(others, at="/others")
    with Client(app) as client:
        for path, challenge in {
            "/films": 'Bearer realm="api"',
            "/me": 'Bearer realm="api"',
            "/others/header": 'APIKey realm="api"',
            "/others/query": 'APIKey realm="api"',
            "/others/cookie": 'APIKey realm="api"',
            "/others/basic": 'Basic realm="films", charset="UTF-8"',
        }.items():
            refused = client.get(path)
            assert (refused.status, refused.headers["www-authenticate"]) == (401, challenge), path
        assert client.get("/others/digest").headers["www-authenticate"].startswith("Digest realm=")

        wrong = client.get("/films", headers=bearer("nonsense"))
        assert wrong.status == 401
        assert 'error="invalid_token"' in wrong.headers["www-authenticate"]

        # A token for less: what it lacks is said.
        reply = ask(
            client, grant_type="password", username="django", password="nuages", scope="films:read"
        ).json()
        assert reply["scope"] == "films:read"
        few = client.post("/films", headers=bearer(reply["access_token"]))
        assert few.status == 403
        assert (
            few.headers["www-authenticate"]
            == 'Bearer realm="api", error="insufficient_scope", scope="films:write"'
        )
        narrower = ask(
            client, grant_type="refresh_token", refresh_token=reply["refresh_token"], scope="films:write"
        )
        assert (narrower.status, narrower.json()["error"]) == (400, "invalid_scope")

        for path, options in {
            "/others/header": {"headers": {"x-api-key": "k3y"}},
            "/others/query": {"params": {"key": "k3y"}},
            "/others/cookie": {"cookies": {"key": "k3y"}},
            "/others/basic": {
                "headers": {"authorization": "Basic " + base64.b64encode(b"django:nuages").decode()}
            },
        }.items():
            assert client.get(path, **options).text == "open", path
        assert client.get("/others/header", headers={"x-api-key": "k3z"}).status == 401
        assert client.get("/others/query?key=k3y&key=x").status == 401
        assert client.get("/others/header", headers={"x-api-key": "k" * 5000}).status == 401
        # A token in the query is not looked at.
        good = ask(client, grant_type="password", username="django", password="nuages").json()["access_token"]
        assert client.get(f"/films?access_token={good}").status == 401


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, "invalid_request"),
    "no name": ({"grant_type": "password", "password": "x"}, "invalid_request"),
    "a wrong password": ({"grant_type": "password", "username": "django", "password": "x"}, "invalid_grant"),
    "nobody": ({"grant_type": "password", "username": "nobody", "password": "x"}, "invalid_grant"),
    "another grant": ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    "an unknown scope": (
        {"grant_type": "password", "username": "django", "password": "nuages", "scope": "root"}, "invalid_scope",
    ),
    "more than one may": (
        {"grant_type": "password", "username": "ada", "password": "engine", "scope": "films:write"}, "invalid_scope",
    ),
    "no refresh token": ({"grant_type": "refresh_token"}, "invalid_request"),
    "a wrong refresh token": ({"grant_type": "refresh_token", "refresh_token": "x.y.z"}, "invalid_grant"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_as_the_standard_says(name: str) -> None:
    app, _ = site()
    fields, error = WRONG[name]
    with Client(app) as client:
        reply = ask(client, **fields)
        assert (reply.status, reply.json()) == (400, {"error": error})


def test_a_form_says_each_field_once_and_in_the_body() -> None:
    app, _ = site()
    field = "grant_type=password&username=django&password=nuages"
    with Client(app) as client:
        for content_type, body in {
            "application/x-www-form-urlencoded": f"{field}&username=ada",
            "application/json": json.dumps(
                {"grant_type": "password", "username": "django", "password": "nuages"}
            ),
            "text/plain": field,
        }.items():
            reply = client.post("/token", content=body.encode(), headers={"content-type": content_type})
            assert (reply.status, reply.json()) == (400, {"error": "invalid_request"})
        assert client.post(f"/token?{field}").status == 400
        assert client.get(f"/token?{field}").status == 405


def test_passwords_are_not_tried_without_end() -> None:
    app, _ = site(limit="3 per minute")
    with Client(app) as client:
        for _ in range(3):
            assert ask(client, grant_type="password", username="django", password="x").status == 400
        assert ask(client, grant_type="password", username="django", password="nuages").status == 429


def test_the_owner_of_a_token_may_be_gone() -> None:
    users = {"django": User("django", principals=["group:guitar"])}
    app, _ = site(identify=lambda claims: users.get(claims.id))

    @app.get("/group", requires=[belongs_to("group:guitar")])
    async def group(request: Request) -> str:
        return "in"

    with Client(app) as client:
        reply = ask(client, grant_type="password", username="django", password="nuages").json()
        assert client.get("/group", headers=bearer(reply["access_token"])).text == "in"
        assert client.get("/films", headers=bearer(reply["access_token"])).status == 200
        users.clear()
        assert client.get("/films", headers=bearer(reply["access_token"])).status == 401


def test_workers_share_what_was_taken_back(tmp_path: Path) -> None:
    def worker() -> App:
        return site(store=tmp_path / "tokens.db")[0]

    with Client(worker()) as one, Client(worker()) as two:
        reply = ask(one, grant_type="password", username="django", password="nuages").json()
        assert two.get("/me", headers=bearer(reply["access_token"])).status == 200
        two.post("/token/revoke", data={"token": reply["refresh_token"]})
        assert one.get("/me", headers=bearer(reply["access_token"])).status == 401
    assert (tmp_path / "tokens.db").stat().st_mode & 0o077 == 0


def test_the_description_says_what_each_route_asks_for() -> None:
    app, _ = site()
    key = APIKeyAuth(lambda key: None, cookie="key", name="cookie")
    other = APIKeyAuth(lambda key: None, header="x-other")
    more = APIKeyAuth(lambda key: None, header="x-more")
    plain = BearerAuth(lambda token: None, realm="x", format="opaque", name="plain")

    @app.get("/both", requires=[key.required, other.required])
    async def both() -> str:
        return ""

    @app.get("/more", requires=[more.required])
    async def one_more() -> str:
        return ""

    @app.get("/plain", requires=[plain.scope("x")], security=[])
    async def not_said() -> str:
        return ""

    @app.get("/plain2", requires=[plain.required])
    async def said() -> str:
        return ""

    with Client(app) as client:
        document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    flows = schemes["tokens"]["flows"]["password"]
    assert schemes["tokens"]["type"] == "oauth2"
    assert (flows["tokenUrl"], flows["refreshUrl"]) == ("/token", "/token")
    assert flows["scopes"] == {"films:read": "Read films.", "films:write": "Change films."}
    assert schemes["cookie"] == {"type": "apiKey", "in": "cookie", "name": "key"}
    assert schemes["plain"] == {"type": "http", "scheme": "bearer", "bearerFormat": "opaque"}
    paths = {path: item["get"] for path, item in document["paths"].items() if "get" in item}
    assert paths["/films"]["security"] == [{"tokens": ["films:read"]}]
    assert {"401", "403"} <= paths["/films"]["responses"].keys()
    assert paths["/me"]["security"] == [{"tokens": []}]
    assert paths["/any"]["security"] == [{"tokens": []}]
    assert paths["/both"]["security"] == [{"cookie": [], "header-key": []}]
    assert paths["/more"]["security"] == [{"header-key-2": []}]
    assert paths["/plain"]["security"] == []
    assert paths["/plain2"]["security"] == [{"plain": []}]


@pytest.mark.parametrize("scope", ["a b", 'a"b', "a\\b", "", "é"])
def test_a_scope_that_is_none_is_told(scope: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        BearerAuth(lambda token: None, realm="x", scopes={scope: ""})


def test_a_scope_that_is_misspelt_is_told() -> None:
    with pytest.raises(ValueError, match="film:read"):
        BearerAuth(lambda token: None, realm="x", scopes={"films:read": ""}).scope("film:read")


@pytest.mark.parametrize(
    "field",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,b",
        "bearer\ta",
        "Token abc",
        "Bearer " + "a" * 9000,
        "Bearer é",
    ],
)
def test_a_field_that_holds_no_token_is_nobody(field: str) -> None:
    seen: list[str] = []

    def note(token: str) -> User:
        seen.append(token)
        return User("x")

    bearer = BearerAuth(note, realm="x")
    app = App()

    @app.get("/", requires=[bearer.required])
    async def index() -> str:
        return "in"

    with Client(app) as client:
        assert (
            client.get("/", headers={"authorization": field.encode("utf-8").decode("latin-1")}).status == 401
        )
        assert seen == []
        assert client.get("/", headers={"authorization": "bearer abc.-_~+/="}).text == "in"


def test_a_hash_of_the_key_is_what_is_compared() -> None:
    """As the guide has it."""
    kept = hashlib.sha256(b"k3y").hexdigest()
    key = APIKeyAuth(
        lambda given: (
            User("m") if hmac.compare_digest(hashlib.sha256(given.encode()).hexdigest(), kept) else None
        )
    )
    app = App()

    @app.get("/", requires=[key.required])
    async def index() -> str:
        return "in"

    with Client(app) as client:
        assert client.get("/", headers={"x-api-key": "k3y"}).text == "in"
        assert client.get("/", headers={"x-api-key": kept}).status == 401
