"""To a provider and back, and everything on the way that may be somebody else's."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request as Call, build_opener

import pytest
from idp import (
    Idp,
    by_foreign_key,
    by_own_key,
    by_public_key,
    by_unknown_key,
    query_of,
    unsigned,
    with_critical,
)
from joserfc import jwt

from segue import App, Request
from segue.auth.external.issuer import Issuer, careful_client
from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.plugin import SignInWith
from segue.auth.external.presets import discord, facebook, github, gitlab, google, keycloak, microsoft, okta
from segue.auth.external.provider import Provider
from segue.auth.external.tokens import IssuedTokens
from segue.security import BearerAuth, MemorySessions, SessionCookie, Sessions
from segue.testing import Client, expected_log

KEY = "the-key-of-the-tests-of-signing-in-elsewhere-0123456789-abc"


def provider(idp: Idp, name: str = "corp", **options: Any) -> Provider:
    options.setdefault("client_secret", "s3cret&more")
    return Provider(name=name, title=name.title(), issuer=idp.url, client_id="films", **options)


def site(*providers: Provider) -> App:
    seen: list[Person] = []

    def done(person: Person, request: Request) -> str:
        seen.append(person)
        return f"hello {person.name} <{person.email}> {person.email_verified}"

    return App(
        plugins=[
            SignInWith(*providers, done=done),
            Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False)),
        ]
    )


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:
        return None


def follow(url: str) -> str:
    """Where the provider sends a browser."""
    try:
        build_opener(_Stay).open(Call(url))
    except HTTPError as error:
        if error.code in (302, 303, 307):
            return str(error.headers["location"])
        raise
    raise AssertionError("the provider did not send anybody anywhere")


def there(client: Client, name: str = "corp", query: str = "") -> str:
    """Begins, asks the provider, and gives the path that the browser comes back to."""
    begun = client.get(f"/login/with/{name}{query}", follow_redirects=False)
    assert begun.status == 303
    back = urlsplit(follow(begun.headers["location"]))
    return f"{back.path}?{back.query}"


@pytest.mark.row("TO9")
def test_there_and_back(idp: Idp) -> None:
    with Client(site(provider(idp))) as client:
        begun = client.get("/login/with/corp", follow_redirects=False)
        asked = query_of(begun.headers["location"])
        assert begun.headers["location"].startswith(f"{idp.url}/authorize?")
        assert asked["response_type"] == "code"
        assert asked["client_id"] == "films"
        assert asked["scope"] == "openid email profile"
        assert asked["redirect_uri"] == "http://localhost/login/with/corp/callback"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["state"]) >= 32
        assert len(asked["nonce"]) >= 32
        assert asked["state"] not in (asked["nonce"], asked["code_challenge"])
        back = urlsplit(follow(begun.headers["location"]))
        done = client.get(f"{back.path}?{back.query}")
        assert (done.status, done.text) == (200, "hello Ada <ada@example.com> True")
        # RFC 6749, 2.3.1: what is in the header field was encoded before.
        assert idp.basic[-1] == "Basic ZmlsbXM6czNjcmV0JTI2bW9yZQ=="
        # Once is enough.
        with expected_log("segue.auth", "belongs to nothing"):
            assert client.get(f"{back.path}?{back.query}").status == 400


def test_every_start_is_another_one(idp: Idp) -> None:
    with Client(site(provider(idp))) as client:
        for name in ("state", "nonce", "code_challenge"):
            urls = [
                client.get("/login/with/corp", follow_redirects=False).headers["location"] for _ in range(4)
            ]
            assert len({query_of(url)[name] for url in urls}) == 4
        # Several tabs, the last few of which may come back in any order.
        backs = [there(client) for _ in range(3)]
        for back in reversed(backs):
            assert client.get(back).status == 200


TWISTS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": ...},
    "another audience": {"aud": "other"},
    "no audience": {"aud": ...},
    "several audiences without a party": {"aud": ["films", "other"]},
    "another party": {"azp": "other"},
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": ...},
    "over": {"exp": 1},
    "no end": {"exp": ...},
    "from the future": {"nbf": 9_999_999_999},
    "nobody": {"sub": ""},
    "no subject": {"sub": ...},
    "an odd subject": {"sub": ["u-7"]},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}
SIGNATURES = {
    "none": unsigned,
    "a secret that is public": by_public_key,
    "a key of its own": by_own_key,
    "another key": by_foreign_key,
    "an unknown key": by_unknown_key,
    "an extension that has to be understood": with_critical,
    "nothing": lambda claims, key: "",
    "no text": lambda claims, key: {"a": 1},
}


@pytest.mark.parametrize("name", [*TWISTS, *SIGNATURES])
def test_an_id_token_that_is_wrong_signs_nobody_in(idp: Idp, name: str) -> None:
    idp.twist, idp.sign = TWISTS.get(name, {}), SIGNATURES.get(name)
    with Client(site(provider(idp))) as client:
        back = there(client)
        with expected_log("segue.auth", "nobody was signed in"):
            refused = client.get(back)
        assert refused.status == 400
        assert "hello" not in refused.text
        idp.twist, idp.sign = {}, None
        assert client.get(there(client)).status == 200


@pytest.mark.row("SEC-75")
def test_what_secures_the_way_cannot_be_left_out(idp: Idp) -> None:
    """alg none, RS as HS, a key in the token, crit; state, nonce and PKCE that are missing or of somebody else."""
    for sign in (unsigned, by_public_key, by_own_key, with_critical):
        idp.sign = sign
        with Client(site(provider(idp))) as client, expected_log("segue.auth", "nobody was signed in"):
            assert client.get(there(client)).status == 400
    idp.sign = None
    with Client(site(provider(idp))) as client, Client(site(provider(idp))) as other:
        # State: missing, wrong, of another visitor, twice.
        back = there(client)
        code = query_of(f"http://x{back}")["code"]
        for query in (
            f"?code={code}",
            f"?code={code}&state=",
            f"?code={code}&state=wrong",
        ):
            with expected_log("segue.auth", "belongs to nothing"):
                assert client.get(f"/login/with/corp/callback{query}").status == 400
        with expected_log("segue.auth", "belongs to nothing"):
            assert other.get(back).status == 400
        with expected_log("segue.auth", "twice"):
            assert client.get(f"{back}&state=x").status == 400
        assert client.get(back).status == 200
        # PKCE: a code that was made for another verifier is refused by the provider.
        mine, theirs = there(client), there(other)
        swapped = mine.replace(query_of(f"http://x{mine}")["code"], query_of(f"http://x{theirs}")["code"])
        with expected_log("segue.auth", "invalid_grant"):
            assert client.get(swapped).status == 400
    # An access token for an API: the same.
    issued = IssuedTokens(idp.url, audience="films")
    now = int(time.time())
    claims = {"iss": idp.url, "aud": "films", "sub": "u-7", "exp": now + 60}
    key = idp.keys[0]

    async def read(token: str) -> Any:
        try:
            return await issued(token)
        finally:
            await issued.close()

    good = jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "at+jwt"}, claims, key)
    assert asyncio.run(read(good)).id == "u-7"


def test_the_answer_of_another_provider_is_refused(idp: Idp) -> None:
    """Mixed-up providers (RFC 9207): one that a visitor has chosen sends them back with the code of another one."""
    evil = Idp()
    with evil.serve() as server:
        evil.url = server.url
        app = site(provider(idp), provider(evil, "evil"))
        with Client(app) as client:
            # To the callback of another provider.
            back = there(client, "corp").replace("/corp/", "/evil/")
            with expected_log("segue.auth", "belongs to nothing"):
                assert client.get(back).status == 400
            # The provider says whose answer it is.
            for name in ("https://evil.example", evil.url):
                idp.answer = {"iss": name}
                with expected_log("segue.auth", "the answer is of"):
                    assert client.get(there(client, "corp")).status == 400
            idp.answer = {"iss": idp.url}
            assert client.get(there(client, "corp")).status == 200
        # And where it has promised to say so, silence is not enough.
        idp.config, idp.answer = {"authorization_response_iss_parameter_supported": True}, {}
        with Client(site(provider(idp))) as client, expected_log("segue.auth", "the answer is of None"):
            assert client.get(there(client, "corp")).status == 400


@pytest.mark.parametrize(
    "config",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://user:password@evil.example/"},
    ],
)
def test_an_issuer_that_says_something_odd_is_not_asked(idp: Idp, config: dict[str, Any]) -> None:
    idp.config = config
    with Client(site(provider(idp))) as client, expected_log("segue.auth", "nobody can sign in"):
        assert client.get("/login/with/corp", follow_redirects=False).status == 502


def test_who_changes_their_mind_is_back_at_the_start(idp: Idp) -> None:
    idp.answer = {"error": "access_denied", "code": None}
    with Client(site(provider(idp))) as client:
        back = client.get(there(client), follow_redirects=False)
        assert (back.status, back.headers["location"]) == (303, "/")
    idp.answer = {"error": "server_error<script>", "code": None}
    with Client(site(provider(idp))) as client, expected_log("segue.auth", "server_error"):
        refused = client.get(there(client))
        assert (refused.status, "script" in refused.text) == (400, False)


def test_visitors_go_on_where_they_were_and_nowhere_else(idp: Idp) -> None:
    app = App(
        plugins=[
            SignInWith(provider(idp), done=lambda person, request: None),
            Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False)),
        ]
    )
    with Client(app) as client:
        for given, target in {
            "/desk?x=1": "/desk?x=1",
            "//evil.example": "/",
            "https://evil.example": "/",
            "/\\evil": "/",
        }.items():
            from urllib.parse import quote

            back = there(client, query=f"?next={quote(given, safe='')}")
            assert client.get(back, follow_redirects=False).headers["location"] == target


def test_nobody_is_sent_back_to_a_host_that_is_not_ours(idp: Idp) -> None:
    with Client(site(provider(idp))) as client:
        assert client.get("/login/with/corp", headers={"host": "evil.example"}).status == 400
    # With an origin of its own the host does not matter.
    elsewhere = SignInWith(provider(idp), done=lambda person, request: None, origin="https://films.example")
    app = App(plugins=[elsewhere, Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False))])
    with Client(app) as client:
        asked = query_of(client.get("/login/with/corp").headers["location"])
        assert asked["redirect_uri"] == "https://films.example/login/with/corp/callback"


def test_an_answer_that_comes_too_late(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(site(provider(idp))) as client:
        back = there(client)
        monkeypatch.setattr("segue.auth.external.started.PATIENCE", -1.0)
        with expected_log("segue.auth", "too late"):
            assert client.get(back).status == 400


def test_keys_may_be_changed_and_are_not_asked_for_again_and_again(
    idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(site(provider(idp))) as client:
        assert client.get(there(client)).status == 200
        assert client.get(there(client)).status == 200
        assert idp.key_fetches == 1
        monkeypatch.setattr("segue.auth.external.issuer._BREATH", 0.0)
        idp.rotate()
        assert client.get(there(client)).status == 200
        assert idp.key_fetches == 2
        monkeypatch.setattr("segue.auth.external.issuer._BREATH", 600.0)
        idp.sign = by_unknown_key
        for _ in range(5):
            with expected_log("segue.auth", "no key"):
                assert client.get(there(client)).status == 400
        assert idp.key_fetches == 2


def test_a_secret_key_in_a_public_list_verifies_nothing(idp: Idp) -> None:
    from joserfc.jwk import OctKey

    known = OctKey.generate_key(256, {"kid": "oct"})
    idp.extra_keys = [known.as_dict(private=True)]
    idp.sign = lambda claims, key: jwt.encode({"alg": "HS256", "kid": "oct"}, claims, known, ["HS256"])
    with Client(site(provider(idp))) as client, expected_log("segue.auth", "HS256"):
        assert client.get(there(client)).status == 400


def test_a_profile_is_of_the_very_person(idp: Idp) -> None:
    idp.twist = {"email": ...}
    with Client(site(provider(idp))) as client:
        assert client.get(there(client)).text == "hello Ada <ada@example.com> True"
        idp.claims = {**idp.claims, "sub": "u-8"}
        idp.twist = {"email": ..., "sub": "u-7"}
        assert client.get(there(client)).text == "hello Ada <> True"


def test_a_client_without_a_secret(idp: Idp) -> None:
    with Client(site(provider(idp, client_secret=""))) as client:
        assert client.get(there(client)).status == 200
        assert idp.basic[-1] == ""


def test_github_is_asked_for_what_it_does_not_say(idp: Idp) -> None:
    idp.claims = {"id": 7, "login": "ada", "name": None, "avatar_url": "https://x.example/a.png"}
    base = github("films", "s3cret", url=idp.url, api=f"{idp.url}/api")
    import msgspec

    one = msgspec.structs.replace(base, authorize_url=f"{idp.url}/authorize", token_url=f"{idp.url}/token")
    with Client(site(one)) as client:
        assert client.get(there(client, "github")).text == "hello ada <ada@example.com> True"


def test_the_presets_are_providers() -> None:
    made = [
        google("id", "secret"),
        github("id", "secret"),
        gitlab("id", "secret"),
        facebook("id", "secret"),
        discord("id", "secret"),
        okta("id", "secret", domain="films.okta.com"),
        microsoft("id", "secret", tenant="films"),
        keycloak("id", "secret", url="https://id.films.example/", realm="staff"),
    ]
    assert len({one.name for one in made}) == len(made)
    assert made[-1].issuer == "https://id.films.example/realms/staff"
    assert "secret" not in repr([type(one.client_secret) for one in made])
    with pytest.raises(ValueError, match="name of its own"):
        SignInWith(google("id", "s"), google("id2", "s"), done=lambda person, request: None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "A b"},
        {"issuer": "http://id.example.com"},
        {"issuer": "id.example.com"},
        {"client_id": ""},
        {"issuer": "", "authorize_url": "https://x.example/a", "token_url": "https://x.example/t"},
    ],
)
def test_a_provider_that_is_none_is_told_where_it_is_made(wrong: dict[str, Any]) -> None:
    given = {
        "name": "corp",
        "title": "Work",
        "issuer": "https://id.example.com",
        "client_id": "films",
        **wrong,
    }
    with pytest.raises(ValueError, match=r"provider|name"):
        Provider(**given)


def test_a_provider_without_accounts_has_to_be_told_what_to_do(idp: Idp) -> None:
    from segue.core.plan import FreezeError

    app = App(plugins=[SignInWith(provider(idp)), Sessions(MemorySessions(), key=KEY)])
    with pytest.raises(FreezeError, match="done="):
        app.freeze()


# --- access tokens of an issuer elsewhere ------------------------------------------------------------------------------


def test_an_api_takes_tokens_of_an_issuer_elsewhere_and_of_its_new_keys(
    idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.auth.external.issuer._BREATH", 0.0)
    issued = IssuedTokens(idp.url, audience="api")
    bearer = BearerAuth(issued, realm="films")
    app = App(plugins=[issued])

    @app.get("/films", requires=[bearer.scope("read")])
    async def films() -> str:
        return "films"

    now = int(time.time())
    good = {"iss": idp.url, "aud": ["api", "x"], "sub": "7", "exp": now + 60, "scope": "read write"}

    def token(header: Any = None, **claims: Any) -> dict[str, str]:
        said = {name: value for name, value in {**good, **claims}.items() if value is not ...}
        head = {"alg": "RS256", "kid": idp.keys[0].kid, "typ": "at+jwt", **(header or {})}
        return {"authorization": f"Bearer {jwt.encode(head, said, idp.keys[0], default_type=None)}"}

    with Client(app) as client:
        assert client.get("/films", headers=token()).text == "films"
        idp.rotate()
        assert client.get("/films", headers=token()).text == "films"
        assert client.get("/films", headers=token(scope=..., scp=["read"])).text == "films"
        assert client.get("/films", headers=token(scope="write")).status == 403
        for wrong in (
            {"aud": "other"},
            {"aud": ...},
            {"iss": "https://evil.example"},
            {"exp": now - 100},
            {"exp": ...},
            {"nbf": now + 1000},
            {"sub": ...},
            {"nonce": "x"},  # an ID token
        ):
            assert client.get("/films", headers=token(**wrong)).status == 401, wrong
        assert client.get("/films", headers=token({"typ": "logout+jwt"})).status == 401
        for sign in (unsigned, by_public_key, by_own_key, by_foreign_key, with_critical):
            field = {"authorization": f"Bearer {sign(good, idp.keys[0])}"}
            assert client.get("/films", headers=field).status == 401
        assert client.get("/films").status == 401


def test_a_token_for_anybody_is_for_nobody(idp: Idp) -> None:
    with pytest.raises(ValueError, match="audience"):
        IssuedTokens(idp.url, audience="")


def test_an_issuer_that_does_not_answer(idp: Idp) -> None:
    async def ask() -> None:
        http = careful_client()
        try:
            with pytest.raises(SignInFailed):
                await Issuer("http://localhost:1", http).metadata()
            with pytest.raises(SignInFailed):
                await Issuer(f"{idp.url}/nothing", http).metadata()
        finally:
            await http.close()

    asyncio.run(ask())
