"""Tokens that people make for their programs."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from segue import App, Request
from segue.auth import Accounts
from segue.auth.apitokens.model import APIToken
from segue.auth.apitokens.plugin import APITokens
from segue.core.identity import identity_of
from segue.testing import Client

PASSWORD = "nuages over the seine"


@pytest.fixture
def site(make_app: Any) -> App:
    tokens = APITokens(scopes={"read": "Read films.", "write": "Change films."})
    app: App = make_app(tokens, models=tokens.models)

    @app.get("/make")
    async def add(accounts: Accounts, email: str = "ada@example.com") -> None:
        await accounts.create(email=email, password=PASSWORD)

    @app.get("/block")
    async def block(accounts: Accounts) -> None:
        await accounts.set_state(await accounts.find("ada@example.com"), "blocked")

    @app.get("/films", requires=[tokens.scope("read")])
    async def films(request: Request) -> str:
        identity: Any = await identity_of(request)
        return str(identity.user.email)

    @app.post("/films", requires=[tokens.scope("write")], skip=["csrf"])
    async def change() -> str:
        return "changed"

    @app.get("/kept")
    async def kept() -> list[list[Any]]:
        return [[one.key, one.used is not None] for one in await APIToken.all()]

    return app


def sign_in(client: Client, email: str = "ada@example.com") -> None:
    client.get("/make", params={"email": email})
    done = client.post("/login", data={"login": email, "password": PASSWORD})
    assert done.status in (302, 303)


def made(client: Client, **fields: Any) -> str:
    page = client.post("/account/tokens", data=[("name", "My <b>script</b>"), *fields.items()])
    assert "My &lt;b&gt;script&lt;/b&gt;" in page.text
    found = re.search(r"<code>(segue_[\w-]{43})</code>", page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def client(site: App) -> Any:
    with Client(site, base_url="https://localhost", headers={"sec-fetch-site": "same-origin"}) as one:
        yield one


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "cookie": ""}


def test_a_program_may_do_what_its_token_is_for(client: Client) -> None:
    sign_in(client)
    token = made(client, scope="read")
    assert token not in client.get("/account/tokens").text
    client.cookies.clear()
    assert client.get("/films", headers=bearer(token)).text == "ada@example.com"
    few = client.post("/films", headers=bearer(token))
    assert (few.status, 'scope="write"' in few.headers["www-authenticate"]) == (403, True)
    # The pages of the account are for people.
    assert client.get("/account", headers=bearer(token)).status == 403
    assert client.get("/account/tokens", headers=bearer(token)).status == 403
    ((key, used),) = client.get("/kept").json()
    assert used
    assert token not in key


def test_a_token_ends(client: Client, time_machine_travel: Any) -> None:
    sign_in(client)
    token, forever = made(client, scope="read", days="30"), made(client, scope="read", days="")
    with time_machine_travel(31 * 86_400):
        assert client.get("/films", headers=bearer(token)).status == 401
        assert client.get("/films", headers=bearer(forever)).status == 200
    remove = re.findall(r"/account/tokens/\d+/remove", client.get("/account/tokens").text)
    assert client.post(remove[0]).status == 303
    assert client.get("/films", headers=bearer(token)).status == 401
    assert client.post(remove[0]).status == 404
    client.get("/block")
    assert client.get("/films", headers=bearer(forever)).status == 401


def test_nobody_takes_back_those_of_others(client: Client) -> None:
    sign_in(client)
    made(client)
    (remove,) = re.findall(r"/account/tokens/\d+/remove", client.get("/account/tokens").text)
    client.cookies.clear()
    sign_in(client, "bob@example.com")
    assert client.post(remove).status == 404


@pytest.mark.parametrize("fields", [{"scope": "root"}, {"days": "99999"}, {"days": "-1"}])
def test_a_form_that_is_made_up_is_refused(client: Client, fields: dict[str, str]) -> None:
    sign_in(client)
    assert client.post("/account/tokens", data={"name": "x", **fields}).status == 400
    assert client.get("/kept").json() == []


@pytest.mark.parametrize("token", ["segue_", "segue_x", "other_" + "x" * 43, "x" * 43])
def test_what_is_no_token_is_nobody(client: Client, token: str) -> None:
    assert client.get("/films", headers=bearer(token)).status == 401
    assert client.get("/account/tokens").status in (302, 303)


@pytest.mark.parametrize("prefix", ["", "a b", "a_b", "é"])
def test_a_prefix_that_is_none_is_told(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        APITokens(prefix=prefix)


def test_tokens_and_accounts_are_one_declaration(make_app: Any) -> None:
    """TokenAuth beside Auth: whoever sends a token is known, and who has none may have a session."""
    from people import PASSWORD, sign_in, with_helpers

    from segue.core.identity import identity_of
    from segue.security import MemoryFamilies, TokenAuth

    class Machine(NamedTuple):
        id: str
        principals: frozenset[str] = frozenset()

    async def check(name: str, password: str) -> Machine | None:
        return Machine(name) if (name, password) == ("robot", PASSWORD) else None

    tokens = TokenAuth(check, store=MemoryFamilies())
    app = with_helpers(make_app(tokens))

    @app.get("/who")
    async def who(request: Request) -> list[str]:
        found = await identity_of(request)
        return [] if found is None else [found.id]

    with Client(app) as client:
        assert client.get("/who").json() == []
        asked = {"grant_type": "password", "username": "robot", "password": PASSWORD}
        token = client.post("/token", data=asked).json()["access_token"]
        with_token = {"authorization": f"Bearer {token}"}
        assert client.get("/who", headers=with_token).json() == ["robot"]
        id = client.post("/new?email=ann@example.org").text  # noqa: A001 -- as everywhere
        sign_in(client)
        assert client.get("/who").json() == [id]
        assert client.get("/who", headers=with_token).json() == ["robot"]
