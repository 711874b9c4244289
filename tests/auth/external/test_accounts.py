"""Accounts here that are linked to accounts elsewhere: by whom, and never by an address alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from idp import Idp
from test_flow import follow, provider, there

from segue import App
from segue.auth import Accounts, AuthEvent, User
from segue.auth.external.model import ExternalAccount
from segue.auth.external.plugin import SignInWith
from segue.auth.twofactor.plugin import TwoFactor
from segue.core.identity import identity_of
from segue.http.request import Request
from segue.security import MemorySessions, SessionCookie, Sessions
from segue.testing import Client

KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"
PASSWORD = "nuages over the seine"


@pytest.fixture
def site(make_app: Any, idp: Idp) -> Any:
    def make(*plugins: Any, trusts: bool = False, **options: Any) -> App:
        elsewhere = SignInWith(provider(idp, trusts_email=trusts))
        cookie = Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False))
        models = [*elsewhere.models, *[model for one in plugins for model in one.models]]
        app = make_app(elsewhere, cookie, *plugins, models=models, **{"origin": "", **options})

        @app.get("/make")
        async def add(accounts: Accounts, email: str = "ada@example.com", confirmed: bool = True) -> None:
            await accounts.create(email=email, password=PASSWORD, confirmed=confirmed)

        @app.get("/who")
        async def who(request: Request) -> dict[str, Any]:
            identity: Any = await identity_of(request)
            return {"id": identity and identity.id, "email": identity and identity.user.email}

        @app.get("/kept")
        async def kept() -> dict[str, Any]:
            return {
                "users": await User.all().count(),
                "links": await ExternalAccount.all().count(),
                "events": [one.kind for one in await AuthEvent.all()],
            }

        return app

    return make


def post(client: Client, path: str, **fields: str) -> Any:
    return client.post(path, data=fields, headers={"sec-fetch-site": "same-origin"})


def sign_in(client: Client) -> None:
    assert post(client, "/login", login="ada@example.com", password=PASSWORD).status in (302, 303)


def test_who_comes_for_the_first_time_gets_an_account_and_has_it_the_next_time(site: Any, idp: Idp) -> None:
    with Client(site()) as client:
        assert "Sign in with Corp" in client.get("/login").text
        assert client.get(there(client)).status == 303
        first = client.get("/who").json()
        assert first["email"] == "ada@example.com"
        post(client, "/logout")
        idp.claims = {
            **idp.claims,
            "email": "new@example.com",
        }  # the address has changed there, the person has not
        client.get(there(client))
        assert client.get("/who").json() == first
        kept = client.get("/kept").json()
        assert (kept["users"], kept["links"]) == (1, 1)
        assert "linked" in kept["events"]


@pytest.mark.parametrize(
    ("trusts", "verified", "confirmed"), [(False, True, True), (True, False, True), (True, True, False)]
)
def test_an_address_alone_opens_no_account(
    site: Any, idp: Idp, trusts: bool, verified: bool, confirmed: bool
) -> None:
    """Not one that somebody may have entered elsewhere, nor one that somebody has registered here for another person."""
    idp.claims = {**idp.claims, "email_verified": verified}
    with Client(site(trusts=trusts)) as client:
        client.get("/make", params={"confirmed": str(confirmed).lower()})
        refused = client.get(there(client))
        assert refused.status == 403
        assert "Sign in to it as usual" in refused.text
        assert client.get("/who").json()["id"] is None
        assert client.get("/kept").json()["links"] == 0


def test_a_provider_that_is_trusted_with_addresses_links_by_itself(site: Any, idp: Idp) -> None:
    with Client(site(trusts=True)) as client:
        client.get("/make")
        assert client.get(there(client)).status == 303
        assert client.get("/who").json()["email"] == "ada@example.com"
        assert client.get("/kept").json()["users"] == 1


@pytest.mark.parametrize(
    ("claims", "options"),
    [({"email_verified": False}, {}), ({"email": ""}, {}), ({}, {"registration": "closed"})],
)
def test_not_everybody_gets_an_account(
    site: Any, idp: Idp, claims: dict[str, Any], options: dict[str, Any]
) -> None:
    idp.claims = {**idp.claims, **claims}
    with Client(site(**options)) as client:
        assert client.get(there(client)).status == 403
        kept = client.get("/kept").json()
        assert (kept["users"], kept["links"]) == (0, 0)


def linked(client: Client) -> Any:
    begun = post(client, "/login/with/corp/link")
    back = urlsplit(follow(begun.headers["location"]))
    return client.get(f"{back.path}?{back.query}")


def test_somebody_links_and_unlinks_their_own(site: Any, idp: Idp) -> None:
    idp.claims = {**idp.claims, "email": "elsewhere@example.com"}
    with Client(site()) as client:
        client.get("/make")
        sign_in(client)
        assert linked(client).headers["location"] == "/account/elsewhere"
        assert "elsewhere@example.com" in client.get("/account/elsewhere").text
        assert linked(client).status == 303  # twice is once
        post(client, "/logout")
        client.get(there(client))
        assert client.get("/who").json()["email"] == "ada@example.com"
        found = re.search(r"/login/with/links/(\d+)/remove", client.get("/account/elsewhere").text)
        assert found is not None
        assert post(client, found[0]).status == 303
        assert client.get("/kept").json()["links"] == 0


def test_the_account_of_somebody_else_is_not_linked(site: Any, idp: Idp) -> None:
    with Client(site()) as client:
        client.get(there(client))  # an account by the provider alone
        mine = re.search(r"/login/with/links/(\d+)/remove", client.get("/account/elsewhere").text)
        assert mine is not None
        # The only way in stays.
        assert post(client, mine[0]).status == 403
        post(client, "/logout")
        client.get("/make", params={"email": "bob@example.com"})
        post(client, "/login", login="bob@example.com", password=PASSWORD)
        assert client.get("/who").json()["email"] == "bob@example.com"
        refused = linked(client)
        assert (refused.status, "somebody else" in refused.text) == (403, True)
        assert post(client, mine[0]).status == 403
        assert client.get("/kept").json()["links"] == 1


def test_linking_is_asked_for_by_ourselves(site: Any, idp: Idp) -> None:
    with Client(site()) as client:
        client.get("/make")
        assert post(client, "/login/with/corp/link").status == 403  # nobody
        sign_in(client)
        cross = client.post(
            "/login/with/corp/link",
            headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        )
        assert cross.status == 403
        assert client.get("/login/with/corp/link").status == 405


def test_a_second_step_is_asked_for_here_too(site: Any, idp: Idp) -> None:
    import time

    import pyotp

    with Client(site(TwoFactor())) as client:
        client.get(there(client))
        page = client.get("/account/two-factor/begin").text
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert secret is not None
        totp = pyotp.TOTP(secret[1].replace(" ", ""))
        post(client, "/account/two-factor/begin", code=totp.at(int(time.time()) - 30))
        post(client, "/logout")
        asked = client.get(there(client))
        assert asked.headers["location"] == "/login/code"
        assert client.get("/who").json()["id"] is None
        post(client, "/login/code", code=totp.now())
        assert client.get("/who").json()["email"] == "ada@example.com"
